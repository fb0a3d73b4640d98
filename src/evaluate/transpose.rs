//! Matrices turned while they are read. A product with many tokens packs its weights first, and packs rows that lie in
//! the order of the product twice as fast as those that lie across it; stored weights (`out × in`) lie across.

use rayon::prelude::*;

/// Rows and columns of a block: one cache line each way.
const BLOCK: usize = 16;

/// Columns that one thread turns at a time.
const COLUMNS: usize = 4 * BLOCK;

/// Writes `panel` (rows of `columns` values) as the columns of `turned` (`columns × turned_width`) from `first` on.
pub(super) fn transpose_into(panel: &[f32], columns: usize, turned: &mut [f32], turned_width: usize, first: usize) {
    if panel.is_empty() {
        return;
    }
    let groups = turned.par_chunks_mut(COLUMNS * turned_width).enumerate();
    groups.for_each(|(group, turned)| {
        let first_column = group * COLUMNS;
        for (block_row, rows) in panel.chunks(BLOCK * columns).enumerate() {
            for (block_column, turned) in turned.chunks_mut(BLOCK * turned_width).enumerate() {
                let column = first_column + block_column * BLOCK;
                turn_block(rows, columns, column, turned, turned_width, first + block_row * BLOCK);
            }
        }
    });
}

/// Turns up to `BLOCK` rows of up to `BLOCK` columns from `column` on, to `first` of each row of `turned`.
fn turn_block(rows: &[f32], columns: usize, column: usize, turned: &mut [f32], turned_width: usize, first: usize) {
    let (height, width) = (rows.len() / columns, turned.len() / turned_width);
    let lines = rows.chunks_exact(columns).map(|row| &row[column..column + width]);
    let turned = turned.chunks_exact_mut(turned_width).map(|row| &mut row[first..first + height]);
    if (height, width) == (BLOCK, BLOCK) {
        // Through a copy that is in order: lines whose distance is a power of two push each other out of the cache. All
        // lengths are known here, so that a line is one register.
        let mut block = [[0.0_f32; BLOCK]; BLOCK];
        for (line, stored) in block.iter_mut().zip(lines) {
            *line = *stored.as_array::<BLOCK>().expect("a whole line");
        }
        for (index, row) in turned.enumerate() {
            *row.as_mut_array::<BLOCK>().expect("a whole line") = std::array::from_fn(|line| block[line][index]);
        }
    } else {
        let lines: Vec<&[f32]> = lines.collect();
        for (index, row) in turned.enumerate() {
            row.iter_mut().zip(&lines).for_each(|(value, line)| *value = line[index]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_value_changes_row_for_column(
            rows in 1_usize..70, columns in 1_usize..150, panel_rows in 1_usize..40,
        ) {
            let values: Vec<f32> = (0..rows * columns).map(|index| index as f32).collect();
            let mut turned = vec![-1.0; values.len()];
            for (index, panel) in values.chunks(panel_rows * columns).enumerate() {
                transpose_into(panel, columns, &mut turned, rows, index * panel_rows);
            }
            for (index, value) in turned.iter().enumerate() {
                prop_assert_eq!(*value, values[index % rows * columns + index / rows]);
            }
        }
    }
}
