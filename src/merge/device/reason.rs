//! Why a device computes a merge.

use std::{fmt, sync::Arc};

use super::TrialTimes;
use crate::merge::MergeError;

/// What was chosen and why; says itself in English: "CPU: 3.1 ms a tile, NVIDIA … 4.0 ms". `gpu` is its title.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "every sentence says what its fields are")]
pub enum DeviceReason {
    CpuAsked,
    GpuAsked { gpu: String, is_software: bool },
    StochasticOnCpu { is_gpu_asked: bool },
    NoGpuSupport,
    NothingToTry(NothingToTry),
    NoGpu,
    OnlySoftware { name: String },
    TrialFailed { error: Arc<MergeError> },
    Trial { gpu: String, times: TrialTimes },
}

/// Why a merge is not worth a trial on a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NothingToTry {
    /// Nothing is updated.
    NoUpdate,
    /// It is over before a driver has answered.
    TooSmall,
    /// No shader writes this dtype.
    OutputDtype,
    /// The method is another arithmetic.
    NotLowRank,
}

/// Why a device that is there is not used; says itself in English.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub enum NotOpened {
    /// Its driver hangs.
    NoAnswer {
        /// How long it was waited for.
        timeout_secs: u64,
    },
    /// It offers less of something than the merge needs.
    TooSmall {
        /// Of what.
        what: DeviceNeed,
        /// What it offers.
        has: u32,
        /// What the merge needs.
        needed: u32,
    },
    /// Its driver refuses or fails.
    Refused {
        /// What the driver says.
        said: String,
    },
    /// It computes something else than the CPU.
    ComputesWrongly {
        /// Values of the test that differ.
        different_count: usize,
        /// Values of the test.
        element_count: usize,
    },
}

/// What a device can have too little of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum DeviceNeed {
    /// Threads in a workgroup.
    WorkgroupThreads,
    /// Bytes of workgroup memory.
    WorkgroupBytes,
    /// Storage buffers.
    StorageBuffers,
}

impl fmt::Display for NotOpened {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer { timeout_secs } => write!(out, "it gave no answer within {timeout_secs} s"),
            Self::TooSmall { what, has, needed } => {
                let what = match what {
                    DeviceNeed::WorkgroupThreads => "threads in a workgroup",
                    DeviceNeed::WorkgroupBytes => "bytes of workgroup memory",
                    DeviceNeed::StorageBuffers => "storage buffers",
                };
                write!(out, "it offers {has} {what}, the merge needs {needed}")
            }
            Self::Refused { said } => out.write_str(said),
            Self::ComputesWrongly { different_count, element_count } => write!(
                out,
                "its driver computes wrongly: {different_count} of {element_count} test values differ from the CPU's"
            ),
        }
    }
}

impl fmt::Display for DeviceReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CpuAsked => out.write_str("CPU: as asked"),
            Self::GpuAsked { gpu, is_software } => {
                let note = if *is_software { " (it computes on the CPU, slower than the CPU itself does)" } else { "" };
                write!(out, "{gpu}: as asked{note}")
            }
            Self::StochasticOnCpu { is_gpu_asked: true } => {
                out.write_str("CPU: a GPU was asked for, but stochastic rounding is computed on the CPU")
            }
            Self::StochasticOnCpu { is_gpu_asked: false } => {
                out.write_str("CPU: stochastic rounding is computed on the CPU")
            }
            Self::NoGpuSupport => out.write_str("CPU: this build has no GPU support"),
            Self::NothingToTry(reason) => write!(out, "CPU: {reason}"),
            Self::NoGpu => out.write_str("CPU: no GPU with a driver was found"),
            Self::OnlySoftware { name } => write!(out, "CPU: no GPU but a software renderer ({name}) was found"),
            Self::TrialFailed { error } => write!(out, "CPU: the GPU failed its trial ({error})"),
            Self::Trial { gpu, times } => {
                let TrialTimes { cpu_tile_ms, gpu_tile_ms } = times;
                if times.is_gpu_faster() {
                    write!(out, "{gpu}: {gpu_tile_ms:.1} ms a tile, CPU {cpu_tile_ms:.1} ms")
                } else {
                    write!(out, "CPU: {cpu_tile_ms:.1} ms a tile, {gpu} {gpu_tile_ms:.1} ms")
                }
            }
        }
    }
}

impl fmt::Display for NothingToTry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NoUpdate => "this merge copies and converts, which leaves a GPU nothing to compute",
            Self::TooSmall => "a merge this small is over before a GPU is ready",
            Self::OutputDtype => "its output dtype is not computed on a GPU",
            Self::NotLowRank => "the adapter's method is not a low-rank update, which is what a GPU computes",
        })
    }
}

impl serde::Serialize for DeviceReason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faster_one_is_named_first() {
        let reason = |gpu_tile_ms| {
            let times = TrialTimes { cpu_tile_ms: 3.06, gpu_tile_ms };
            DeviceReason::Trial { gpu: "A100, Vulkan".to_owned(), times }.to_string()
        };
        assert_eq!(reason(4.0), "CPU: 3.1 ms a tile, A100, Vulkan 4.0 ms");
        assert_eq!(reason(1.0), "A100, Vulkan: 1.0 ms a tile, CPU 3.1 ms");
    }
}
