//! Disk blocks taken before they are written, so that a disk that is too full says so at once.

use std::{fs::File, io};

/// Gives the new, empty `file` its length and, where the file system can, the blocks for it.
///
/// # Errors
/// `StorageFull`, `QuotaExceeded` or `FileTooLarge` where the blocks are not to be had; whatever the system says
/// otherwise.
pub fn reserve(file: &File, byte_count: u64) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if byte_count > 0 {
        use rustix::{fs::FallocateFlags, io::Errno};
        match rustix::fs::fallocate(file, FallocateFlags::empty(), 0, byte_count) {
            // Not every file system knows how; the length alone must do there.
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    file.set_len(byte_count)
}

/// Makes `target` share all blocks of `source`; false where the file system cannot, and `target` is as it was.
#[must_use]
pub fn share_blocks(source: &File, target: &File) -> bool {
    #[cfg(target_os = "linux")]
    {
        rustix::fs::ioctl_ficlone(target, source).is_ok()
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (source, target);
        false
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    #[test]
    fn a_reserved_file_has_its_length_and_reads_as_zeros() {
        let mut file = tempfile::tempfile().unwrap();
        reserve(&file, 10_000).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        assert_eq!(content, vec![0; 10_000]);
        reserve(&tempfile::tempfile().unwrap(), 0).unwrap();
    }

    #[test]
    fn shared_blocks_hold_the_source_and_a_refusal_changes_nothing() {
        let mut source = tempfile::tempfile().unwrap();
        source.write_all(&[7; 8192]).unwrap();
        let mut target = tempfile::tempfile().unwrap();
        let is_shared = share_blocks(&source, &target);
        let mut content = Vec::new();
        target.read_to_end(&mut content).unwrap();
        assert_eq!(content, if is_shared { vec![7; 8192] } else { Vec::new() });
    }
}
