//! Falcon: attention and MLP side by side, keys and values of one head (7B) or of a few (40B and later; Almazrouei et
//! al. 2023).

use serde_json::Value;

use super::{
    Family,
    fields::Fields,
    rope::{self, RopeKeys},
    sizes::{Sizes, USUAL_KEYS},
};
use crate::evaluate::{
    EvalError, Expected,
    decoder::{
        Activation, Arrangement, AttentionSpec, DecoderConfig, EmbeddingSpec, Heads, LayerSpec, LinearSpec, MlpSpec,
        NormKind, NormSpec, NormStyle, NormsAround, PlainMlp, Qkv, QkvLayout,
    },
};

pub(super) const FAMILY: Family = Family { architecture: "FalconForCausalLM", model_type: "falcon", read };

/// What transformers assumes when the config is silent.
const CONTEXT: usize = 2048;
const NORM_EPS: f64 = 1e-5;

fn read(fields: &Fields) -> Result<DecoderConfig, EvalError> {
    fields.only("alibi", false)?;
    let sizes = Sizes::read(fields, &USUAL_KEYS, Some(CONTEXT))?;
    let hidden = sizes.hidden;
    let is_new = fields.flag("new_decoder_architecture", false)?;
    let (heads, layout) = heads(fields, sizes.heads, is_new)?;
    let inner = fields.optional_count("ffn_hidden_size")?.unwrap_or(4 * hidden);
    let eps = fields.positive_or("layer_norm_epsilon", NORM_EPS)?;
    let norm = NormStyle { width: hidden, kind: NormKind::Layer { has_bias: true }, eps };
    let has_bias = fields.flag("bias", false)?;
    let linear = |part, out, inputs| LinearSpec::new(part, out, inputs).biased(has_bias);
    let qkv = Qkv::fused(linear("self_attention.query_key_value", heads.fused_width(), hidden), layout);
    let layer = LayerSpec {
        attention: AttentionSpec::new(qkv, linear("self_attention.dense", hidden, hidden), heads),
        mlp: MlpSpec::Plain(PlainMlp {
            up: linear("mlp.dense_h_to_4h", inner, hidden),
            down: linear("mlp.dense_4h_to_h", hidden, inner),
            activation: fields.activation("activation", Activation::GeluErf)?,
        }),
        arrangement: arrangement(fields, norm, is_new)?,
    };
    let names = fields.names(&["transformer.", ""], ["word_embeddings", "h", "lm_head"]);
    Ok(DecoderConfig {
        hidden_size: hidden,
        vocab_size: sizes.vocab,
        context_length: sizes.context,
        embedding: EmbeddingSpec::default(),
        ropes: vec![rope::read(fields, heads.dim, sizes.context, RopeKeys::USUAL)?],
        layers: vec![layer; sizes.layers],
        final_norm: norm.called("ln_f"),
        ties_embeddings: fields.ties_embeddings(&names, true)?,
        logit_cap: None,
        names,
    })
}

/// The heads of keys and values, and how the fused projection gives them.
fn heads(fields: &Fields, heads: Heads, is_new: bool) -> Result<(Heads, QkvLayout), EvalError> {
    if !is_new && fields.flag("multi_query", true)? {
        return Ok((Heads { kv_count: 1, ..heads }, QkvLayout::Blocks));
    }
    let kv_count = fields.optional_count("num_kv_heads")?.filter(|_| is_new).unwrap_or(heads.count);
    if !heads.count.is_multiple_of(kv_count) {
        return Err(fields.bad_value("num_kv_heads", &Value::from(kv_count), Expected::HeadCountDivisor));
    }
    Ok((Heads { kv_count, ..heads }, QkvLayout::Grouped))
}

fn arrangement(fields: &Fields, norm: NormStyle, is_new: bool) -> Result<Arrangement<NormSpec>, EvalError> {
    let input = norm.called("input_layernorm");
    if !fields.flag("parallel_attn", true)? {
        if is_new {
            return Err(fields.unsupported("parallel_attn", &Value::from(false), &["true"]));
        }
        let mlp = NormsAround::before(norm.called("post_attention_layernorm"));
        return Ok(Arrangement::Sequential { attention: NormsAround::before(input), mlp });
    }
    let norm_count = fields.optional_count("num_ln_in_parallel_attn")?.unwrap_or(if is_new { 2 } else { 1 });
    match (is_new, norm_count) {
        (true, 2) => Ok(Arrangement::Parallel { attention: norm.called("ln_attn"), mlp: Some(norm.called("ln_mlp")) }),
        (_, 1) => Ok(Arrangement::Parallel { attention: input, mlp: None }),
        (_, other) => Err(fields.unsupported("num_ln_in_parallel_attn", &Value::from(other), &["1", "2"])),
    }
}
