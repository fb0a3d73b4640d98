//! I/O past the page cache, which for large files costs more than the disk: every byte is copied once more, other
//! programs lose their pages, and writes stall on dirty ones.

use std::{fs::File, io};

use super::{PageBuffer, is_cached, read_exact_at, write_all_at};

/// A file for positioned I/O past the page cache, where the system and the file system offer that; through it otherwise.
#[derive(Debug)]
pub struct DirectFile<'a> {
    cached: &'a File,
    direct: Option<File>,
}

impl<'a> DirectFile<'a> {
    /// Opens the file behind `cached` a second time, to read from it.
    #[must_use]
    pub fn for_reading(cached: &'a File) -> Self {
        Self { cached, direct: reopen_direct(cached, false) }
    }

    /// Opens the file behind `cached` a second time, to write to it.
    #[must_use]
    pub fn for_writing(cached: &'a File) -> Self {
        Self { cached, direct: reopen_direct(cached, true) }
    }

    /// The same interface through the page cache.
    #[must_use]
    pub fn through_cache(cached: &'a File) -> Self {
        Self { cached, direct: None }
    }

    /// Whether the page cache is bypassed.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.direct.is_some()
    }

    /// Fills `buffer`, which stands at `offset`: from the page cache where that holds all of it, else from the disk.
    ///
    /// # Errors
    /// `UnexpectedEof` when the file ends inside the range; whatever the system says otherwise.
    pub fn read_exact_at(&self, buffer: &mut PageBuffer, offset: u64) -> io::Result<()> {
        let Some(direct) = &self.direct else { return read_exact_at(self.cached, buffer, offset) };
        if is_cached(self.cached, offset, buffer.len() as u64) {
            return read_exact_at(self.cached, buffer, offset);
        }
        let needed = buffer.len();
        let (pages, lead) = buffer.pages_mut();
        let mut done = 0;
        while done < lead + needed {
            match read_at(direct, &mut pages[done..], offset - lead as u64 + done as u64) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(byte_count) => {
                    done += byte_count;
                    // Only the end of the file ends a direct read inside a page.
                    if done < lead + needed && !done.is_multiple_of(super::PAGE_LEN) {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_unsupported(&error) => {
                    return read_exact_at(self.cached, buffer, offset);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes whole `pages` at `offset`, a multiple of the page.
    ///
    /// # Errors
    /// Whatever the system says (`StorageFull` among others).
    pub fn write_pages_at(&self, pages: &[u8], offset: u64) -> io::Result<()> {
        let Some(direct) = &self.direct else { return write_all_at(self.cached, pages, offset) };
        match write_all_at(direct, pages, offset) {
            Err(error) if is_unsupported(&error) => write_all_at(self.cached, pages, offset),
            result => result,
        }
    }
}

/// Some file systems open for direct I/O and then refuse it.
fn is_unsupported(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
}

#[cfg(target_os = "linux")]
fn reopen_direct(file: &File, writes: bool) -> Option<File> {
    use std::os::fd::AsRawFd as _;

    use rustix::fs::{Mode, OFlags};
    // By its descriptor, so that it is the same file even if the name has meanwhile gone to another one.
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let access = if writes { OFlags::RDWR } else { OFlags::RDONLY };
    rustix::fs::open(path, access | OFlags::DIRECT | OFlags::CLOEXEC, Mode::empty()).ok().map(File::from)
}

#[cfg(not(target_os = "linux"))]
fn reopen_direct(_file: &File, _writes: bool) -> Option<File> {
    None
}

fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    #[cfg(unix)]
    {
        std::os::unix::fs::FileExt::read_at(file, buffer, offset)
    }
    #[cfg(windows)]
    {
        std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::{
        platform::PAGE_LEN,
        skip::{skip, skip_as_named},
    };

    fn content(byte_count: usize) -> Vec<u8> {
        (0..=250_u8).cycle().take(byte_count).collect()
    }

    #[test]
    fn any_range_reads_the_same_with_and_without_the_cache() {
        let content = content(3 * PAGE_LEN + 123);
        // In the build folder, because temporary folders may be in memory, where nothing is direct.
        let mut file = tempfile::tempfile_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        file.write_all(&content).unwrap();
        file.sync_all().unwrap();
        #[cfg(target_os = "linux")]
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
        for reader in [DirectFile::for_reading(&file), DirectFile::through_cache(&file)] {
            let mut buffer = PageBuffer::default();
            for (start, end) in [(0, 10), (5, PAGE_LEN), (PAGE_LEN - 1, 2 * PAGE_LEN + 1), (7, content.len())] {
                buffer.place(start as u64, end - start);
                reader.read_exact_at(&mut buffer, start as u64).unwrap();
                assert_eq!(&*buffer, &content[start..end]);
            }
            let end = content.len() as u64;
            buffer.place(end - 2, 3);
            let error = reader.read_exact_at(&mut buffer, end - 2).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn where_linux_tells_what_it_caches_a_read_from_the_disk_leaves_that_as_it_was() {
        let mut file = tempfile::tempfile_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        file.write_all(&content(1 << 20)).unwrap();
        file.sync_all().unwrap();
        if !is_cached(&file, 0, 1 << 20) {
            return skip_as_named("this kernel does not tell, or file systems lie in layers");
        }
        let reader = DirectFile::for_reading(&file);
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
        if !reader.is_direct() || (0..256).any(|page| is_cached(&file, page * 4096, 1)) {
            return skip("the build folder lies in memory, where there is nothing to leave alone");
        }
        let mut buffer = PageBuffer::default();
        buffer.place(0, 1 << 19);
        reader.read_exact_at(&mut buffer, 0).unwrap();
        let page_count = (0..256).filter(|page| is_cached(&file, page * 4096, 1)).count();
        assert_eq!(page_count, 0, "the probe has begun to read ahead");
    }

    #[test]
    fn pages_land_where_they_belong() {
        let file = tempfile::tempfile_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        let writer = DirectFile::for_writing(&file);
        let mut buffer = PageBuffer::of(&content(2 * PAGE_LEN));
        writer.write_pages_at(buffer.pages_mut().0, PAGE_LEN as u64).unwrap();
        let mut read = vec![0; 2 * PAGE_LEN];
        read_exact_at(&file, &mut read, PAGE_LEN as u64).unwrap();
        assert_eq!(read, content(2 * PAGE_LEN));
    }
}
