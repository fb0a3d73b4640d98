//! Every file of a merged folder, where it came from, and what has become of it.

use std::{io::ErrorKind, path::Path, time::SystemTime};

use crate::{
    merge::{Seal, WrittenFile},
    plan::{MergePlan, SideFileContent},
};

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestRow {
    /// Path below the folder.
    pub name: String,
    /// Its size when it was written or found.
    pub byte_count: u64,
    /// When it was written last, at the first look at it; `None` before that, or where the file system does not say.
    pub modified: Option<SystemTime>,
    /// Where it came from.
    pub origin: Origin,
    /// What the latest look at the folder found of it.
    pub state: FileState,
}

/// What has become of a file since it was written or found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileState {
    /// It is as it was.
    #[default]
    Kept,
    /// Its size or its time is another one.
    Changed {
        /// Its size now.
        byte_count: u64,
    },
    /// It is no longer in the folder.
    Missing,
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

impl ManifestRow {
    fn new(name: String, byte_count: u64, origin: Origin) -> Self {
        Self { name, byte_count, modified: None, origin, state: FileState::default() }
    }

    /// Its size now; `None` where it is missing.
    #[must_use]
    pub fn present_byte_count(&self) -> Option<u64> {
        match self.state {
            FileState::Kept => Some(self.byte_count),
            FileState::Changed { byte_count } => Some(byte_count),
            FileState::Missing => None,
        }
    }

    /// Looks what has become of it in `folder`; a file that cannot be looked at is left as it is known.
    fn look(&mut self, folder: &Path) {
        match folder.join(&self.name).metadata() {
            Ok(metadata) => {
                let (byte_count, modified) = (metadata.len(), metadata.modified().ok());
                let is_same_time = self.modified.zip(modified).is_none_or(|(first, now)| first == now);
                self.modified = self.modified.or(modified);
                let is_kept = byte_count == self.byte_count && is_same_time;
                self.state = if is_kept { FileState::Kept } else { FileState::Changed { byte_count } };
            }
            Err(error) if error.kind() == ErrorKind::NotFound => self.state = FileState::Missing,
            Err(_) => {}
        }
    }
}

/// The files that were written, in the order of their names.
#[must_use]
pub fn manifest(plan: &MergePlan, files: &[WrittenFile]) -> Vec<ManifestRow> {
    let row = |file: &WrittenFile| ManifestRow::new(file.name.clone(), file.byte_count, origin(plan, &file.name));
    let mut rows: Vec<ManifestRow> = files.iter().map(row).collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    rows
}

/// What `folder` holds now: the files that are `known`, each with what has become of it, and all others, which come from
/// `origin`; in the order of their names.
#[must_use]
pub fn listed(folder: &Path, known: Vec<ManifestRow>, origin: Origin) -> Vec<ManifestRow> {
    let mut rows = known;
    let mut files = Seal::sealable(folder).unwrap_or_default();
    // A seal does not cover itself.
    let seal = folder.join(crate::merge::SEAL_FILE).metadata().ok();
    files.extend(seal.map(|metadata| (crate::merge::SEAL_FILE.to_owned(), metadata.len())));
    for (name, byte_count) in files {
        if rows.iter().all(|row| row.name != name) {
            rows.push(ManifestRow::new(name, byte_count, origin));
        }
    }
    for row in &mut rows {
        row.look(folder);
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

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
mod tests {
    use std::time::Duration;

    use super::*;

    fn state_of(rows: &[ManifestRow], name: &str) -> FileState {
        rows.iter().find(|row| row.name == name).unwrap().state
    }

    #[test]
    fn a_second_look_finds_what_went_came_or_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["config.json", "gone.txt", "longer.txt", "rewritten.txt"] {
            std::fs::write(path(name), "12345").unwrap();
        }
        let first = listed(folder.path(), Vec::new(), Origin::Found);
        assert!(first.iter().all(|row| row.state == FileState::Kept && row.present_byte_count() == Some(5)));

        std::fs::remove_file(path("gone.txt")).unwrap();
        std::fs::write(path("longer.txt"), "1234567").unwrap();
        // The same size, at another time.
        let rewritten = std::fs::File::options().write(true).open(path("rewritten.txt")).unwrap();
        rewritten.set_modified(SystemTime::UNIX_EPOCH + Duration::from_hours(1)).unwrap();
        std::fs::write(path("new.txt"), "1").unwrap();
        let second = listed(folder.path(), first.clone(), Origin::Added);
        assert_eq!(state_of(&second, "config.json"), FileState::Kept);
        assert_eq!(state_of(&second, "gone.txt"), FileState::Missing);
        assert_eq!(state_of(&second, "longer.txt"), FileState::Changed { byte_count: 7 });
        assert_eq!(state_of(&second, "rewritten.txt"), FileState::Changed { byte_count: 5 });
        assert_eq!(second.iter().find(|row| row.name == "new.txt").unwrap().origin, Origin::Added);
        let bytes: u64 = second.iter().filter_map(ManifestRow::present_byte_count).sum();
        assert_eq!(bytes, 5 + 7 + 5 + 1);

        std::fs::rename(path("new.txt"), path("gone.txt")).unwrap();
        let third = listed(folder.path(), second, Origin::Added);
        assert_eq!(state_of(&third, "gone.txt"), FileState::Changed { byte_count: 1 }, "another one of that name");
        assert_eq!(state_of(&third, "new.txt"), FileState::Missing);
    }
}
