//! Qwen3-MoE: Qwen3 with small gated MLPs in most layers, of which each token takes a few (Yang et al. 2025).

use serde_json::Value;

use super::{
    Family,
    experts::{self, Mixture},
    fields::Fields,
    llama_like, qwen3,
    sizes::Sizes,
};
use crate::evaluate::{
    EvalError,
    decoder::{DecoderConfig, MlpSpec},
};

pub(super) const FAMILY: Family = Family { architecture: "Qwen3MoeForCausalLM", model_type: "qwen3_moe", read };

fn read(fields: &Fields) -> Result<DecoderConfig, EvalError> {
    let sizes = Sizes::read_grouped(fields, None)?;
    let config = qwen3::with_head_norms(fields, llama_like::read(fields, llama_like::NORM_EPS)?)?;
    let windows =
        if fields.flag("use_sliding_window", false)? { fields.optional_count("sliding_window")? } else { None };
    let config = config.with_windows(vec![windows; sizes.layers]);
    let is_sparse = sparse_layers(fields, sizes.layers)?;
    let Some(first) = is_sparse.iter().position(|is_sparse| *is_sparse) else { return Ok(config) };
    let mixture = Mixture {
        modules: &["mlp"],
        names: ["gate_proj", "up_proj", "down_proj"],
        width: "moe_intermediate_size",
        normalises_shares: fields.flag("norm_topk_prob", false)?,
    };
    let mixture = experts::read(fields, &sizes, &config.names.layer(first), &mixture)?;
    let mut is_sparse = is_sparse.into_iter();
    Ok(config.with_layers(|layer| {
        if is_sparse.next() == Some(true) {
            layer.mlp = MlpSpec::Experts(mixture.clone());
        }
    }))
}

/// Which layers have experts: every `decoder_sparse_step`-th that `mlp_only_layers` does not list.
fn sparse_layers(fields: &Fields, layer_count: usize) -> Result<Vec<bool>, EvalError> {
    let step = fields.optional_count("decoder_sparse_step")?.unwrap_or(1);
    let dense = fields.get("mlp_only_layers").and_then(Value::as_array);
    let is_dense = |layer: usize| dense.is_some_and(|dense| dense.contains(&Value::from(layer)));
    Ok((0..layer_count).map(|layer| !is_dense(layer) && (layer + 1).is_multiple_of(step)).collect())
}
