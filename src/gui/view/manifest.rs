//! Every file of a merged folder and where it came from.

use std::path::Path;

use crate::{
    merge::{Seal, WrittenFile},
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
    /// Written about the merge, after it: the model card, the seal.
    Added,
    /// Found in a folder that somebody else made.
    Found,
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

/// The files of `folder` that are not among `known`, as `origin` says; in the order of their names with these.
#[must_use]
pub fn listed(folder: &Path, known: Vec<ManifestRow>, origin: Origin) -> Vec<ManifestRow> {
    let mut rows = known;
    let mut files = Seal::sealable(folder).unwrap_or_default();
    // A seal does not cover itself.
    let seal = folder.join(crate::merge::SEAL_FILE).metadata().ok();
    files.extend(seal.map(|metadata| (crate::merge::SEAL_FILE.to_owned(), metadata.len())));
    for (name, byte_count) in files {
        if rows.iter().all(|row| row.name != name) {
            rows.push(ManifestRow { name, byte_count, origin });
        }
    }
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
