//! Gemma 3, the text model: as Gemma 2 with norms over heads in place of caps, and other rotary positions in layers with
//! a window (Gemma Team 2025).

use serde_json::Value;

use super::{
    Family,
    fields::Fields,
    gemma, gemma2,
    layer_types::{self, LayerType},
    qwen3,
    rope::{self, Parameters, RopeKeys},
    sizes::Sizes,
};
use crate::evaluate::{
    EvalError,
    decoder::{Activation, DecoderConfig, HeadNormsSpec, NormScope, RopeConfig},
};

pub(super) const FAMILY: Family = Family { architecture: "Gemma3ForCausalLM", model_type: "gemma3_text", read };

/// What transformers assumes when the config is silent.
const WINDOW: usize = 4096;
const PATTERN: usize = 6;
const FULL: RopeKeys = RopeKeys { default_theta: 1_000_000.0, ..RopeKeys::USUAL };
const SLIDING: RopeKeys = RopeKeys { theta: "rope_local_base_freq", ..RopeKeys::USUAL };

fn read(fields: &Fields) -> Result<DecoderConfig, EvalError> {
    let sizes = gemma::sizes(fields)?;
    let activation = fields.activation("hidden_activation", Activation::GeluTanh)?;
    let config = gemma2::with_caps(fields, gemma::decoder(fields, &sizes, activation, ropes(fields, &sizes)?)?)?;
    let pattern = fields.optional_count("sliding_window_pattern")?.unwrap_or(PATTERN);
    let by_index =
        |layer: usize| if (layer + 1).is_multiple_of(pattern) { LayerType::Full } else { LayerType::Sliding };
    let types = layer_types::read_or(fields, sizes.layers, by_index)?;
    let window = fields.optional_count("sliding_window")?.unwrap_or(WINDOW);
    let norm = config.final_norm.style;
    let mut ropes = types.iter().map(|layer_type| usize::from(*layer_type == LayerType::Sliding));
    let config = config.with_layers(|layer| {
        let attention = &mut layer.attention;
        attention.rope = ropes.next();
        attention.head_norms = Some(HeadNormsSpec::new(qwen3::HEAD_NORMS, norm, NormScope::Head, attention.heads));
    });
    Ok(config.with_windows(layer_types::windows(&types, Some(window))))
}

/// The rotary positions of layers that see everything, then those of layers with a window.
fn ropes(fields: &Fields, sizes: &Sizes) -> Result<Vec<RopeConfig>, EvalError> {
    let parameters = fields.get("rope_parameters");
    let part = |key: &str| parameters.and_then(|parameters| parameters.get(key)).filter(|part| !part.is_null());
    let (full, sliding) = (part("full_attention"), part("sliding_attention"));
    if let Some(value) = parameters.filter(|_| full.or(sliding).is_none()) {
        return Err(fields.unsupported("rope_parameters", value, &["full_attention", "sliding_attention"]));
    }
    let read = |values: Option<&Value>, keys| {
        rope::read_from(&Parameters { fields, values, keys }, sizes.heads.dim, sizes.context)
    };
    Ok(vec![read(full.or_else(|| fields.get("rope_scaling")), FULL)?, read(sliding, SLIDING)?])
}
