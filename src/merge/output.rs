//! The output folder: worked on under another name, made whole by one rename, removed when anything goes wrong.

use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
};

use super::MergeError;
use crate::{error::IoContext as _, plan::partial_path, platform};

/// Marks a folder as ours and is locked while a process works in it.
const LOCK_FILE: &str = "lorafuse.lock";

/// A merged model in the making; dropped without [`OutputFolder::commit`], it is removed.
#[derive(Debug)]
pub struct OutputFolder {
    output: PathBuf,
    partial: PathBuf,
    lock: Option<File>,
    created_parents: Vec<PathBuf>,
}

impl OutputFolder {
    /// Creates `<output>.partial`, with the folders above it where they are missing.
    ///
    /// # Errors
    /// Another process works on the same output; a folder of that name that is not ours; no permission.
    pub fn create(output: &Path) -> Result<Self, MergeError> {
        let partial = partial_path(output);
        let created_parents = create_parents(output)?;
        let mut folder = Self { output: output.to_owned(), partial, lock: None, created_parents };
        folder.take_over()?;
        Ok(folder)
    }

    /// Where the work is done.
    #[must_use]
    pub fn partial(&self) -> &Path {
        &self.partial
    }

    /// A new file of `byte_count` bytes for a shard, under a name that no loader takes for weights.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn create_shard(&self, file_name: &str, byte_count: u64) -> Result<File, MergeError> {
        let path = self.partial.join(part_name(file_name));
        let file = create_new(&path)?;
        file.set_len(byte_count).at("reserve space for a shard", &path)?;
        Ok(file)
    }

    /// Forces a shard to the disk and gives it its name.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn finish_shard(&self, file_name: &str) -> Result<(), MergeError> {
        let path = self.partial.join(part_name(file_name));
        let file = OpenOptions::new().write(true).open(&path).at("open a shard", &path)?;
        file.sync_all().at("write a shard to the disk", &path)?;
        let target = self.partial.join(file_name);
        std::fs::rename(&path, &target).at("name a shard", &target)?;
        Ok(())
    }

    /// Copies `source` to `relative_path` below the output.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn copy_file(&self, source: &Path, relative_path: &str) -> Result<(), MergeError> {
        let target = self.place(relative_path)?;
        let from = File::open(source).at("open a side file", source)?;
        let byte_count = from.metadata().at("read the size", source)?.len();
        let to = create_new(&target)?;
        platform::copy_range(&from, 0, &to, 0, byte_count).at("copy a side file", source)?;
        to.sync_all().at("write a side file to the disk", &target)?;
        Ok(())
    }

    /// Writes `text` to `relative_path` below the output.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn write_text(&self, relative_path: &str, text: &str) -> Result<(), MergeError> {
        let target = self.place(relative_path)?;
        let file = create_new(&target)?;
        platform::write_all_at(&file, text.as_bytes(), 0).at("write a side file", &target)?;
        file.sync_all().at("write a side file to the disk", &target)?;
        Ok(())
    }

    /// Gives the finished folder its name.
    ///
    /// # Errors
    /// Something took the name meanwhile; whatever the system says otherwise.
    pub fn commit(mut self) -> Result<(), MergeError> {
        // Windows renames no folder with an open file in it.
        drop(self.lock.take());
        let lock_path = self.partial.join(LOCK_FILE);
        std::fs::remove_file(&lock_path).at("remove the lock", &lock_path)?;
        platform::sync_folder(&self.partial).at("write the folder to the disk", &self.partial)?;
        platform::rename_into_place(&self.partial, &self.output).at("name the output", &self.output)?;
        self.created_parents.clear();
        if let Some(parent) = self.output.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            platform::sync_folder(parent).at("write the folder to the disk", parent)?;
        }
        Ok(())
    }

    fn place(&self, relative_path: &str) -> Result<PathBuf, MergeError> {
        let target = self.partial.join(relative_path);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent).at("create a folder", parent)?;
        }
        Ok(target)
    }

    /// Creates the partial folder, or empties the one that an interrupted run of ours left.
    fn take_over(&mut self) -> Result<(), MergeError> {
        let lock_path = self.partial.join(LOCK_FILE);
        let exists = self.partial.symlink_metadata().is_ok();
        if exists && !lock_path.is_file() {
            return Err(MergeError::PartialIsForeign { path: std::mem::take(&mut self.partial) });
        }
        if !exists {
            std::fs::create_dir(&self.partial).at("create the output folder", &self.partial)?;
        }
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .at("create the lock", &lock_path)?;
        if lock.try_lock().is_err() {
            return Err(MergeError::InUse { path: std::mem::take(&mut self.partial) });
        }
        self.lock = Some(lock);
        for entry in std::fs::read_dir(&self.partial).at("list the folder", &self.partial)?.flatten() {
            let path = entry.path();
            if path != lock_path {
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                let removed = if is_folder { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
                removed.at("remove what an interrupted run left", &path)?;
            }
        }
        Ok(())
    }
}

impl Drop for OutputFolder {
    /// Removes what is not committed; a committed folder has another name by now, a foreign one was let go of.
    fn drop(&mut self) {
        if self.lock.take().is_some() {
            std::fs::remove_dir_all(&self.partial).ok();
        }
        for parent in self.created_parents.iter().rev() {
            std::fs::remove_dir(parent).ok();
        }
    }
}

/// Creates the missing folders above `output`, outermost first, and tells which.
fn create_parents(output: &Path) -> Result<Vec<PathBuf>, MergeError> {
    let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let mut missing: Vec<PathBuf> = output.ancestors().skip(1).take_while(is_missing).map(Path::to_owned).collect();
    missing.reverse();
    for folder in &missing {
        std::fs::create_dir(folder).at("create a folder", folder)?;
    }
    Ok(missing)
}

fn part_name(file_name: &str) -> String {
    format!("{file_name}.part")
}

fn create_new(path: &Path) -> Result<File, MergeError> {
    let file = OpenOptions::new().write(true).create_new(true).open(path).at("create a file", path)?;
    Ok(file)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_folder_leaves_nothing_behind() {
        let root = tempfile::tempdir().unwrap();
        let output = root.path().join("a/b/merged");
        let folder = OutputFolder::create(&output).unwrap();
        folder.write_text("nested/file.txt", "x").unwrap();
        drop(folder);
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_committed_folder_holds_only_what_was_written() {
        let root = tempfile::tempdir().unwrap();
        let output = root.path().join("merged");
        let folder = OutputFolder::create(&output).unwrap();
        folder.create_shard("model.safetensors", 4).unwrap();
        folder.finish_shard("model.safetensors").unwrap();
        folder.write_text("config.json", "{}").unwrap();
        folder.commit().unwrap();
        let mut names: Vec<_> = std::fs::read_dir(&output).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["config.json", "model.safetensors"]);
        assert!(!partial_path(&output).exists());
    }

    #[test]
    fn a_second_worker_and_a_foreign_folder_are_refused_and_kept() {
        let root = tempfile::tempdir().unwrap();
        let output = root.path().join("merged");
        let first = OutputFolder::create(&output).unwrap();
        first.write_text("work.txt", "x").unwrap();
        assert!(matches!(OutputFolder::create(&output), Err(MergeError::InUse { .. })));
        assert!(first.partial().join("work.txt").is_file());

        let foreign = root.path().join("other.partial");
        std::fs::create_dir(&foreign).unwrap();
        std::fs::write(foreign.join("precious"), "kept").unwrap();
        let error = OutputFolder::create(&root.path().join("other")).unwrap_err();
        assert!(matches!(error, MergeError::PartialIsForeign { .. }));
        assert!(foreign.join("precious").is_file());
    }

    #[test]
    fn what_an_interrupted_run_left_is_cleared() {
        let root = tempfile::tempdir().unwrap();
        let output = root.path().join("merged");
        let stale = partial_path(&output);
        std::fs::create_dir(&stale).unwrap();
        std::fs::write(stale.join(LOCK_FILE), "").unwrap();
        std::fs::write(stale.join("model.safetensors.part"), "half").unwrap();
        let folder = OutputFolder::create(&output).unwrap();
        assert!(!folder.partial().join("model.safetensors.part").exists());
    }
}
