//! What a tensor of a correct merge holds, in f64: its source, and what every update makes of it.

use std::ops::Range;

use super::{Reference, RoundingPolicy, VerifyError, exact_tile::ExactTile};
use crate::{
    adapter::{Note, Orientation, Placement, WeightedUpdate, composition},
    checkpoint::LogicalTensor,
    job::JobContext,
    matching::{UpdateRef, load_updates_f64},
    numeric::{FloatDtype, block_tiles, widen_to_f64},
};

/// Elements of a tile in the passes that only look.
const TILE_ELEMENTS: usize = 1 << 18;

/// The recipe of one tensor.
pub(super) struct Exact {
    /// The tensor whose values are taken.
    pub source: LogicalTensor,
    /// Whether base and adapter say that it differs from the base.
    pub is_target: bool,
    updates: Vec<WeightedUpdate<f64>>,
    is_added_twice: bool,
}

impl Exact {
    /// The recipe of `tensor`; `None` where the reference has none, or one of another shape.
    pub fn new(tensor: &LogicalTensor, reference: &Reference, job: &JobContext) -> Result<Option<Self>, VerifyError> {
        let applied = reference.matching.applied_to(tensor.name());
        let Some(source) = reference.source_of(tensor) else { return Ok(None) };
        let (updates, factor) = applied.map_or((&[][..], None), |applied| (&applied.updates[..], applied.factor));
        Self::with_updates(source, applied.is_some(), (updates, factor), reference, job).map(Some)
    }

    /// The same with every update of a layer that may be stored either way in the other order of dimensions.
    pub fn turned_over(
        tensor: &LogicalTensor,
        reference: &Reference,
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
        Self::with_updates(source, true, (&updates, applied.factor), reference, job).map(Some)
    }

    fn with_updates(
        source: &LogicalTensor,
        is_target: bool,
        (updates, factor): (&[UpdateRef], Option<f64>),
        reference: &Reference,
        job: &JobContext,
    ) -> Result<Self, VerifyError> {
        let mut notes = updates.iter().filter_map(|update| update.target_in(&reference.adapters).update()?.note());
        let is_added_twice = notes.any(|note| note == Note::OutputProjectionTwice);
        let updates = load_updates_f64(updates, factor, &reference.adapters, &reference.strengths)?;
        let exact = Self { source: source.clone(), is_target, updates, is_added_twice };
        exact.observe(job)?;
        Ok(exact)
    }

    /// Runs the passes that only look at W, for methods that need them.
    fn observe(&self, job: &JobContext) -> Result<(), VerifyError> {
        let looks: usize = self.updates.iter().map(|weighted| weighted.update.passes() - 1).sum();
        job.extend_stage(self.source.byte_count() * looks as u64);
        composition::observe(&self.updates, |see| {
            for rows in block_tiles(self.source.tile_shape(), self.row_block(), TILE_ELEMENTS) {
                job.check_cancelled()?;
                let tile = read_f64(&self.source, self.source.float_dtype()?, rows.clone())?;
                job.advance(self.source.byte_count() * rows.len() as u64 / self.source.tile_shape().rows as u64);
                see(rows, tile);
            }
            Ok(())
        })
    }

    /// Whether PEFT adds an update of it twice, and so rounds after each half.
    pub fn is_added_twice(&self) -> bool {
        self.is_added_twice
    }

    /// Rows that [`Self::rows`] begin and end with a multiple of.
    pub fn row_block(&self) -> usize {
        composition::row_block(&self.updates)
    }

    /// Whether its values are computed, and not only taken.
    pub fn is_updated(&self) -> bool {
        !self.updates.is_empty()
    }

    /// Whether PEFT rounds on the way to it, by the only update that there is.
    pub fn is_rounded_on_the_way(&self) -> bool {
        matches!(&self.updates[..], [only] if only.update.is_rounded_on_the_way())
    }

    /// What all updates make of `rows`, each of the weight as those before it leave it; with PEFT's own roundings on the
    /// way where they are asked for.
    pub fn rows(&self, rows: Range<usize>, policy: RoundingPolicy) -> Result<ExactTile, VerifyError> {
        let dtype = self.source.float_dtype()?;
        let source = read_f64(&self.source, self.source.float_dtype()?, rows.clone())?;
        let (mut values, mut unmerged) = (source.clone(), source.clone());
        let mut magnitude_bound = 0.0;
        for weighted in &self.updates {
            let WeightedUpdate { update, strength, shares_layer } = weighted;
            if !shares_layer {
                unmerged.clone_from(&values);
            }
            let mut transformed = values.clone();
            if policy == RoundingPolicy::InOwnDtype {
                let round = |value| dtype.round_to_nearest(value);
                update.apply_rows_rounding(rows.clone(), &mut transformed, &round);
            } else {
                update.apply_rows_after(rows.clone(), &unmerged, &mut transformed);
            }
            // What came before is carried on with its error, which grows as the values do.
            magnitude_bound *= update.factor().map_or_else(|| growth(&values, &transformed), f64::abs);
            magnitude_bound += strength.abs() * update.magnitude_bound(&values, &transformed);
            for (value, transformed) in values.iter_mut().zip(&transformed) {
                *value += strength * (transformed - *value);
            }
        }
        Ok(ExactTile { source, values, magnitude_bound })
    }
}

/// How much larger the largest of `after` is than that of `before`; 1 where it is smaller.
fn growth(before: &[f64], after: &[f64]) -> f64 {
    let largest = |values: &[f64]| values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let (before, after) = (largest(before), largest(after));
    if before > 0.0 && after.is_finite() { (after / before).max(1.0) } else { 1.0 }
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
