//! Qwen3: each head of q and k is normalised before the rotation (Yang et al. 2025).

use super::{Family, fields::Fields, llama_like, qwen2};
use crate::evaluate::{
    EvalError,
    decoder::{DecoderConfig, HeadNormsSpec, NormScope},
};

pub(super) const FAMILY: Family = Family { architecture: "Qwen3ForCausalLM", model_type: "qwen3", read };

/// Names of the norms over the heads of q and k.
pub(super) const HEAD_NORMS: [&str; 2] = ["self_attn.q_norm", "self_attn.k_norm"];

fn read(fields: &Fields) -> Result<DecoderConfig, EvalError> {
    let config = with_head_norms(fields, llama_like::read(fields, llama_like::NORM_EPS)?)?;
    let windows = qwen2::sliding_windows(fields, config.layers.len())?;
    Ok(config.with_windows(windows))
}

/// The attention of Qwen3 and Qwen3-MoE.
pub(super) fn with_head_norms(fields: &Fields, config: DecoderConfig) -> Result<DecoderConfig, EvalError> {
    let has_bias = fields.flag("attention_bias", false)?;
    let norm = config.final_norm.style;
    Ok(config.with_layers(|layer| {
        let attention = &mut layer.attention;
        attention.set_bias(has_bias, has_bias);
        attention.head_norms = Some(HeadNormsSpec::new(HEAD_NORMS, norm, NormScope::Head, attention.heads));
    }))
}
