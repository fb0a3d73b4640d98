//! From a module's path in an adapter to its path on disk: as it stands, by transformers' table of names, or after one
//! change of prefix for a whole file, whichever places most modules (spec section 3.6).

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{
    PrefixChange,
    located::Located,
    orientation::Layouts,
    prefix::{common_change, landed},
};
use crate::{
    adapter::{Adapter, Target},
    architecture::{Architecture, DiskNames},
    checkpoint::Checkpoint,
};

/// How the paths of an adapter's own files become the base's, and those of each file beside them: what saved it may
/// have named its modules from another place.
#[derive(Debug)]
pub(super) struct Resolvers<'a> {
    own: Resolver<'a>,
    beside: Vec<(PathBuf, Resolver<'a>)>,
}

impl<'a> Resolvers<'a> {
    /// Chooses for the targets of each file together.
    pub(super) fn new(
        base: &'a Checkpoint,
        architecture: &'a Architecture<'a>,
        adapter: &Adapter,
        layouts: Layouts<'_>,
    ) -> Self {
        let mut own = adapter.targets().to_vec();
        let mut beside = Vec::new();
        for file in adapter.files_beside() {
            let of_file: Vec<Target> = own.extract_if(.., |target| file_of(target) == Some(file.path())).collect();
            beside.push((file.path().to_owned(), Resolver::new(base, architecture, &of_file, layouts)));
        }
        Self { own: Resolver::new(base, architecture, &own, layouts), beside }
    }

    /// The place on disk of a target, or its own path where nothing is known.
    pub(super) fn locate(&self, target: &Target) -> Located {
        self.of(target).locate(target)
    }

    /// Modules that the table of names found.
    pub(super) fn renamed_module_count(&self, targets: &[Target]) -> usize {
        let renamed = targets.iter().filter(|target| self.of(target).renamed(target).is_some());
        renamed.map(|target| target.module.as_str()).collect::<BTreeSet<_>>().len()
    }

    /// The change of prefix of the adapter's own paths, where that is the way.
    pub(super) fn into_change(self) -> Option<PrefixChange> {
        self.own.change
    }

    fn of(&self, target: &Target) -> &Resolver<'a> {
        let of_file = self.beside.iter().find(|(path, _)| file_of(target) == Some(path));
        of_file.map_or(&self.own, |(_, resolver)| resolver)
    }
}

fn file_of(target: &Target) -> Option<&Path> {
    target.tensors().first().map(|tensor| tensor.file().path())
}

/// How the paths of some targets become the base's.
#[derive(Debug)]
struct Resolver<'a> {
    base: &'a Checkpoint,
    change: Option<PrefixChange>,
    /// Used where a path is not on disk; empty where every path is.
    names: Option<&'a DiskNames>,
}

impl<'a> Resolver<'a> {
    /// Chooses for all of `targets` together; the simpler way wins where two do equally well.
    fn new(base: &'a Checkpoint, architecture: &'a Architecture<'a>, targets: &[Target], layouts: Layouts<'_>) -> Self {
        let as_it_stands = Self { base, change: None, names: None };
        let count = |resolver: &Self| landed(base, targets, layouts, |target| resolver.locate(target));
        let unchanged = count(&as_it_stands);
        if unchanged == targets.len() {
            return as_it_stands;
        }
        let renamed = Self { names: Some(architecture.names()), ..as_it_stands };
        let by_table = count(&renamed);
        let changed = Self { base, change: common_change(base, targets, layouts), names: None };
        let by_change = count(&changed);
        if by_table > unchanged && by_table >= by_change {
            renamed
        } else if by_change > unchanged {
            changed
        } else {
            Self { base, change: None, names: None }
        }
    }

    /// The place on disk of a target, or its own path where nothing is known.
    fn locate(&self, target: &Target) -> Located {
        let unnamed = || Located {
            module: PrefixChange::apply(self.change.as_ref(), &target.module),
            parameter: target.parameter.clone(),
        };
        self.renamed(target).unwrap_or_else(unnamed)
    }

    fn renamed(&self, target: &Target) -> Option<Located> {
        let names = self.names?;
        let name = target.name();
        if self.base.tensor(&name).is_some() {
            return None;
        }
        let disk_name = names.disk_name(self.base, &name)?;
        let (module, parameter) = match disk_name.strip_suffix(target.parameter.as_str()) {
            Some(module) => (module.strip_suffix('.')?, target.parameter.as_str()),
            None => disk_name.rsplit_once('.')?,
        };
        Some(Located { module: module.to_owned(), parameter: parameter.to_owned() })
    }
}
