//! Whether and how much a disk still takes.

use std::path::Path;

/// Bytes that an unprivileged user may still write below `folder`, which must exist; `None` where the system does not
/// tell.
#[must_use]
pub fn free_bytes(folder: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let stats = rustix::fs::statvfs(folder).ok()?;
        stats.f_bavail.checked_mul(stats.f_frsize)
    }
    #[cfg(windows)]
    {
        // The system answers for the disk, whether or not there is such a folder.
        folder.is_dir().then(|| fs4::available_space(folder).ok())?
    }
    #[cfg(not(any(unix, windows)))]
    {
        let _ = folder;
        None
    }
}

/// Whether this process may create files in `folder`, as far as the system tells without trying.
#[must_use]
pub fn is_writable(folder: &Path) -> bool {
    #[cfg(unix)]
    {
        rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok()
    }
    #[cfg(not(unix))]
    {
        // The read-only flag of a Windows folder does not protect it.
        folder.is_dir()
    }
}

#[cfg(all(test, any(unix, windows)))]
mod tests {
    use super::*;

    #[test]
    fn an_existing_folder_has_an_answer_and_a_missing_one_does_not() {
        assert!(free_bytes(&std::env::temp_dir()).is_some());
        assert_eq!(free_bytes(Path::new("/nonexistent/folder")), None);
        assert!(is_writable(&std::env::temp_dir()));
        assert!(!is_writable(Path::new("/nonexistent/folder")));
    }
}
