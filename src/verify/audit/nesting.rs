//! Which parameter of a module each level of PEFT's nesting is for: in the order in which the class registers them, from
//! the innermost outwards, and each level its own.

use std::collections::BTreeMap;

use super::{Facts, Misjudged};
use crate::architecture::EXPERT_PARAMETERS;

/// By level: the parameter, and one tensor of it.
type Levels<'a> = BTreeMap<usize, (String, &'a str)>;

pub(super) fn misjudged(facts: &Facts<'_>) -> Vec<Misjudged> {
    let adapters = &facts.reference.adapters;
    // By adapter and module.
    let mut modules: BTreeMap<(usize, &str), Levels<'_>> = BTreeMap::new();
    for applied in &facts.reference.matching.applied {
        for update in &applied.updates {
            let target = update.target_in(adapters);
            let Some(nested) = target.update().and_then(|update| update.nested()) else { continue };
            let levels = modules.entry((update.adapter, &target.module)).or_default();
            levels.insert(nested.level, (update.name_in(adapters), &applied.tensor));
        }
    }
    let mut found = Vec::new();
    for ((_, module), levels) in modules {
        let place = |name: &str| {
            let parameter = name.rsplit('.').next().unwrap_or(name);
            EXPERT_PARAMETERS.iter().position(|known| *known == parameter)
        };
        let places: Vec<Option<usize>> = levels.values().map(|(name, _)| place(name)).collect();
        let is_known = facts.architecture.is_known() && places.iter().all(Option::is_some);
        let mut names: Vec<&String> = levels.values().map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        // Level 0 is the outermost, for what is registered last.
        let is_in_order = places.is_sorted_by(|outer, inner| outer > inner);
        if names.len() < levels.len() || is_known && !is_in_order {
            let tensors = levels.values().map(|(_, tensor)| (*tensor).to_owned());
            let of_tensor = |tensor| Misjudged::OtherPlace { module: module.to_owned(), tensor, expected: None };
            found.extend(tensors.map(of_tensor));
        }
    }
    found
}
