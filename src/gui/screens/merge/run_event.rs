//! What happened during a merge, for the list of events.

use crate::{
    job::JobWarning,
    merge::device::{DeviceReason, TileTally},
};

/// One entry of the list.
#[derive(Clone, Debug)]
pub enum RunEvent {
    /// A tensor was written or checked.
    TensorDone(String),
    /// Something was done otherwise than asked.
    Warned(JobWarning),
    /// What computes, and why.
    DeviceChosen(DeviceReason),
    /// What computed how much.
    TilesCounted {
        /// Tiles of the GPU.
        gpu_count: u64,
        /// Tiles of the CPU.
        cpu_count: u64,
    },
}

impl RunEvent {
    /// Events that a worker tells of one run at most: what computes, and how much it did.
    pub const MOST_TOLD: usize = 2;

    /// The tiles of a merge that is done.
    #[must_use]
    pub fn of_tally(tally: &TileTally) -> Self {
        Self::TilesCounted { gpu_count: tally.gpu_count(), cpu_count: tally.cpu_count() }
    }
}
