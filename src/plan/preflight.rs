//! What can be known to fail before a byte is written, with the evidence when it does not.

use std::path::{Path, PathBuf};

use super::{LOCK_FILE, MergePlan, PlanError};
use crate::{error::IoContext as _, platform, units};

/// Space left free for whatever else the machine writes meanwhile.
const SPARE_BYTES: u64 = 16 << 20;

/// A check that passed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PreflightCheck {
    /// What was checked.
    pub title: &'static str,
    /// What was found.
    pub evidence: String,
}

/// Runs all checks.
pub(super) fn check(plan: &MergePlan) -> Result<Vec<PreflightCheck>, PlanError> {
    let matched = plan.matching.applied_tensor_count(&plan.adapters);
    let total: usize = plan.adapters.iter().map(crate::adapter::Adapter::tensor_count).sum();
    let modules = units::plural(plan.matching.applied.len(), "base tensor");
    Ok(vec![
        PreflightCheck {
            title: "Adapter fits",
            evidence: format!("{matched} of {total} adapter tensors land on {modules}"),
        },
        output_is_free(plan)?,
        output_is_writable(plan)?,
        disk_has_room(plan)?,
    ])
}

fn output_is_free(plan: &MergePlan) -> Result<PreflightCheck, PlanError> {
    let output = &plan.output;
    if output.file_name().is_none() {
        return Err(PlanError::OutputHasNoName { path: output.clone() });
    }
    let evidence = match std::fs::read_dir(output).map(Iterator::count) {
        Ok(0) => "an empty folder",
        Ok(_) => return Err(PlanError::OutputExists { path: output.clone() }),
        Err(_) if output.symlink_metadata().is_ok() => return Err(PlanError::OutputExists { path: output.clone() }),
        Err(_) => "a new folder",
    };
    let resolved = resolved(output)?;
    let adapters = plan.adapters.iter().map(|adapter| ("adapter", adapter.root()));
    for (role, input) in std::iter::once(("base", plan.base.root())).chain(adapters) {
        let input = input.canonicalize().at("resolve the path", input)?;
        if resolved.starts_with(&input) {
            return Err(PlanError::OutputInsideInput { role, path: output.clone() });
        }
    }
    Ok(PreflightCheck { title: "Output is free", evidence: evidence.to_owned() })
}

fn output_is_writable(plan: &MergePlan) -> Result<PreflightCheck, PlanError> {
    let folder = existing_ancestor(&plan.output.with_file_name(""));
    if !platform::is_writable(&folder) {
        return Err(PlanError::NotWritable { path: folder });
    }
    Ok(PreflightCheck { title: "Folder is writable", evidence: "files can be made beside the output".to_owned() })
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
    let evidence = match platform::free_bytes(&folder) {
        Some(free) if free < needed => {
            return Err(PlanError::DiskFull { needed, free, path: folder });
        }
        Some(free) => format!("{} to write, {} free", units::bytes(plan.output_bytes()), units::bytes(free)),
        None => format!("{} to write; free space unknown on this system", units::bytes(plan.output_bytes())),
    };
    Ok(PreflightCheck { title: "Disk has room", evidence })
}

/// The path with all that exists of it resolved, so that links cannot hide where it leads.
fn resolved(path: &Path) -> Result<PathBuf, PlanError> {
    let absolute = std::path::absolute(path).at("resolve the path", path)?;
    let ancestor = existing_ancestor(&absolute);
    let rest = absolute.strip_prefix(&ancestor).unwrap_or(Path::new(""));
    Ok(ancestor.canonicalize().at("resolve the path", &ancestor)?.join(rest))
}

/// The nearest folder on the way to `path` that exists.
fn existing_ancestor(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute.ancestors().find(|ancestor| ancestor.is_dir()).unwrap_or(Path::new("/")).to_owned()
}
