//! Llama 2, 3 and 3.1: biases where the config asks for them (Touvron et al. 2023; Grattafiori et al. 2024).

use super::{Family, fields::Fields};
use crate::evaluate::{EvalError, decoder::DecoderConfig};

pub(super) const FAMILY: Family = Family { architecture: "LlamaForCausalLM", model_type: "llama", read };

fn read(fields: &Fields) -> Result<DecoderConfig, EvalError> {
    let mut config = fields.llama_like()?;
    let has_bias = fields.flag("attention_bias")?;
    config.attention.has_qkv_bias = has_bias;
    config.attention.has_output_bias = has_bias;
    config.mlp.has_bias = fields.flag("mlp_bias")?;
    Ok(config)
}
