//! What computes, as reports name it.

use serde::Serialize;

use crate::{
    message::{self, said_in_english},
    numeric::CpuLevel,
};

/// The device of a kernel; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Device {
    /// The CPU.
    Cpu {
        /// Threads that compute.
        thread_count: usize,
        /// The instructions that they use.
        #[serde(serialize_with = "message::shown")]
        level: CpuLevel,
    },
    /// Any other, by its title.
    Named(String),
}

said_in_english!(Device);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::assert_said;

    #[test]
    fn the_cpu_is_said_with_its_threads() {
        let device = Device::Cpu { thread_count: 8, level: CpuLevel::Avx2 };
        assert_said(&device, &["CPU", "8개", "AVX2"]);
        assert_eq!(device.to_string(), "CPU, 8 threads, AVX2");
    }
}
