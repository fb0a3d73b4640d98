//! Every file of a merged folder and where it came from.

use crate::{
    merge::WrittenFile,
    plan::{MergePlan, SideFileContent},
};

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestRow {
    /// Path below the folder.
    pub name: String,
    /// Its size.
    pub byte_count: u64,
    /// Where it came from.
    pub origin: Origin,
}

/// Where a file came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Weights, made by the merge.
    Merged,
    /// Text of the base or the adapter with edits, or made anew.
    Edited,
    /// The same bytes as in the base or the adapter.
    Copied,
}

/// The files that were written, in the order of their names.
#[must_use]
pub fn manifest(plan: &MergePlan, files: &[WrittenFile]) -> Vec<ManifestRow> {
    let mut rows: Vec<ManifestRow> = files
        .iter()
        .map(|file| ManifestRow {
            name: file.name.clone(),
            byte_count: file.byte_count,
            origin: origin(plan, &file.name),
        })
        .collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    rows
}

fn origin(plan: &MergePlan, name: &str) -> Origin {
    if plan.shards.iter().any(|shard| shard.file_name == name) {
        return Origin::Merged;
    }
    match plan.side_files.iter().find(|file| file.relative_path == name).map(|file| &file.content) {
        Some(SideFileContent::Text(_)) | None => Origin::Edited,
        Some(_) => Origin::Copied,
    }
}
