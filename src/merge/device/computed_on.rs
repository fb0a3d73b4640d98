//! What computes, as reports name it.

use std::fmt;

use crate::{numeric::CpuLevel, units};

/// The device of a kernel; names itself in English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Device {
    /// The CPU.
    Cpu {
        /// Threads that compute.
        thread_count: usize,
        /// The instructions that they use.
        level: CpuLevel,
    },
    /// Any other, by its title.
    Named(String),
}

impl fmt::Display for Device {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu { thread_count, level } => {
                write!(out, "CPU, {}, {level}", units::plural(*thread_count, "thread"))
            }
            Self::Named(title) => out.write_str(title),
        }
    }
}

impl serde::Serialize for Device {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
