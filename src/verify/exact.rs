//! What a tensor of a correct merge holds, in f64: its source, and what every update makes of it.

use std::{ops::Range, sync::Arc};

use super::{Reference, VerifyError};
use crate::{
    adapter::{Note, Orientation, Placement, RowUpdate, common_row_block},
    checkpoint::LogicalTensor,
    job::JobContext,
    matching::UpdateRef,
    numeric::{FloatDtype, block_tiles, widen_to_f64},
};

/// Elements of a tile in the passes that only look.
const TILE_ELEMENTS: usize = 1 << 18;

/// The recipe of one tensor.
pub(super) struct Exact<'a> {
    /// The tensor whose values are taken.
    pub source: &'a LogicalTensor,
    /// Whether base and adapter say that it differs from the base.
    pub is_target: bool,
    updates: Vec<(Arc<dyn RowUpdate<f64>>, f64)>,
    is_added_twice: bool,
}

/// Some rows of the exact result.
pub(super) struct ExactTile {
    /// The source.
    pub source: Vec<f64>,
    /// The source with every update.
    pub values: Vec<f64>,
    /// A bound on the terms that a merge in f32 sums up.
    pub magnitude_bound: f64,
}

impl<'a> Exact<'a> {
    /// The recipe of `tensor`; `None` where the reference has none, or one of another shape.
    pub fn new(
        tensor: &LogicalTensor,
        reference: &'a Reference,
        job: &JobContext,
    ) -> Result<Option<Self>, VerifyError> {
        let applied = reference.matching.applied_to(tensor.name());
        let source = match applied {
            Some(applied) => applied.source(&reference.base, &reference.adapters),
            None => reference.base.tensor(tensor.name()),
        };
        let Some(source) = source.filter(|source| source.shape() == tensor.shape()) else { return Ok(None) };
        let updates = applied.map_or(&[][..], |applied| &applied.updates);
        Self::with_updates(source, applied.is_some(), updates, reference, job).map(Some)
    }

    /// The same with every update of a layer that may be stored either way in the other order of dimensions.
    pub fn turned_over(
        tensor: &LogicalTensor,
        reference: &'a Reference,
        job: &JobContext,
    ) -> Result<Option<Self>, VerifyError> {
        let Some(applied) = reference.matching.applied_to(tensor.name()) else { return Ok(None) };
        let Some(source) = applied.source(&reference.base, &reference.adapters) else { return Ok(None) };
        let turned_over = |update: &UpdateRef| {
            let orientation = match update.placement.orientation {
                Orientation::OutIn => Orientation::InOut,
                Orientation::InOut => Orientation::OutIn,
            };
            UpdateRef { placement: Placement { orientation, ..update.placement.clone() }, ..update.clone() }
        };
        let updates: Vec<UpdateRef> = applied.updates.iter().map(turned_over).collect();
        Self::with_updates(source, true, &updates, reference, job).map(Some)
    }

    fn with_updates(
        source: &'a LogicalTensor,
        is_target: bool,
        updates: &[UpdateRef],
        reference: &'a Reference,
        job: &JobContext,
    ) -> Result<Self, VerifyError> {
        let mut notes = updates.iter().filter_map(|update| update.target_in(&reference.adapters).update()?.note());
        let is_added_twice = notes.any(|note| note == Note::OutputProjectionTwice);
        let updates = updates
            .iter()
            .map(|update| Ok((update.load_f64(&reference.adapters)?, reference.strengths[update.adapter])))
            .collect::<Result<Vec<_>, VerifyError>>()?;
        let exact = Self { source, is_target, updates, is_added_twice };
        exact.observe(job)?;
        Ok(exact)
    }

    /// Runs the passes that only look at W, for methods that need them.
    fn observe(&self, job: &JobContext) -> Result<(), VerifyError> {
        let passes = self.updates.iter().map(|(update, _)| update.passes()).max().unwrap_or(1);
        for pass in 1..passes {
            for rows in block_tiles(self.source.tile_shape(), self.row_block(), TILE_ELEMENTS) {
                job.check_cancelled()?;
                let tile = read_f64(self.source, self.source.float_dtype()?, rows.clone())?;
                for (update, _) in self.updates.iter().filter(|(update, _)| pass < update.passes()) {
                    update.observe_rows(rows.clone(), &tile);
                }
            }
        }
        Ok(())
    }

    /// Whether PEFT adds an update of it twice, and so rounds after each half.
    pub fn is_added_twice(&self) -> bool {
        self.is_added_twice
    }

    /// Rows that [`Self::rows`] begin and end with a multiple of.
    pub fn row_block(&self) -> usize {
        common_row_block(self.updates.iter().map(|(update, _)| update.row_block()))
    }

    /// Whether its values are computed, and not only taken.
    pub fn is_updated(&self) -> bool {
        !self.updates.is_empty()
    }

    /// W + Σ strength · (transformed − W), for `rows`.
    pub fn rows(&self, rows: Range<usize>) -> Result<ExactTile, VerifyError> {
        let source = read_f64(self.source, self.source.float_dtype()?, rows.clone())?;
        let mut values = source.clone();
        let mut magnitude_bound = 0.0;
        for (update, strength) in &self.updates {
            let mut transformed = source.clone();
            update.apply_rows(rows.clone(), &mut transformed);
            magnitude_bound += strength.abs() * update.magnitude_bound(&source, &transformed);
            for ((value, transformed), weight) in values.iter_mut().zip(&transformed).zip(&source) {
                *value += strength * (transformed - weight);
            }
        }
        Ok(ExactTile { source, values, magnitude_bound })
    }
}

/// Rows of a tensor, widened.
pub(super) fn read_f64(tensor: &LogicalTensor, dtype: FloatDtype, rows: Range<usize>) -> Result<Vec<f64>, VerifyError> {
    let element_count = rows.len() * tensor.tile_shape().columns;
    let mut bytes = vec![0; element_count * dtype.byte_count()];
    tensor.read_row_bytes(rows, &mut bytes)?;
    let mut values = vec![0.0; element_count];
    widen_to_f64(dtype, &bytes, &mut values);
    Ok(values)
}
