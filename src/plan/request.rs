//! What was asked, before anything is opened.

use std::{path::PathBuf, str::FromStr};

use super::Rounding;
use crate::{
    checkpoint::Checkpoint,
    numeric::{FloatDtype, codec::Nf4Format},
};

/// A merge as a user asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct MergeRequest {
    /// The base model's folder.
    pub base: PathBuf,
    /// The adapters, in the order in which they are added.
    pub adapters: Vec<AdapterRequest>,
    /// Where the merged model goes: a new or an empty folder.
    pub output: PathBuf,
    /// What happens to dtypes.
    pub dtype: DtypePolicy,
    /// How the weights of linear layers are packed again, after they were rounded; `None` writes them as numbers.
    pub requantize: Option<Nf4Format>,
    /// Whether to merge though packing takes more than half of the change away.
    pub accepts_loss: bool,
    /// How updated tensors are rounded.
    pub rounding: Rounding,
    /// How the adapters' trainer packed the base while it loaded it; they are merged into what it saw then.
    pub trained_quantization: Option<Nf4Format>,
    /// Tensor bytes of one output shard at most; `None` keeps the base's split.
    pub max_shard_bytes: Option<u64>,
}

/// One adapter and how much of it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AdapterRequest {
    /// The adapter's folder.
    pub path: PathBuf,
    /// Factor on its whole change; 1 merges what was trained.
    pub strength: f64,
}

impl MergeRequest {
    /// One adapter at full strength, everything else as the base has it.
    #[must_use]
    pub fn new(base: impl Into<PathBuf>, adapter: impl Into<PathBuf>, output: impl Into<PathBuf>) -> Self {
        Self {
            base: base.into(),
            adapters: vec![AdapterRequest { path: adapter.into(), strength: 1.0 }],
            output: output.into(),
            dtype: DtypePolicy::Keep,
            requantize: None,
            accepts_loss: false,
            rounding: Rounding::Nearest,
            trained_quantization: None,
            max_shard_bytes: None,
        }
    }
}

/// What happens to the dtypes of floating tensors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DtypePolicy {
    /// Each tensor keeps the base's dtype.
    #[default]
    Keep,
    /// Every F32, F16 and BF16 tensor becomes this, but for those that the architecture keeps in float32. F64, 8-bit
    /// floats, integers and packed weights are copied as they are.
    Convert(FloatDtype),
}

impl DtypePolicy {
    /// What it means for `base`: codes of a GGUF file are no dtype to keep, and vectors beside them are in float32, so
    /// that all of it becomes the dtype that the model is in.
    #[must_use]
    pub fn resolved(self, base: &Checkpoint) -> Self {
        match (self, base.gguf()) {
            (Self::Keep, Some(origin)) => Self::Convert(origin.dtype),
            _ => self,
        }
    }
}

impl FromStr for DtypePolicy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "keep" => Ok(Self::Keep),
            "f32" | "float32" => Ok(Self::Convert(FloatDtype::F32)),
            "f16" | "float16" => Ok(Self::Convert(FloatDtype::F16)),
            "bf16" | "bfloat16" => Ok(Self::Convert(FloatDtype::BF16)),
            _ => Err(format!("`{text}` is none of keep, f32, f16, bf16")),
        }
    }
}
