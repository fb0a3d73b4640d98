//! What the page cache holds of a file, asked without changing it.
//!
//! A read that is told not to wait (`RWF_NOWAIT`) will not do for that: where pages are missing, Linux begins to read
//! ahead for it, and a direct read then finds the disk busy with the same bytes.

use std::fs::File;

/// Whether every page of a range is in memory; false where the system does not tell (Linux before 6.5, a file of
/// somebody else, layered file systems, other systems).
#[cfg(target_os = "linux")]
#[must_use]
pub fn is_cached(file: &File, offset: u64, byte_count: u64) -> bool {
    use std::os::fd::AsRawFd as _;

    let page_len = rustix::param::page_size() as u64;
    let range = cachestat::Range { offset, byte_count };
    let end = (offset + byte_count).div_ceil(page_len);
    byte_count == 0 || cachestat::cached_page_count(file.as_raw_fd(), &range) == Some(end - offset / page_len)
}

/// As on Linux, where it is known.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn is_cached(_file: &File, _offset: u64, _byte_count: u64) -> bool {
    false
}

/// The system call of Linux 6.5, which no library that we use wraps.
#[cfg(target_os = "linux")]
mod cachestat {
    /// The same on every architecture: calls are numbered alike since 5.1.
    const SYS_CACHESTAT: libc::c_long = 451;

    /// `struct cachestat_range`.
    #[repr(C)]
    pub(super) struct Range {
        pub offset: u64,
        pub byte_count: u64,
    }

    /// `struct cachestat`.
    #[repr(C)]
    #[derive(Default)]
    struct Pages {
        cached: u64,
        dirty: u64,
        written_back: u64,
        evicted: u64,
        recently_evicted: u64,
    }

    #[expect(unsafe_code, reason = "the only way to ask; a merge of a base that is not in memory takes half the time")]
    pub(super) fn cached_page_count(descriptor: libc::c_int, range: &Range) -> Option<u64> {
        let mut pages = Pages::default();
        // SAFETY: both pointers are valid for the call and of the layout that the kernel documents (include/uapi/linux/
        // mman.h); it writes to the second alone, and a kernel without the call does nothing but say so.
        let status =
            unsafe { libc::syscall(SYS_CACHESTAT, descriptor, std::ptr::from_ref(range), &raw mut pages, 0_u32) };
        (status == 0).then_some(pages.cached)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// `OVERLAYFS_SUPER_MAGIC`.
    const OVERLAYFS: rustix::fs::FsWord = 0x794c_7630;

    #[test]
    fn where_linux_tells_pages_just_written_are_cached_and_those_behind_the_end_are_not() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[7; 10_000]).unwrap();
        if !is_cached(&file, 0, 10_000) {
            // Only a kernel before 6.5 may say so, or layers of file systems, where the pages are those of a lower one.
            let release = rustix::system::uname().release().to_string_lossy().into_owned();
            let mut numbers = release.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse::<u32>().ok());
            let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
            let is_layered = rustix::fs::fstatfs(&file).unwrap().f_type == OVERLAYFS;
            assert!(version < (6, 5) || is_layered, "Linux {release} holds what was just written");
            return crate::skip::skip_as_named(&format!(
                "Linux {release} does not tell, or file systems lie in layers"
            ));
        }
        assert!(is_cached(&file, 5_000, 100) && is_cached(&file, 4_095, 2));
        assert!(is_cached(&file, 20_000, 0));
        assert!(!is_cached(&file, 10_000, 10_000));
    }
}
