//! Why a folder cannot be checked, in Korean.

use super::{InKorean, Told};
use crate::{gui::words::sentences_ko::misfits::misplaced, verify::VerifyError};

impl InKorean for VerifyError {
    fn in_korean(&self) -> Told {
        match self {
            Self::AdapterWithoutBase => {
                Told::new("어댑터는 베이스가 있어야 검사할 수 있습니다").hint("베이스도 고르세요")
            }
            Self::Base(error) => error.in_korean().after("베이스를 쓸 수 없습니다"),
            Self::Adapter(error) => error.in_korean().after("어댑터를 쓸 수 없습니다"),
            Self::Merged(error) => error.in_korean().after("병합 폴더를 읽을 수 없습니다"),
            Self::Unpredictable(error) => error.in_korean().after("병합 폴더가 아무것도 예측하지 못합니다"),
            // The process's own words.
            Self::ChildFailed { said, path } => {
                Told::new(format!("폴더를 따로 불러오는 프로세스가 실패했습니다({said})")).at(path)
            }
            Self::Seal(error) => error.in_korean().after("봉인을 검사할 수 없습니다"),
            Self::Io(error) => error.in_korean(),
            Self::DoesNotFit { misplaced: first } => {
                let problem = first
                    .as_ref()
                    .map_or_else(|| "어댑터의 텐서가 하나도 자리를 찾지 못했습니다".to_owned(), misplaced);
                Told::new(format!("어댑터와 베이스가 서로 맞지 않아 견줄 것이 없습니다. {problem}"))
                    .hint("이 병합에 쓴 베이스와 어댑터를 고르세요")
            }
            Self::Cancelled(cancelled) => cancelled.in_korean(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::{
        adapter::AdapterError,
        checkpoint::CheckpointError,
        error::IoError,
        evaluate::EvalError,
        gui::words::sentences_ko::errors::assert_told,
        job::Cancelled,
        matching::{ClashReason, MisfitReason, Misplaced},
        merge::MergeError,
    };

    #[test]
    fn every_reason_against_a_check_is_said_in_korean() {
        let path = || PathBuf::from("/data/x");
        let reason = MisfitReason::Clashing(ClashReason::Taken { other_module: "b.up".to_owned() });
        let misplaced = Misplaced { names: vec!["a.up".to_owned()], reason, nearest: Vec::new() };
        let io = IoError { action: "start a process", source: std::io::ErrorKind::NotFound.into(), path: path() };
        let cases: Vec<(VerifyError, &[&str])> = vec![
            (VerifyError::AdapterWithoutBase, &["베이스"]),
            (VerifyError::Base(CheckpointError::Missing { path: path() }), &["베이스를", "폴더가"]),
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
