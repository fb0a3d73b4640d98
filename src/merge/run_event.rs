//! What happened during a merge, for the list of events.

use serde::Serialize;

use super::device::{DeviceReason, TileCount, TileTally};
use crate::{job::JobWarning, message::said_in_english};

/// One entry of the list; a message.
#[derive(Clone, Debug, Serialize)]
pub enum RunEvent {
    /// A tensor was written or checked.
    TensorDone(String),
    /// Something was done otherwise than asked.
    Warned(JobWarning),
    /// What computes, and why.
    DeviceChosen(DeviceReason),
    /// What computed how much.
    TilesCounted(TileCount),
}

said_in_english!(RunEvent);

impl RunEvent {
    /// Events that a worker tells of one run at most: what computes, and how much it did.
    pub const MOST_TOLD: usize = 2;

    /// The tiles of a merge that is done.
    #[must_use]
    pub fn of_tally(tally: &TileTally) -> Self {
        Self::TilesCounted(tally.count())
    }
}
