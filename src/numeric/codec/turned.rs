//! Decoded values that lie across what they are wanted as: blocks of them, turned on their way out.

use std::ops::Range;

/// Rows that are decoded side by side: those of a line, of which two or four fill a cache line of codes.
pub(super) const LANES: usize = 32;

/// Lines of a block; with its values in f32 it stays in the first-level cache.
pub(super) const DEPTH: usize = 64;

/// Values of one column in neighbouring rows, as a 16-bit dtype stores them.
pub(super) type Line = [[u8; 2]; LANES];

/// Writes `block`, a line for each column from `first_column` on, into `rows`, which hold `columns` values each and are
/// those of `lanes`.
pub(super) fn turn(block: &[Line], lanes: Range<usize>, first_column: usize, columns: usize, rows: &mut [u8]) {
    for (lane, row) in lanes.zip(rows.chunks_exact_mut(columns * 2)) {
        let (values, _) = row.as_chunks_mut::<2>();
        for (value, line) in values[first_column..].iter_mut().zip(block) {
            *value = line[lane];
        }
    }
}
