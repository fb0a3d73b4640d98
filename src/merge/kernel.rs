//! What computes tiles: submitted and collected apart, so that reading, computing and writing overlap.

use std::{ops::Range, sync::Arc};

use super::{MergeError, device::Device};
use crate::{
    adapter::WeightedUpdate,
    numeric::{FloatDtype, Noise, TileStats},
    platform::PageBuffer,
};

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
    /// What changes it, in this order; nothing for a conversion.
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
