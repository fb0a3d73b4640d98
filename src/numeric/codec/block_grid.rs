//! Numbers that lie over the matrices of a tensor as a grid, one for each block of elements: scales, zero points.

use std::ops::Range;

use crate::numeric::TileShape;

/// How a grid lies over a matrix, or over each of a stack of them; the last blocks may be partial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockGrid {
    /// Rows of a matrix.
    pub matrix_rows: usize,
    /// Elements of a row.
    pub columns: usize,
    /// Rows of a block.
    pub block_rows: usize,
    /// Columns of a block.
    pub block_columns: usize,
}

impl BlockGrid {
    /// A grid of blocks of so many rows and columns over the last two dimensions of `shape`; a block that would be larger
    /// than the matrix is the matrix.
    #[must_use]
    pub fn over(shape: &[usize], block_rows: usize, block_columns: usize) -> Self {
        let TileShape { rows, columns } = TileShape::of(shape);
        let matrix_rows = if shape.len() > 1 { shape[shape.len() - 2] } else { rows };
        Self {
            matrix_rows,
            columns,
            block_rows: block_rows.clamp(1, matrix_rows.max(1)),
            block_columns: block_columns.clamp(1, columns.max(1)),
        }
    }

    /// Rows of the grid over one matrix.
    #[must_use]
    pub fn down(&self) -> usize {
        self.matrix_rows.div_ceil(self.block_rows)
    }

    /// Columns of the grid.
    #[must_use]
    pub fn across(&self) -> usize {
        self.columns.div_ceil(self.block_columns)
    }

    /// The row of the grid that lies over `row` of the tensor.
    #[must_use]
    pub fn grid_row(&self, row: usize) -> usize {
        row / self.matrix_rows * self.down() + row % self.matrix_rows / self.block_rows
    }

    /// The rows of the grid that lie over `rows` of the tensor.
    #[must_use]
    pub fn grid_rows(&self, rows: &Range<usize>) -> Range<usize> {
        if rows.is_empty() {
            return 0..0;
        }
        self.grid_row(rows.start)..self.grid_row(rows.end - 1) + 1
    }

    /// Calls `apply` with each element of a row and the number of the grid's row that lies over it.
    pub fn over_row(&self, values: &mut [f32], grid_row: &[f32], apply: impl Fn(&mut f32, f32)) {
        if self.block_columns == 1 {
            values.iter_mut().zip(grid_row).for_each(|(value, number)| apply(value, *number));
            return;
        }
        for (block, number) in values.chunks_mut(self.block_columns).zip(grid_row) {
            for value in block {
                apply(value, *number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_blocks_and_stacked_matrices_have_their_own_row_of_the_grid() {
        let grid = BlockGrid::over(&[3, 5, 7], 2, 3);
        assert_eq!((grid.down(), grid.across()), (3, 3));
        let rows: Vec<usize> = (0..15).map(|row| grid.grid_row(row)).collect();
        assert_eq!(rows, [0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 6, 6, 7, 7, 8]);
        assert_eq!(grid.grid_rows(&(4..6)), 2..4);
        assert_eq!(grid.grid_rows(&(6..6)), 0..0);
        let mut values = [1.0; 7];
        grid.over_row(&mut values, &[2.0, 3.0, 5.0], |value, scale| *value *= scale);
        assert_eq!(values, [2.0, 2.0, 2.0, 3.0, 3.0, 3.0, 5.0]);
    }

    #[test]
    fn one_number_may_lie_over_a_whole_matrix_a_row_or_a_column() {
        let whole = BlockGrid::over(&[5, 7], usize::MAX, usize::MAX);
        assert_eq!((whole.down(), whole.across(), whole.grid_rows(&(0..5))), (1, 1, 0..1));
        let row = BlockGrid::over(&[5, 7], 1, usize::MAX);
        assert_eq!((row.down(), row.across(), row.grid_rows(&(1..3))), (5, 1, 1..3));
        let column = BlockGrid::over(&[2, 5, 3], usize::MAX, 1);
        assert_eq!((column.down(), column.across(), column.grid_rows(&(4..6))), (1, 3, 0..2));
        let mut values = [1.0; 3];
        column.over_row(&mut values, &[2.0, 3.0, 5.0], |value, scale| *value *= scale);
        assert_eq!(values, [2.0, 3.0, 5.0]);
    }
}
