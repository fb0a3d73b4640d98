//! Projections that one side keeps as one matrix and the other as several (spec section 2.4), recognised by name.

use super::OrphanReason;
use crate::checkpoint::Checkpoint;

/// Matrices that stand for several: their names, and the names of the parts, family by family.
const FUSED: [(&[&str], &[&str]); 4] = [
    (&["qkv_proj", "query_key_value", "Wqkv", "W_pack", "c_attn", "in_proj_qkv"], &["q_proj", "k_proj", "v_proj"]),
    (&["qkv"], &["q", "k", "v"]),
    (&["gate_up_proj"], &["gate_proj", "up_proj"]),
    (&["kv_proj"], &["k_proj", "v_proj"]),
];

/// Whether the base has `module` in a fused or split form, or with all experts in one tensor.
pub(super) fn reason(base: &Checkpoint, module: &str) -> Option<OrphanReason> {
    let (parent, last) = module.rsplit_once('.')?;
    let has = |name: &str| base.tensor(&format!("{parent}.{name}.weight")).is_some();
    for (wholes, parts) in FUSED {
        if parts.contains(&last)
            && let Some(fused) = wholes.iter().find(|whole| has(whole))
        {
            return Some(OrphanReason::FusedInBase { fused: format!("{parent}.{fused}") });
        }
        if wholes.contains(&last) && parts.iter().all(|part| has(part)) {
            let parts = parts.iter().map(|part| format!("{parent}.{part}")).collect();
            return Some(OrphanReason::SplitInBase { parts });
        }
    }
    experts_in_one_tensor(base, module)
}

/// `….experts.3.up_proj` (or `….experts.up_projs.3`) where the base has `….experts.gate_up_proj` of three dimensions.
fn experts_in_one_tensor(base: &Checkpoint, module: &str) -> Option<OrphanReason> {
    let (front, rest) = module.split_once(".experts.")?;
    if !rest.split('.').any(|segment| segment.parse::<usize>().is_ok()) {
        return None;
    }
    let wanted = if rest.contains("down") || rest.contains("w2") { "down_proj" } else { "gate_up_proj" };
    let names = [wanted.to_owned(), format!("{wanted}_blocks")].map(|name| format!("{front}.experts.{name}"));
    let tensor = names.into_iter().find(|name| base.tensor(name).is_some_and(|tensor| tensor.shape().len() >= 3))?;
    Some(OrphanReason::ExpertsInOneTensor { tensor })
}
