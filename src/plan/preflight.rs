//! What can be known to fail before a byte is written, with the evidence when it does not.

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use super::{InputRole, LOCK_FILE, MergePlan, PlanError};
use crate::{
    error::{IoAction, IoContext as _},
    message::{Language, Message, said_in_english},
    platform,
};

/// Space left free for whatever else the machine writes meanwhile.
const SPARE_BYTES: u64 = 16 << 20;

/// A check that passed; a message of what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum PreflightCheck {
    /// Every tensor of the adapters has a place.
    AdapterFits {
        /// Adapter tensors that land somewhere.
        placed_count: usize,
        /// All of them.
        tensor_count: usize,
        /// Base tensors that they land on.
        target_count: usize,
    },
    /// Nothing is overwritten.
    OutputIsFree {
        /// Whether the folder is made; an empty one is taken as it is.
        is_new: bool,
    },
    /// Files can be made where the output goes.
    FolderIsWritable,
    /// The volume holds what will be written.
    DiskHasRoom {
        /// Bytes to write.
        byte_count: u64,
        /// Bytes that are free, where the system says.
        free_bytes: Option<u64>,
    },
}

said_in_english!(PreflightCheck);

impl PreflightCheck {
    /// How many there are.
    pub const COUNT: usize = 4;

    /// What was checked; a message.
    #[must_use]
    pub fn title(&self) -> Message {
        Message::of(self).attribute("title")
    }

    /// Whether it was found out, and not only that nothing speaks against it.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        !matches!(self, Self::DiskHasRoom { free_bytes: None, .. })
    }

    /// As documents have it: what was checked, and what was found.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize_all<S: Serializer>(checks: &[Self], serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Passed {
            title: String,
            evidence: String,
        }
        let passed =
            |check: &Self| Passed { title: Language::English.say(&check.title()), evidence: check.to_string() };
        serializer.collect_seq(checks.iter().map(passed))
    }
}

/// Where an output goes, and how much it is.
#[derive(Clone, Debug)]
pub struct Destination<'a> {
    /// The folder, or the one file.
    pub output: &'a Path,
    /// Whether it is a file.
    pub is_file: bool,
    /// Folders that it must not lie in.
    pub inputs: Vec<(InputRole, &'a Path)>,
    /// Bytes to write.
    pub byte_count: u64,
}

/// Those that passed, and what stopped the rest.
pub(super) fn check(plan: &MergePlan) -> (Vec<PreflightCheck>, Result<(), PlanError>) {
    let adapters = plan.adapters.iter().map(|adapter| (InputRole::Adapter, adapter.root()));
    let destination = Destination {
        output: &plan.output,
        is_file: false,
        inputs: std::iter::once((InputRole::Base, plan.base.root())).chain(adapters).collect(),
        byte_count: plan.output_bytes(),
    };
    // Without a place for every tensor there is no plan.
    let mut passed = vec![PreflightCheck::AdapterFits {
        placed_count: plan.matching.applied_tensor_count(&plan.adapters),
        tensor_count: plan.adapters.iter().map(crate::adapter::Adapter::tensor_count).sum(),
        target_count: plan.matching.applied.len(),
    }];
    let outcome = destination.check(&mut passed);
    (passed, outcome)
}

impl Destination<'_> {
    /// Adds what passed to `passed`.
    ///
    /// # Errors
    /// An output that exists or lies inside an input; a place that takes no files, or has too little space for them.
    pub fn check(&self, passed: &mut Vec<PreflightCheck>) -> Result<(), PlanError> {
        for check in [Self::is_free, Self::is_writable, Self::has_room] {
            passed.push(check(self)?);
        }
        Ok(())
    }

    fn is_free(&self) -> Result<PreflightCheck, PlanError> {
        let path = || self.output.to_owned();
        if self.output.file_name().is_none() {
            return Err(PlanError::OutputHasNoName { path: path() });
        }
        let is_there = self.output.symlink_metadata().is_ok();
        let is_new = match std::fs::read_dir(self.output).map(Iterator::count) {
            _ if is_there && self.is_file => return Err(PlanError::OutputFileExists { path: path() }),
            Ok(0) => false,
            Ok(_) => return Err(PlanError::OutputExists { path: path() }),
            Err(_) if is_there => return Err(PlanError::OutputExists { path: path() }),
            Err(_) => true,
        };
        let resolved = resolved(self.output)?;
        for (role, input) in &self.inputs {
            let input = input.canonicalize().at(IoAction::ResolvePath, input)?;
            if resolved.starts_with(&input) {
                return Err(PlanError::OutputInsideInput { role: *role, path: path() });
            }
        }
        Ok(PreflightCheck::OutputIsFree { is_new })
    }

    fn is_writable(&self) -> Result<PreflightCheck, PlanError> {
        let folder = existing_ancestor(&self.output.with_file_name(""));
        if !platform::is_writable(&folder) {
            return Err(PlanError::NotWritable { path: folder });
        }
        Ok(PreflightCheck::FolderIsWritable)
    }

    /// Bytes that an interrupted run of ours holds already, to be kept or freed.
    fn held_by_interrupted_run(&self) -> u64 {
        let partial = super::partial_path(self.output);
        if !partial.join(LOCK_FILE).is_file() {
            return 0;
        }
        let entries = std::fs::read_dir(partial).into_iter().flatten().flatten();
        let files = entries.filter_map(|entry| entry.metadata().ok()).filter(std::fs::Metadata::is_file);
        files.map(|data| data.len()).sum()
    }

    fn has_room(&self) -> Result<PreflightCheck, PlanError> {
        let needed = (self.byte_count + SPARE_BYTES).saturating_sub(self.held_by_interrupted_run());
        let folder = existing_ancestor(self.output);
        match platform::free_bytes(&folder) {
            Some(free) if free < needed => Err(PlanError::DiskFull { needed, free, path: folder }),
            free_bytes => Ok(PreflightCheck::DiskHasRoom { byte_count: self.byte_count, free_bytes }),
        }
    }
}

/// The path with all that exists of it resolved, so that links cannot hide where it leads.
fn resolved(path: &Path) -> Result<PathBuf, PlanError> {
    let absolute = std::path::absolute(path).at(IoAction::ResolvePath, path)?;
    let ancestor = existing_ancestor(&absolute);
    let rest = absolute.strip_prefix(&ancestor).unwrap_or(Path::new(""));
    Ok(ancestor.canonicalize().at(IoAction::ResolvePath, &ancestor)?.join(rest))
}

/// The nearest folder on the way to `path` that exists.
fn existing_ancestor(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute.ancestors().find(|ancestor| ancestor.is_dir()).unwrap_or(Path::new("/")).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::assert_said;

    #[test]
    fn every_check_is_said_with_its_title() {
        let cases: [(PreflightCheck, &[&str]); 6] = [
            (
                PreflightCheck::AdapterFits { placed_count: 55, tensor_count: 56, target_count: 28 },
                &["56개 중 55개", "28개"],
            ),
            (PreflightCheck::OutputIsFree { is_new: true }, &["새 폴더"]),
            (PreflightCheck::OutputIsFree { is_new: false }, &["빈 폴더"]),
            (PreflightCheck::FolderIsWritable, &[]),
            (PreflightCheck::DiskHasRoom { byte_count: 9_740_000, free_bytes: Some(1 << 34) }, &["9.74 MB", "17.2 GB"]),
            (PreflightCheck::DiskHasRoom { byte_count: 9_740_000, free_bytes: None }, &["9.74 MB"]),
        ];
        for (check, parts) in cases {
            assert_said(&check, parts);
            let titles = Language::ALL.map(|language| language.say(&check.title()));
            assert!(titles.iter().all(|title| !title.contains("preflight")) && titles[0] != titles[1], "{titles:?}");
        }
    }
}
