//! Buffers in file order become whole pages, as direct I/O wants them.

use std::{fs::File, io};

use crate::platform::{PAGE_LEN, PageBuffer, page_remainder, read_exact_at};

/// Whole pages to write.
pub(super) struct Pages {
    /// Holds them from its first page on.
    pub buffer: PageBuffer,
    /// How many bytes, a multiple of the page; 0 when everything is carried on.
    pub byte_count: usize,
    /// Where, a multiple of the page.
    pub offset: u64,
}

/// Carries the end of one buffer that fills no page on to the beginning of the next.
///
/// Buffers come in the order of their offsets. Where they leave a gap, what the file holds there stays.
pub(super) struct Assembler<'a> {
    file: &'a File,
    file_len: u64,
    /// The bytes of an unfinished page, from its beginning.
    carry: Vec<u8>,
    /// Where the next byte is expected.
    position: u64,
}

impl<'a> Assembler<'a> {
    pub(super) fn new(file: &'a File, file_len: u64) -> Self {
        Self { file, file_len, carry: Vec::new(), position: 0 }
    }

    /// Takes the bytes for `offset`, in a buffer that stands at it; perhaps first the page in front of a gap.
    pub(super) fn push(&mut self, mut buffer: PageBuffer, offset: u64) -> io::Result<(Option<Pages>, Pages)> {
        let before_gap = if offset == self.position { None } else { self.skip_to(offset)? };
        let byte_count = buffer.len();
        let (pages, lead) = buffer.pages_mut();
        debug_assert_eq!(lead, self.carry.len(), "the buffer must stand at its offset");
        pages[..lead].copy_from_slice(&self.carry);
        let end = lead + byte_count;
        let whole = end / PAGE_LEN * PAGE_LEN;
        self.carry.clear();
        self.carry.extend_from_slice(&pages[whole..end]);
        self.position = offset + byte_count as u64;
        Ok((before_gap, Pages { buffer, byte_count: whole, offset: offset - lead as u64 }))
    }

    /// The last page, completed with what the file holds behind it, and with zeros behind its end.
    pub(super) fn finish(&mut self) -> io::Result<Option<Pages>> {
        if self.carry.is_empty() {
            return Ok(None);
        }
        let offset = self.position - self.carry.len() as u64;
        let mut buffer = PageBuffer::default();
        buffer.place(offset, PAGE_LEN);
        buffer.fill(0);
        let carried = self.carry.len();
        buffer[..carried].copy_from_slice(&self.carry);
        let held = usize::try_from(self.file_len.saturating_sub(offset)).map_or(PAGE_LEN, |held| held.min(PAGE_LEN));
        if held > carried {
            read_exact_at(self.file, &mut buffer[carried..held], self.position)?;
        }
        self.carry.clear();
        Ok(Some(Pages { buffer, byte_count: PAGE_LEN, offset }))
    }

    /// Goes over a gap, whose bytes are in the file already.
    fn skip_to(&mut self, offset: u64) -> io::Result<Option<Pages>> {
        let lead = page_remainder(offset);
        let page_start = offset - lead as u64;
        let is_same_page = !self.carry.is_empty() && page_start < self.position;
        let unfinished = if is_same_page { None } else { self.finish()? };
        let held = self.carry.len();
        self.carry.resize(lead, 0);
        read_exact_at(self.file, &mut self.carry[held..], page_start + held as u64)?;
        self.position = offset;
        Ok(unfinished)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::write_all_at;

    fn write(file: &File, pages: Pages) {
        let Pages { mut buffer, byte_count, offset } = pages;
        assert!(byte_count.is_multiple_of(PAGE_LEN) && offset.is_multiple_of(PAGE_LEN as u64));
        write_all_at(file, &buffer.pages_mut().0[..byte_count], offset).unwrap();
    }

    proptest! {
        /// Pieces of any size, some of them skipped, give the same file as plain writes.
        #[test]
        fn pages_hold_what_was_pushed_and_gaps_stay(
            pieces in proptest::collection::vec((1_usize..9_000, any::<bool>()), 1..20),
        ) {
            let total: usize = pieces.iter().map(|(byte_count, _)| byte_count).sum();
            let file = tempfile::tempfile().unwrap();
            write_all_at(&file, &vec![1; total], 0).unwrap();
            let mut expected = vec![1_u8; total];
            let mut assembler = Assembler::new(&file, total as u64);
            let (mut offset, mut writes) = (0, Vec::new());
            for (mark, (byte_count, is_pushed)) in (2_u8..).zip(pieces) {
                if is_pushed {
                    let mut buffer = PageBuffer::default();
                    buffer.place(offset as u64, byte_count);
                    buffer.fill(mark);
                    expected[offset..offset + byte_count].fill(mark);
                    let (before_gap, pages) = assembler.push(buffer, offset as u64).unwrap();
                    writes.extend(before_gap);
                    writes.push(pages);
                }
                offset += byte_count;
            }
            writes.extend(assembler.finish().unwrap());
            // Written late and backwards: nothing that the assembler reads may depend on a write under way.
            for pages in writes.into_iter().rev() {
                write(&file, pages);
            }
            file.set_len(total as u64).unwrap();
            let mut content = vec![0; total];
            read_exact_at(&file, &mut content, 0).unwrap();
            prop_assert_eq!(content, expected);
        }
    }
}
