//! The files that stand beside the weights of a model, made from what a GGUF file says in its metadata.

use std::{
    fs::OpenOptions,
    io::Write as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use crate::error::{IoAction, IoContext as _, IoError};

/// A folder of texts that is there as long as the model is open.
#[derive(Debug)]
pub struct SideFolder {
    path: PathBuf,
}

/// Folders that this process has made.
static COUNT: AtomicU64 = AtomicU64::new(0);

impl SideFolder {
    /// Writes `files`, each a name and a text, into a new folder among the system's temporary ones.
    ///
    /// # Errors
    /// A folder or a file that cannot be written.
    pub fn new(files: &[(&str, String)]) -> Result<Self, IoError> {
        let path = loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("lorafuse-gguf-{}-{number}", std::process::id()));
            match std::fs::create_dir(&path) {
                // What a killed process of this number left.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                created => {
                    created.at(IoAction::CreateFile, &path)?;
                    break path;
                }
            }
        };
        let folder = Self { path };
        for (name, text) in files {
            let path = folder.path.join(name);
            let mut file =
                OpenOptions::new().write(true).create_new(true).open(&path).at(IoAction::CreateFile, &path)?;
            file.write_all(text.as_bytes()).at(IoAction::CreateFile, &path)?;
        }
        Ok(folder)
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SideFolder {
    fn drop(&mut self) {
        // What is left of it is the system's to clear away.
        std::fs::remove_dir_all(&self.path).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_goes_with_its_owner() {
        let folder = SideFolder::new(&[("a.json", "{}".to_owned())]).unwrap();
        let path = folder.path().to_owned();
        assert_eq!(std::fs::read_to_string(path.join("a.json")).unwrap(), "{}");
        drop(folder);
        assert!(!path.exists());
    }
}
