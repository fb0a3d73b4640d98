//! Bytes from one file to another without a detour through this process where the system can.

use std::{fs::File, io};

use super::{read_exact_at, write_all_at};

/// Bytes that the portable copy holds at once.
const BUFFER_LEN: usize = 1 << 20;

/// Copies `byte_count` bytes from `source_offset` to `target_offset`.
///
/// Linux uses `copy_file_range`, which shares blocks on file systems with reflinks; where that is not supported, and on
/// other systems, [`copy_range_portable`] does it.
///
/// # Errors
/// `UnexpectedEof` when the source ends inside the range; whatever the system says otherwise.
pub fn copy_range(
    source: &File,
    source_offset: u64,
    target: &File,
    target_offset: u64,
    byte_count: u64,
) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        let done = copy_range_in_kernel(source, source_offset, target, target_offset, byte_count)?;
        copy_range_portable(source, source_offset + done, target, target_offset + done, byte_count - done)
    }
    #[cfg(not(target_os = "linux"))]
    copy_range_portable(source, source_offset, target, target_offset, byte_count)
}

/// The same through a buffer.
///
/// # Errors
/// As [`copy_range`].
pub fn copy_range_portable(
    source: &File,
    source_offset: u64,
    target: &File,
    target_offset: u64,
    byte_count: u64,
) -> io::Result<()> {
    let mut buffer = vec![0; usize::try_from(byte_count).map_or(BUFFER_LEN, |count| count.min(BUFFER_LEN))];
    let mut done = 0;
    while done < byte_count {
        let step = usize::try_from(byte_count - done).map_or(BUFFER_LEN, |left| left.min(BUFFER_LEN));
        read_exact_at(source, &mut buffer[..step], source_offset + done)?;
        write_all_at(target, &buffer[..step], target_offset + done)?;
        done += step as u64;
    }
    Ok(())
}

/// Bytes that the kernel copied; fewer than asked where it cannot go on (another file system, an old kernel).
#[cfg(target_os = "linux")]
fn copy_range_in_kernel(
    source: &File,
    mut source_offset: u64,
    target: &File,
    mut target_offset: u64,
    byte_count: u64,
) -> io::Result<u64> {
    use rustix::io::Errno;
    let mut done = 0;
    while done < byte_count {
        let step = usize::try_from(byte_count - done).unwrap_or(usize::MAX);
        match rustix::fs::copy_file_range(source, Some(&mut source_offset), target, Some(&mut target_offset), step) {
            Ok(0) | Err(Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM) => break,
            Ok(copied) => done += copied as u64,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Seek as _, Write as _};

    use super::*;

    #[test]
    fn both_ways_copy_the_same_bytes() {
        let content: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
        let mut source = tempfile::tempfile().unwrap();
        source.write_all(&content).unwrap();
        for copy in [copy_range, copy_range_portable] {
            let mut target = tempfile::tempfile().unwrap();
            copy(&source, 1_000, &target, 7, 2_500_000).unwrap();
            let mut copied = Vec::new();
            target.rewind().unwrap();
            target.read_to_end(&mut copied).unwrap();
            assert_eq!(&copied[7..], &content[1_000..2_501_000]);
        }
    }

    #[test]
    fn a_source_that_ends_early_is_an_error() {
        let mut source = tempfile::tempfile().unwrap();
        source.write_all(b"short").unwrap();
        let target = tempfile::tempfile().unwrap();
        let error = copy_range(&source, 0, &target, 0, 6).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
