//! Whether an adapter changes all modules that its config asks for: a deeper base, or a file that lost a layer, fits by
//! shape and would be merged in part.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Compared, Finding, Verdict};
use crate::{adapter::Adapter, checkpoint::Checkpoint, matching::Matching};

/// Compares each kind of changed module (`layers.*.self_attn.q_proj`) with all of that kind in the base; `None` where
/// the config limits the layers, or leaves it open.
pub(super) fn finding(base: &Checkpoint, adapter: &Adapter, matching: &Matching, index: usize) -> Option<Finding> {
    if !targets_whole_kinds(adapter) {
        return None;
    }
    let changed =
        matching.applied.iter().filter(|applied| applied.updates.iter().any(|update| update.adapter == index));
    let changed: BTreeSet<&str> = changed.map(|applied| applied.tensor.as_str()).collect();
    let kinds: BTreeSet<String> = changed.iter().map(|name| kind(name)).collect();
    let mut unchanged: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in base.tensors().keys().filter(|name| !changed.contains(name.as_str())) {
        let kind = kind(name);
        if kinds.contains(&kind) {
            unchanged.entry(kind).or_default().push(name.strip_suffix(".weight").unwrap_or(name));
        }
    }
    let Some((_, names)) = unchanged.iter().next() else {
        return Some(Finding::new(Verdict::Agrees, Compared::AllOfItsKinds { kind_count: kinds.len() }));
    };
    let evidence = Compared::PartOfItsKinds {
        changed_count: changed.len(),
        unchanged_count: unchanged.values().map(Vec::len).sum(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    Some(Finding::new(Verdict::Differs, evidence))
}

/// Whether the config asks for modules by plain last names, everywhere.
fn targets_whole_kinds(adapter: &Adapter) -> bool {
    let config = adapter.config();
    let limits = ["layers_to_transform", "exclude_modules", "layer_replication", "eva_config"];
    let Some(Value::Array(targets)) = config.get("target_modules") else { return false };
    let is_plain = |target: &Value| target.as_str().is_some_and(|target| !target.contains(['.', '*']));
    limits.iter().all(|key| config.meaningful(key).is_none()) && !targets.is_empty() && targets.iter().all(is_plain)
}

/// The name with every number replaced by `*`.
fn kind(name: &str) -> String {
    let segment = |segment: &str| if segment.parse::<u64>().is_ok() { "*".to_owned() } else { segment.to_owned() };
    name.split('.').map(segment).collect::<Vec<_>>().join(".")
}
