//! OLMo 2: norms after attention and MLP in place of before, and over all heads of q and of k (OLMo Team 2025).

use super::{Family, fields::Fields, llama_like, qwen3};
use crate::evaluate::{
    EvalError,
    decoder::{Arrangement, DecoderConfig, HeadNormsSpec, NormScope, NormsAround},
};

pub(super) const FAMILY: Family = Family { architecture: "Olmo2ForCausalLM", model_type: "olmo2", read };

/// What transformers assumes when the config is silent.
const NORM_EPS: f64 = 1e-5;

fn read(fields: &Fields) -> Result<DecoderConfig, EvalError> {
    let has_bias = fields.flag("attention_bias", false)?;
    let config = llama_like::read(fields, NORM_EPS)?;
    let norm = config.final_norm.style;
    Ok(config.with_layers(|layer| {
        let attention = &mut layer.attention;
        attention.set_bias(has_bias, has_bias);
        attention.head_norms =
            Some(HeadNormsSpec::new(qwen3::HEAD_NORMS, norm, NormScope::Projection, attention.heads));
        layer.arrangement = Arrangement::Sequential {
            attention: NormsAround::after(norm.called("post_attention_layernorm")),
            mlp: NormsAround::after(norm.called("post_feedforward_layernorm")),
        };
    }))
}
