//! Llama 2, 3 and 3.1: biases where the config asks for them (Touvron et al. 2023; Grattafiori et al. 2024).

use super::{Family, fields::Fields, llama_like};
use crate::evaluate::{EvalError, decoder::DecoderConfig};

pub(super) const FAMILY: Family = Family { architecture: "LlamaForCausalLM", model_type: "llama", read };

fn read(fields: &Fields) -> Result<DecoderConfig, EvalError> {
    let (has_bias, has_mlp_bias) = (fields.flag("attention_bias", false)?, fields.flag("mlp_bias", false)?);
    Ok(llama_like::read(fields, llama_like::NORM_EPS)?.with_layers(|layer| {
        layer.attention.set_bias(has_bias, has_bias);
        layer.mlp.set_bias(has_mlp_bias);
    }))
}
