//! Why a planned merge could not be carried out.

use std::path::PathBuf;

use serde::Serialize;

use super::device::{Device, GpuAdapter, NotOpened};
use crate::{
    adapter::AdapterError, checkpoint::CheckpointError, error::IoError, gguf::ExportError, job::Cancelled, message,
    numeric::Dtype, plan::PlanError,
};

/// A merge that failed; its output does not exist.
#[derive(Debug, Serialize, thiserror::Error)]
#[error("{}", message::english(self))]
#[expect(missing_docs, reason = "the message of each says what its fields are")]
pub enum MergeError {
    InUse {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    PartialIsForeign {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    BaseNotFinite {
        tensor: String,
        element_count: u64,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    Overflow {
        tensor: String,
        element_count: u64,
        max_magnitude: f32,
        dtype: Dtype,
    },
    DiskFull {
        needed: u64,
        free: u64,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    FileTooLarge {
        needed: u64,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    CancelledKept {
        byte_count: u64,
        #[serde(serialize_with = "message::path")]
        kept_in: PathBuf,
    },
    DeviceLost {
        device: Device,
    },
    NoSuchDevice {
        asked: String,
        listed: Vec<GpuAdapter>,
    },
    OnlySoftwareDevice {
        listed: Vec<GpuAdapter>,
    },
    DeviceNotOpened {
        device: String,
        reason: NotOpened,
    },
    NoGpuSupport,
    AlreadySealed {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    BadSeal {
        line: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    #[error(transparent)]
    Plan(Box<PlanError>),
    #[error(transparent)]
    Export(Box<ExportError>),
    #[error(transparent)]
    Base(#[from] CheckpointError),
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    #[error(transparent)]
    Io(#[from] IoError),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl From<ExportError> for MergeError {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Weights(error) => error.into(),
            ExportError::Io(error) => error.into(),
            error => Self::Export(Box::new(error)),
        }
    }
}

impl From<PlanError> for MergeError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Base(error) => error.into(),
            PlanError::Adapter(error) => error.into(),
            PlanError::Io(error) => error.into(),
            error => Self::Plan(Box::new(error)),
        }
    }
}

impl MergeError {
    /// Whether the user stopped it.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled(_) | Self::CancelledKept { .. } | Self::Adapter(AdapterError::Cancelled(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::{IoAction, IoError, assert_told},
        merge::device::AdapterKind,
        message::{Language, Message},
    };

    #[test]
    fn every_failure_of_a_merge_is_said_in_korean() {
        let path = || PathBuf::from("/data/x");
        let text = str::to_owned;
        let gpu = |index, kind| GpuAdapter { index, name: format!("GPU {index}"), backend: "Vulkan", kind };
        let gpus = || {
            let kinds = [AdapterKind::Discrete, AdapterKind::Integrated, AdapterKind::Other, AdapterKind::Software];
            kinds.into_iter().enumerate().map(|(index, kind)| gpu(index, kind)).collect::<Vec<_>>()
        };
        let io =
            IoError { action: IoAction::CopyWeights, source: std::io::ErrorKind::StorageFull.into(), path: path() };
        let no_answer = NotOpened::NoAnswer { timeout_secs: 30 };
        let cases: Vec<(MergeError, &[&str])> = vec![
            (MergeError::InUse { path: path() }, &["다른 프로세스"]),
            (MergeError::PartialIsForeign { path: path() }, &["폴더"]),
            (
                MergeError::BaseNotFinite { tensor: text("wte"), element_count: 1_234, path: path() },
                &["wte", "1,234개"],
            ),
            (
                MergeError::Overflow {
                    tensor: text("wte"),
                    element_count: 1_234,
                    max_magnitude: 70_000.0,
                    dtype: Dtype::F16,
                },
                &["wte", "1,234개", "70000", "F16"],
            ),
            (MergeError::DiskFull { needed: 9_000_000, free: 1_000_000, path: path() }, &["9.00 MB", "1.00 MB"]),
            (MergeError::FileTooLarge { needed: 9_000_000_000, path: path() }, &["9.00 GB"]),
            (MergeError::CancelledKept { byte_count: 9_000_000, kept_in: path() }, &["9.00 MB", "/data/x"]),
            (MergeError::DeviceLost { device: Device::Named(text("A100")) }, &["A100"]),
            (MergeError::NoSuchDevice { asked: text("gpu:9"), listed: Vec::new() }, &["`gpu:9`"]),
            (MergeError::NoSuchDevice { asked: text("gpu:9"), listed: gpus() }, &["`gpu:9`"]),
            (MergeError::OnlySoftwareDevice { listed: gpus() }, &["gpu:3 GPU 3 (Vulkan, 소프트웨어)", "외장", "내장"]),
            (MergeError::DeviceNotOpened { device: text("A100"), reason: no_answer }, &["A100", "30초"]),
            (MergeError::NoGpuSupport, &["CPU"]),
            (MergeError::AlreadySealed { path: path() }, &["봉인"]),
            (MergeError::BadSeal { line: text("zz"), path: path() }, &["`zz`", "sha256sum"]),
            (MergeError::Plan(Box::new(PlanError::TooMuchLost { gain: 0.02 })), &["2"]),
            (MergeError::Base(CheckpointError::Missing { path: path() }), &["폴더"]),
            (MergeError::Adapter(AdapterError::NoEffect { path: path() }), &["0"]),
            (MergeError::Io(io), &["가중치를 복사하지", "빈 공간"]),
            (MergeError::Cancelled(Cancelled), &["취소"]),
        ];
        for (error, parts) in cases {
            assert_told(&error, parts);
        }
        let listed = Message::of(&MergeError::NoSuchDevice { asked: text("gpu:9"), listed: gpus() }).hint().unwrap();
        assert!(Language::Korean.say(&listed).contains("gpu:1 GPU 1 (Vulkan, 내장)"));
    }
}
