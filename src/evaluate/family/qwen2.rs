//! Qwen2: biases on q, k and v; a sliding window only where `use_sliding_window` is set (Yang et al. 2024).

use super::{Family, fields::Fields};
use crate::evaluate::{EvalError, decoder::DecoderConfig};

pub(super) const FAMILY: Family = Family { architecture: "Qwen2ForCausalLM", model_type: "qwen2", read };

fn read(fields: &Fields) -> Result<DecoderConfig, EvalError> {
    let mut config = fields.llama_like()?;
    config.attention.has_qkv_bias = true;
    config.sliding_windows = sliding_windows(fields, config.layer_count())?;
    Ok(config)
}

/// The windows of Qwen2 and Qwen3: the first `max_window_layers` layers see everything.
pub(super) fn sliding_windows(fields: &Fields, layer_count: usize) -> Result<Vec<Option<usize>>, EvalError> {
    /// What transformers assumes when the key is absent.
    const DEFAULT_FULL_LAYERS: usize = 28;
    if !fields.flag("use_sliding_window")? {
        return fields.sliding_windows(None, layer_count, 0);
    }
    let full_layer_count = match fields.get("max_window_layers") {
        Some(value) if value.as_u64() == Some(0) => 0,
        Some(_) => fields.count("max_window_layers")?,
        None => DEFAULT_FULL_LAYERS,
    };
    fields.sliding_windows(fields.optional_count("sliding_window")?, layer_count, full_layer_count)
}
