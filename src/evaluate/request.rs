//! What is to be evaluated, before anything is opened.

use std::path::{Path, PathBuf};

use super::{EvalText, MergeChoice};
use crate::{
    numeric::{FloatDtype, codec::Nf4Format},
    plan::{AdapterRequest, MergeRequest},
};

/// Bytes of hidden states held at once unless told otherwise: 32,768 tokens of a model 2,048 wide.
pub const DEFAULT_MEMORY_BUDGET_BYTES: u64 = 256 << 20;

/// Models and texts; every model scores every text.
#[derive(Clone, Debug)]
pub struct EvalRequest {
    /// The models; differences are taken against the first.
    pub models: Vec<ModelSource>,
    /// The texts.
    pub texts: Vec<EvalText>,
    /// Tokens of a window; `None` takes 2048, or the shortest context among the models.
    pub window: Option<usize>,
    /// Bytes of hidden states held at once, beside the weights of one layer; weights are read again for each such
    /// group of windows.
    pub memory_budget_bytes: u64,
    /// Two merges among the models of which one may be closer to what was trained.
    pub choice: Option<MergeChoice>,
}

impl EvalRequest {
    /// All models on all texts, with the usual window and memory.
    #[must_use]
    pub fn new(models: Vec<ModelSource>, texts: Vec<EvalText>) -> Self {
        Self { models, texts, window: None, memory_budget_bytes: DEFAULT_MEMORY_BUDGET_BYTES, choice: None }
    }
}

/// Where a model comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelSource {
    /// A folder, as it is stored.
    Stored(PathBuf),
    /// A base with adapters at run time, computed as Wx + s·B(Ax); no merge is involved. Tokens are the base's.
    WithAdapters {
        /// The base model's folder.
        base: PathBuf,
        /// How the adapters' trainer packed it while it loaded it; it is computed with what the trainer saw then.
        trained_quantization: Option<Nf4Format>,
        /// The adapters and their strengths.
        adapters: Vec<AdapterRequest>,
    },
    /// A folder with every weight rounded to a dtype as it is read; nothing is written. The control that tells what
    /// rounding does by itself.
    Cast {
        /// The model's folder.
        model: PathBuf,
        /// What its weights are rounded to.
        dtype: FloatDtype,
    },
    /// The merge that is asked for, computed as it is read; nothing is written, and the output's name counts for nothing.
    /// Against a merged folder it tells whether the file is right.
    InMemory(MergeRequest),
}

impl ModelSource {
    /// The model's folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Stored(path) | Self::WithAdapters { base: path, .. } | Self::Cast { model: path, .. } => path,
            Self::InMemory(request) => &request.base,
        }
    }
}
