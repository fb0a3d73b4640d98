//! How much a disk still takes.

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
    #[cfg(not(unix))]
    {
        let _ = folder;
        None
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn an_existing_folder_has_an_answer_and_a_missing_one_does_not() {
        assert!(free_bytes(&std::env::temp_dir()).is_some());
        assert_eq!(free_bytes(Path::new("/nonexistent/folder")), None);
    }
}
