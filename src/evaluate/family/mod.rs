//! From `config.json` to a [`DecoderConfig`]: one file for what a family does differently.
//!
//! A new family is a file that reads its config, and an entry in [`FAMILIES`].

mod fields;
mod llama;
mod mistral;
mod qwen2;
mod qwen3;
mod rope;

use self::fields::Fields;
use super::{EvalError, decoder::DecoderConfig};
use crate::checkpoint::Checkpoint;

/// A family of decoders.
struct Family {
    /// The class that transformers builds.
    architecture: &'static str,
    model_type: &'static str,
    read: fn(&Fields) -> Result<DecoderConfig, EvalError>,
}

const FAMILIES: [Family; 4] = [llama::FAMILY, mistral::FAMILY, qwen2::FAMILY, qwen3::FAMILY];

/// The decoder that a checkpoint's config describes.
pub(super) fn decoder_config(checkpoint: &Checkpoint) -> Result<DecoderConfig, EvalError> {
    let config = checkpoint.config();
    let path = || checkpoint.root().to_owned();
    if let Some(method) = config.quantization() {
        return Err(EvalError::Quantized { method: method.to_owned(), path: path() });
    }
    let family = match config.architecture() {
        // The first Llama conversions wrote `LLaMAForCausalLM`.
        Some(name) => FAMILIES.iter().find(|family| family.architecture.eq_ignore_ascii_case(name)),
        None => FAMILIES.iter().find(|family| family.model_type == config.model_type()),
    };
    let Some(family) = family else {
        let architecture = match config.architecture().unwrap_or(config.model_type()) {
            "" => "that config.json does not name".to_owned(),
            name => name.to_owned(),
        };
        let covered = FAMILIES.iter().map(|family| family.architecture).collect();
        return Err(EvalError::Architecture { architecture, covered, path: path() });
    };
    (family.read)(&Fields::new(checkpoint))
}
