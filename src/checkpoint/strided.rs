//! A tensor whose elements do not lie one after the other: a transposed, sliced or expanded view of a stored one.

use std::{ops::Range, sync::Arc};

use super::{CheckpointError, WeightFile};
use crate::{
    error::{IoAction, IoContext as _},
    platform,
};

/// Bytes that are read at once at most; less where the elements that follow each other span less.
const MAX_BLOCK_BYTES: u64 = 64 << 10;

/// Where the elements of a view lie in its file.
#[derive(Clone, Debug)]
pub struct StridedSpan {
    /// The file.
    pub file: Arc<dyn WeightFile>,
    /// Bytes from the start of the file to the first element.
    pub offset: u64,
    /// Bytes from the start of the file to the end of what the view may touch.
    pub end: u64,
    /// Elements between neighbours, by dimension; as many as the tensor has dimensions.
    pub strides: Vec<u64>,
}

impl StridedSpan {
    /// Gathers `rows` of a tensor of `shape`, its last dimension being the columns, into `bytes` (row-major).
    ///
    /// # Errors
    /// A read that fails.
    pub(super) fn read_row_bytes(
        &self,
        shape: &[usize],
        element_byte_count: usize,
        rows: Range<usize>,
        bytes: &mut [u8],
    ) -> Result<(), CheckpointError> {
        // A vector is a column: its dimension counts rows.
        let column_dimensions = usize::from(shape.len() > 1);
        let (outer, inner) = shape.split_at(shape.len() - column_dimensions);
        let (outer_strides, inner_strides) = self.strides.split_at(outer.len());
        let (columns, column_stride) = match (inner, inner_strides) {
            ([columns], [stride]) => (*columns, *stride),
            _ => (1, 1),
        };
        let row_stride = outer_strides.last().copied().unwrap_or(1);
        let row_positions: Vec<u64> = rows.map(|row| position(row, outer, outer_strides)).collect();
        let row_count = row_positions.len();
        let (inner_count, inner_stride) =
            if column_stride <= row_stride { (columns, column_stride) } else { (row_count, row_stride) };
        let run_elements = (inner_count as u64).saturating_sub(1).saturating_mul(inner_stride).saturating_add(1);
        let block_byte_count = run_elements.saturating_mul(element_byte_count as u64).min(MAX_BLOCK_BYTES);
        let mut reader = BlockReader { span: self, block_byte_count, element_byte_count, start: 0, block: Vec::new() };
        let mut copy = |row: usize, column: usize| {
            let element = row_positions[row] + column as u64 * column_stride;
            let target = (row * columns + column) * element_byte_count;
            reader.copy(element, &mut bytes[target..target + element_byte_count])
        };
        if column_stride <= row_stride {
            (0..row_count).try_for_each(|row| (0..columns).try_for_each(|column| copy(row, column)))
        } else {
            (0..columns).try_for_each(|column| (0..row_count).try_for_each(|row| copy(row, column)))
        }
    }
}

/// Elements from the start of the view to row `row` of its outer dimensions.
fn position(mut row: usize, outer: &[usize], strides: &[u64]) -> u64 {
    let mut position = 0;
    for (length, stride) in outer.iter().zip(strides).rev() {
        position += (row % length) as u64 * stride;
        row /= length;
    }
    position
}

/// Single elements of a view, read in blocks.
struct BlockReader<'a> {
    span: &'a StridedSpan,
    block_byte_count: u64,
    element_byte_count: usize,
    /// Where the block begins in the file.
    start: u64,
    block: Vec<u8>,
}

impl BlockReader<'_> {
    fn copy(&mut self, element: u64, target: &mut [u8]) -> Result<(), CheckpointError> {
        let at = self.span.offset + element * self.element_byte_count as u64;
        let end = at + self.element_byte_count as u64;
        if at < self.start || end > self.start + self.block.len() as u64 {
            self.fetch(at)?;
        }
        let from = usize::try_from(at - self.start).unwrap_or(usize::MAX);
        target.copy_from_slice(&self.block[from..from + self.element_byte_count]);
        Ok(())
    }

    fn fetch(&mut self, at: u64) -> Result<(), CheckpointError> {
        let byte_count = self.block_byte_count.max(self.element_byte_count as u64).min(self.span.end - at);
        self.block.resize(usize::try_from(byte_count).unwrap_or(usize::MAX), 0);
        self.start = at;
        let file = &self.span.file;
        Ok(platform::read_exact_at(file.handle(), &mut self.block, at).at(IoAction::ReadWeights, file.path())?)
    }
}
