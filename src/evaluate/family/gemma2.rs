//! Gemma 2: norms before and after each block, caps on scores and logits, every second layer with a window (Gemma Team
//! 2024).

use super::{
    Family,
    fields::Fields,
    gemma,
    layer_types::{self, LayerType},
    rope::{self, RopeKeys},
};
use crate::evaluate::{
    EvalError,
    decoder::{Activation, Arrangement, DecoderConfig, NormsAround},
};

pub(super) const FAMILY: Family = Family { architecture: "Gemma2ForCausalLM", model_type: "gemma2", read };

/// What transformers assumes when the config is silent.
const WINDOW: usize = 4096;
const SCALAR: f64 = 256.0;

fn read(fields: &Fields) -> Result<DecoderConfig, EvalError> {
    let sizes = gemma::sizes(fields)?;
    let rope = rope::read(fields, sizes.heads.dim, sizes.context, RopeKeys::USUAL)?;
    let activation = fields.activation("hidden_activation", Activation::GeluTanh)?;
    let config = with_caps(fields, gemma::decoder(fields, &sizes, activation, vec![rope])?)?;
    let by_index = |layer: usize| if layer.is_multiple_of(2) { LayerType::Sliding } else { LayerType::Full };
    let types = layer_types::read_or(fields, sizes.layers, by_index)?;
    let window = fields.optional_count("sliding_window")?.unwrap_or(WINDOW);
    Ok(config.with_windows(layer_types::windows(&types, Some(window))))
}

/// The norms, caps and scale of Gemma 2 and 3.
pub(super) fn with_caps(fields: &Fields, config: DecoderConfig) -> Result<DecoderConfig, EvalError> {
    let score_cap = fields.optional_positive("attn_logit_softcapping")?;
    let logit_cap = fields.optional_positive("final_logit_softcapping")?;
    let scale = fields.positive_or("query_pre_attn_scalar", SCALAR)?.sqrt().recip();
    let norm = config.final_norm.style;
    let around = |before, after| NormsAround { before: Some(norm.called(before)), after: Some(norm.called(after)) };
    let config = config.with_layers(|layer| {
        layer.attention.scale = scale;
        layer.attention.score_cap = score_cap;
        layer.arrangement = Arrangement::Sequential {
            attention: around("input_layernorm", "post_attention_layernorm"),
            mlp: around("pre_feedforward_layernorm", "post_feedforward_layernorm"),
        };
    });
    Ok(DecoderConfig { logit_cap, ..config })
}
