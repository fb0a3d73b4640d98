//! A checkpoint whose weights lie in a GGUF file.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use super::side_folder::SideFolder;
use crate::{
    checkpoint::{
        Checkpoint, CheckpointError, LogicalTensor, ModelConfig, Quantization, QuantizationMethod, SideContent,
        StoredPart, WeightFile, side_files,
    },
    error::{IoAction, IoContext as _},
    numeric::FloatDtype,
};

/// What a checkpoint out of a GGUF file is beside its tensors.
#[derive(Clone, Debug)]
pub struct GgufOrigin {
    /// What the file says that it is: `Q4_K_M`.
    pub file_type: String,
    /// The dtype that a merge is written in unless another one is asked for: the file's own, bfloat16 of codes.
    pub dtype: FloatDtype,
    /// Types of tensors, how many there are of each and their bytes, the most bytes first.
    pub by_type: Vec<(&'static str, usize, u64)>,
    /// Bits of a weight, all tensors together.
    pub bits_per_weight: f64,
    /// Why there is no tokenizer, where the file has one that is not known well enough.
    pub missing_tokenizer: Option<String>,
}

/// What a checkpoint is made of.
#[derive(Debug)]
pub struct GgufModel {
    /// The file.
    pub path: PathBuf,
    /// `config.json`, made from the metadata.
    pub config_text: String,
    /// The file; its tensors are those of the model.
    pub file: Arc<dyn WeightFile>,
    /// The tensors of the model.
    pub tensors: Vec<LogicalTensor>,
    /// Those of them that lie in the file as codes: bytes under the names of the model, and how many weights they are.
    pub codes: Vec<(LogicalTensor, u64)>,
    /// What else to know.
    pub origin: GgufOrigin,
    /// Tokenizer and the like.
    pub side: Arc<SideFolder>,
}

impl Checkpoint {
    /// The checkpoint that `model` is.
    ///
    /// # Errors
    /// A config that is no JSON object, a folder that cannot be listed.
    pub fn of_gguf(model: GgufModel) -> Result<Self, CheckpointError> {
        let GgufModel { path, config_text, file, tensors, codes, origin, side } = model;
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
        let config = ModelConfig::parse(&config_text, &path)?;
        let tensors: BTreeMap<String, LogicalTensor> =
            tensors.into_iter().map(|tensor| (tensor.name().to_owned(), tensor)).collect();
        let quantization = (!codes.is_empty()).then(|| {
            let parts = codes.iter().map(|(stored, count)| (stored.name().to_owned(), StoredPart::Codes(*count)));
            let parts = parts.collect();
            let mut stored = tensors.clone();
            stored.extend(codes.into_iter().map(|(stored, _)| (stored.name().to_owned(), stored)));
            let (method, dtype) = (QuantizationMethod::Gguf, origin.dtype);
            Quantization { method, dtype, stored, parts, config: None, notes: Vec::new() }
        });
        let side_files = side_files(side.path()).at(IoAction::ListFolder, side.path())?;
        Ok(Self {
            name,
            root: path,
            config,
            files: vec![file],
            index: None,
            tensors,
            quantization,
            stale_quantization: None,
            trained_quantization: None,
            side_files,
            side_content: SideContent::of_folder(side.path()),
            gguf: Some((origin, side)),
        })
    }

    /// What the GGUF file says that it is opened from; `None` for a folder.
    #[must_use]
    pub fn gguf(&self) -> Option<&GgufOrigin> {
        self.gguf.as_ref().map(|(origin, _)| origin)
    }
}
