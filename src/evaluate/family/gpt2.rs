//! GPT-2: learned positions, one projection for q, k and v, weights stored `in × out` (Radford et al. 2019).

use super::{
    Family,
    fields::Fields,
    sizes::{SizeKeys, Sizes},
};
use crate::evaluate::{
    EvalError,
    decoder::{
        Activation, Arrangement, AttentionSpec, DecoderConfig, EmbeddingSpec, LayerSpec, LearnedPositions, LinearSpec,
        MlpSpec, NormKind, NormStyle, NormsAround, PlainMlp, Qkv, QkvLayout,
    },
};

pub(super) const FAMILY: Family = Family { architecture: "GPT2LMHeadModel", model_type: "gpt2", read };

const KEYS: SizeKeys = SizeKeys { hidden: "n_embd", layers: "n_layer", heads: "n_head", context: "n_positions" };

/// What transformers assumes when the config is silent.
const NORM_EPS: f64 = 1e-5;

fn read(fields: &Fields) -> Result<DecoderConfig, EvalError> {
    fields.only("add_cross_attention", false)?;
    let sizes = Sizes::read(fields, &KEYS, None)?;
    let (hidden, heads) = (sizes.hidden, sizes.heads);
    let inner = fields.optional_count("n_inner")?.unwrap_or(4 * hidden);
    let eps = fields.positive_or("layer_norm_epsilon", NORM_EPS)?;
    let norm = NormStyle { width: hidden, kind: NormKind::Layer { has_bias: true }, eps };
    let linear = |part, out, inputs| LinearSpec::new(part, out, inputs).biased(true).conv1d();
    let qkv = Qkv::fused(linear("attn.c_attn", heads.fused_width(), hidden), QkvLayout::Blocks);
    let mut attention = AttentionSpec::new(qkv, linear("attn.c_proj", hidden, hidden), heads);
    attention.rope = None;
    if !fields.flag("scale_attn_weights", true)? {
        attention.scale = 1.0;
    }
    let layer = LayerSpec {
        attention,
        mlp: MlpSpec::Plain(PlainMlp {
            up: linear("mlp.c_fc", inner, hidden),
            down: linear("mlp.c_proj", hidden, inner),
            activation: fields.activation("activation_function", Activation::GeluTanh)?,
        }),
        arrangement: Arrangement::Sequential {
            attention: NormsAround::before(norm.called("ln_1")),
            mlp: NormsAround::before(norm.called("ln_2")),
        },
    };
    // On the Hub, GPT-2 itself was saved without its head.
    let names = fields.names(&["transformer.", ""], ["wte", "h", "lm_head"]);
    let positions = LearnedPositions { part: "wpe", count: sizes.context, offset: 0 };
    let config = DecoderConfig {
        hidden_size: hidden,
        vocab_size: sizes.vocab,
        context_length: sizes.context,
        embedding: EmbeddingSpec { scale: None, positions: Some(positions) },
        ropes: Vec::new(),
        layers: vec![layer; sizes.layers],
        final_norm: norm.called("ln_f"),
        ties_embeddings: fields.ties_embeddings(&names, true)?,
        logit_cap: None,
        names,
    };
    if !fields.flag("scale_attn_by_inverse_layer_idx", false)? {
        return Ok(config);
    }
    let mut numbers = 1_u32..;
    Ok(config.with_layers(|layer| layer.attention.scale /= numbers.next().map_or(1.0, f64::from)))
}
