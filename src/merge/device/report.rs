//! What was chosen and why, for whoever shows it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use serde::Serialize;

use super::{Device, DeviceReason};
use crate::message::{self, said_in_english};

/// The device of a merge.
#[derive(Clone, Debug, Serialize)]
pub struct DeviceReport {
    /// Its name, as the kernel gives it.
    #[serde(serialize_with = "message::shown")]
    pub device: Device,
    /// What was chosen and why.
    #[serde(serialize_with = "message::shown")]
    pub reason: DeviceReason,
    /// The times of the trial, where there was one.
    pub trial: Option<TrialTimes>,
    /// Tiles by what computed them; `None` where only the CPU computes.
    #[serde(skip)]
    pub tally: Option<Arc<TileTally>>,
}

/// Milliseconds that a tile of this merge takes with all tiles in flight, transfers included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TrialTimes {
    /// On the CPU, all threads together.
    pub cpu_tile_ms: f64,
    /// On the GPU.
    pub gpu_tile_ms: f64,
}

impl TrialTimes {
    /// Whether the GPU is worth its transfers.
    #[must_use]
    pub fn is_gpu_faster(&self) -> bool {
        self.gpu_tile_ms < self.cpu_tile_ms
    }
}

/// Tiles of a GPU kernel by what computed them, counted as they are finished.
#[derive(Debug, Default)]
pub struct TileTally {
    gpu: AtomicU64,
    cpu: AtomicU64,
}

/// A tally at one moment; a message: `1,024 tiles on the GPU, 12 on the CPU`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TileCount {
    /// Tiles that the GPU computed.
    pub gpu_count: u64,
    /// Tiles that the CPU computed.
    pub cpu_count: u64,
}

said_in_english!(TileCount);

impl TileTally {
    /// Tiles that the GPU computed.
    #[must_use]
    pub fn gpu_count(&self) -> u64 {
        self.gpu.load(Ordering::Relaxed)
    }

    /// Tiles that the CPU computed beside it: conversions, and methods that are not low-rank.
    #[must_use]
    pub fn cpu_count(&self) -> u64 {
        self.cpu.load(Ordering::Relaxed)
    }

    /// As it stands.
    #[must_use]
    pub fn count(&self) -> TileCount {
        TileCount { gpu_count: self.gpu_count(), cpu_count: self.cpu_count() }
    }

    #[cfg(feature = "gpu")]
    pub(in crate::merge) fn count_gpu(&self) {
        self.gpu.fetch_add(1, Ordering::Relaxed);
    }

    #[cfg(feature = "gpu")]
    pub(in crate::merge) fn count_cpu(&self) {
        self.cpu.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(all(test, feature = "gpu"))]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_counted_where_they_were_computed() {
        let tally = TileTally::default();
        tally.count_gpu();
        assert_eq!(tally.count().to_string(), "1 tile on the GPU, 0 on the CPU");
        (0..1_023).for_each(|_| tally.count_gpu());
        tally.count_cpu();
        assert_eq!(tally.count().to_string(), "1,024 tiles on the GPU, 1 on the CPU");
    }
}
