//! Why a folder could not be verified at all.

use std::path::PathBuf;

use serde::Serialize;

use crate::{
    adapter::AdapterError,
    architecture::TrainedError,
    checkpoint::{CheckpointError, gguf::GgufFileError},
    error::IoError,
    evaluate::EvalError,
    job::Cancelled,
    matching::Misplaced,
    merge::MergeError,
    message,
};

/// Why there is no report at all (a folder that fails is a report, not an error).
#[derive(Debug, Serialize, thiserror::Error)]
#[error("{}", message::english(self))]
#[expect(missing_docs, reason = "the message of each says what its fields are")]
pub enum VerifyError {
    AdapterWithoutBase,
    Base(CheckpointError),
    PackedBase {
        method: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    GgufWithoutBase,
    UnknownFileType {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    #[error(transparent)]
    GgufFile(#[from] GgufFileError),
    Trained(#[from] TrainedError),
    Adapter(#[from] AdapterError),
    Merged(#[from] CheckpointError),
    Unpredictable(Box<EvalError>),
    ChildFailed {
        said: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    Seal(Box<MergeError>),
    Expected(Box<MergeError>),
    #[error(transparent)]
    Io(#[from] IoError),
    DoesNotFit {
        misplaced: Option<Misplaced>,
    },
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl From<MergeError> for VerifyError {
    fn from(error: MergeError) -> Self {
        match error {
            MergeError::Cancelled(cancelled) => cancelled.into(),
            error @ (MergeError::Plan(_) | MergeError::Export(_) | MergeError::Adapter(_) | MergeError::Base(_)) => {
                Self::Expected(Box::new(error))
            }
            error => Self::Seal(Box::new(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::{IoAction, assert_told},
        matching::{ClashReason, MisfitReason},
    };

    #[test]
    fn every_reason_against_a_check_is_said_in_korean() {
        let path = || PathBuf::from("/data/x");
        let reason = MisfitReason::Clashing(ClashReason::Taken { other_module: "b.up".to_owned() });
        let misplaced = Misplaced { names: vec!["a.up".to_owned()], reason, nearest: Vec::new() };
        let io = IoError { action: IoAction::StartProcess, source: std::io::ErrorKind::NotFound.into(), path: path() };
        let cases: Vec<(VerifyError, &[&str])> = vec![
            (VerifyError::AdapterWithoutBase, &["베이스"]),
            (VerifyError::Base(CheckpointError::Missing { path: path() }), &["베이스를", "폴더가"]),
            (VerifyError::PackedBase { method: "hqq".to_owned(), path: path() }, &["hqq", "비교할"]),
            (VerifyError::GgufWithoutBase, &["베이스", "GGUF"]),
            (VerifyError::UnknownFileType { path: path() }, &["general.file_type"]),
            (VerifyError::Expected(Box::new(MergeError::NoGpuSupport)), &["비교할"]),
            (VerifyError::Adapter(AdapterError::IsModel { path: path() }), &["어댑터를", "모델"]),
            (VerifyError::Merged(CheckpointError::Missing { path: path() }), &["병합 폴더를", "폴더가"]),
            (VerifyError::Unpredictable(Box::new(EvalError::NoText)), &["예측", "글"]),
            (VerifyError::ChildFailed { said: "P1".to_owned(), path: path() }, &["P1"]),
            (VerifyError::Seal(Box::new(MergeError::AlreadySealed { path: path() })), &["봉인을", "이미"]),
            (VerifyError::Io(io), &["프로세스를"]),
            (VerifyError::DoesNotFit { misplaced: Some(misplaced) }, &["a.up", "b.up"]),
            (VerifyError::DoesNotFit { misplaced: None }, &["하나도"]),
            (VerifyError::Cancelled(Cancelled), &["취소"]),
        ];
        for (error, parts) in cases {
            assert_told(&error, parts);
        }
    }
}
