//! Why a merge is not even planned.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Mismatch;
use crate::{
    adapter::AdapterError,
    architecture::TrainedError,
    checkpoint::CheckpointError,
    error::IoError,
    message::{self, said_in_english},
    numeric::FloatDtype,
};

/// A merge that cannot be done as asked; nothing was written.
#[derive(Debug, Serialize, thiserror::Error)]
#[error("{}", message::english(self))]
#[expect(missing_docs, reason = "the message of each says what its fields are")]
pub enum PlanError {
    NoAdapter,
    AdapterTwice {
        #[serde(serialize_with = "message::path")]
        adapter: PathBuf,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    BadStrength {
        strength: f64,
    },
    PackedByChance,
    UndecidedLayers {
        class: String,
        tensors: Vec<String>,
    },
    NothingToPack {
        class: String,
    },
    TooMuchLost {
        gain: f64,
    },
    RoundedAway {
        dtype: FloatDtype,
        rounded_gain: f64,
        gain: f64,
    },
    PartialReplacement {
        strength: f64,
        adapter: String,
        tensor: String,
    },
    QuantizedBase {
        method: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    UnmergedBase {
        tensors: Vec<String>,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    BaseShipsLora {
        adapters: Vec<String>,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    DoesNotFit {
        mismatch: Box<Mismatch>,
    },
    OutputHasNoName {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    OutputExists {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    OutputFileExists {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    OutputInsideInput {
        role: InputRole,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NotWritable {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    DiskFull {
        needed: u64,
        free: u64,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    BadTokenizer {
        problem: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    #[error(transparent)]
    Base(#[from] CheckpointError),
    #[error(transparent)]
    Trained(#[from] TrainedError),
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    #[error(transparent)]
    Io(#[from] IoError),
}

/// What an input is to the merge; a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum InputRole {
    /// The base.
    Base,
    /// An adapter.
    Adapter,
}

said_in_english!(InputRole);

/// What a merge that cannot be planned is at fault with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The base's folder.
    Base,
    /// An adapter's folder, or what it has to do with the base.
    Adapter,
    /// The place where the merge goes.
    Output,
    /// What was chosen beside the folders.
    Options,
}

impl PlanError {
    /// What it is about; `None` where only the path of a file says.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::QuantizedBase { .. } | Self::UnmergedBase { .. } | Self::BaseShipsLora { .. } | Self::Base(_) => {
                Some(Subject::Base)
            }
            Self::NoAdapter | Self::AdapterTwice { .. } | Self::DoesNotFit { .. } | Self::Adapter(_) => {
                Some(Subject::Adapter)
            }
            Self::OutputHasNoName { .. }
            | Self::OutputExists { .. }
            | Self::OutputFileExists { .. }
            | Self::OutputInsideInput { .. }
            | Self::NotWritable { .. }
            | Self::DiskFull { .. } => Some(Subject::Output),
            Self::BadStrength { .. }
            | Self::PartialReplacement { .. }
            | Self::PackedByChance
            | Self::UndecidedLayers { .. }
            | Self::NothingToPack { .. }
            | Self::Trained(_)
            | Self::TooMuchLost { .. }
            | Self::RoundedAway { .. } => Some(Subject::Options),
            Self::BadTokenizer { .. } | Self::Io(_) => None,
        }
    }

    /// The file or folder that it names.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::BadTokenizer { path, .. } => Some(path),
            Self::Io(error) => Some(&error.path),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::{IoAction, IoError, assert_told},
        matching::{ClashReason, MisfitReason, Misplaced, OrphanReason},
        plan::MismatchAdvice,
    };

    fn mismatch(advice: MismatchAdvice) -> Mismatch {
        let orphan = |index: usize| Misplaced {
            names: vec![format!("layers.{index}.lora_A"), format!("layers.{index}.lora_B")],
            reason: MisfitReason::Orphaned(OrphanReason::NoSuchModule),
            nearest: vec!["layers.0.up".to_owned()],
        };
        let clash = Misplaced {
            names: vec!["head".to_owned()],
            reason: MisfitReason::Clashing(ClashReason::SharedWithHead),
            nearest: Vec::new(),
        };
        let misplaced = std::iter::once(clash).chain((0..6).map(orphan)).collect();
        Mismatch { placed_count: 3, tensor_count: 16, misplaced, advice }
    }

    #[test]
    fn every_reason_against_a_plan_is_said_in_korean() {
        let path = || PathBuf::from("/data/x");
        let text = str::to_owned;
        let inside = |role| PlanError::OutputInsideInput { role, path: PathBuf::from("/data/x") };
        let io = IoError { action: IoAction::ResolvePath, source: std::io::ErrorKind::NotFound.into(), path: path() };
        let does_not_fit = PlanError::DoesNotFit { mismatch: Box::new(mismatch(MismatchAdvice::OtherLayout)) };
        let cases: Vec<(PlanError, &[&str])> = vec![
            (PlanError::NoAdapter, &["어댑터"]),
            (PlanError::AdapterTwice { adapter: PathBuf::from("/data/a"), path: path() }, &["/data/a", "두 번"]),
            (PlanError::BadStrength { strength: f64::INFINITY }, &["inf"]),
            (
                PlanError::PartialReplacement { strength: 0.5, adapter: text("chat"), tensor: text("lm_head") },
                &["0.5", "chat", "lm_head"],
            ),
            (PlanError::PackedByChance, &["NF4"]),
            (
                PlanError::UndecidedLayers { class: text("MyModel"), tensors: vec![text("a.weight")] },
                &["MyModel", "a.weight"],
            ),
            (PlanError::NothingToPack { class: text("MyModel") }, &["MyModel"]),
            (PlanError::TooMuchLost { gain: 0.02 }, &["2 %", "NF4"]),
            (
                PlanError::RoundedAway { dtype: FloatDtype::BF16, rounded_gain: 0.04, gain: 0.02 },
                &["bf16", "4 %", "2 %", "NF4"],
            ),
            (PlanError::QuantizedBase { method: text("gptq"), path: path() }, &["gptq"]),
            (
                PlanError::UnmergedBase { tensors: vec![text("q.lora_A"), text("q.lora_B")], path: path() },
                &["2개", "q.lora_A, q.lora_B"],
            ),
            (
                PlanError::BaseShipsLora { adapters: vec![text("speech"), text("vision")], path: path() },
                &["speech, vision", "Phi-4-multimodal"],
            ),
            (does_not_fit, &["16개 중 3개", "layers.0.lora_A, layers.0.lora_B", "layers.0.up", "head", "외 2개"]),
            (PlanError::OutputHasNoName { path: path() }, &["이름"]),
            (PlanError::OutputExists { path: path() }, &["이미"]),
            (PlanError::OutputFileExists { path: path() }, &["같은 이름"]),
            (inside(InputRole::Base), &["베이스"]),
            (inside(InputRole::Adapter), &["어댑터"]),
            (PlanError::NotWritable { path: path() }, &["쓸 수"]),
            (PlanError::DiskFull { needed: 9_000_000, free: 1_000_000, path: path() }, &["9.00 MB", "1.00 MB"]),
            (PlanError::BadTokenizer { problem: text("EOF"), path: path() }, &["EOF"]),
            (PlanError::Base(CheckpointError::Missing { path: path() }), &["폴더"]),
            (PlanError::Adapter(AdapterError::IsModel { path: path() }), &["모델"]),
            (PlanError::Io(io), &["경로"]),
        ];
        for (error, parts) in cases {
            assert_told(&error, parts);
        }
    }
}
