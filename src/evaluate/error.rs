//! Why a model or a text cannot be evaluated.

use std::path::PathBuf;

use crate::{
    adapter::AdapterError,
    checkpoint::CheckpointError,
    error::{Hint, IoError, listed},
    job::Cancelled,
    matching::Misplaced,
    numeric::Dtype,
    plan::PlanError,
    units,
};

/// An evaluation that cannot be done as asked, or that failed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "every message says what its fields are")]
pub enum EvalError {
    #[error("no model was given")]
    NoModel,
    #[error("no text was given")]
    NoText,
    #[error("a window of {} leaves no token to score", units::plural(*window, "token"))]
    WindowTooSmall { window: usize },
    #[error("the architecture {architecture} is not evaluated yet (covered: {}): {}", covered.join(", "), path.display())]
    Architecture { architecture: String, covered: Vec<&'static str>, path: PathBuf },
    #[error("{key} is `{value}`, which is not evaluated yet (covered: {}): {}", covered.join(", "), path.display())]
    UnsupportedValue { key: &'static str, value: String, covered: &'static [&'static str], path: PathBuf },
    #[error("the weights are quantised ({method}), and only floating weights are evaluated: {}", path.display())]
    Quantized { method: String, path: PathBuf },
    #[error("the config lacks {key}: {}", path.display())]
    MissingKey { key: &'static str, path: PathBuf },
    #[error("{key} is {value}, not {expected}: {}", path.display())]
    BadValue { key: &'static str, value: String, expected: &'static str, path: PathBuf },
    #[error("there is no tensor {tensor}: {}", path.display())]
    MissingTensor { tensor: String, is_unmerged: bool, path: PathBuf },
    #[error("{tensor} is {}, but the config makes it {}: {}", units::shape(stored), units::shape(configured), path.display())]
    TensorShape { tensor: String, stored: Vec<usize>, configured: Vec<usize>, path: PathBuf },
    #[error("{tensor} is stored as {dtype}, which is not read as numbers: {}", path.display())]
    TensorDtype { tensor: String, dtype: Dtype, path: PathBuf },
    #[error("the adapter does not fit the base: {} of {} have a place ({}): {}", placed, units::plural(*total, "adapter tensor"), named(problems), path.display())]
    AdapterDoesNotFit { placed: usize, total: usize, problems: Vec<Misplaced>, path: PathBuf },
    #[error("{} is not computed at run time, only plain LoRA on linear layers ({tensor}): {}", method.unwrap_or("this adapter"), path.display())]
    AdapterMethod { method: Option<&'static str>, tensor: String, path: PathBuf },
    #[error("there is no tokenizer.json in this folder: {}", path.display())]
    NoTokenizer { path: PathBuf },
    #[error("tokenizer.json cannot be used: {problem}: {}", path.display())]
    BadTokenizer { problem: String, path: PathBuf },
    #[error("{text} has {}, so nothing can be scored", units::plural(*token_count, "token"))]
    NothingToScore { text: String, token_count: usize },
    #[error("{text} has the token id {id}, but the vocabulary has {}: {}", units::plural(*vocab_size, "token"), path.display())]
    TokenOutsideVocab { text: String, id: u32, vocab_size: usize, path: PathBuf },
    #[error("{text} takes a window of {window} tokens, but the model has learned only {}: {}", units::plural(*position_count, "position"), path.display())]
    TooFewPositions { text: String, window: usize, position_count: usize, path: PathBuf },
    #[error("the file is no text in UTF-8 or CP949 (UTF-8 ends at byte {}): {}", units::count(*offset), path.display())]
    NotUtf8 { offset: u64, path: PathBuf },
    #[error("the file holds no text: {}", path.display())]
    EmptyText { path: PathBuf },
    #[error("line {line} is no document: {problem}: {}", path.display())]
    BadJsonLine { line: usize, problem: String, path: PathBuf },
    #[error("this is no JSON list of token ids: {problem}: {}", path.display())]
    BadTokenList { problem: String, path: PathBuf },
    #[error("the process that measures a model failed: {said}: {}", path.display())]
    MeasuringFailed { said: String, path: PathBuf },
    #[error("the model gives token {} of {text} no finite probability: {}", units::count(*position), path.display())]
    NotFinite { text: String, position: u64, path: PathBuf },
    #[error("the model's arithmetic failed: {0}")]
    Compute(#[from] candle_core::Error),
    #[error("the merge cannot be computed: {0}")]
    Plan(Box<PlanError>),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    #[error(transparent)]
    Io(#[from] IoError),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// The first few, as one line.
fn named(problems: &[Misplaced]) -> String {
    let problems: Vec<String> = problems.iter().map(Misplaced::to_string).collect();
    listed(&problems, 3)
}

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

impl Hint for EvalError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoModel => "give at least one model folder",
            Self::NoText => "give a text file or a list of token ids",
            Self::WindowTooSmall { .. } => "a window is at least 2 tokens; 2048 is usual",
            Self::Architecture { .. } | Self::UnsupportedValue { .. } => {
                "merging and checking work all the same; only perplexity is not computed"
            }
            Self::Quantized { .. } => "use the original 16- or 32-bit model of the same name",
            Self::MissingKey { .. } | Self::BadValue { .. } | Self::TensorShape { .. } => {
                "config.json and weights belong to different models, or one of them was edited"
            }
            Self::MissingTensor { is_unmerged: true, .. } => {
                "the folder still holds `base_layer` keys: it was saved without merging"
            }
            Self::MissingTensor { is_unmerged: false, .. } => "the weights are incomplete; fetch or merge them again",
            Self::TensorDtype { .. } => "convert it to float32, float16 or bfloat16 first",
            Self::AdapterDoesNotFit { .. } => "give the base that the adapter was trained on",
            Self::AdapterMethod { .. } => "merge the adapter first and evaluate the merged folder",
            Self::NoTokenizer { .. } => {
                "copy the base model's tokenizer files into the folder, or give token ids in place of a text"
            }
            Self::BadTokenizer { .. } => "fetch the tokenizer files again",
            Self::NothingToScore { .. } => "the first token is never scored; give a text of at least two tokens",
            Self::TokenOutsideVocab { .. } => {
                "the text was tokenized for another model, or the embedding was not resized"
            }
            Self::TooFewPositions { .. } => "choose a window of at most as many tokens, or a shorter prompt",
            Self::NotUtf8 { .. } => "save the text as UTF-8 first",
            Self::EmptyText { .. } => "give a text of at least two tokens",
            Self::BadJsonLine { .. } => "each line must look like {\"text\": \"…\"}",
            Self::BadTokenList { .. } => "the file must look like [1, 15043, 3186]",
            Self::NotFinite { .. } => {
                "its weights hold NaN or infinity, or the merge overflowed; check the folder first"
            }
            Self::Plan(error) => return error.hint(),
            Self::Checkpoint(error) => return error.hint(),
            Self::Adapter(error) => return error.hint(),
            Self::Io(error) => return error.hint(),
            Self::MeasuringFailed { .. } => {
                "perplexities are measured without it; give `--runs 0` to leave seconds out"
            }
            Self::Compute(_) | Self::Cancelled(_) => return None,
        };
        Some(hint.to_owned())
    }
}
