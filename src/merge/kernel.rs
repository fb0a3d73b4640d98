//! What computes tiles: submitted and collected apart, so that reading, computing and writing overlap.

use std::{ops::Range, sync::Arc};

use super::{MergeError, device::Device};
use crate::{
    adapter::{RowUpdate, common_row_block},
    matching::UpdateRef,
    numeric::{FloatDtype, Noise, TileStats},
    plan::{Action, MergePlan, TensorStep},
    platform::PageBuffer,
};

/// A loaded update and the factor on it.
#[derive(Clone)]
pub struct WeightedUpdate {
    /// The update.
    pub update: Arc<dyn RowUpdate>,
    /// The strength that the user gave its adapter.
    pub strength: f64,
}

impl WeightedUpdate {
    /// Reads the factors of every update of `step`, in the order of the adapters.
    ///
    /// # Errors
    /// A read that fails or a dtype that is no float.
    pub(super) fn load_all(plan: &MergePlan, step: &TensorStep) -> Result<Arc<[Self]>, MergeError> {
        let Action::Update { updates } = &step.action else { return Ok(Arc::from([])) };
        let load = |reference: &UpdateRef| {
            let update = reference.load(&plan.adapters)?;
            Ok(Self { update, strength: plan.strengths[reference.adapter] })
        };
        updates.iter().map(load).collect()
    }
}

/// Rows that tiles for `updates` begin and end with a multiple of.
pub(super) fn row_block(updates: &[WeightedUpdate]) -> usize {
    common_row_block(updates.iter().map(|weighted| weighted.update.row_block()))
}

/// One row tile to compute.
pub struct TileJob {
    /// Number of the tile; results may come back in another order.
    pub ticket: u64,
    /// Rows of the tensor.
    pub rows: Range<usize>,
    /// Elements of a row.
    pub columns: usize,
    /// The base's bytes.
    pub input: PageBuffer,
    /// Their dtype.
    pub input_dtype: FloatDtype,
    /// Where the result is written: as long as the tile in `output_dtype`.
    pub output: PageBuffer,
    /// The dtype to round to.
    pub output_dtype: FloatDtype,
    /// What is added; nothing for a conversion.
    pub updates: Arc<[WeightedUpdate]>,
    /// The tensor's random words where sums are rounded by chance; `None` rounds to nearest.
    pub noise: Option<Noise>,
}

/// One computed tile.
pub struct TileResult {
    /// Number of the tile.
    pub ticket: u64,
    /// The bytes to write.
    pub output: PageBuffer,
    /// What the pass learned.
    pub stats: TileStats,
    /// The input buffer, for the next tile.
    pub input: PageBuffer,
}

/// A device that computes tiles, a few of them in flight.
pub trait Kernel {
    /// What computes.
    fn device(&self) -> Device;

    /// The device as reports name it.
    fn name(&self) -> String {
        self.device().to_string()
    }

    /// Whether its tiles come with statistics and their tensors are hashed, as all do but in a benchmark.
    fn keeps_evidence(&self) -> bool {
        true
    }

    /// Tiles that may be in flight.
    fn capacity(&self) -> usize;

    /// Tiles in flight.
    fn in_flight(&self) -> usize;

    /// Starts a tile.
    ///
    /// # Errors
    /// A device that was lost.
    fn submit(&mut self, tile: TileJob) -> Result<(), MergeError>;

    /// Waits for any tile in flight; `None` when there is none.
    ///
    /// # Errors
    /// A device that was lost.
    fn collect(&mut self) -> Result<Option<TileResult>, MergeError>;
}
