//! Why a model or a text cannot be evaluated.

use std::path::PathBuf;

use serde::Serialize;

use crate::{
    adapter::AdapterError,
    architecture::TrainedError,
    checkpoint::CheckpointError,
    error::IoError,
    job::Cancelled,
    matching::Misplaced,
    message::{self, said_in_english},
    numeric::Dtype,
    plan::PlanError,
};

/// An evaluation that cannot be done as asked, or that failed.
#[derive(Debug, Serialize, thiserror::Error)]
#[error("{}", message::english(self))]
#[expect(missing_docs, reason = "the message of each says what its fields are")]
pub enum EvalError {
    NoModel,
    NoText,
    WindowTooSmall {
        window: usize,
    },
    Architecture {
        architecture: String,
        covered: Vec<&'static str>,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    UnsupportedValue {
        key: &'static str,
        value: String,
        covered: &'static [&'static str],
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    Quantized {
        method: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    MissingKey {
        key: &'static str,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    BadValue {
        key: &'static str,
        value: Option<String>,
        expected: Expected,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    MissingTensor {
        tensor: String,
        is_unmerged: bool,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    TensorShape {
        tensor: String,
        stored: Vec<usize>,
        configured: Vec<usize>,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    TensorDtype {
        tensor: String,
        dtype: Dtype,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    AdapterDoesNotFit {
        placed: usize,
        total: usize,
        problems: Vec<Misplaced>,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    AdapterMethod {
        method: Option<&'static str>,
        tensor: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NoTokenizer {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    BadTokenizer {
        problem: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NothingToScore {
        text: String,
        token_count: usize,
    },
    TokenOutsideVocab {
        text: String,
        id: u32,
        vocab_size: usize,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    TooFewPositions {
        text: String,
        window: usize,
        position_count: usize,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NotUtf8 {
        offset: u64,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    EmptyText {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    BadJsonLine {
        line: usize,
        problem: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    BadTokenList {
        problem: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    MeasuringFailed {
        said: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NotFinite {
        text: String,
        position: u64,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    Compute(
        #[from]
        #[serde(serialize_with = "message::shown")]
        candle_core::Error,
    ),
    Plan(Box<PlanError>),
    #[error(transparent)]
    Trained(#[from] TrainedError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    #[error(transparent)]
    Io(#[from] IoError),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// What a value of a config should be; a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum Expected {
    Activation,
    AtMostExpertCount,
    Even,
    ExpertCount,
    Flag,
    HeadCountDivisor,
    HiddenSizeDivisor,
    HiddenSizeDivisorOrHeadDim,
    LayerCount,
    LayerTypeList,
    PartOfHead,
    PositiveCount,
    PositiveNumber,
    RotaryFactorList,
}

said_in_english!(Expected);

impl EvalError {
    /// Whether the user stopped it.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled(_) | Self::Adapter(AdapterError::Cancelled(_)))
    }
}

impl From<PlanError> for EvalError {
    fn from(error: PlanError) -> Self {
        Self::Plan(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::{IoAction, IoError, assert_told},
        matching::{MisfitReason, OrphanReason},
    };

    #[test]
    fn every_failure_of_an_evaluation_is_said_in_korean() {
        let path = || PathBuf::from("/data/x");
        let text = str::to_owned;
        let missing = |is_unmerged| EvalError::MissingTensor {
            tensor: "wte".to_owned(),
            is_unmerged,
            path: PathBuf::from("/data/x"),
        };
        let method =
            |method| EvalError::AdapterMethod { method, tensor: "wte".to_owned(), path: PathBuf::from("/data/x") };
        let problems = vec![Misplaced {
            names: vec![text("a.up")],
            reason: MisfitReason::Orphaned(OrphanReason::NoSuchModule),
            nearest: Vec::new(),
        }];
        let io = IoError { action: IoAction::ReadSideText, source: std::io::ErrorKind::NotFound.into(), path: path() };
        let plan = PlanError::Base(CheckpointError::Missing { path: path() });
        let cases: Vec<(EvalError, &[&str])> = vec![
            (EvalError::NoModel, &["모델"]),
            (EvalError::NoText, &["글"]),
            (EvalError::WindowTooSmall { window: 1 }, &["1개"]),
            (
                EvalError::Architecture { architecture: text("ToyLM"), covered: vec!["llama", "gpt2"], path: path() },
                &["ToyLM", "llama, gpt2"],
            ),
            (
                EvalError::UnsupportedValue { key: "act", value: text("sin"), covered: &["gelu"], path: path() },
                &["act", "`sin`", "gelu"],
            ),
            (EvalError::Quantized { method: text("gptq"), path: path() }, &["gptq"]),
            (EvalError::MissingKey { key: "n_head", path: path() }, &["n_head"]),
            (
                EvalError::BadValue { key: "n_head", value: Some(text("7")), expected: Expected::Even, path: path() },
                &["n_head", "7", "짝수"],
            ),
            (
                EvalError::BadValue {
                    key: "layer_types",
                    value: None,
                    expected: Expected::LayerTypeList,
                    path: path(),
                },
                &["layer_types", "목록"],
            ),
            (missing(true), &["wte"]),
            (missing(false), &["wte"]),
            (
                EvalError::TensorShape { tensor: text("w"), stored: vec![2, 3], configured: vec![4, 5], path: path() },
                &["w의", "2 × 3", "4 × 5"],
            ),
            (EvalError::TensorDtype { tensor: text("w"), dtype: Dtype::U8, path: path() }, &["w의", "U8"]),
            (EvalError::AdapterDoesNotFit { placed: 3, total: 4, problems, path: path() }, &["4개 중 3개", "a.up"]),
            (method(Some("DoRA")), &["DoRA", "wte"]),
            (method(None), &["wte"]),
            (EvalError::NoTokenizer { path: path() }, &["tokenizer.json"]),
            (EvalError::BadTokenizer { problem: text("EOF"), path: path() }, &["EOF"]),
            (EvalError::NothingToScore { text: text("a.txt"), token_count: 1 }, &["a.txt", "1개"]),
            (
                EvalError::TokenOutsideVocab { text: text("a.txt"), id: 99, vocab_size: 64, path: path() },
                &["a.txt", "99", "64개"],
            ),
            (
                EvalError::TooFewPositions { text: text("a.txt"), window: 99, position_count: 64, path: path() },
                &["a.txt", "99개", "64개"],
            ),
            (EvalError::NotUtf8 { offset: 1_234, path: path() }, &["1,234바이트"]),
            (EvalError::EmptyText { path: path() }, &["글"]),
            (EvalError::BadJsonLine { line: 7, problem: text("EOF"), path: path() }, &["7번째", "EOF"]),
            (EvalError::BadTokenList { problem: text("EOF"), path: path() }, &["EOF"]),
            (EvalError::MeasuringFailed { said: text("P1"), path: path() }, &["P1"]),
            (EvalError::NotFinite { text: text("a.txt"), position: 1_234, path: path() }, &["a.txt", "1,234번째"]),
            (EvalError::Compute(candle_core::Error::Msg(text("P1"))), &["P1"]),
            (EvalError::Plan(Box::new(plan)), &["병합", "폴더"]),
            (EvalError::Trained(TrainedError::NothingPacked { class: Some(text("ToyModel")) }), &["ToyModel"]),
            (EvalError::Checkpoint(CheckpointError::Missing { path: path() }), &["폴더"]),
            (EvalError::Adapter(AdapterError::IsModel { path: path() }), &["모델"]),
            (EvalError::Io(io), &["글을 읽지"]),
            (EvalError::Cancelled(Cancelled), &["취소"]),
        ];
        for (error, parts) in cases {
            assert_told(&error, parts);
        }
    }
}
