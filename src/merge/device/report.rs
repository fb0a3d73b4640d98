//! What was chosen and why, for whoever shows it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use serde::Serialize;

use super::{Device, DeviceReason};
use crate::units;

/// The device of a merge.
#[derive(Clone, Debug, Serialize)]
pub struct DeviceReport {
    /// Its name, as the kernel gives it.
    pub device: Device,
    /// What was chosen and why.
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

    /// `1,024 tiles on the GPU, 12 on the CPU`.
    #[must_use]
    pub fn sentence(&self) -> String {
        tile_sentence(self.gpu_count(), self.cpu_count())
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

/// `1,024 tiles on the GPU, 12 on the CPU`.
pub(crate) fn tile_sentence(gpu_count: u64, cpu_count: u64) -> String {
    let noun = if gpu_count == 1 { "tile" } else { "tiles" };
    format!("{} {noun} on the GPU, {} on the CPU", units::count(gpu_count), units::count(cpu_count))
}

#[cfg(all(test, feature = "gpu"))]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_counted_where_they_were_computed() {
        let tally = TileTally::default();
        tally.count_gpu();
        assert_eq!(tally.sentence(), "1 tile on the GPU, 0 on the CPU");
        (0..1_023).for_each(|_| tally.count_gpu());
        tally.count_cpu();
        assert_eq!(tally.sentence(), "1,024 tiles on the GPU, 1 on the CPU");
    }
}
