//! StableLM: layer norms, a quarter of each head turns (Bellagente et al. 2024).

use super::{
    Family,
    fields::Fields,
    llama_like,
    rope::{self, RopeKeys},
    sizes::Sizes,
};
use crate::evaluate::{
    EvalError,
    decoder::{Arrangement, DecoderConfig, HeadNormsSpec, NormKind, NormScope, NormStyle, NormsAround},
};

pub(super) const FAMILY: Family = Family { architecture: "StableLmForCausalLM", model_type: "stablelm", read };

/// What transformers assumes when the config is silent.
const NORM_EPS: f64 = 1e-5;
const ROTARY: RopeKeys = RopeKeys { default_fraction: Some(0.25), ..RopeKeys::USUAL };

/// Names of the lists of norms over the heads of q and k.
const HEAD_NORMS: [&str; 2] = ["self_attn.q_layernorm", "self_attn.k_layernorm"];

fn read(fields: &Fields) -> Result<DecoderConfig, EvalError> {
    let sizes = Sizes::read_grouped(fields, None)?;
    let eps = fields.positive_or("layer_norm_eps", NORM_EPS)?;
    let norm = NormStyle { width: sizes.hidden, kind: NormKind::Layer { has_bias: true }, eps };
    let mut layer = llama_like::layer(fields, &sizes, norm)?;
    layer.attention.set_bias(fields.flag("use_qkv_bias", false)?, false);
    if fields.flag("qk_layernorm", false)? {
        let norm = NormStyle { kind: NormKind::Layer { has_bias: false }, ..norm };
        layer.attention.head_norms = Some(HeadNormsSpec::new(HEAD_NORMS, norm, NormScope::OwnHead, sizes.heads));
    }
    let input = norm.called("input_layernorm");
    layer.arrangement = if fields.flag("use_parallel_residual", false)? {
        Arrangement::Parallel { attention: input, mlp: None }
    } else {
        let mlp = NormsAround::before(norm.called("post_attention_layernorm"));
        Arrangement::Sequential { attention: NormsAround::before(input), mlp }
    };
    let ropes = vec![rope::read(fields, sizes.heads.dim, sizes.context, ROTARY)?];
    llama_like::assembled(fields, &sizes, norm, layer, ropes)
}
