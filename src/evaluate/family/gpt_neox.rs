//! GPT-NeoX and Pythia: attention and MLP side by side, q, k and v of each head in one projection (Black et al. 2022).

use super::{
    Family,
    fields::Fields,
    rope::{self, RopeKeys},
    sizes::{Sizes, USUAL_KEYS},
};
use crate::evaluate::{
    EvalError,
    decoder::{
        Activation, Arrangement, AttentionSpec, DecoderConfig, EmbeddingSpec, LayerSpec, LinearSpec, MlpSpec, NormKind,
        NormStyle, NormsAround, PlainMlp, Qkv, QkvLayout,
    },
};

pub(super) const FAMILY: Family = Family { architecture: "GPTNeoXForCausalLM", model_type: "gpt_neox", read };

/// What transformers assumes when the config is silent.
const NORM_EPS: f64 = 1e-5;
const ROTARY: RopeKeys = RopeKeys {
    theta: "rotary_emb_base",
    default_theta: 10_000.0,
    fraction: "rotary_pct",
    default_fraction: Some(0.25),
};

fn read(fields: &Fields) -> Result<DecoderConfig, EvalError> {
    let sizes = Sizes::read(fields, &USUAL_KEYS, None)?;
    let (hidden, heads) = (sizes.hidden, sizes.heads);
    let inner = fields.count("intermediate_size")?;
    let eps = fields.positive_or("layer_norm_eps", NORM_EPS)?;
    let norm = NormStyle { width: hidden, kind: NormKind::Layer { has_bias: true }, eps };
    let has_bias = fields.flag("attention_bias", true)?;
    let qkv = LinearSpec::new("attention.query_key_value", heads.fused_width(), hidden).biased(has_bias);
    let output = LinearSpec::new("attention.dense", hidden, hidden).biased(has_bias);
    let (input, inner_norm) = (norm.called("input_layernorm"), norm.called("post_attention_layernorm"));
    let layer = LayerSpec {
        attention: AttentionSpec::new(Qkv::fused(qkv, QkvLayout::Grouped), output, heads),
        mlp: MlpSpec::Plain(PlainMlp {
            up: LinearSpec::new("mlp.dense_h_to_4h", inner, hidden).biased(true),
            down: LinearSpec::new("mlp.dense_4h_to_h", hidden, inner).biased(true),
            activation: fields.activation("hidden_act", Activation::GeluErf)?,
        }),
        arrangement: if fields.flag("use_parallel_residual", true)? {
            Arrangement::Parallel { attention: input, mlp: Some(inner_norm) }
        } else {
            Arrangement::Sequential { attention: NormsAround::before(input), mlp: NormsAround::before(inner_norm) }
        },
    };
    let names = fields.names(&["gpt_neox.", ""], ["embed_in", "layers", "embed_out"]);
    Ok(DecoderConfig {
        hidden_size: hidden,
        vocab_size: sizes.vocab,
        context_length: sizes.context,
        embedding: EmbeddingSpec::default(),
        ropes: vec![rope::read(fields, heads.dim, sizes.context, ROTARY)?],
        layers: vec![layer; sizes.layers],
        final_norm: norm.called("final_layer_norm"),
        ties_embeddings: fields.ties_embeddings(&names, false)?,
        logit_cap: None,
        names,
    })
}
