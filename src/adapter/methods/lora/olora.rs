//! OLoRA that was not converted: training began from W − s·Qᵣ·Rᵣ, the QR decomposition's first r terms, so the same
//! base is made again (Büyükakyüz 2024; PEFT's `olora_init`; spec section 1.6).
//!
//! Qᵣ·Rᵣ is what a projection onto the first r columns of W leaves: unique, whatever computes it.

use std::{
    ops::Range,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use super::update::{Kind, LoraUpdate};
use crate::{
    adapter::{
        AdapterError, Content, ExpectedShape, Layer, Orientation, Placement, Precision, RowUpdate, Scaling,
        TargetUpdate, method::largest,
    },
    checkpoint::LogicalTensor,
    numeric::{FloatDtype, Matrix, narrow, widen},
};

/// A LoRA update on the base that OLoRA left.
#[derive(Debug)]
pub(super) struct Olora {
    update: LoraUpdate,
}

impl Olora {
    /// `update`, on the base that the init of a Linear layer left.
    pub fn new(update: LoraUpdate) -> Self {
        Self { update }
    }

    /// Whether PEFT initialises the layer of `update` this way.
    pub fn is_initialized(update: &LoraUpdate) -> bool {
        matches!(update.kind, Kind::Linear { .. })
    }

    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let (row_count, rank) = (placement.shape[0], self.update.scaling.rank);
        Ok(Arc::new(OloraRows {
            update: self.update.rows(placement)?,
            row_count,
            rank: rank.min(row_count).min(placement.shape[1]),
            scale: self.update.scaling.value(),
            dtype: placement.dtype,
            observed: Mutex::default(),
            offset: OnceLock::new(),
        }))
    }
}

impl TargetUpdate for Olora {
    fn layer(&self) -> Layer {
        Layer::Fixed
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        self.update.fits(shape, orientation)
    }

    fn expected_shape(&self) -> ExpectedShape {
        self.update.expected_shape()
    }

    fn rank(&self) -> Option<usize> {
        self.update.rank()
    }

    fn scaling(&self) -> Option<Scaling> {
        Some(self.update.scaling)
    }

    fn tensors(&self) -> &[LogicalTensor] {
        self.update.tensors()
    }

    fn is_additive(&self) -> bool {
        false
    }

    /// Even untrained factors put back what the init took away.
    fn is_untrained(&self, _contents: &[Content]) -> bool {
        false
    }

    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows(placement)
    }

    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows(placement)
    }
}

/// What is subtracted is computed in f64 in either precision, so that both round it to the base's dtype alike.
struct OloraRows<T> {
    update: Arc<dyn RowUpdate<T>>,
    row_count: usize,
    rank: usize,
    scale: f64,
    dtype: FloatDtype,
    observed: Mutex<Observed>,
    /// Qᵣ and Rᵣ, after both passes that look.
    offset: OnceLock<(Matrix<f64>, Matrix<f64>)>,
}

/// What the passes before the last collect: the first columns of W, then Qᵣᵀ·W.
#[derive(Default)]
struct Observed {
    rows_seen: usize,
    columns: Vec<f64>,
    basis: Option<Matrix<f64>>,
    projected: Vec<f64>,
}

impl Observed {
    /// The first `rank` columns of each row of `tile`.
    fn add_columns(&mut self, rows: &Range<usize>, rank: usize, row_count: usize, tile: &[impl Precision]) {
        self.columns.resize(row_count * rank, 0.0);
        let columns = tile.len() / rows.len().max(1);
        for (row, values) in rows.clone().zip(tile.chunks(columns.max(1))) {
            for (column, value) in values.iter().take(rank).enumerate() {
                self.columns[row * rank + column] = value.to_f64();
            }
        }
    }

    /// Qᵣᵀ·W, the share of `tile`.
    fn add_projection(&mut self, rows: &Range<usize>, rank: usize, tile: &[impl Precision]) {
        let Some(basis) = &self.basis else { return };
        let columns = tile.len() / rows.len().max(1);
        self.projected.resize(rank * columns, 0.0);
        let values = tile.iter().map(|value| value.to_f64()).collect();
        let tile = Matrix::new(rows.len(), columns, values);
        let transposed = basis.row_range(rows.clone()).transposed();
        transposed.add_product(0..rank, &tile, 1.0, &mut self.projected);
    }
}

impl<T: Precision> RowUpdate<T> for OloraRows<T> {
    fn passes(&self) -> usize {
        3
    }

    fn observe_rows(&self, rows: Range<usize>, tile: &[T]) {
        let mut observed = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        let is_second = observed.basis.is_some();
        if is_second {
            observed.add_projection(&rows, self.rank, tile);
        } else {
            observed.add_columns(&rows, self.rank, self.row_count, tile);
        }
        observed.rows_seen += rows.len();
        if observed.rows_seen == self.row_count {
            observed.rows_seen = 0;
            if !is_second {
                let columns = Matrix::new(self.row_count, self.rank, std::mem::take(&mut observed.columns));
                observed.basis = Some(orthonormal(&columns));
            } else if let Some(basis) = observed.basis.take() {
                let projected = std::mem::take(&mut observed.projected);
                let columns = projected.len() / self.rank.max(1);
                // Both passes come once, so the cell is empty.
                self.offset.set((basis, Matrix::new(self.rank, columns, projected))).ok();
            }
        }
    }

    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        if let Some((basis, projected)) = self.offset.get() {
            let mut residual: Vec<f64> = tile.iter().map(|value| value.to_f64()).collect();
            basis.add_product(rows.clone(), projected, -self.scale, &mut residual);
            for (value, residual) in tile.iter_mut().zip(self.stored(&residual)) {
                *value = T::of(residual);
            }
        }
        self.update.apply_rows(rows, tile);
    }

    fn magnitude_bound(&self, before: &[T], after: &[T]) -> f64 {
        largest(before).max(largest(after)) + self.update.magnitude_bound(before, after)
    }
}

impl<T> OloraRows<T> {
    /// `values` as PEFT stored them before training: in the base's dtype.
    fn stored(&self, values: &[f64]) -> Vec<f32> {
        #[expect(clippy::cast_possible_truncation, reason = "PEFT decomposes in f32")]
        let single: Vec<f32> = values.iter().map(|value| *value as f32).collect();
        let mut bytes = vec![0; single.len() * self.dtype.byte_count()];
        narrow(self.dtype, &single, &mut bytes);
        let mut stored = vec![0.0; single.len()];
        widen(self.dtype, &bytes, &mut stored);
        stored
    }
}

/// An orthonormal basis of the columns, by Gram–Schmidt done twice, which loses nothing in f64.
fn orthonormal(columns: &Matrix<f64>) -> Matrix<f64> {
    let mut basis = columns.transposed();
    let (count, length) = (basis.rows(), basis.columns());
    for index in 0..count {
        let (done, rest) = basis.values_mut().split_at_mut(index * length);
        let current = &mut rest[..length];
        for _ in 0..2 {
            for other in done.chunks(length) {
                let overlap: f64 = current.iter().zip(other).map(|(a, b)| a * b).sum();
                current.iter_mut().zip(other).for_each(|(value, other)| *value -= overlap * other);
            }
        }
        let norm = current.iter().map(|value| value * value).sum::<f64>().sqrt();
        for value in current {
            *value /= norm;
        }
    }
    basis.transposed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projection_onto_the_first_columns_leaves_them_whole() {
        let weight = Matrix::new(5, 4, (0..20).map(|index| f64::from(index * 7 % 11) - 4.0).collect());
        let first = Matrix::new(5, 2, (0..5).flat_map(|row| weight.row(row)[..2].to_vec()).collect());
        let basis = orthonormal(&first);
        let gram = basis.transposed().product(&basis);
        for (value, expected) in gram.values().iter().zip(Matrix::<f64>::identity(2).values()) {
            assert!((value - expected).abs() < 1e-12);
        }
        let projected = basis.product(&basis.transposed().product(&weight));
        for row in 0..5 {
            for column in 0..2 {
                assert!((projected.row(row)[column] - weight.row(row)[column]).abs() < 1e-12);
            }
        }
    }
}
