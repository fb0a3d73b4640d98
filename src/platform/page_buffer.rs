//! Bytes whose place in memory agrees with their place in a file, so that direct I/O needs no copy.

use std::ops::{Deref, DerefMut, Range};

use super::page_memory::PageMemory;

/// Direct I/O wants offsets, lengths and addresses in multiples of the disk's block; 4096 is a multiple of every block
/// size in use.
pub const PAGE_LEN: usize = 4096;

/// A reusable buffer for the bytes at some offset of a file.
///
/// The first byte stands as far behind a page boundary in memory as it does in the file, and there is room for the rest
/// of the first and the last page around it.
#[derive(Debug, Default)]
pub struct PageBuffer {
    storage: PageMemory,
    range: Range<usize>,
}

impl PageBuffer {
    /// Makes this the buffer of `byte_count` bytes at `file_offset`; their values are left over from earlier use.
    pub fn place(&mut self, file_offset: u64, byte_count: usize) {
        let lead = page_remainder(file_offset);
        let needed = (lead + byte_count).next_multiple_of(PAGE_LEN);
        if self.storage.len() < needed {
            self.storage = PageMemory::new(needed, PAGE_LEN);
        }
        self.range = lead..lead + byte_count;
    }

    /// A buffer at offset 0 with a copy of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut buffer = Self::default();
        buffer.place(0, bytes.len());
        buffer.copy_from_slice(bytes);
        buffer
    }

    /// The whole pages that hold the bytes, and where in them the bytes begin.
    pub fn pages_mut(&mut self) -> (&mut [u8], usize) {
        let end = self.range.end.next_multiple_of(PAGE_LEN);
        (&mut self.storage[..end], self.range.start)
    }

    /// Bytes that the buffer occupies in memory.
    #[must_use]
    pub fn memory_byte_count(&self) -> usize {
        self.storage.len()
    }
}

impl Deref for PageBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.storage[self.range.clone()]
    }
}

impl DerefMut for PageBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.storage[self.range.clone()]
    }
}

/// How far `file_offset` lies behind a page boundary.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "a remainder is below the page")]
pub fn page_remainder(file_offset: u64) -> usize {
    (file_offset % PAGE_LEN as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_agrees_with_the_file_and_pages_surround_the_bytes() {
        let mut buffer = PageBuffer::default();
        for (file_offset, byte_count) in [(0, 4096), (5_000, 10), (4_095, 2), (123_456_789, 40_000), (8, 0)] {
            buffer.place(file_offset, byte_count);
            assert_eq!(buffer.len(), byte_count);
            assert_eq!(buffer.as_ptr().addr() % PAGE_LEN, page_remainder(file_offset));
            buffer.fill(7);
            let (pages, lead) = buffer.pages_mut();
            assert_eq!(pages.as_ptr().addr() % PAGE_LEN, 0);
            assert_eq!(pages.len() % PAGE_LEN, 0);
            assert!(pages[lead..lead + byte_count].iter().all(|byte| *byte == 7));
        }
    }

    #[test]
    fn a_copy_holds_the_bytes() {
        assert_eq!(&*PageBuffer::of(b"weights"), b"weights");
    }
}
