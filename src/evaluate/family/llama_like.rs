//! What the families of the Llama kind share: RMS norms before attention and MLP, grouped queries, rotary positions, a
//! gated MLP, no biases. Each family changes what it does otherwise.

use super::{
    fields::Fields,
    rope::{self, RopeKeys},
    sizes::Sizes,
};
use crate::evaluate::{
    EvalError,
    decoder::{
        Activation, Arrangement, AttentionSpec, DecoderConfig, EmbeddingSpec, GateUp, GatedMlp, LayerSpec, LinearSpec,
        MlpSpec, NormKind, NormStyle, NormsAround, Qkv, RopeConfig,
    },
};

/// Names of the projections to q, k and v.
pub(super) const QKV: [&str; 3] = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"];

/// What transformers assumes for most families when the config is silent.
pub(super) const NORM_EPS: f64 = 1e-6;

/// A decoder with the usual keys.
pub(super) fn read(fields: &Fields, default_norm_eps: f64) -> Result<DecoderConfig, EvalError> {
    let sizes = Sizes::read_grouped(fields, None)?;
    let norm = norm(fields, &sizes, default_norm_eps)?;
    let ropes = vec![rope::read(fields, sizes.heads.dim, sizes.context, RopeKeys::USUAL)?];
    assembled(fields, &sizes, norm, layer(fields, &sizes, norm)?, ropes)
}

/// The RMS norm as wide as the hidden states.
pub(super) fn norm(fields: &Fields, sizes: &Sizes, default_eps: f64) -> Result<NormStyle, EvalError> {
    let eps = fields.positive_or("rms_norm_eps", default_eps)?;
    Ok(NormStyle { width: sizes.hidden, kind: NormKind::Rms, eps })
}

/// A layer with norms like `norm`.
pub(super) fn layer(fields: &Fields, sizes: &Sizes, norm: NormStyle) -> Result<LayerSpec, EvalError> {
    let (hidden, heads) = (sizes.hidden, sizes.heads);
    let output = LinearSpec::new("self_attn.o_proj", hidden, heads.query_width());
    Ok(LayerSpec {
        attention: AttentionSpec::new(Qkv::apart(QKV, heads, hidden), output, heads),
        mlp: gated_mlp(sizes, fields.count("intermediate_size")?, fields.activation("hidden_act", Activation::Silu)?),
        arrangement: Arrangement::Sequential {
            attention: NormsAround::before(norm.called("input_layernorm")),
            mlp: NormsAround::before(norm.called("post_attention_layernorm")),
        },
    })
}

/// The gated MLP as Llama calls it.
pub(super) fn gated_mlp(sizes: &Sizes, intermediate_size: usize, activation: Activation) -> MlpSpec {
    let inner = |part: &str| LinearSpec::new(part, intermediate_size, sizes.hidden);
    MlpSpec::Gated(GatedMlp {
        gate_up: GateUp::Apart { gate: inner("mlp.gate_proj"), up: inner("mlp.up_proj") },
        down: LinearSpec::new("mlp.down_proj", sizes.hidden, intermediate_size),
        activation,
    })
}

/// A decoder of layers like `layer`, with a final norm like `norm`.
pub(super) fn assembled(
    fields: &Fields,
    sizes: &Sizes,
    norm: NormStyle,
    layer: LayerSpec,
    ropes: Vec<RopeConfig>,
) -> Result<DecoderConfig, EvalError> {
    let names = fields.names(&["model.", ""], ["embed_tokens", "layers", "lm_head"]);
    Ok(DecoderConfig {
        hidden_size: sizes.hidden,
        vocab_size: sizes.vocab,
        context_length: sizes.context,
        embedding: EmbeddingSpec::default(),
        ropes,
        layers: vec![layer; sizes.layers],
        final_norm: norm.called("norm"),
        ties_embeddings: fields.ties_embeddings(&names, false)?,
        logit_cap: None,
        names,
    })
}
