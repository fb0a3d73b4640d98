//! What can be wrong with an adapter folder.

use std::{fmt, path::PathBuf};

use super::{Feature, ForeignAdapter, RefusalReason, WayOut};
use crate::{
    checkpoint::{CheckpointError, JsonProblem},
    error::{Hint, IoError, listed, shortened},
    job::Cancelled,
    units,
};

/// An adapter that cannot be merged as it is.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "every message says what its fields are")]
pub enum AdapterError {
    #[error("there is no such folder: {}", path.display())]
    Missing { path: PathBuf },
    #[error("this is a file, not an adapter folder: {}", path.display())]
    NotAFolder { path: PathBuf },
    #[error("this folder holds a full model, not an adapter: {}", path.display())]
    IsModel { path: PathBuf },
    #[error("there is no adapter_config.json in this folder: {}", path.display())]
    NoConfig { subfolders: Vec<String>, path: PathBuf },
    #[error("there is no adapter_model.safetensors (or .bin) in this folder: {}", path.display())]
    NoWeights { path: PathBuf },
    #[error("there are no adapter weights in this folder, but those of a full model ({file}): {}", path.display())]
    OnlyFullWeights { file: &'static str, path: PathBuf },
    #[error("{} of the adapter {} not in the folder: {}: {}", units::plural(missing.len(), "shard"), if missing.len() == 1 { "is" } else { "are" }, listed(missing, 4), path.display())]
    ShardsMissing { missing: Vec<String>, path: PathBuf },
    #[error("{file} lies beside the adapter and cannot be read, so what training left in it is unknown: {problem}")]
    UnreadBeside { file: String, problem: Box<CheckpointError> },
    #[error("this is {origin} (`{}`): {}", shortened(tensor), path.display())]
    Foreign { origin: ForeignAdapter, tensor: String, path: PathBuf },
    #[error("these are the weights of an adapter ({peft_type}) without the adapter_config.json that says their scale: {}", path.display())]
    WeightsWithoutConfig { peft_type: &'static str, path: PathBuf },
    #[error("not a valid adapter_config.json: {problem}: {}", path.display())]
    BadConfig { problem: JsonProblem, path: PathBuf },
    #[error("adapter_config.json names no method (peft_type){}: {}", seems(*peft_type), path.display())]
    NoMethod { peft_type: Option<&'static str>, path: PathBuf },
    #[error("adapter_config.json does not say {key}: {}", path.display())]
    MissingKey { key: &'static str, path: PathBuf },
    #[error("{feature} is not merged by this version: {reason}: {}", path.display())]
    Unsupported { feature: Feature, reason: RefusalReason, way_out: WayOut, path: PathBuf },
    #[error("the pattern {pattern:?} in {key} is not a regular expression that can be read here: {}", path.display())]
    BadPattern { key: &'static str, pattern: String, path: PathBuf },
    #[error("{module} has factors, but no {absent}: {}", path.display())]
    Unpaired { module: String, absent: &'static str, path: PathBuf },
    #[error("the factors of {module} do not fit together ({}): {}", shapes(factors), path.display())]
    FactorShapes { module: String, factors: Vec<(String, Vec<usize>)>, path: PathBuf },
    #[error("adapter_config.json contradicts the weights: {problem}: {}", path.display())]
    Contradiction { problem: Contradiction, path: PathBuf },
    #[error("{module} has rank {stored}, its config says {configured}, so its scale is unknown: {}", path.display())]
    RankMismatch { module: String, stored: usize, configured: usize, path: PathBuf },
    #[error("the file holds more than one adapter ({} and {}): {}", names[0], names[1], path.display())]
    SeveralAdapters { names: [String; 2], path: PathBuf },
    #[error("two files of the adapter hold {tensor} ({} and {}), and which counts is not said: {}", files[0], files[1], path.display())]
    SavedTwice { tensor: String, files: [String; 2], path: PathBuf },
    #[error("{} without a single element: {}: {}", units::plural(tensors.len(), "tensor"), listed(tensors, 3), path.display())]
    EmptyTensors { tensors: Vec<String>, path: PathBuf },
    #[error("the file holds no tensor: {}", path.display())]
    Empty { path: PathBuf },
    #[error("{} NaN or infinity: {}: {}", if tensors.len() == 1 { "1 tensor holds".to_owned() } else { format!("{} tensors hold", tensors.len()) }, listed(tensors, 3), path.display())]
    NonFinite { tensors: Vec<String>, path: PathBuf },
    #[error("{tensor} holds the index {index}, which must lie below {limit}: {}", path.display())]
    IndexOutside { tensor: String, index: i64, limit: usize, path: PathBuf },
    #[error("{tensor} holds a direction without length, or one that follows from the others: {}", path.display())]
    NoDirection { tensor: String, path: PathBuf },
    #[error("every update in this adapter is zero, so a merge would be the base again: {}", path.display())]
    NoEffect { path: PathBuf },
    #[error(transparent)]
    Weights(#[from] CheckpointError),
    #[error(transparent)]
    Io(#[from] IoError),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl AdapterError {
    /// Whether the folder holds no adapter itself but several below it.
    #[must_use]
    pub fn lists_adapters(&self) -> bool {
        matches!(self, Self::NoConfig { subfolders, .. } if !subfolders.is_empty())
    }
}

/// What the weights beside a config without a method seem to be.
fn seems(peft_type: Option<&str>) -> String {
    peft_type.map_or_else(String::new, |peft_type| format!(", and the weights beside it look like {peft_type}"))
}

/// What config and weights say differently; says itself in English.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "every sentence says what its fields are")]
pub enum Contradiction {
    TokenRows { module: String, id_count: usize, row_count: usize },
    TooManyParameters { module: String, level: usize, named_count: usize },
}

impl fmt::Display for Contradiction {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TokenRows { module, id_count, row_count } => {
                write!(out, "it lists {id_count} token ids for {module}, the weights have {row_count} rows")
            }
            Self::TooManyParameters { module, level, named_count } => write!(
                out,
                "the weights adapt {level} or more parameters of {module}, target_parameters names {named_count}"
            ),
        }
    }
}

/// Each factor's own name with its shape.
pub(crate) fn shapes(factors: &[(String, Vec<usize>)]) -> String {
    let own_name =
        |name: &str| name.rsplit('.').take(2).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join(".");
    factors
        .iter()
        .map(|(name, shape)| format!("{} {}", own_name(name), units::shape(shape)))
        .collect::<Vec<_>>()
        .join(", ")
}

impl Hint for AdapterError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Missing { .. } => "check the path",
            Self::NotAFolder { .. } => "give the folder that holds adapter_config.json",
            Self::IsModel { .. } => {
                "give the base model first and the adapter second; a model that was fine-tuned whole needs no merge"
            }
            Self::NoConfig { subfolders, .. } if !subfolders.is_empty() => {
                return Some(format!("adapters lie below it, name one: {}", listed(subfolders, 4)));
            }
            Self::NoConfig { .. } => "give the folder that holds adapter_config.json and adapter_model.safetensors",
            Self::NoWeights { .. } => "download the adapter again with its weights",
            Self::OnlyFullWeights { .. } => {
                "a model that was merged or trained whole needs no merge: use it as it is, or as a base"
            }
            Self::ShardsMissing { .. } => "the download is incomplete; fetch the missing shards",
            Self::UnreadBeside { problem, .. } => {
                let without = "take it out of the adapter's folder to merge without it";
                let hint = problem.hint().map_or_else(|| without.to_owned(), |hint| format!("{hint}; or {without}"));
                return Some(hint);
            }
            Self::SavedTwice { .. } => "keep the file that training ended with, and take the other out of the folder",
            Self::Foreign { origin, .. } => origin.hint(),
            Self::WeightsWithoutConfig { .. } => {
                "fetch adapter_config.json from where these weights came from; its lora_alpha or alpha is nowhere else"
            }
            Self::BadConfig { problem, .. } => problem.hint(),
            Self::NoMethod { .. } => "use the adapter_config.json that PEFT saved with these weights",
            Self::MissingKey { .. } => {
                "take the number from the training run; guessing it would scale every change wrongly"
            }
            Self::Unsupported { way_out, .. } => way_out.english(),
            Self::BadPattern { .. } => "replace the pattern by plain module names",
            Self::Unpaired { .. } => "the adapter was saved incompletely; save it again",
            Self::FactorShapes { .. } => {
                "the file mixes factors of different runs, or was edited; save the adapter again from its training"
            }
            Self::RankMismatch { .. } | Self::Contradiction { .. } => {
                "use the adapter_config.json that was saved with these weights"
            }
            Self::SeveralAdapters { .. } => "save each adapter to its own folder with PEFT's `save_pretrained`",
            Self::EmptyTensors { .. } => {
                "the run saved placeholders (ZeRO-3 or FSDP); gather the weights before saving and save again"
            }
            Self::Empty { .. } => "the run saved no weights; save the adapter again",
            Self::IndexOutside { .. } => {
                "the file is damaged or was trained on a model of another size; save the adapter again"
            }
            Self::NoDirection { .. } => {
                "such a reflection is undefined, PEFT makes NaN or noise of it; use another checkpoint"
            }
            Self::NonFinite { .. } => "the training diverged or the file is damaged; use an earlier checkpoint",
            Self::NoEffect { .. } => "these are the weights from before training; save the adapter again after it",
            Self::Weights(CheckpointError::Foreign { format, .. }) => format.hint_for_adapter(),
            Self::Weights(CheckpointError::NotFloat { .. }) => {
                "use the adapter as it was trained, in float; its own factors are packed or quantised here"
            }
            Self::Weights(error) => return error.hint(),
            Self::Io(error) => return error.hint(),
            Self::Cancelled(_) => return None,
        };
        Some(hint.to_owned())
    }
}
