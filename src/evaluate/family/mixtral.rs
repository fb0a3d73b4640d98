//! Mixtral: Mistral with eight gated MLPs in each layer, of which each token takes two (Jiang et al. 2024).

use super::{
    Family,
    experts::{self, Mixture},
    fields::Fields,
    layer_types::{self, LayerType},
    llama_like,
    rope::{self, RopeKeys},
    sizes::Sizes,
};
use crate::evaluate::{
    EvalError,
    decoder::{DecoderConfig, MlpSpec},
};

pub(super) const FAMILY: Family = Family { architecture: "MixtralForCausalLM", model_type: "mixtral", read };

/// What transformers assumes when the config is silent.
const ROTARY: RopeKeys = RopeKeys { default_theta: 1_000_000.0, ..RopeKeys::USUAL };
const NORM_EPS: f64 = 1e-5;

const MIXTURE: Mixture = Mixture {
    modules: &["block_sparse_moe", "mlp"],
    names: ["w1", "w3", "w2"],
    width: "intermediate_size",
    normalises_shares: true,
};

fn read(fields: &Fields) -> Result<DecoderConfig, EvalError> {
    let sizes = Sizes::read_grouped(fields, None)?;
    let norm = llama_like::norm(fields, &sizes, NORM_EPS)?;
    let ropes = vec![rope::read(fields, sizes.heads.dim, sizes.context, ROTARY)?];
    let config = llama_like::assembled(fields, &sizes, norm, llama_like::layer(fields, &sizes, norm)?, ropes)?;
    let mixture = experts::read(fields, &sizes, &config.names.layer(0), &MIXTURE)?;
    let types = layer_types::read_or(fields, sizes.layers, |_| LayerType::Sliding)?;
    let config = config.with_layers(|layer| layer.mlp = MlpSpec::Experts(mixture.clone()));
    Ok(config.with_windows(layer_types::windows(&types, fields.optional_count("sliding_window")?)))
}
