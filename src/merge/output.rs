//! The output folder: worked on under another name, made whole by one rename, removed when anything goes wrong.

use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
};

use super::{
    MergeError, TensorRecord,
    journal::{self, JOURNAL_FILE, Journal},
};
use crate::{
    error::{IoAction, IoContext as _, IoError},
    plan::{LOCK_FILE, MergePlan, partial_path},
    platform,
};

const CONFIG_FILE: &str = "config.json";

/// A merged model in the making; dropped without [`OutputFolder::commit`] or [`OutputFolder::keep`], it is removed.
#[derive(Debug)]
pub struct OutputFolder {
    output: PathBuf,
    partial: PathBuf,
    lock: Option<File>,
    created_parents: Vec<PathBuf>,
}

impl OutputFolder {
    /// Creates `<output>.partial`, with the folders above it where they are missing, or takes over the one that an
    /// interrupted run left: with its shards if its journal has this `fingerprint`, emptied otherwise.
    ///
    /// # Errors
    /// Another process works on the same output; a folder of that name that is not ours; no permission.
    pub fn create(output: &Path, fingerprint: &str) -> Result<Self, MergeError> {
        let partial = partial_path(output);
        let created_parents = create_parents(output)?;
        let mut folder = Self { output: output.to_owned(), partial, lock: None, created_parents };
        folder.take_over(fingerprint)?;
        Ok(folder)
    }

    /// Where the work is done.
    #[must_use]
    pub fn partial(&self) -> &Path {
        &self.partial
    }

    /// Opens the file for a shard of `byte_count` bytes, under a name that no loader takes for weights, with its blocks
    /// reserved; true with it if an interrupted run left one of this size.
    ///
    /// # Errors
    /// [`MergeError::DiskFull`] or [`MergeError::FileTooLarge`]; whatever the system says otherwise.
    pub fn open_shard(&self, file_name: &str, byte_count: u64) -> Result<(File, bool), MergeError> {
        let path = self.part_path(file_name);
        // A run that was interrupted while it named its shards.
        std::fs::rename(self.partial.join(file_name), &path).ok();
        let options = OpenOptions::new().read(true).write(true).clone();
        if let Ok(file) = options.open(&path) {
            // Written up to the last whole page before its length was set.
            let length = file.metadata().at(IoAction::ReadSize, &path)?.len();
            if length == byte_count || length == byte_count.next_multiple_of(platform::PAGE_LEN as u64) {
                return Ok((file, true));
            }
            drop(file);
            std::fs::remove_file(&path).at(IoAction::RemoveLeftovers, &path)?;
        }
        let file = options.clone().create_new(true).open(&path).at(IoAction::CreateShard, &path)?;
        platform::reserve(&file, byte_count).map_err(|error| self.reserve_error(error, byte_count))?;
        Ok((file, false))
    }

    /// Forces a shard to the disk.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn sync_shard(&self, file_name: &str) -> Result<(), MergeError> {
        let path = self.part_path(file_name);
        let file = OpenOptions::new().write(true).open(&path).at(IoAction::OpenShard, &path)?;
        file.sync_all().at(IoAction::SyncShard, &path)?;
        Ok(())
    }

    /// Gives a finished shard its name.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn name_shard(&self, file_name: &str) -> Result<(), MergeError> {
        let target = self.partial.join(file_name);
        std::fs::rename(self.part_path(file_name), &target).at(IoAction::NameShard, &target)?;
        Ok(())
    }

    /// Where the file for a shard lies until it has its name.
    #[must_use]
    pub fn part_path(&self, file_name: &str) -> PathBuf {
        self.partial.join(part_name(file_name))
    }

    fn reserve_error(&self, error: std::io::Error, byte_count: u64) -> MergeError {
        use std::io::ErrorKind;
        let path = self.partial.clone();
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                MergeError::DiskFull { needed: byte_count, free: platform::free_bytes(&path).unwrap_or(0), path }
            }
            ErrorKind::FileTooLarge => MergeError::FileTooLarge { needed: byte_count, path },
            _ => IoError { action: IoAction::ReserveShard, source: error, path }.into(),
        }
    }

    /// Copies `source` to `relative_path` below the output.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn copy_file(&self, source: &Path, relative_path: &str) -> Result<(), MergeError> {
        let target = self.place(relative_path)?;
        let from = File::open(source).at(IoAction::OpenSideFile, source)?;
        let byte_count = from.metadata().at(IoAction::ReadSize, source)?.len();
        let to = create_new(&target)?;
        platform::copy_range(&from, 0, &to, 0, byte_count).at(IoAction::CopySideFile, source)?;
        to.sync_all().at(IoAction::SyncSideFile, &target)?;
        Ok(())
    }

    /// Writes `text` to `relative_path` below the output.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn write_text(&self, relative_path: &str, text: &str) -> Result<(), MergeError> {
        let target = self.place(relative_path)?;
        let file = create_new(&target)?;
        platform::write_all_at(&file, text.as_bytes(), 0).at(IoAction::WriteSideFile, &target)?;
        file.sync_all().at(IoAction::SyncSideFile, &target)?;
        Ok(())
    }

    /// Writes `config.json`, without which no loader takes the folder for a model, and gives the folder its name.
    ///
    /// # Errors
    /// Something took the name meanwhile; whatever the system says otherwise.
    pub fn commit(self, config_text: &str) -> Result<(), MergeError> {
        let (config, config_part) = (self.partial.join(CONFIG_FILE), self.part_path(CONFIG_FILE));
        self.write_text(&part_name(CONFIG_FILE), config_text)?;
        self.close()?;
        std::fs::rename(&config_part, &config).at(IoAction::NameConfig, &config)?;
        self.take_name()
    }

    /// Gives the folder its name; each of its files has its own.
    ///
    /// # Errors
    /// Something took the name meanwhile; whatever the system says otherwise.
    pub fn commit_files(self) -> Result<(), MergeError> {
        self.close()?;
        self.take_name()
    }

    /// Gives `file_name`, the one file that was made, the name of the output, and removes the folder.
    ///
    /// # Errors
    /// Something took the name meanwhile; whatever the system says otherwise.
    pub fn commit_file(mut self, file_name: &str) -> Result<(), MergeError> {
        let made = self.partial.join(file_name);
        platform::rename_into_place(&made, &self.output).at(IoAction::NameOutput, &self.output)?;
        self.created_parents.clear();
        self.sync_parent()?;
        // Dropped, it removes the folder with lock and journal.
        Ok(())
    }

    /// Ends the journal: from here on the work is complete.
    fn close(&self) -> Result<(), MergeError> {
        let journal = self.partial.join(JOURNAL_FILE);
        platform::sync_folder(&self.partial).at(IoAction::SyncFolder, &self.partial)?;
        Ok(std::fs::remove_file(&journal).at(IoAction::RemoveJournal, &journal)?)
    }

    fn take_name(mut self) -> Result<(), MergeError> {
        // Windows renames no folder with an open file in it.
        drop(self.lock.take());
        platform::rename_into_place(&self.partial, &self.output).at(IoAction::NameOutput, &self.output)?;
        self.created_parents.clear();
        // The lock goes last: until the rename it tells the next run that the folder is ours.
        let lock_path = self.output.join(LOCK_FILE);
        std::fs::remove_file(&lock_path).at(IoAction::RemoveLock, &lock_path)?;
        platform::sync_folder(&self.output).at(IoAction::SyncFolder, &self.output)?;
        self.sync_parent()
    }

    fn sync_parent(&self) -> Result<(), MergeError> {
        if let Some(parent) = self.output.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            platform::sync_folder(parent).at(IoAction::SyncFolder, parent)?;
        }
        Ok(())
    }

    /// Lets go of the folder and leaves it for a later run.
    pub fn keep(mut self) {
        self.lock = None;
        self.created_parents.clear();
    }

    fn place(&self, relative_path: &str) -> Result<PathBuf, MergeError> {
        let target = self.partial.join(relative_path);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent).at(IoAction::CreateFolder, parent)?;
        }
        Ok(target)
    }

    /// Creates the partial folder, or cleans the one that an interrupted run of ours left.
    fn take_over(&mut self, fingerprint: &str) -> Result<(), MergeError> {
        let lock_path = self.partial.join(LOCK_FILE);
        let exists = self.partial.symlink_metadata().is_ok();
        // An empty one is what a run leaves that was killed before it made its lock; nothing is lost with it.
        let is_empty = || std::fs::read_dir(&self.partial).is_ok_and(|mut entries| entries.next().is_none());
        if exists && !lock_path.is_file() && !is_empty() {
            return Err(MergeError::PartialIsForeign { path: std::mem::take(&mut self.partial) });
        }
        if !exists {
            std::fs::create_dir(&self.partial).at(IoAction::CreateOutput, &self.partial)?;
        }
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .at(IoAction::CreateLock, &lock_path)?;
        if lock.try_lock().is_err() {
            return Err(MergeError::InUse { path: std::mem::take(&mut self.partial) });
        }
        self.lock = Some(lock);
        let resumes = journal::is_bound_to(&self.partial, fingerprint);
        for entry in std::fs::read_dir(&self.partial).at(IoAction::ListFolder, &self.partial)?.flatten() {
            let path = entry.path();
            if path != lock_path && !(resumes && is_resumable(&path)) {
                remove(&path, &entry).at(IoAction::RemoveLeftovers, &path)?;
            }
        }
        Ok(())
    }
}

/// Removes `path`, which `entry` stands for, with all that is in it.
fn remove(path: &Path, entry: &std::fs::DirEntry) -> std::io::Result<()> {
    let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
    if is_folder { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }
}

/// Removes what an interrupted merge into `output` left; false if there is nothing of ours.
///
/// # Errors
/// A process that works there now; whatever the system says.
pub fn discard_partial(output: &Path) -> Result<bool, MergeError> {
    let partial = partial_path(output);
    let lock_path = partial.join(LOCK_FILE);
    if !lock_path.is_file() {
        return Ok(false);
    }
    let lock = OpenOptions::new().write(true).open(&lock_path).at(IoAction::OpenLock, &lock_path)?;
    if lock.try_lock().is_err() {
        return Err(MergeError::InUse { path: partial });
    }
    if cfg!(windows) {
        // There, a file that is open stays in its folder; what it locks goes first.
        for entry in std::fs::read_dir(&partial).at(IoAction::ListFolder, &partial)?.flatten() {
            let path = entry.path();
            if path != lock_path {
                remove(&path, &entry).at(IoAction::RemoveLeftovers, &path)?;
            }
        }
        drop(lock);
    }
    std::fs::remove_dir_all(&partial).at(IoAction::RemoveLeftovers, &partial)?;
    Ok(true)
}

/// Bytes that an interrupted run of ours finished of `plan`, by its journal's claims; `None` if there was no such run.
///
/// The next run keeps them where the journal is bound to the same inputs and options, after hashing them again.
#[must_use]
pub fn interrupted_bytes(plan: &MergePlan) -> Option<u64> {
    let partial = plan.partial_path();
    if !partial.join(LOCK_FILE).is_file() {
        return None;
    }
    let claims = Journal::<TensorRecord>::claims_in(&partial)?;
    Some(plan.steps().filter(|step| claims.contains_key(&step.name)).map(|step| step.byte_count).sum())
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
        std::fs::create_dir(folder).at(IoAction::CreateFolder, folder)?;
    }
    Ok(missing)
}

/// Whether a file of an interrupted run is of use to the next: the journal and the shards, named or not.
fn is_resumable(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let named = Path::new(name.strip_suffix(".part").unwrap_or(&name));
    let is_weights = named.extension().is_some_and(|extension| extension == "safetensors" || extension == "gguf");
    is_weights || name == JOURNAL_FILE
}

fn part_name(file_name: &str) -> String {
    format!("{file_name}.part")
}

fn create_new(path: &Path) -> Result<File, MergeError> {
    let file = OpenOptions::new().write(true).create_new(true).open(path).at(IoAction::CreateFile, path)?;
    Ok(file)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_dropped_folder_leaves_nothing_behind() {
        let root = tempfile::tempdir().unwrap();
        let output = root.path().join("a/b/merged");
        let folder = OutputFolder::create(&output, "f").unwrap();
        folder.write_text("nested/file.txt", "x").unwrap();
        drop(folder);
        assert!(names(root.path()).is_empty());
    }

    #[test]
    fn a_committed_folder_holds_only_what_was_written() {
        let root = tempfile::tempdir().unwrap();
        let output = root.path().join("merged");
        let folder = OutputFolder::create(&output, "f").unwrap();
        Journal::<TensorRecord>::open(folder.partial(), "f").unwrap();
        folder.open_shard("model.safetensors", 4).unwrap();
        folder.sync_shard("model.safetensors").unwrap();
        folder.name_shard("model.safetensors").unwrap();
        folder.commit("{}").unwrap();
        assert_eq!(names(&output), ["config.json", "model.safetensors"]);
        assert!(!partial_path(&output).exists());
    }

    #[test]
    fn a_second_worker_and_a_foreign_folder_are_refused_and_kept() {
        let root = tempfile::tempdir().unwrap();
        let output = root.path().join("merged");
        let first = OutputFolder::create(&output, "f").unwrap();
        first.write_text("work.txt", "x").unwrap();
        assert!(matches!(OutputFolder::create(&output, "f"), Err(MergeError::InUse { .. })));
        assert!(matches!(discard_partial(&output), Err(MergeError::InUse { .. })));
        assert!(first.partial().join("work.txt").is_file());

        let foreign = root.path().join("other.partial");
        std::fs::create_dir(&foreign).unwrap();
        OutputFolder::create(&root.path().join("other"), "f").unwrap().keep();
        std::fs::remove_file(foreign.join(LOCK_FILE)).unwrap();
        std::fs::write(foreign.join("precious"), "kept").unwrap();
        let error = OutputFolder::create(&root.path().join("other"), "f").unwrap_err();
        assert!(matches!(error, MergeError::PartialIsForeign { .. }));
        assert!(!discard_partial(&root.path().join("other")).unwrap());
        assert!(foreign.join("precious").is_file());
    }

    #[test]
    fn a_kept_folder_is_resumed_by_the_same_merge_only() {
        let root = tempfile::tempdir().unwrap();
        let output = root.path().join("merged");
        let start = |fingerprint: &str| {
            let folder = OutputFolder::create(&output, fingerprint).unwrap();
            Journal::<TensorRecord>::open(folder.partial(), fingerprint).unwrap();
            let (_, is_resumed) = folder.open_shard("model.safetensors", 4).unwrap();
            (folder, is_resumed)
        };
        let (folder, is_resumed) = start("f");
        assert!(!is_resumed);
        folder.write_text("config.json.part", "{}").unwrap();
        folder.keep();
        let (folder, is_resumed) = start("f");
        assert!(is_resumed);
        assert!(!folder.partial().join("config.json.part").exists(), "side files are written anew");
        folder.name_shard("model.safetensors").unwrap();
        folder.keep();
        let (folder, is_resumed) = start("f");
        assert!(is_resumed, "a shard that has its name already is found too");
        folder.keep();
        let (folder, is_resumed) = start("other inputs");
        assert!(!is_resumed);
        folder.keep();
        assert!(discard_partial(&output).unwrap());
        assert!(names(root.path()).is_empty());
    }

    #[test]
    fn a_shard_that_does_not_fit_the_disk_says_what_is_missing() {
        let root = tempfile::tempdir().unwrap();
        let folder = OutputFolder::create(&root.path().join("merged"), "f").unwrap();
        let byte_count = 1 << 60;
        let error = folder.open_shard("model.safetensors", byte_count).unwrap_err();
        // Which of both depends on the largest file that the file system knows.
        let (MergeError::DiskFull { needed, .. } | MergeError::FileTooLarge { needed, .. }) = error else {
            panic!("{error}")
        };
        assert_eq!(needed, byte_count);
    }
}
