//! Qwen2: biases on q, k and v; a sliding window only where `use_sliding_window` is set (Yang et al. 2024).

use super::{
    Family,
    fields::Fields,
    layer_types::{self, LayerType},
    llama_like,
};
use crate::evaluate::{EvalError, decoder::DecoderConfig};

pub(super) const FAMILY: Family = Family { architecture: "Qwen2ForCausalLM", model_type: "qwen2", read };

fn read(fields: &Fields) -> Result<DecoderConfig, EvalError> {
    let config =
        llama_like::read(fields, llama_like::NORM_EPS)?.with_layers(|layer| layer.attention.set_bias(true, false));
    let windows = sliding_windows(fields, config.layers.len())?;
    Ok(config.with_windows(windows))
}

/// The windows of Qwen2 and Qwen3: the first `max_window_layers` layers see everything.
pub(super) fn sliding_windows(fields: &Fields, layer_count: usize) -> Result<Vec<Option<usize>>, EvalError> {
    /// What transformers assumes when the key is absent.
    const DEFAULT_FULL_LAYERS: usize = 28;
    let is_on = fields.flag("use_sliding_window", false)?;
    let full_layer_count = match fields.get("max_window_layers") {
        Some(value) if value.as_u64() == Some(0) => 0,
        Some(_) => fields.count("max_window_layers")?,
        None => DEFAULT_FULL_LAYERS,
    };
    let by_index = |layer: usize| if layer < full_layer_count { LayerType::Full } else { LayerType::Sliding };
    let types = layer_types::read_or(fields, layer_count, by_index)?;
    let window = if is_on { fields.optional_count("sliding_window")? } else { None };
    Ok(layer_types::windows(&types, window))
}
