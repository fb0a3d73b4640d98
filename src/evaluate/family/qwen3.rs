//! Qwen3: each head of q and k is normalised before the rotation (Yang et al. 2025).

use super::{Family, fields::Fields, qwen2};
use crate::evaluate::{EvalError, decoder::DecoderConfig};

pub(super) const FAMILY: Family = Family { architecture: "Qwen3ForCausalLM", model_type: "qwen3", read };

fn read(fields: &Fields) -> Result<DecoderConfig, EvalError> {
    let mut config = fields.llama_like()?;
    let has_bias = fields.flag("attention_bias")?;
    config.attention.has_qkv_bias = has_bias;
    config.attention.has_output_bias = has_bias;
    config.attention.has_head_norms = true;
    config.sliding_windows = qwen2::sliding_windows(fields, config.layer_count())?;
    Ok(config)
}
