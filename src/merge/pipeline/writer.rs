//! Threads that write finished bytes, behind the arithmetic.

use std::{fs::File, path::Path};

use crossbeam_channel::{Receiver, Sender};

use super::{super::MergeError, assembler::Pages};
use crate::{
    error::{IoAction, IoContext as _},
    job::JobContext,
    platform::{self, DirectFile, PageBuffer},
};

/// Bytes that one thread writes through the page cache before it forces them to the disk: with two threads never more
/// than 256 MB are behind, so that neither a cancel nor the end waits long, and other programs keep their memory.
const UNSYNCED_BYTES: u64 = 64 << 20;

/// Where a buffer goes back to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    Input,
    Output,
    /// Made for the occasion.
    None,
}

/// Something to write.
pub(super) enum WriteItem<'a> {
    /// Whole pages past the page cache; `advance` of the bytes are news.
    Pages { pages: Pages, home: Home, advance: u64 },
    /// Bytes through the page cache.
    Bytes { buffer: PageBuffer, offset: u64, home: Home },
    /// A range of another file, copied by the system.
    Span { source: &'a File, source_path: &'a Path, source_offset: u64, offset: u64, byte_count: u64 },
}

/// What the writing threads share.
pub(super) struct Writer<'a> {
    pub file: &'a File,
    pub direct: &'a DirectFile<'a>,
    pub path: &'a Path,
    pub job: &'a JobContext,
    pub inputs: Sender<PageBuffer>,
    pub outputs: Sender<PageBuffer>,
}

impl Writer<'_> {
    /// Writes until nothing more comes.
    ///
    /// # Errors
    /// Whatever the system says.
    pub(super) fn write_all(&self, items: &Receiver<WriteItem<'_>>) -> Result<(), MergeError> {
        let mut unsynced = 0;
        for item in items {
            unsynced += self.write(item)?;
            if unsynced >= UNSYNCED_BYTES {
                self.file.sync_data().at(IoAction::SyncWeights, self.path)?;
                unsynced = 0;
            }
        }
        Ok(())
    }

    /// Writes one item; the bytes that went into the page cache.
    fn write(&self, item: WriteItem<'_>) -> Result<u64, MergeError> {
        match item {
            WriteItem::Pages { pages: Pages { mut buffer, byte_count, offset }, home, advance } => {
                let pages = &buffer.pages_mut().0[..byte_count];
                self.direct.write_pages_at(pages, offset).at(IoAction::WriteWeights, self.path)?;
                self.give_back(buffer, home);
                self.job.advance(advance);
                Ok(if self.direct.is_direct() { 0 } else { byte_count as u64 })
            }
            WriteItem::Bytes { buffer, offset, home } => {
                platform::write_all_at(self.file, &buffer, offset).at(IoAction::WriteWeights, self.path)?;
                let byte_count = buffer.len() as u64;
                self.give_back(buffer, home);
                self.job.advance(byte_count);
                Ok(byte_count)
            }
            WriteItem::Span { source, source_path, source_offset, offset, byte_count } => {
                platform::copy_range(source, source_offset, self.file, offset, byte_count)
                    .at(IoAction::CopyWeights, source_path)?;
                self.job.advance(byte_count);
                Ok(byte_count)
            }
        }
    }

    fn give_back(&self, buffer: PageBuffer, home: Home) {
        let pool = match home {
            Home::Input => &self.inputs,
            Home::Output => &self.outputs,
            Home::None => return,
        };
        // A pool that nobody draws from any more drops the buffer.
        pool.try_send(buffer).ok();
    }
}
