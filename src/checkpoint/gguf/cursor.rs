//! Reading a header step by step, never past the end of the file and never more than a header may have.

use std::io::Read;

use super::GgufError;

/// Bytes that a header may have: the largest vocabularies take less than a tenth of it.
pub(super) const MAX_HEADER_BYTES: u64 = 256 << 20;

/// A place in a header.
pub(super) struct Cursor<R> {
    reader: R,
    at: u64,
    /// Bytes of the file.
    file_byte_count: u64,
}

impl<R: Read> Cursor<R> {
    /// The start of a file of `file_byte_count` bytes.
    pub(super) fn new(reader: R, file_byte_count: u64) -> Self {
        Self { reader, at: 0, file_byte_count }
    }

    /// Bytes before this place.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Whether `byte_count` more bytes can follow.
    pub(super) fn check_room(&self, byte_count: u64) -> Result<(), GgufError> {
        let end = self.at.saturating_add(byte_count);
        if end > self.file_byte_count {
            return Err(GgufError::EndsEarly { needed: end, held: self.file_byte_count });
        }
        if end > MAX_HEADER_BYTES {
            return Err(GgufError::TooLong { needed: end, most: MAX_HEADER_BYTES });
        }
        Ok(())
    }

    /// The next `byte_count` bytes.
    pub(super) fn take(&mut self, byte_count: u64) -> Result<Vec<u8>, GgufError> {
        self.check_room(byte_count)?;
        #[expect(clippy::cast_possible_truncation, reason = "not above the most that a header may have")]
        let mut bytes = vec![0; byte_count as usize];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// The next `N` bytes.
    pub(super) fn take_array<const N: usize>(&mut self) -> Result<[u8; N], GgufError> {
        self.check_room(N as u64)?;
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), GgufError> {
        self.reader.read_exact(bytes).map_err(|error| GgufError::Unreadable { problem: error.to_string() })?;
        self.at += bytes.len() as u64;
        Ok(())
    }
}
