//! From a module's path in an adapter to its path on disk: as it stands, by transformers' table of names, or after one
//! change of prefix for the whole adapter, whichever places most modules (spec section 3.6).

use std::collections::BTreeSet;

use super::{
    PrefixChange,
    orientation::Layouts,
    prefix::{common_change, landed},
};
use crate::{
    adapter::{Target, joined},
    architecture::DiskNames,
    checkpoint::Checkpoint,
};

/// How one adapter's paths become the base's.
#[derive(Debug)]
pub(super) struct Resolver<'a> {
    base: &'a Checkpoint,
    change: Option<PrefixChange>,
    /// Used where a path is not on disk; empty where every path is.
    aliases: Option<DiskNames>,
}

impl<'a> Resolver<'a> {
    /// Chooses for all of `targets` together; the simpler way wins where two do equally well.
    pub(super) fn new(base: &'a Checkpoint, targets: &[Target], layouts: Layouts) -> Self {
        let as_it_stands = Self { base, change: None, aliases: None };
        let count = |resolver: &Self| landed(base, targets, layouts, |target| resolver.module(target));
        let unchanged = count(&as_it_stands);
        if unchanged == targets.len() {
            return as_it_stands;
        }
        let renamed = Self { aliases: Some(DiskNames::new(base)), ..as_it_stands };
        let by_table = count(&renamed);
        let changed = Self { base, change: common_change(base, targets, layouts), aliases: None };
        let by_change = count(&changed);
        if by_table > unchanged && by_table >= by_change {
            renamed
        } else if by_change > unchanged {
            changed
        } else {
            Self { base, change: None, aliases: None }
        }
    }

    /// The path on disk of a target's module, or its own path where nothing is known.
    pub(super) fn module(&self, target: &Target) -> String {
        if self.change.is_some() {
            return PrefixChange::apply(self.change.as_ref(), &target.module);
        }
        self.renamed(target).unwrap_or_else(|| target.module.clone())
    }

    /// Modules that the table of names found.
    pub(super) fn renamed_module_count(&self, targets: &[Target]) -> usize {
        let renamed = targets.iter().filter(|target| self.renamed(target).is_some());
        renamed.map(|target| target.module.as_str()).collect::<BTreeSet<_>>().len()
    }

    /// The change of prefix, where that is the way.
    pub(super) fn into_change(self) -> Option<PrefixChange> {
        self.change
    }

    fn renamed(&self, target: &Target) -> Option<String> {
        let aliases = self.aliases.as_ref()?;
        let name = joined(&target.module, &target.parameter);
        if self.base.tensor(&name).is_some() {
            return None;
        }
        let disk_name = aliases.disk_name(self.base, &name)?;
        let module = disk_name.strip_suffix(target.parameter.as_str())?;
        module.strip_suffix('.').map(str::to_owned)
    }
}
