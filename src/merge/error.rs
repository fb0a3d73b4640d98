//! Why a planned merge could not be carried out.

use std::path::PathBuf;

use super::device::{Device, GpuAdapter, NotOpened};
use crate::{
    adapter::AdapterError,
    checkpoint::CheckpointError,
    error::{Hint, IoError},
    job::Cancelled,
    numeric::Dtype,
    units,
};

/// A merge that failed; its output does not exist.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "every message says what its fields are")]
pub enum MergeError {
    #[error("another process is merging into this output: {}", path.display())]
    InUse { path: PathBuf },
    #[error("a folder with the name of the work in progress exists and is not ours: {}", path.display())]
    PartialIsForeign { path: PathBuf },
    #[error("{tensor} holds {} in the base: {}", units::plural(usize::try_from(*element_count).unwrap_or(usize::MAX), "NaN or infinite value"), path.display())]
    BaseNotFinite { tensor: String, element_count: u64, path: PathBuf },
    #[error("{tensor} does not fit into {dtype}: {} too large, the largest {max_magnitude}", units::plural(usize::try_from(*element_count).unwrap_or(usize::MAX), "value"))]
    Overflow { tensor: String, element_count: u64, max_magnitude: f32, dtype: Dtype },
    #[error("the disk is too full: {} more needed, {} free: {}", units::bytes(*needed), units::bytes(*free), path.display())]
    DiskFull { needed: u64, free: u64, path: PathBuf },
    #[error("a file of {} is more than the file system or a limit of this session takes: {}", units::bytes(*needed), path.display())]
    FileTooLarge { needed: u64, path: PathBuf },
    #[error("cancelled; {} are written and kept in {}", units::bytes(*byte_count), path.display())]
    CancelledKept { byte_count: u64, path: PathBuf },
    #[error("the device stopped answering: {device}")]
    DeviceLost { device: Device },
    #[error("there is no device `{asked}`")]
    NoSuchDevice { asked: String, listed: Vec<GpuAdapter> },
    #[error("there is no GPU, only a software renderer: {}", entries(listed))]
    OnlySoftwareDevice { listed: Vec<GpuAdapter> },
    #[error("{device} cannot be used: {reason}")]
    DeviceNotOpened { device: String, reason: NotOpened },
    #[error("this build computes on the CPU only")]
    NoGpuSupport,
    #[error("the folder has a seal already: {}", path.display())]
    AlreadySealed { path: PathBuf },
    #[error("the seal cannot be read: `{line}` is no line of sha256sum: {}", path.display())]
    BadSeal { line: String, path: PathBuf },
    #[error(transparent)]
    Base(#[from] CheckpointError),
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    #[error(transparent)]
    Io(#[from] IoError),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

fn entries(adapters: &[GpuAdapter]) -> String {
    adapters.iter().map(GpuAdapter::entry).collect::<Vec<_>>().join(", ")
}

impl MergeError {
    /// Whether the user stopped it.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled(_) | Self::CancelledKept { .. } | Self::Adapter(AdapterError::Cancelled(_)))
    }
}

impl Hint for MergeError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::InUse { .. } => "wait for it, or choose another output",
            Self::PartialIsForeign { .. } => "move it away, or choose another output",
            Self::BaseNotFinite { .. } => "the base is damaged; fetch it again",
            Self::Overflow { .. } => "write bfloat16 or float32 instead (`--dtype bf16`)",
            Self::DiskFull { .. } => {
                "free some space, choose another disk, or write half the bytes with `--dtype bf16`"
            }
            Self::FileTooLarge { .. } => {
                "write smaller files (`--max-shard-size 4GB` suits FAT32), choose another disk, or lift the limit (`ulimit -f`)"
            }
            Self::CancelledKept { .. } => "run the same merge again to go on from there, or delete that folder",
            Self::AlreadySealed { .. } => "delete that file to seal the folder anew",
            Self::BadSeal { .. } => "`sha256sum -c` reads the same file; seal the folder anew",
            Self::NoSuchDevice { listed, .. } if listed.is_empty() => {
                "no driver for Vulkan, Metal or DirectX 12 was found; merge on the CPU (`--device cpu`)"
            }
            Self::NoSuchDevice { listed, .. } => return Some(format!("there are cpu, {}", entries(listed))),
            Self::OnlySoftwareDevice { .. } => {
                "the CPU is faster (`--device cpu`); to use the renderer nevertheless, name it: `--device gpu:0`"
            }
            Self::DeviceNotOpened { .. } => "merge on the CPU (`--device cpu`), or update the device's driver",
            Self::NoGpuSupport => "use `--device cpu`, or build with the feature `gpu`",
            Self::DeviceLost { .. } => "run it again; if it stays, please report it",
            Self::Base(error) => return error.hint(),
            Self::Adapter(error) => return error.hint(),
            Self::Io(error) => return error.hint(),
            Self::Cancelled(_) => return None,
        };
        Some(hint.to_owned())
    }
}
