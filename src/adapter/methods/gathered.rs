//! Updates that need whole rows of a matrix where the stored rows are shorter: a convolution is `(out, in·k·k)` to its
//! rotation and `(out·in·k) × k` on the disk.

use std::{ops::Range, sync::Arc};

use crate::adapter::{Placement, Precision, RowUpdate};

/// `update` of a matrix with rows of `columns` elements, on whatever the stored tensor's rows are. It has one pass.
pub(super) fn gathered<T: Precision>(
    update: Arc<dyn RowUpdate<T>>,
    columns: usize,
    placement: &Placement,
) -> Arc<dyn RowUpdate<T>> {
    if placement.shape.len() <= 2 {
        return update;
    }
    let stored_columns = placement.shape.last().copied().unwrap_or(1).max(1);
    Arc::new(Gathered { update, rows_of_one: (columns / stored_columns).max(1) })
}

struct Gathered<T> {
    update: Arc<dyn RowUpdate<T>>,
    /// Stored rows of one row of the matrix.
    rows_of_one: usize,
}

impl<T: Precision> RowUpdate<T> for Gathered<T> {
    fn row_block(&self) -> usize {
        self.rows_of_one * self.update.row_block()
    }

    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        self.update.apply_rows(rows.start / self.rows_of_one..rows.end / self.rows_of_one, tile);
    }

    fn magnitude_bound(&self, before: &[T], after: &[T]) -> f64 {
        self.update.magnitude_bound(before, after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::FloatDtype;

    /// Adds the number of a row of the matrix to its elements.
    struct Numbered;
    impl RowUpdate<f64> for Numbered {
        fn apply_rows(&self, rows: Range<usize>, tile: &mut [f64]) {
            let columns = tile.len() / rows.len();
            for (row, values) in rows.zip(tile.chunks_mut(columns)) {
                for value in values.iter_mut() {
                    *value += row as f64;
                }
            }
        }
    }

    #[test]
    fn rows_of_the_matrix_are_runs_of_stored_rows() {
        let placement = Placement::whole(&[3, 2, 1, 2], FloatDtype::F32, crate::adapter::Orientation::OutIn);
        let update = gathered(Arc::new(Numbered), 4, &placement);
        assert_eq!(update.row_block(), 2);
        let mut tile = vec![0.5; 4 * 2];
        update.apply_rows(2..6, &mut tile);
        assert_eq!(tile, [1.5, 1.5, 1.5, 1.5, 2.5, 2.5, 2.5, 2.5]);
    }
}
