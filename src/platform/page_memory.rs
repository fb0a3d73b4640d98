//! Memory whose first byte begins a page, in pages as large as the system gives.
//!
//! Direct I/O hands the disk a list of the pages that a buffer stands in, and a request ends where the disk takes no
//! longer list. Pages of 2 MB make one entry of what is 512 entries otherwise: on a virtual disk with 254 entries a
//! request, reading and writing at once went from 750 to 1,620 MB/s.

use std::ops::{Deref, DerefMut};

use memmap2::MmapMut;

/// A large page on x86-64 and, with pages of 4 kB, on ARM.
const LARGE_PAGE_LEN: usize = 2 << 20;

/// Zeroed memory at a page boundary.
#[derive(Debug, Default)]
pub struct PageMemory {
    storage: Storage,
    start: usize,
    len: usize,
}

#[derive(Debug)]
enum Storage {
    Mapped(MmapMut),
    /// Where the system maps no memory.
    Heap(Vec<u8>),
}

impl Default for Storage {
    fn default() -> Self {
        Self::Heap(Vec::new())
    }
}

impl PageMemory {
    /// `byte_count` bytes, of which as many as fill large pages ask for them; only what is touched occupies memory.
    #[must_use]
    pub fn new(byte_count: usize, page_len: usize) -> Self {
        // Room to begin at a boundary of a large page, or of a page where there are none to fill.
        let alignment = if byte_count < LARGE_PAGE_LEN { page_len } else { LARGE_PAGE_LEN };
        let mapped = MmapMut::map_anon(byte_count + alignment);
        let storage = mapped.map_or_else(|_| Storage::Heap(vec![0; byte_count + alignment]), Storage::Mapped);
        let start = storage.bytes().as_ptr().align_offset(alignment);
        #[cfg(target_os = "linux")]
        if let Storage::Mapped(mapped) = &storage {
            // The rest stays in small pages: a large one for a few bytes would be memory for nothing. A system that
            // knows no large pages goes on as it is.
            let large_byte_count = byte_count / LARGE_PAGE_LEN * LARGE_PAGE_LEN;
            if large_byte_count > 0 {
                mapped.advise_range(memmap2::Advice::HugePage, start, large_byte_count).ok();
            }
        }
        Self { storage, start, len: byte_count }
    }
}

impl Storage {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Mapped(mapped) => mapped,
            Self::Heap(heap) => heap,
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Mapped(mapped) => mapped,
            Self::Heap(heap) => heap,
        }
    }
}

impl Deref for PageMemory {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.storage.bytes()[self.start..self.start + self.len]
    }
}

impl DerefMut for PageMemory {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.storage.bytes_mut()[self.start..self.start + self.len]
    }
}

/// Zeros for a large matrix, whose memory comes in large pages where it fills some: 512 times fewer faults when it is
/// written first.
#[must_use]
pub fn zeros_in_large_pages(len: usize) -> Vec<f32> {
    let values = vec![0.0_f32; len];
    #[cfg(target_os = "linux")]
    advise_large_pages(&values);
    values
}

#[cfg(target_os = "linux")]
fn advise_large_pages(values: &[f32]) {
    let bytes = size_of_val(values);
    let first = values.as_ptr().align_offset(LARGE_PAGE_LEN / size_of::<f32>());
    let first_byte = first.saturating_mul(size_of::<f32>());
    let byte_count = bytes.saturating_sub(first_byte) / LARGE_PAGE_LEN * LARGE_PAGE_LEN;
    if byte_count == 0 {
        return;
    }
    let start = values[first..].as_ptr().cast_mut().cast();
    #[expect(
        unsafe_code,
        reason = "the allocator has no safe way to ask; a streamed pass spent a fifth of its time in faults"
    )]
    // SAFETY: the range lies inside `values` at boundaries of pages, and this advice changes how memory is backed, never
    // what it holds. A refusal leaves it as it is.
    unsafe {
        rustix::mm::madvise(start, byte_count, rustix::mm::Advice::LinuxHugepage).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_zeroed_writable_and_begins_a_page() {
        for byte_count in [0, 1, 4096, LARGE_PAGE_LEN - 1, LARGE_PAGE_LEN, 2 * LARGE_PAGE_LEN + 5000] {
            let mut memory = PageMemory::new(byte_count, 4096);
            assert_eq!(memory.len(), byte_count);
            assert_eq!(memory.as_ptr().addr() % 4096, 0);
            assert!(byte_count < LARGE_PAGE_LEN || memory.as_ptr().addr().is_multiple_of(LARGE_PAGE_LEN));
            assert!(memory.iter().all(|byte| *byte == 0));
            memory.fill(7);
            assert!(memory.iter().all(|byte| *byte == 7));
        }
    }

    #[test]
    fn large_zeros_are_zeros() {
        for len in [0, 1, LARGE_PAGE_LEN / 4 - 1, LARGE_PAGE_LEN, 3 * LARGE_PAGE_LEN + 7] {
            let mut values = zeros_in_large_pages(len);
            assert_eq!(values.len(), len);
            assert!(values.iter().all(|value| *value == 0.0));
            values.fill(1.0);
            assert!(values.iter().all(|value| *value == 1.0));
        }
    }
}
