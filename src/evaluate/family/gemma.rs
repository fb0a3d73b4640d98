//! Gemma: norms store w − 1, the embedding is scaled by √hidden and tied (Gemma Team 2024).

use super::{
    Family,
    fields::Fields,
    llama_like,
    rope::{self, RopeKeys},
    sizes::Sizes,
};
use crate::evaluate::{
    EvalError,
    decoder::{Activation, DecoderConfig, EmbeddingSpec, NormKind, NormStyle, RopeConfig},
};

pub(super) const FAMILY: Family = Family { architecture: "GemmaForCausalLM", model_type: "gemma", read };

/// What transformers assumes when the config is silent.
const HEAD_DIM: usize = 256;

fn read(fields: &Fields) -> Result<DecoderConfig, EvalError> {
    let sizes = sizes(fields)?;
    let rope = rope::read(fields, sizes.heads.dim, sizes.context, RopeKeys::USUAL)?;
    // Configs of the first release say `gelu` and mean its tanh approximation.
    let activation = match fields.activation("hidden_act", Activation::GeluTanh)? {
        Activation::GeluErf => Activation::GeluTanh,
        other => other,
    };
    decoder(fields, &sizes, activation, vec![rope])
}

/// The sizes of any Gemma.
pub(super) fn sizes(fields: &Fields) -> Result<Sizes, EvalError> {
    Sizes::read_grouped(fields, Some(HEAD_DIM))
}

/// What all Gemmas share.
pub(super) fn decoder(
    fields: &Fields,
    sizes: &Sizes,
    activation: Activation,
    ropes: Vec<RopeConfig>,
) -> Result<DecoderConfig, EvalError> {
    fields.only("use_bidirectional_attention", false)?;
    let norm = NormStyle { kind: NormKind::RmsPlusOne, ..llama_like::norm(fields, sizes, llama_like::NORM_EPS)? };
    let mut layer = llama_like::layer(fields, sizes, norm)?;
    layer.mlp = llama_like::gated_mlp(sizes, fields.count("intermediate_size")?, activation);
    let has_bias = fields.flag("attention_bias", false)?;
    layer.attention.set_bias(has_bias, has_bias);
    let config = llama_like::assembled(fields, sizes, norm, layer, ropes)?;
    #[expect(clippy::cast_possible_truncation, reason = "transformers rounds the scale to the dtype of the weights")]
    let scale = (sizes.hidden as f64).sqrt() as f32;
    Ok(DecoderConfig {
        embedding: EmbeddingSpec { scale: Some(scale), positions: None },
        ties_embeddings: fields.ties_embeddings(&config.names, true)?,
        ..config
    })
}
