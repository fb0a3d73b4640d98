//! Why a device computes a merge.

use std::sync::Arc;

use serde::Serialize;

use super::TrialTimes;
use crate::{
    merge::MergeError,
    message::{self, said_in_english},
};

/// What was chosen and why; a message: "CPU: 3.1 ms a tile, NVIDIA … 4.0 ms". `gpu` is its title.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "every sentence says what its fields are")]
pub enum DeviceReason {
    CpuAsked,
    GpuAsked {
        gpu: String,
        is_software: bool,
    },
    StochasticOnCpu {
        is_gpu_asked: bool,
    },
    NoGpuSupport,
    NothingToTry(NothingToTry),
    NoGpu,
    OnlySoftware {
        name: String,
    },
    TrialFailed {
        #[serde(serialize_with = "message::pointed")]
        error: Arc<MergeError>,
    },
    GpuFaster {
        gpu: String,
        gpu_tile_ms: f64,
        cpu_tile_ms: f64,
    },
    CpuFaster {
        gpu: String,
        gpu_tile_ms: f64,
        cpu_tile_ms: f64,
    },
}

/// Why a merge is not worth a trial on a GPU; a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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

/// Why a device that is there is not used; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

/// What a device can have too little of; a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum DeviceNeed {
    /// Threads in a workgroup.
    WorkgroupThreads,
    /// Bytes of workgroup memory.
    WorkgroupBytes,
    /// Storage buffers.
    StorageBuffers,
}

said_in_english!(DeviceReason, NothingToTry, NotOpened, DeviceNeed);

impl DeviceReason {
    /// What a trial against the GPU with the title `gpu` showed.
    #[must_use]
    pub fn tried(gpu: String, times: TrialTimes) -> Self {
        let TrialTimes { gpu_tile_ms, cpu_tile_ms } = times;
        if times.is_gpu_faster() {
            Self::GpuFaster { gpu, gpu_tile_ms, cpu_tile_ms }
        } else {
            Self::CpuFaster { gpu, gpu_tile_ms, cpu_tile_ms }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::assert_said;

    #[test]
    fn the_faster_one_is_named_first() {
        let reason = |gpu_tile_ms| {
            let times = TrialTimes { cpu_tile_ms: 3.06, gpu_tile_ms };
            DeviceReason::tried("A100, Vulkan".to_owned(), times).to_string()
        };
        assert_eq!(reason(4.0), "CPU: 3.1 ms a tile, A100, Vulkan 4.0 ms");
        assert_eq!(reason(1.0), "A100, Vulkan: 1.0 ms a tile, CPU 3.1 ms");
    }

    #[test]
    fn every_reason_for_a_device_is_said() {
        let gpu = || "A100, Vulkan".to_owned();
        let trial = |gpu_tile_ms| DeviceReason::tried(gpu(), TrialTimes { cpu_tile_ms: 3.06, gpu_tile_ms });
        let error = Arc::new(MergeError::NoGpuSupport);
        let cases: Vec<(DeviceReason, &[&str])> = vec![
            (DeviceReason::CpuAsked, &["CPU"]),
            (DeviceReason::GpuAsked { gpu: gpu(), is_software: false }, &["A100, Vulkan"]),
            (DeviceReason::GpuAsked { gpu: gpu(), is_software: true }, &["A100, Vulkan", "느립니다"]),
            (DeviceReason::StochasticOnCpu { is_gpu_asked: true }, &["GPU를 골랐지만"]),
            (DeviceReason::StochasticOnCpu { is_gpu_asked: false }, &["CPU"]),
            (DeviceReason::NoGpuSupport, &["GPU"]),
            (DeviceReason::NothingToTry(NothingToTry::NoUpdate), &["복사"]),
            (DeviceReason::NothingToTry(NothingToTry::TooSmall), &["작은"]),
            (DeviceReason::NothingToTry(NothingToTry::OutputDtype), &["자료형"]),
            (DeviceReason::NothingToTry(NothingToTry::NotLowRank), &["저랭크"]),
            (DeviceReason::NoGpu, &["GPU"]),
            (DeviceReason::OnlySoftware { name: "llvmpipe".to_owned() }, &["llvmpipe"]),
            (DeviceReason::TrialFailed { error }, &["GPU"]),
            (trial(4.0), &["CPU: 타일당 3.1 ms", "A100, Vulkan", "4.0 ms"]),
            (trial(1.0), &["A100, Vulkan: 타일당 1.0 ms", "CPU 3.1 ms"]),
        ];
        for (reason, parts) in cases {
            assert_said(&reason, parts);
        }
        let too_small = |what| NotOpened::TooSmall { what, has: 128, needed: 256 };
        let cases: Vec<(NotOpened, &[&str])> = vec![
            (NotOpened::NoAnswer { timeout_secs: 30 }, &["30초"]),
            (too_small(DeviceNeed::WorkgroupThreads), &["128", "256", "스레드"]),
            (too_small(DeviceNeed::WorkgroupBytes), &["128", "256", "메모리"]),
            (too_small(DeviceNeed::StorageBuffers), &["128", "256", "버퍼"]),
            (NotOpened::Refused { said: "out of memory".to_owned() }, &["out of"]),
            (NotOpened::ComputesWrongly { different_count: 17, element_count: 9_380 }, &["17개", "9380개"]),
        ];
        for (reason, parts) in cases {
            assert_said(&reason, parts);
        }
    }
}
