//! What every open file of weights tells the rest of the house, whatever its format.

use std::{collections::BTreeMap, fmt, fs::File, path::Path, sync::Arc};

use super::LogicalTensor;

/// The formats in which weights are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightFormat {
    /// A safetensors file.
    Safetensors,
    /// A zip archive as `torch.save` writes it (`.bin`, `.pt`), its pickle read without running any code.
    Pickle,
    /// A GGUF file, its blocks decoded as they are read.
    Gguf,
}

/// An open file of tensors: what it holds is known, nothing is loaded.
pub trait WeightFile: fmt::Debug + Send + Sync {
    /// Where the file lies.
    fn path(&self) -> &Path;

    /// The file's name without its folder.
    fn name(&self) -> &str;

    /// The open file.
    fn handle(&self) -> &Arc<File>;

    /// Size of the whole file.
    fn byte_count(&self) -> u64;

    /// The format.
    fn format(&self) -> WeightFormat;

    /// The bytes with which the file describes its tensors: the JSON of a safetensors file, the pickle of a `.bin`.
    fn header(&self) -> &[u8];

    /// What a safetensors header of these tensors carries as `__metadata__`, sorted.
    fn metadata(&self) -> BTreeMap<String, String>;

    /// The tensors in the order in which they lie in the file.
    fn tensors(self: Arc<Self>) -> Vec<LogicalTensor>;
}
