//! Cutting a tensor's factors into buffers, and its tiles into the chunks that one dispatch computes.

use std::ops::Range;

/// Bytes that an element of W or a factor may take; the limits hold for the widest dtype.
const ELEMENT_BYTES: usize = size_of::<f32>();

/// Rows and columns that a workgroup of `merge_tiled` computes (`BLOCK` in `merge.wgsl`).
const BLOCK: usize = 64;

/// Elements that a workgroup of `merge_flat` computes (2 × `FLAT_PAIRS` × `THREADS` in `merge.wgsl`).
const FLAT_ELEMENTS: usize = 4096;

/// What a device takes at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChunkLimits {
    /// Bytes of a buffer that a shader sees.
    pub binding_byte_count: usize,
    /// Workgroups along one dimension of a dispatch.
    pub group_count: usize,
}

/// How the factors of one tensor lie in buffers: L in blocks of whole rows, R in blocks of whole columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct FactorGrid {
    limits: ChunkLimits,
    rows: usize,
    columns: usize,
    rows_per_block: usize,
    columns_per_block: usize,
}

/// A part of a tile that one dispatch computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Rows of the tensor.
    pub rows: Range<usize>,
    /// Columns of the tensor: those of one block of R.
    pub columns: Range<usize>,
    /// The block of L that holds its rows.
    pub left_block: usize,
    /// Where they begin in that block.
    pub first_left_row: usize,
    /// The block of R that holds its columns.
    pub right_block: usize,
}

impl Chunk {
    /// Elements of the chunk.
    pub(super) fn element_count(&self) -> usize {
        self.rows.len() * self.columns.len()
    }

    /// Whether `merge_flat` computes it: a shape that `merge_tiled` cannot store, or would waste most of its threads on.
    pub(super) fn is_flat(&self) -> bool {
        self.columns.len() % 2 == 1 || self.columns.len() < BLOCK / 2 || self.rows.len() < BLOCK / 4
    }

    /// The workgroups that compute it.
    pub(super) fn groups(&self) -> (usize, usize) {
        if self.is_flat() {
            (self.element_count().div_ceil(FLAT_ELEMENTS), 1)
        } else {
            (self.columns.len().div_ceil(BLOCK), self.rows.len().div_ceil(BLOCK))
        }
    }
}

impl FactorGrid {
    /// The grid for L (`rows × depth`) and R (`depth × columns`); `None` where not even a row of L fits a buffer.
    pub(super) fn new(rows: usize, columns: usize, depth: usize, limits: ChunkLimits) -> Option<Self> {
        let binding_elements = limits.binding_byte_count / ELEMENT_BYTES;
        let lines_per_block = binding_elements.checked_div(depth)?;
        let columns_per_block = if columns <= lines_per_block.min(limits.group_count * BLOCK) {
            columns
        } else {
            whole_blocks(lines_per_block.min(limits.group_count * BLOCK))
        };
        let rows_per_block = rows.min(lines_per_block);
        (rows_per_block > 0 && columns_per_block > 0).then_some(Self {
            limits,
            rows,
            columns,
            rows_per_block,
            columns_per_block,
        })
    }

    /// The rows of each block of L.
    pub(super) fn left_blocks(&self) -> impl Iterator<Item = Range<usize>> {
        ranges(0..self.rows, self.rows_per_block)
    }

    /// The columns of each block of R.
    pub(super) fn right_blocks(&self) -> impl Iterator<Item = Range<usize>> {
        ranges(0..self.columns, self.columns_per_block)
    }

    /// Cuts the tile of these rows: by rows where it does not fit, by columns where R does not.
    pub(super) fn chunks(&self, tile: &Range<usize>) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        for (right_block, columns) in self.right_blocks().enumerate() {
            let most_elements = self.limits.binding_byte_count / ELEMENT_BYTES;
            let most_elements = most_elements.min(self.limits.group_count * FLAT_ELEMENTS);
            let most_rows = (most_elements / columns.len()).clamp(1, self.limits.group_count * BLOCK);
            let mut start = tile.start;
            while start < tile.end {
                let left_block = start / self.rows_per_block;
                let first_left_row = start % self.rows_per_block;
                let end = tile.end.min((left_block + 1) * self.rows_per_block).min(start + most_rows);
                chunks.push(Chunk {
                    rows: start..end,
                    columns: columns.clone(),
                    left_block,
                    first_left_row,
                    right_block,
                });
                start = end;
            }
        }
        chunks
    }
}

/// `count` rounded down to whole workgroups, so that a cut leaves no odd number of columns.
fn whole_blocks(count: usize) -> usize {
    if count < BLOCK { count } else { count - count % BLOCK }
}

fn ranges(whole: Range<usize>, step: usize) -> impl Iterator<Item = Range<usize>> {
    whole.clone().step_by(step).map(move |start| start..(start + step).min(whole.end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn chunks_cover_a_tile_once_and_keep_to_the_limits(
            rows in 1_usize..300,
            columns in 1_usize..600,
            depth in 1_usize..40,
            limit_words in 8_usize..4_000,
            group_count in 1_usize..40,
            cut in (0_usize..300, 0_usize..300),
        ) {
            let limits = ChunkLimits { binding_byte_count: limit_words * 4, group_count };
            let tile = cut.0.min(cut.1).min(rows)..cut.0.max(cut.1).min(rows);
            let Some(grid) = FactorGrid::new(rows, columns, depth, limits) else {
                prop_assert!(depth > limit_words);
                return Ok(());
            };
            let left: Vec<_> = grid.left_blocks().collect();
            let right: Vec<_> = grid.right_blocks().collect();
            prop_assert!(left.iter().chain(&right).all(|block| block.len() * depth <= limit_words));
            let mut seen = vec![0_u8; rows * columns];
            for chunk in grid.chunks(&tile) {
                prop_assert!(chunk.element_count() <= limit_words.max(chunk.columns.len()));
                let (x, y) = chunk.groups();
                prop_assert!(x > 0 && x <= group_count && y > 0 && y <= group_count);
                prop_assert_eq!(&chunk.columns, &right[chunk.right_block]);
                let block = &left[chunk.left_block];
                prop_assert_eq!(chunk.rows.start, block.start + chunk.first_left_row);
                prop_assert!(chunk.rows.end <= block.end);
                for row in chunk.rows.clone() {
                    chunk.columns.clone().for_each(|column| seen[row * columns + column] += 1);
                }
            }
            for row in 0..rows {
                let expected = u8::from(tile.contains(&row));
                prop_assert!(seen[row * columns..(row + 1) * columns].iter().all(|count| *count == expected));
            }
        }
    }

    #[test]
    fn a_tile_that_fits_is_one_chunk() {
        let limits = ChunkLimits { binding_byte_count: 128 << 20, group_count: 65_535 };
        let grid = FactorGrid::new(14_336, 4_096, 256, limits).unwrap();
        let chunks = grid.chunks(&(256..512));
        assert_eq!(chunks.len(), 1);
        assert_eq!((chunks[0].first_left_row, chunks[0].groups()), (256, (64, 4)));
        assert!(!chunks[0].is_flat());
    }

    #[test]
    fn the_factors_of_a_large_vocabulary_lie_in_several_buffers() {
        let limits = ChunkLimits { binding_byte_count: 128 << 20, group_count: 65_535 };
        let grid = FactorGrid::new(152_064, 4_096, 256, limits).unwrap();
        assert_eq!(grid.left_blocks().count(), 2);
        assert_eq!(grid.right_blocks().count(), 1);
    }
}
