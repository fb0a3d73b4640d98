//! DoRA: W' = m / ‖W + Δ‖ · (W + Δ), norms over everything but the output units (Liu et al. 2024; spec section 4).

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
};

/// A LoRA update whose output units are rescaled to learned magnitudes.
#[derive(Debug)]
pub(super) struct Dora {
    direction: LoraUpdate,
    /// A, B and the magnitudes.
    tensors: [LogicalTensor; 3],
}

impl Dora {
    /// Joins an update with its `magnitude`; `None` where they do not fit together.
    pub fn new(direction: LoraUpdate, magnitude: LogicalTensor) -> Option<Self> {
        let unit_count = match direction.kind {
            Kind::Linear { out, .. } => Some(out),
            Kind::Embedding { dim, .. } => Some(dim),
            Kind::Convolution { ref shape } => Some(shape[0]),
            Kind::Attention { .. } | Kind::Experts { .. } => None,
        };
        let is_float = magnitude.float_dtype().is_ok();
        let fits = unit_count == Some(magnitude.element_count()) && is_float;
        let [a, b] = direction.factors.clone();
        fits.then(|| Self { direction, tensors: [a, b, magnitude] })
    }

    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let direction = self.direction.rows(placement)?;
        let magnitudes = self.tensors[2].read_all()?.into_iter().map(f64::from).collect();
        let columns = placement.shape.last().copied().unwrap_or(1);
        let units = match (&self.direction.kind, placement.orientation) {
            (Kind::Convolution { shape }, _) => Units::Blocks { block_len: shape.iter().skip(1).product() },
            (Kind::Linear { .. }, Orientation::OutIn) => Units::Blocks { block_len: columns },
            _ => Units::Columns { column_count: columns },
        };
        let rows_are_units = units == Units::Blocks { block_len: columns };
        Ok(Arc::new(DoraRows { direction, magnitudes, units, rows_are_units, observed: Observed::default() }))
    }
}

impl TargetUpdate for Dora {
    fn layer(&self) -> Layer {
        self.direction.layer()
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        self.direction.fits(shape, orientation)
    }

    fn expected_shape(&self) -> ExpectedShape {
        self.direction.expected_shape()
    }

    fn rank(&self) -> Option<usize> {
        self.direction.rank()
    }

    fn scaling(&self) -> Option<Scaling> {
        self.direction.scaling()
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    fn is_additive(&self) -> bool {
        false
    }

    fn vocabulary_rows(&self) -> Option<usize> {
        self.direction.vocabulary_rows()
    }

    /// A magnitude is never zero, so only A and B tell.
    fn is_untrained(&self, contents: &[Content]) -> bool {
        contents.iter().take(2).any(|content| content.is_zero)
    }

    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows(placement)
    }

    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows(placement)
    }
}

/// Which elements of the stored tensor belong to one output unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Units {
    /// Consecutive ones.
    Blocks { block_len: usize },
    /// Columns.
    Columns { column_count: usize },
}

struct DoraRows<T> {
    direction: Arc<dyn RowUpdate<T>>,
    magnitudes: Vec<f64>,
    units: Units,
    /// Every row of the stored tensor is a unit of its own: then one pass does.
    rows_are_units: bool,
    observed: Observed,
}

/// Σ (W + Δ)² of each unit, from the first pass, and the factors that follow from it.
#[derive(Default)]
struct Observed {
    square_sums: Mutex<Vec<f64>>,
    factors: OnceLock<Vec<f64>>,
}

impl<T: Precision> DoraRows<T> {
    /// Adds the squares of `tile` (W + Δ, from the element `first` on) to the sums of their units.
    fn add_squares(&self, first: usize, tile: &[T], sums: &mut [f64]) {
        let square = |value: &T| value.to_f64() * value.to_f64();
        match self.units {
            Units::Blocks { block_len } => {
                for (offset, value) in tile.iter().enumerate() {
                    sums[(first + offset) / block_len] += square(value);
                }
            }
            Units::Columns { column_count } => {
                for row in tile.chunks(column_count) {
                    sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += square(value));
                }
            }
        }
    }

    /// m / ‖W + Δ‖ of each unit, after the first pass.
    fn factors(&self) -> &[f64] {
        self.observed.factors.get_or_init(|| {
            let sums = self.observed.square_sums.lock().unwrap_or_else(PoisonError::into_inner);
            self.magnitudes.iter().zip(sums.iter()).map(|(magnitude, sum)| magnitude / sum.sqrt()).collect()
        })
    }

    /// m / ‖`sum`‖, where `sum` is a row of W + Δ that is a unit.
    fn row_factor(&self, row: usize, sum: &[T]) -> T {
        let square_sum: f64 = sum.iter().map(|value| value.to_f64() * value.to_f64()).sum();
        T::rounded(self.magnitudes[row] / square_sum.sqrt())
    }

    /// Multiplies `tile` (from the element `first` on) by the factors of its units.
    fn scale(&self, first: usize, tile: &mut [T]) {
        let factors = self.factors();
        match self.units {
            Units::Blocks { block_len } => {
                for (offset, value) in tile.iter_mut().enumerate() {
                    *value *= T::rounded(factors[(first + offset) / block_len]);
                }
            }
            Units::Columns { column_count } => {
                for row in tile.chunks_mut(column_count) {
                    row.iter_mut().zip(factors).for_each(|(value, factor)| *value *= T::rounded(*factor));
                }
            }
        }
    }
}

impl<T: Precision> RowUpdate<T> for DoraRows<T> {
    fn passes(&self) -> usize {
        if self.rows_are_units { 1 } else { 2 }
    }

    fn observe_rows(&self, rows: Range<usize>, tile: &[T]) {
        let first = rows.start * tile.len() / rows.len().max(1);
        let mut sum = tile.to_vec();
        self.direction.apply_rows(rows, &mut sum);
        let mut tile_sums = vec![0.0; self.magnitudes.len()];
        self.add_squares(first, &sum, &mut tile_sums);
        let mut sums = self.observed.square_sums.lock().unwrap_or_else(PoisonError::into_inner);
        sums.resize(self.magnitudes.len(), 0.0);
        for (sum, of_tile) in sums.iter_mut().zip(&tile_sums) {
            *sum += of_tile;
        }
    }

    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        let columns = tile.len() / rows.len().max(1);
        self.direction.apply_rows(rows.clone(), tile);
        if self.rows_are_units {
            for (row, values) in rows.zip(tile.chunks_mut(columns.max(1))) {
                let factor = self.row_factor(row, values);
                for value in values.iter_mut() {
                    *value *= factor;
                }
            }
        } else {
            self.scale(rows.start * columns, tile);
        }
    }

    /// The norm is that of the unmerged weight and this update alone, as in training.
    fn apply_rows_after(&self, rows: Range<usize>, unmerged: &[T], tile: &mut [T]) {
        if !self.rows_are_units {
            self.apply_rows(rows, tile);
            return;
        }
        let columns = (tile.len() / rows.len().max(1)).max(1);
        let mut own = unmerged.to_vec();
        self.direction.apply_rows(rows.clone(), &mut own);
        self.direction.apply_rows(rows.clone(), tile);
        for ((row, values), own) in rows.zip(tile.chunks_mut(columns)).zip(own.chunks(columns)) {
            let factor = self.row_factor(row, own);
            for value in values.iter_mut() {
                *value *= factor;
            }
        }
    }

    fn magnitude_bound(&self, before: &[T], after: &[T]) -> f64 {
        let (before_max, after_max) = (largest(before), largest(after));
        let growth = if before_max > 0.0 { (after_max / before_max).max(1.0) } else { 1.0 };
        2.0 * growth * (before_max + self.direction.magnitude_bound(before, after))
    }
}
