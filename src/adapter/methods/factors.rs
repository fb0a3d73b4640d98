//! Two factors read from an adapter, and how their product lies on what the base stores.

use std::{ops::Range, sync::Arc};

use crate::{
    adapter::{AdapterError, Orientation, Part, Parts, Placement, Precision, RowUpdate, Window},
    checkpoint::LogicalTensor,
    numeric::{LowRank, Matrix},
};

/// Δ = scale · B·A of a matrix `(out, in)`.
#[derive(Clone, Debug)]
pub(super) struct Factors {
    /// `(out, r)`.
    pub b: Matrix<f32>,
    /// `(r, in)`.
    pub a: Matrix<f32>,
    /// s.
    pub scale: f64,
}

impl Factors {
    /// The update of a whole stored matrix.
    pub fn low_rank(self, orientation: Orientation) -> LowRank {
        let (left, right) = match orientation {
            Orientation::OutIn => (self.b, self.a),
            Orientation::InOut => (self.a.transposed(), self.b.transposed()),
        };
        let (shape, rank) = ((left.rows(), right.columns()), left.columns());
        LowRank::new(shape, rank, self.scale, left.into_values(), right.into_values())
    }

    /// The update as it lies on a stored matrix, or on one of a stack of matrices.
    pub fn placed<T: Precision>(self, placement: &Placement) -> Arc<dyn RowUpdate<T>> {
        match &placement.window {
            Window::Whole => T::low_rank(self.low_rank(placement.orientation)),
            Window::TensorIsPart { out, .. } => {
                let b = self.b.row_range(out.clone());
                T::low_rank(Self { b, ..self }.low_rank(placement.orientation))
            }
            Window::UpdateIsPart { expert, out } => self.placed_in(placement, *expert, out),
        }
    }

    /// The update of the output features `out` of one matrix of a stack.
    fn placed_in<T: Precision>(
        self,
        placement: &Placement,
        expert: usize,
        out: &Range<usize>,
    ) -> Arc<dyn RowUpdate<T>> {
        let matrix_rows = placement.shape.iter().rev().nth(1).copied().unwrap_or(1);
        let (first_row, low_rank) = match placement.orientation {
            Orientation::OutIn => (expert * matrix_rows + out.start, self.low_rank(Orientation::OutIn)),
            Orientation::InOut => {
                let out_features = placement.shape.last().copied().unwrap_or(0);
                let b = padded_rows(&self.b, out.start, out_features);
                (expert * matrix_rows, Self { b, ..self }.low_rank(Orientation::InOut))
            }
        };
        let row_count = low_rank.shape().0;
        Arc::new(Stacked { parts: vec![(first_row..first_row + row_count, T::low_rank(low_rank))] })
    }
}

/// `matrix` with rows of zeros around it, `rows` in all.
fn padded_rows(matrix: &Matrix<f32>, start: usize, rows: usize) -> Matrix<f32> {
    let mut out = Matrix::zeros(rows, matrix.columns());
    let at = start * matrix.columns();
    out.values_mut()[at..at + matrix.values().len()].copy_from_slice(matrix.values());
    out
}

/// Δ = scale · L·R of a matrix `(out, in)` from factors that were computed in f64, as it lies on what is stored.
pub(super) fn matrix_product<T: Precision>(
    (left, right): (Matrix<f64>, Matrix<f64>),
    scale: f64,
    orientation: Orientation,
) -> Arc<dyn RowUpdate<T>> {
    let (left, right) = match orientation {
        Orientation::OutIn => (left, right),
        Orientation::InOut => (right.transposed(), left.transposed()),
    };
    let (shape, rank) = ((left.rows(), right.columns()), left.columns());
    T::product(shape, rank, scale, left.into_values(), right.into_values())
}

/// Updates of consecutive rows of one tensor; rows between them stay as they are.
pub(super) struct Stacked<T> {
    /// The rows and the update of each, in order.
    pub parts: Vec<(Range<usize>, Arc<dyn RowUpdate<T>>)>,
}

impl<T: Precision> RowUpdate<T> for Stacked<T> {
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        let columns = tile.len() / rows.len().max(1);
        for (part, update) in &self.parts {
            let shared = rows.start.max(part.start)..rows.end.min(part.end);
            if shared.start < shared.end {
                let elements = (shared.start - rows.start) * columns..(shared.end - rows.start) * columns;
                update.apply_rows(shared.start - part.start..shared.end - part.start, &mut tile[elements]);
            }
        }
    }

    fn magnitude_bound(&self, before: &[T], after: &[T]) -> f64 {
        self.parts.iter().map(|(_, update)| update.magnitude_bound(before, after)).fold(0.0, f64::max)
    }
}

/// An additive update of a matrix whose rows are longer than those of the stored tensor's matrix view: a convolution
/// is `(out, in·k·k)` to its factors and `(out·in·k) × k` on the disk.
pub(super) struct Reshaped<T> {
    /// The update of the matrix.
    pub update: Arc<dyn RowUpdate<T>>,
    /// Elements of one of its rows.
    pub columns: usize,
}

impl<T: Precision> RowUpdate<T> for Reshaped<T> {
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        let stored_columns = tile.len() / rows.len().max(1);
        let elements = rows.start * stored_columns..rows.end * stored_columns;
        let matrix_rows = elements.start / self.columns..elements.end.div_ceil(self.columns);
        let mut delta = vec![T::ZERO; matrix_rows.len() * self.columns];
        self.update.apply_rows(matrix_rows.clone(), &mut delta);
        let skipped = elements.start - matrix_rows.start * self.columns;
        for (value, delta) in tile.iter_mut().zip(&delta[skipped..]) {
            *value += *delta;
        }
    }

    fn magnitude_bound(&self, before: &[T], after: &[T]) -> f64 {
        self.update.magnitude_bound(before, after)
    }
}

/// An additive update of a matrix with rows of `columns` elements, on whatever the stored tensor's rows are.
pub(super) fn reshaped<T: Precision>(
    update: Arc<dyn RowUpdate<T>>,
    columns: usize,
    placement: &Placement,
) -> Arc<dyn RowUpdate<T>> {
    if placement.shape.len() > 2 { Arc::new(Reshaped { update, columns }) } else { update }
}

/// Whether a tensor of `shape` is an `out × columns` matrix, its trailing dimensions (a convolution's) taken as one.
pub(super) fn is_matrix_of((out, columns): (usize, usize), shape: &[usize], orientation: Orientation) -> bool {
    orientation == Orientation::OutIn
        && shape.len() >= 2
        && shape[0] == out
        && shape[1..].iter().product::<usize>() == columns
}

/// Reads a tensor as the matrix `(rows, columns)`.
pub(super) fn read_matrix(tensor: &LogicalTensor, rows: usize) -> Result<Matrix<f32>, AdapterError> {
    let columns = tensor.element_count() / rows.max(1);
    Ok(Matrix::new(rows, columns, tensor.read_all()?))
}

/// Takes `part` out of `parts`, or says that it is missing.
pub(super) fn required(
    parts: &mut Parts,
    part: Part,
    module: &str,
    path: &std::path::Path,
) -> Result<LogicalTensor, AdapterError> {
    let found = parts.remove(part).ok_or_else(|| AdapterError::Unpaired {
        module: module.to_owned(),
        absent: part.name(),
        path: path.to_owned(),
    })?;
    found.float_dtype()?;
    Ok(found)
}

/// The error for factors that cannot be multiplied.
pub(super) fn misshapen(module: &str, factors: &[&LogicalTensor], path: &std::path::Path) -> AdapterError {
    AdapterError::FactorShapes {
        module: module.to_owned(),
        factors: factors.iter().map(|factor| (factor.name().to_owned(), factor.shape().to_vec())).collect(),
        path: path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::FloatDtype;

    fn factors(out: usize, inner: usize) -> Factors {
        let values = |count: usize| (0..count).map(|index| index as f32 * 0.5 - 1.0).collect::<Vec<_>>();
        Factors { b: Matrix::new(out, 2, values(out * 2)), a: Matrix::new(2, inner, values(2 * inner)), scale: 3.0 }
    }

    fn applied(update: &dyn RowUpdate<f64>, rows: Range<usize>, columns: usize) -> Vec<f64> {
        let mut tile = vec![0.0; rows.len() * columns];
        update.apply_rows(rows, &mut tile);
        tile
    }

    /// 3·B·A element by element.
    fn delta(factors: &Factors, out: usize, inner: usize) -> f64 {
        (0..2).map(|k| f64::from(factors.b.row(out)[k]) * f64::from(factors.a.row(k)[inner])).sum::<f64>() * 3.0
    }

    #[test]
    fn an_update_of_one_expert_touches_its_block_only() {
        let factors = factors(2, 3);
        for (orientation, shape) in [(Orientation::OutIn, vec![4, 5, 3]), (Orientation::InOut, vec![4, 3, 5])] {
            let window = Window::UpdateIsPart { expert: 2, out: 1..3 };
            let placement =
                Placement { shape: shape.clone(), dtype: FloatDtype::F32, orientation, window, companion: None };
            let update = factors.clone().placed::<f64>(&placement);
            let tile = applied(update.as_ref(), 0..shape[0] * shape[1], shape[2]);
            for (index, value) in tile.iter().enumerate() {
                let (expert, row, column) =
                    (index / (shape[1] * shape[2]), index / shape[2] % shape[1], index % shape[2]);
                let (out, inner) = if orientation == Orientation::OutIn { (row, column) } else { (column, row) };
                let is_inside = expert == 2 && (1..3).contains(&out);
                let expected = if is_inside { delta(&factors, out - 1, inner) } else { 0.0 };
                assert!((value - expected).abs() < 1e-12, "{orientation:?} {index}");
            }
        }
    }

    #[test]
    fn a_part_of_an_update_is_some_of_its_rows() {
        let factors = factors(4, 3);
        let window = Window::TensorIsPart { expert: 0, out: 1..3 };
        let placement = Placement {
            shape: vec![2, 3],
            dtype: FloatDtype::F32,
            orientation: Orientation::OutIn,
            window,
            companion: None,
        };
        let tile = applied(factors.clone().placed::<f64>(&placement).as_ref(), 0..2, 3);
        assert!((tile[4] - delta(&factors, 2, 1)).abs() < 1e-12);
    }

    #[test]
    fn a_convolution_may_be_cut_anywhere() {
        let factors = factors(3, 8);
        let update = Reshaped { update: f64::low_rank(factors.clone().low_rank(Orientation::OutIn)), columns: 8 };
        let tile = applied(&update, 3..9, 2);
        for (index, value) in tile.iter().enumerate() {
            let element = 3 * 2 + index;
            assert!((value - delta(&factors, element / 8, element % 8)).abs() < 1e-12);
        }
    }
}
