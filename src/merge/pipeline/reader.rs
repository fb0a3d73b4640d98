//! Threads that fill buffers from the base, ahead of the arithmetic.

use std::{collections::HashMap, path::Path, sync::Mutex};

use crossbeam_channel::{Receiver, Sender};

use super::{
    super::MergeError,
    work::{WorkItem, WorkKind, WorkList},
};
use crate::{
    error::{IoAction, IoContext as _},
    numeric::TileShape,
    plan::{OutputShard, TensorStep},
    platform::{DirectFile, PageBuffer},
};

/// Something read, on its way to the kernel or to the writer.
pub(super) struct ReadItem {
    pub item: WorkItem,
    pub buffer: PageBuffer,
}

/// The files of the shard's sources, open for reading.
pub(super) struct Sources<'a> {
    files: HashMap<&'a Path, DirectFile<'a>>,
}

impl<'a> Sources<'a> {
    pub(super) fn new(shard: &'a OutputShard, is_direct: bool) -> Self {
        let mut files = HashMap::new();
        for step in &shard.steps {
            if let Some((file, _)) = step.source.span() {
                let open = || {
                    if is_direct {
                        DirectFile::for_reading(file.handle())
                    } else {
                        DirectFile::through_cache(file.handle())
                    }
                };
                files.entry(file.path()).or_insert_with(open);
            }
        }
        Self { files }
    }

    /// Reads one item into `buffer`.
    fn read(&self, step: &TensorStep, kind: &WorkKind, buffer: &mut PageBuffer) -> Result<(), MergeError> {
        match kind {
            WorkKind::Span { .. } => Ok(()),
            WorkKind::Bytes { range } => self.read_bytes(step, range.start, range.end - range.start, buffer),
            WorkKind::Tile { rows, .. } | WorkKind::Rows { rows } => {
                let TileShape { columns, .. } = step.source.tile_shape();
                let row_byte_count = columns as u64 * step.source.dtype().bitsize() as u64 / 8;
                let byte_count = rows.len() as u64 * row_byte_count;
                if step.source.span().is_some() {
                    return self.read_bytes(step, rows.start as u64 * row_byte_count, byte_count, buffer);
                }
                buffer.place(step.offset + rows.start as u64 * row_byte_count, to_usize(byte_count));
                Ok(step.source.read_row_bytes(rows.clone(), buffer)?)
            }
        }
    }

    fn read_bytes(
        &self,
        step: &TensorStep,
        start: u64,
        byte_count: u64,
        buffer: &mut PageBuffer,
    ) -> Result<(), MergeError> {
        let Some((file, tensor_offset)) = step.source.span() else { unreachable!("only spans are read as bytes") };
        let offset = tensor_offset + start;
        buffer.place(offset, to_usize(byte_count));
        self.files[file.path()].read_exact_at(buffer, offset).at(IoAction::ReadWeights, file.path())?;
        Ok(())
    }
}

fn to_usize(byte_count: u64) -> usize {
    usize::try_from(byte_count).expect("a tile fits in memory")
}

/// Reads until the list is empty, something fails, or nobody waits for the result.
pub(super) fn read_all(
    list: &Mutex<WorkList<'_>>,
    sources: &Sources<'_>,
    shard: &OutputShard,
    buffers: &Receiver<PageBuffer>,
    reads: &Sender<Result<ReadItem, MergeError>>,
) {
    // The buffer comes first: whoever holds the lowest ticket then also holds a buffer, and the line moves on.
    while let Ok(mut buffer) = buffers.recv() {
        let Some(next) = list.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next() else { return };
        let result = next.and_then(|item| {
            sources.read(&shard.steps[item.step], &item.kind, &mut buffer)?;
            Ok(ReadItem { item, buffer })
        });
        let is_failed = result.is_err();
        if reads.send(result).is_err() || is_failed {
            return;
        }
    }
}
