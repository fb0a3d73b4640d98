//! What llama.cpp has for a LoRA adapter: a file of pairs `NAME.lora_a` and `NAME.lora_b`, and one alpha for all.

use super::{
    ExportError, Family, FileType, OutputTensor, hyperparameters::hyperparameters, settings::Settings, tensors::Tensors,
};
use crate::{
    checkpoint::{Checkpoint, gguf::GgufValue},
    numeric::codec::GgmlType,
};

/// Ending of the factor that is multiplied with what comes in: `rank × in`, in ggml's order `[in, rank]`.
pub const LORA_A: &str = ".lora_a";

/// Ending of the factor that gives what goes out: `out × rank`, in ggml's order `[rank, out]`.
pub const LORA_B: &str = ".lora_b";

/// The key of the one alpha; a tensor's factor is alpha / rank.
pub const LORA_ALPHA: &str = "adapter.lora.alpha";

/// The only tensor whose factors llama.cpp looks up by token: its `lora_a` has a row for each of them.
pub const TOKEN_EMBEDDING: &str = "token_embd.weight";

/// Types that factors can have.
pub const LORA_TYPES: [FileType; 4] = [FileType::F32, FileType::F16, FileType::Bf16, FileType::Q8_0];

/// The tensors that the model in `checkpoint` has in llama.cpp, each with its source; a tokenizer is not asked for.
///
/// # Errors
/// A class that is not covered, a config that llama.cpp would read otherwise, a tensor without a place.
pub fn model_outputs(checkpoint: &Checkpoint) -> Result<(Family, Vec<OutputTensor>), ExportError> {
    let family = Family::of(checkpoint)?;
    let settings = Settings::of(checkpoint, family);
    hyperparameters(family, &settings)?;
    let outputs = Tensors::of(checkpoint, family, &settings)?.typed(FileType::F32)?;
    Ok((family, outputs))
}

/// The metadata of an adapter for a model of `family`.
#[must_use]
pub fn lora_metadata(family: Family, name: &str, alpha: f32) -> Vec<(String, GgufValue)> {
    let mut keys: Vec<(&str, GgufValue)> = vec![
        ("general.architecture", family.architecture().into()),
        ("general.type", "adapter".into()),
        ("adapter.type", "lora".into()),
    ];
    if !name.is_empty() {
        keys.push(("general.name", name.into()));
    }
    keys.push((LORA_ALPHA, GgufValue::F32(alpha)));
    keys.push(("general.quantization_version", GgufValue::U32(super::export::QUANTIZATION_VERSION)));
    keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

impl FileType {
    /// The type of a factor with rows of `columns` values in a file of this type; `None` where llama.cpp reads no such
    /// factors.
    #[must_use]
    pub fn factor_type(self, columns: u64) -> Option<GgmlType> {
        LORA_TYPES.contains(&self).then(|| self.fitting_type(columns))
    }
}
