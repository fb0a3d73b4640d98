//! Giving a finished folder its name, so that a power cut leaves either all of it or none.

use std::{io, path::Path};

/// Renames the folder `from` to `to`; an empty folder in the way is replaced, anything else is an error.
///
/// # Errors
/// `DirectoryNotEmpty` or `AlreadyExists` when something is in the way; whatever the system says otherwise.
pub fn rename_into_place(from: &Path, to: &Path) -> io::Result<()> {
    // `remove_dir` succeeds on an empty folder only, so nothing of the user's can be lost here.
    match std::fs::remove_dir(to) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // Some network and fuse file systems do not know the flag.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => std::fs::rename(from, to),
            result => Ok(result?),
        }
    }
    #[cfg(not(target_os = "linux"))]
    std::fs::rename(from, to)
}

/// Forces the names in `folder` to the disk (on Windows the file system does so by itself).
///
/// # Errors
/// Whatever the system says.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
mod tests {
    use super::*;

    #[test]
    fn an_empty_folder_is_replaced_and_a_full_one_is_kept() {
        let root = tempfile::tempdir().unwrap();
        let [from, empty, full] = ["from", "empty", "full"].map(|name| root.path().join(name));
        for folder in [&from, &empty, &full] {
            std::fs::create_dir(folder).unwrap();
        }
        std::fs::write(full.join("precious"), "kept").unwrap();
        rename_into_place(&from, &full).unwrap_err();
        assert_eq!(std::fs::read_to_string(full.join("precious")).unwrap(), "kept");
        rename_into_place(&from, &empty).unwrap();
        assert!(empty.is_dir() && !from.exists());
    }
}
