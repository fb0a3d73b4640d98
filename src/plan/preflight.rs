//! What can be known to fail before a byte is written, with the evidence when it does not.

use std::path::{Path, PathBuf};

use serde::ser::SerializeStruct as _;

use super::{InputRole, LOCK_FILE, MergePlan, PlanError};
use crate::{
    error::{IoAction, IoContext as _},
    platform, units,
};

/// Space left free for whatever else the machine writes meanwhile.
const SPARE_BYTES: u64 = 16 << 20;

/// A check that passed, with what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl PreflightCheck {
    /// How many there are.
    pub const COUNT: usize = 4;

    /// What was checked, in English.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::AdapterFits { .. } => "Adapter fits",
            Self::OutputIsFree { .. } => "Output is free",
            Self::FolderIsWritable => "Folder is writable",
            Self::DiskHasRoom { .. } => "Disk has room",
        }
    }

    /// Whether it was found out, and not only that nothing speaks against it.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        !matches!(self, Self::DiskHasRoom { free_bytes: None, .. })
    }

    /// What was found, in English, without a period.
    #[must_use]
    pub fn evidence(&self) -> String {
        match self {
            Self::AdapterFits { placed_count, tensor_count, target_count } => {
                let targets = units::plural(*target_count, "base tensor");
                format!("{placed_count} of {tensor_count} adapter tensors land on {targets}")
            }
            Self::OutputIsFree { is_new: true } => "a new folder".to_owned(),
            Self::OutputIsFree { is_new: false } => "an empty folder".to_owned(),
            Self::FolderIsWritable => "files can be made beside the output".to_owned(),
            Self::DiskHasRoom { byte_count, free_bytes: Some(free) } => {
                format!("{} to write, {} free", units::bytes(*byte_count), units::bytes(*free))
            }
            Self::DiskHasRoom { byte_count, free_bytes: None } => {
                format!("{} to write; free space unknown on this system", units::bytes(*byte_count))
            }
        }
    }
}

impl serde::Serialize for PreflightCheck {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("PreflightCheck", 2)?;
        fields.serialize_field("title", self.title())?;
        fields.serialize_field("evidence", &self.evidence())?;
        fields.end()
    }
}

type Check = fn(&MergePlan) -> Result<PreflightCheck, PlanError>;

/// All checks, in their order.
const CHECKS: [Check; PreflightCheck::COUNT] = [adapter_fits, output_is_free, output_is_writable, disk_has_room];

/// Those that passed, and what stopped the rest.
pub(super) fn check(plan: &MergePlan) -> (Vec<PreflightCheck>, Result<(), PlanError>) {
    let mut passed = Vec::with_capacity(CHECKS.len());
    for check in CHECKS {
        match check(plan) {
            Ok(check) => passed.push(check),
            Err(error) => return (passed, Err(error)),
        }
    }
    (passed, Ok(()))
}

#[expect(clippy::unnecessary_wraps, reason = "one of the checks; without a place for every tensor there is no plan")]
fn adapter_fits(plan: &MergePlan) -> Result<PreflightCheck, PlanError> {
    Ok(PreflightCheck::AdapterFits {
        placed_count: plan.matching.applied_tensor_count(&plan.adapters),
        tensor_count: plan.adapters.iter().map(crate::adapter::Adapter::tensor_count).sum(),
        target_count: plan.matching.applied.len(),
    })
}

fn output_is_free(plan: &MergePlan) -> Result<PreflightCheck, PlanError> {
    let output = &plan.output;
    if output.file_name().is_none() {
        return Err(PlanError::OutputHasNoName { path: output.clone() });
    }
    let is_new = match std::fs::read_dir(output).map(Iterator::count) {
        Ok(0) => false,
        Ok(_) => return Err(PlanError::OutputExists { path: output.clone() }),
        Err(_) if output.symlink_metadata().is_ok() => return Err(PlanError::OutputExists { path: output.clone() }),
        Err(_) => true,
    };
    let resolved = resolved(output)?;
    let adapters = plan.adapters.iter().map(|adapter| (InputRole::Adapter, adapter.root()));
    for (role, input) in std::iter::once((InputRole::Base, plan.base.root())).chain(adapters) {
        let input = input.canonicalize().at(IoAction::ResolvePath, input)?;
        if resolved.starts_with(&input) {
            return Err(PlanError::OutputInsideInput { role, path: output.clone() });
        }
    }
    Ok(PreflightCheck::OutputIsFree { is_new })
}

fn output_is_writable(plan: &MergePlan) -> Result<PreflightCheck, PlanError> {
    let folder = existing_ancestor(&plan.output.with_file_name(""));
    if !platform::is_writable(&folder) {
        return Err(PlanError::NotWritable { path: folder });
    }
    Ok(PreflightCheck::FolderIsWritable)
}

/// Bytes that an interrupted run of ours holds already, to be kept or freed.
fn held_by_interrupted_run(plan: &MergePlan) -> u64 {
    let partial = plan.partial_path();
    if !partial.join(LOCK_FILE).is_file() {
        return 0;
    }
    let entries = std::fs::read_dir(partial).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).filter(std::fs::Metadata::is_file).map(|data| data.len()).sum()
}

fn disk_has_room(plan: &MergePlan) -> Result<PreflightCheck, PlanError> {
    let needed = (plan.output_bytes() + SPARE_BYTES).saturating_sub(held_by_interrupted_run(plan));
    let folder = existing_ancestor(&plan.output);
    match platform::free_bytes(&folder) {
        Some(free) if free < needed => Err(PlanError::DiskFull { needed, free, path: folder }),
        free_bytes => Ok(PreflightCheck::DiskHasRoom { byte_count: plan.output_bytes(), free_bytes }),
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
