//! A short trial: the tiles of this merge through a kernel, timed.

use std::{sync::Arc, time::Instant};

use super::NothingToTry;
use crate::{
    adapter::WeightedUpdate,
    matching::{UpdateRef, load_updates},
    merge::{Kernel, MergeError, TileJob, TileResult},
    numeric::{FloatDtype, TileShape, narrow, row_tiles},
    plan::{Action, MergePlan, TensorStep},
    platform::PageBuffer,
};

/// Tiles times rank below which a merge is over before a GPU is ready: 2,048 tiles of rank 16, which two cores compute in
/// about the seconds that drivers take to answer.
const LEAST_WORK: usize = 2048 * USUAL_RANK;

/// What an update without a rank counts as.
const USUAL_RANK: usize = 16;

/// The most common tile of a merge, with its real factors and W made up.
pub(super) struct Trial {
    shape: TileShape,
    dtypes: (FloatDtype, FloatDtype),
    updates: Arc<[WeightedUpdate]>,
}

/// What there is to try.
pub(super) enum Prospect {
    /// Worth a trial.
    Trial(Trial),
    /// Nothing, for this reason.
    Nothing(NothingToTry),
}

impl Prospect {
    /// Looks for the largest tensor that `plan` updates.
    ///
    /// # Errors
    /// Factors that cannot be read.
    pub(super) fn of(plan: &MergePlan) -> Result<Self, MergeError> {
        let updated = || plan.steps().filter(|step| step.action.is_update());
        let work: usize = updated()
            .map(|step| row_tiles(step.source.tile_shape(), plan.tile_elements).count() * total_rank(plan, step))
            .sum();
        let element_count = |step: &&TensorStep| step.source.tile_shape().rows * step.source.tile_shape().columns;
        let Some(step) = updated().max_by_key(element_count) else {
            return Ok(Self::Nothing(NothingToTry::NoUpdate));
        };
        if work < LEAST_WORK {
            return Ok(Self::Nothing(NothingToTry::TooSmall));
        }
        let Action::Update { updates, factor } = &step.action else { return Ok(Self::Nothing(NothingToTry::NoUpdate)) };
        let updates: Arc<[WeightedUpdate]> = load_updates(updates, *factor, &plan.adapters, &plan.strengths)?.into();
        let Some(output_dtype) = FloatDtype::of(step.output_dtype) else {
            return Ok(Self::Nothing(NothingToTry::OutputDtype));
        };
        if updates.iter().any(|weighted| weighted.update.as_low_rank().is_none()) {
            return Ok(Self::Nothing(NothingToTry::NotLowRank));
        }
        let TileShape { rows, columns } = step.source.tile_shape();
        let first = row_tiles(TileShape { rows, columns }, plan.tile_elements).next().unwrap_or_default();
        let shape = TileShape { rows: first.len(), columns };
        Ok(Self::Trial(Trial { shape, dtypes: (step.source.float_dtype()?, output_dtype), updates }))
    }
}

/// The ranks of all updates of one tensor together.
fn total_rank(plan: &MergePlan, step: &TensorStep) -> usize {
    let Action::Update { updates, .. } = &step.action else { return 0 };
    let rank = |reference: &UpdateRef| reference.update_in(&plan.adapters).rank();
    updates.iter().map(|reference| rank(reference).unwrap_or(USUAL_RANK)).sum()
}

impl Trial {
    /// Milliseconds of a tile in `kernel` while it is as busy as a merge keeps it.
    ///
    /// # Errors
    /// A device that is lost.
    pub(super) fn tile_ms(&self, kernel: &mut dyn Kernel) -> Result<f64, MergeError> {
        let in_flight = kernel.capacity();
        let mut buffers: Vec<_> = (0..in_flight).map(|_| self.buffers()).collect();
        // The first round fills caches and compiles; it is not timed.
        self.round(kernel, &mut buffers, in_flight)?;
        let tile_count = 2 * in_flight;
        let started = Instant::now();
        self.round(kernel, &mut buffers, tile_count)?;
        Ok(started.elapsed().as_secs_f64() * 1e3 / tile_count as f64)
    }

    /// Sends `tile_count` tiles through `kernel`, each with the buffers of one that is done.
    fn round(
        &self,
        kernel: &mut dyn Kernel,
        buffers: &mut Vec<(PageBuffer, PageBuffer)>,
        tile_count: usize,
    ) -> Result<(), MergeError> {
        for ticket in 0..tile_count as u64 {
            let (input, output) = match buffers.pop() {
                Some(pair) => pair,
                None => collect(kernel)?,
            };
            kernel.submit(TileJob {
                ticket,
                rows: 0..self.shape.rows,
                columns: self.shape.columns,
                input,
                input_dtype: self.dtypes.0,
                output,
                output_dtype: self.dtypes.1,
                updates: Arc::clone(&self.updates),
                noise: None,
            })?;
        }
        while kernel.in_flight() > 0 {
            buffers.push(collect(kernel)?);
        }
        Ok(())
    }

    fn buffers(&self) -> (PageBuffer, PageBuffer) {
        let element_count = self.shape.rows * self.shape.columns;
        let (mut input, mut output) = (PageBuffer::default(), PageBuffer::default());
        input.place(0, element_count * self.dtypes.0.byte_count());
        output.place(0, element_count * self.dtypes.1.byte_count());
        let weights: Vec<f32> = (0..element_count).map(|index| (index % 251) as f32 / 251.0 - 0.5).collect();
        narrow(self.dtypes.0, &weights, &mut input);
        (input, output)
    }
}

#[cfg(test)]
impl Trial {
    /// A tile of 64 × 48 bf16 weights with an update of rank 2.
    pub(super) fn small() -> Self {
        let low_rank = crate::numeric::LowRank::new((64, 48), 2, 1.0, vec![0.1; 128], vec![0.1; 96]);
        Self {
            shape: TileShape { rows: 64, columns: 48 },
            dtypes: (FloatDtype::BF16, FloatDtype::BF16),
            updates: Arc::from([WeightedUpdate::new(Arc::new(low_rank), 1.0)]),
        }
    }
}

fn collect(kernel: &mut dyn Kernel) -> Result<(PageBuffer, PageBuffer), MergeError> {
    let device = kernel.device();
    let TileResult { input, output, .. } = kernel.collect()?.ok_or(MergeError::DeviceLost { device })?;
    Ok((input, output))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::CpuKernel;

    #[test]
    fn a_trial_leaves_the_kernel_empty_and_gives_a_time() {
        let mut kernel = CpuKernel::new().unwrap();
        assert!(Trial::small().tile_ms(&mut kernel).unwrap() > 0.0);
        assert_eq!(kernel.in_flight(), 0);
    }
}
