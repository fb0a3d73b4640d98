//! OPT: learned positions from row 2 on, biases everywhere, ReLU (Zhang et al. 2022).

use serde_json::Value;

use super::{
    Family,
    fields::Fields,
    sizes::{Sizes, USUAL_KEYS},
};
use crate::evaluate::{
    EvalError,
    decoder::{
        Activation, Arrangement, AttentionSpec, DecoderConfig, EmbeddingSpec, LayerSpec, LearnedPositions, LinearSpec,
        MlpSpec, NormKind, NormStyle, NormsAround, PlainMlp, Qkv,
    },
};

pub(super) const FAMILY: Family = Family { architecture: "OPTForCausalLM", model_type: "opt", read };

/// Fixed in transformers.
const NORM_EPS: f64 = 1e-5;

/// Names of the projections to q, k and v.
const QKV: [&str; 3] = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"];

fn read(fields: &Fields) -> Result<DecoderConfig, EvalError> {
    // OPT-350m alone has norms after the sums and an embedding of another width.
    fields.only("do_layer_norm_before", true)?;
    fields.only("_remove_final_layer_norm", false)?;
    fields.only("layer_norm_elementwise_affine", true)?;
    let sizes = Sizes::read(fields, &USUAL_KEYS, None)?;
    let (hidden, heads) = (sizes.hidden, sizes.heads);
    if let Some(width) = fields.optional_count("word_embed_proj_dim")?.filter(|width| *width != hidden) {
        return Err(fields.unsupported("word_embed_proj_dim", &Value::from(width), &["hidden_size"]));
    }
    let inner = fields.count("ffn_dim")?;
    let norm = NormStyle { width: hidden, kind: NormKind::Layer { has_bias: true }, eps: NORM_EPS };
    let has_bias = fields.flag("enable_bias", true)?;
    let linear = |part, out, inputs| LinearSpec::new(part, out, inputs).biased(has_bias);
    let qkv = Qkv::apart(QKV, heads, hidden).biased(has_bias);
    let mut attention = AttentionSpec::new(qkv, linear("self_attn.out_proj", hidden, hidden), heads);
    attention.rope = None;
    let layer = LayerSpec {
        attention,
        mlp: MlpSpec::Plain(PlainMlp {
            up: linear("fc1", inner, hidden),
            down: linear("fc2", hidden, inner),
            activation: fields.activation("activation_function", Activation::Relu)?,
        }),
        arrangement: Arrangement::Sequential {
            attention: NormsAround::before(norm.called("self_attn_layer_norm")),
            mlp: NormsAround::before(norm.called("final_layer_norm")),
        },
    };
    let names = fields.names(&["model.decoder.", "decoder.", ""], ["embed_tokens", "layers", "lm_head"]);
    let positions = LearnedPositions { part: "embed_positions", count: sizes.context, offset: 2 };
    Ok(DecoderConfig {
        hidden_size: hidden,
        vocab_size: sizes.vocab,
        context_length: sizes.context,
        embedding: EmbeddingSpec { scale: None, positions: Some(positions) },
        ropes: Vec::new(),
        layers: vec![layer; sizes.layers],
        final_norm: norm.called("final_layer_norm"),
        ties_embeddings: fields.ties_embeddings(&names, true)?,
        logit_cap: None,
        names,
    })
}
