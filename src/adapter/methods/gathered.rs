//! Updates that need whole rows of a matrix where the stored rows are shorter: a convolution is `(out, in·k·k)` to its
//! rotation and `(out·in·k) × k` on the disk.

use std::{
    ops::Range,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

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
    let element_count: usize = placement.shape.iter().product();
    let seen = Mutex::new(Seen { values: vec![T::ZERO; element_count], count: 0 });
    Arc::new(Gathered { update, columns, seen, changed: OnceLock::new() })
}

/// The whole tensor, a convolution's and so a small one, is seen in a first pass and changed at its end.
struct Gathered<T> {
    update: Arc<dyn RowUpdate<T>>,
    columns: usize,
    seen: Mutex<Seen<T>>,
    changed: OnceLock<Vec<T>>,
}

struct Seen<T> {
    values: Vec<T>,
    count: usize,
}

/// The elements of `rows` that `tile` holds.
fn elements<T>(rows: &Range<usize>, tile: &[T]) -> Range<usize> {
    let columns = tile.len() / rows.len().max(1);
    rows.start * columns..rows.start * columns + tile.len()
}

impl<T: Precision> RowUpdate<T> for Gathered<T> {
    fn passes(&self) -> usize {
        2
    }

    fn observe_rows(&self, rows: Range<usize>, tile: &[T]) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.values[elements(&rows, tile)].copy_from_slice(tile);
        seen.count += tile.len();
        if seen.count == seen.values.len() {
            let mut values = std::mem::take(&mut seen.values);
            self.update.apply_rows(0..values.len() / self.columns.max(1), &mut values);
            // The pass comes once, so the cell is empty.
            self.changed.set(values).ok();
        }
    }

    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        if let Some(changed) = self.changed.get() {
            tile.copy_from_slice(&changed[elements(&rows, tile)]);
        }
    }

    fn magnitude_bound(&self, before: &[T], after: &[T]) -> f64 {
        self.update.magnitude_bound(before, after)
    }
}
