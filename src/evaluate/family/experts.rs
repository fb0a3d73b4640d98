//! Mixtures of experts in a config and on the disk.

use serde_json::Value;

use super::{fields::Fields, sizes::Sizes};
use crate::evaluate::{
    EvalError, Expected,
    decoder::{Activation, ExpertStorage, ExpertsSpec, LinearSpec},
};

/// Far above any mixture, and far below what a damaged config could make us allocate.
const MAX_EXPERT_COUNT: usize = 4096;

/// How a family stores its mixtures.
pub(super) struct Mixture {
    /// The module with router and experts, as published and as transformers 5 calls it in memory.
    pub modules: &'static [&'static str],
    /// Gate, up and down of one expert.
    pub names: [&'static str; 3],
    /// What the config calls the width of one expert.
    pub width: &'static str,
    /// Whether the shares of the chosen experts add up to one.
    pub normalises_shares: bool,
}

/// The mixture of the layer whose tensors begin with `prefix`, and of all others.
pub(super) fn read(fields: &Fields, sizes: &Sizes, prefix: &str, mixture: &Mixture) -> Result<ExpertsSpec, EvalError> {
    // transformers 5 writes `num_local_experts` for every family.
    let key = if fields.get("num_experts").is_some() { "num_experts" } else { "num_local_experts" };
    let count = fields.count(key)?;
    if count > MAX_EXPERT_COUNT {
        return Err(fields.bad_value(key, &Value::from(count), Expected::ExpertCount));
    }
    let active_count = fields.count("num_experts_per_tok")?;
    if active_count > count {
        let expected = Expected::AtMostExpertCount;
        return Err(fields.bad_value("num_experts_per_tok", &Value::from(active_count), expected));
    }
    let is_joined = |module: &&&'static str| fields.has_tensor(&format!("{prefix}{module}.experts.gate_up_proj"));
    let joined = mixture.modules.iter().find(is_joined);
    let module = joined.unwrap_or(&mixture.modules[0]);
    let part = format!("{module}.experts");
    Ok(ExpertsSpec {
        router: LinearSpec::new(format!("{module}.gate"), count, sizes.hidden),
        storage: match joined {
            Some(_) => ExpertStorage::Joined { part },
            None => ExpertStorage::Apart { part, names: mixture.names },
        },
        count,
        active_count,
        normalises_shares: mixture.normalises_shares,
        hidden_size: sizes.hidden,
        intermediate_size: fields.count(mixture.width)?,
        activation: fields.activation("hidden_act", Activation::Silu)?,
    })
}
