//! Phi-3 and Phi-4: one projection for q, k and v, one for both halves of the MLP (Abdin et al. 2024).

use super::{
    Family,
    fields::Fields,
    layer_types::{self, LayerType},
    llama_like,
    rope::{self, RopeKeys},
    sizes::Sizes,
};
use crate::evaluate::{
    EvalError,
    decoder::{Activation, DecoderConfig, GateUp, GatedMlp, LinearSpec, MlpSpec, Qkv, QkvLayout},
};

pub(super) const FAMILY: Family = Family { architecture: "Phi3ForCausalLM", model_type: "phi3", read };

/// What transformers assumes when the config is silent.
const NORM_EPS: f64 = 1e-5;

fn read(fields: &Fields) -> Result<DecoderConfig, EvalError> {
    let sizes = Sizes::read_grouped(fields, None)?;
    let keys = RopeKeys { default_fraction: Some(1.0), ..RopeKeys::USUAL };
    let ropes = vec![rope::read(fields, sizes.heads.dim, sizes.context, keys)?];
    let norm = llama_like::norm(fields, &sizes, NORM_EPS)?;
    let mut layer = llama_like::layer(fields, &sizes, norm)?;
    let qkv = LinearSpec::new("self_attn.qkv_proj", sizes.heads.fused_width(), sizes.hidden);
    layer.attention.qkv = Qkv::fused(qkv, QkvLayout::Blocks);
    let inner = fields.count("intermediate_size")?;
    layer.mlp = MlpSpec::Gated(GatedMlp {
        gate_up: GateUp::Fused(LinearSpec::new("mlp.gate_up_proj", 2 * inner, sizes.hidden)),
        down: LinearSpec::new("mlp.down_proj", sizes.hidden, inner),
        activation: fields.activation("hidden_act", Activation::Silu)?,
    });
    let config = llama_like::assembled(fields, &sizes, norm, layer, ropes)?;
    let types = layer_types::read_or(fields, sizes.layers, |_| LayerType::Sliding)?;
    Ok(config.with_windows(layer_types::windows(&types, fields.optional_count("sliding_window")?)))
}
