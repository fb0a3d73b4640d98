//! From `config.json` to a [`DecoderConfig`]: one file for what a family does differently.
//!
//! A new family is a file that reads its config, and an entry in [`FAMILIES`]. What it does like another family, it takes
//! from there.

mod experts;
mod falcon;
mod fields;
mod gemma;
mod gemma2;
mod gemma3;
mod gpt2;
mod gpt_neox;
mod layer_types;
mod llama;
mod llama_like;
mod mistral;
mod mixtral;
mod olmo2;
mod opt;
mod phi3;
mod qwen2;
mod qwen3;
mod qwen3_moe;
mod rope;
mod sizes;
mod stablelm;

use self::fields::Fields;
use super::{EvalError, decoder::DecoderConfig};
use crate::{architecture::Architecture, checkpoint::Checkpoint};

/// A family of decoders.
struct Family {
    /// The class that transformers builds.
    architecture: &'static str,
    model_type: &'static str,
    read: fn(&Fields) -> Result<DecoderConfig, EvalError>,
}

const FAMILIES: [Family; 16] = [
    llama::FAMILY,
    mistral::FAMILY,
    mixtral::FAMILY,
    qwen2::FAMILY,
    qwen3::FAMILY,
    qwen3_moe::FAMILY,
    gemma::FAMILY,
    gemma2::FAMILY,
    gemma3::FAMILY,
    phi3::FAMILY,
    olmo2::FAMILY,
    stablelm::FAMILY,
    gpt_neox::FAMILY,
    gpt2::FAMILY,
    falcon::FAMILY,
    opt::FAMILY,
];

/// The decoder that a checkpoint's config describes.
pub(super) fn decoder_config(checkpoint: &Checkpoint) -> Result<DecoderConfig, EvalError> {
    let config = checkpoint.config();
    let path = || checkpoint.root().to_owned();
    if let Some(method) = Architecture::of(checkpoint).unread_quantization() {
        return Err(EvalError::Quantized { method, path: path() });
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
