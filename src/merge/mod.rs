//! Carrying out a plan: tiles through a kernel, untouched spans as bytes, a folder that is complete or visibly not a
//! model.

mod cpu;
pub mod device;
mod error;
mod gguf;
#[cfg(feature = "gpu")]
mod gpu;
mod in_memory;
mod journal;
mod kernel;
mod left_behind;
mod options;
mod output;
mod pipeline;
mod receipt;
mod resume;
mod run;
mod run_event;
mod running;
mod seal;

pub use self::{
    cpu::CpuKernel,
    error::MergeError,
    gguf::{GgufFile, GgufPlace, GgufPlan, GgufReceipt},
    in_memory::in_memory,
    kernel::{Kernel, TileJob, TileResult},
    left_behind::left_behind,
    options::IoMode,
    output::{OutputFolder, discard_partial, interrupted_bytes},
    receipt::{MergeReceipt, TensorRecord, WrittenFile},
    run::{run, run_told, run_with},
    run_event::RunEvent,
    running::{Running, ShardProgress},
    seal::{SEAL_FILE, Seal, SealedFile, seal, sha256_of},
};
