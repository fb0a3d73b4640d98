//! Which files of models this process opened, for a proof that it needs no others.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// What was opened since [`record_opened`]; `None` before it.
static OPENED: Mutex<Option<BTreeSet<PathBuf>>> = Mutex::new(None);

/// Begins to note every file that is opened for reading a model.
pub fn record_opened() {
    *OPENED.lock().unwrap_or_else(PoisonError::into_inner) = Some(BTreeSet::new());
}

/// The files that were opened, sorted; empty if nothing was noted.
#[must_use]
pub fn opened() -> Vec<PathBuf> {
    let opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    opened.iter().flatten().cloned().collect()
}

/// Opens a file for reading, and notes it.
///
/// # Errors
/// Whatever the system says; an attempt is noted too.
pub fn open_for_reading(path: &Path) -> io::Result<File> {
    if let Some(opened) = &mut *OPENED.lock().unwrap_or_else(PoisonError::into_inner) {
        opened.insert(path.to_owned());
    }
    File::open(path)
}

/// Reads all of a file, and notes it.
///
/// # Errors
/// As [`open_for_reading`], and a read that fails.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_for_reading(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
mod tests {
    use super::*;

    #[test]
    fn files_are_noted_only_after_the_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("noted-by-this-test-alone");
        std::fs::write(&path, "x").unwrap();
        assert_eq!(read_file(&path).unwrap(), b"x");
        assert!(!opened().contains(&path));
        record_opened();
        let missing = folder.path().join("missing");
        open_for_reading(&missing).unwrap_err();
        read_file(&path).unwrap();
        assert!(opened().contains(&path) && opened().contains(&missing));
    }
}
