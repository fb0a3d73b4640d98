//! Which tensor an update is for: the one that a loader gives to the module which the adapter names.

use super::{Facts, Misjudged};
use crate::{
    adapter::{Target, Window},
    architecture::parameters_of_piece,
    matching::{Applied, Origin},
};

/// Segments before the part of a name that adapter and disk share.
const MAX_PREFIX: usize = 4;

pub(super) fn misjudged(facts: &Facts<'_>) -> Vec<Misjudged> {
    let adapters = &facts.reference.adapters;
    let mut found = Vec::new();
    for applied in &facts.reference.matching.applied {
        if let Origin::Adapter { adapter, target } = applied.origin
            && let Some(target) = adapters.get(adapter).and_then(|adapter| adapter.targets().get(target))
        {
            found.extend(misplaced(facts, target, &target.name(), applied));
        }
        // Experts in other pieces are audited apart.
        for update in applied.updates.iter().filter(|update| update.placement.window == Window::Whole) {
            found.extend(misplaced(facts, update.target_in(adapters), &update.name_in(adapters), applied));
        }
    }
    found
}

fn misplaced(facts: &Facts<'_>, target: &Target, name: &str, applied: &Applied) -> Option<Misjudged> {
    let tensor = applied.tensor.as_str();
    let is_shared = || is_tied(facts, name, tensor);
    let expected = facts.architecture.disk_name(name);
    match expected {
        Some(expected) if expected == tensor || is_shared() => None,
        // A module that adapter and disk call the same is that module.
        Some(expected) => Some(Misjudged::OtherPlace {
            module: target.module.clone(),
            tensor: tensor.to_owned(),
            expected: Some(expected),
        }),
        None if is_same(facts, name, tensor) || is_shared() => None,
        None => {
            Some(Misjudged::OtherPlace { module: target.module.clone(), tensor: tensor.to_owned(), expected: None })
        }
    }
}

/// Whether two names may be one parameter's: the same from the first number on, whatever stands before, in the spelling
/// of disk or memory.
fn is_same(facts: &Facts<'_>, name: &str, tensor: &str) -> bool {
    let spellings = |name: &str| {
        let aliases = facts.architecture.names().names_in_memory(name);
        std::iter::once(name.to_owned()).chain(aliases).collect::<Vec<_>>()
    };
    let names = spellings(name);
    spellings(tensor)
        .iter()
        .any(|tensor| names.iter().any(|name| differ_by_prefix(name, tensor) || are_same_piece(name, tensor)))
}

/// Whether both are the same part of the same expert, which tools and checkpoints call by different names (`gate_proj`,
/// `w1`).
fn are_same_piece(name: &str, tensor: &str) -> bool {
    parameters_of_piece(name).any(|of_name| {
        parameters_of_piece(tensor)
            .any(|of_tensor| of_name.1 == of_tensor.1 && differ_by_prefix(&of_name.0, &of_tensor.0))
    })
}

fn differ_by_prefix(name: &str, tensor: &str) -> bool {
    let shared = name.rsplit('.').zip(tensor.rsplit('.')).take_while(|(a, b)| a == b).count();
    let rest = |name: &str| {
        let segments: Vec<String> = name.split('.').map(str::to_owned).collect();
        segments[..segments.len() - shared].to_vec()
    };
    let is_prefix =
        |rest: Vec<String>| rest.len() <= MAX_PREFIX && !rest.iter().any(|part| part.parse::<u64>().is_ok());
    shared >= 2.min(name.split('.').count()) && is_prefix(rest(name)) && is_prefix(rest(tensor))
}

/// Whether both are parameters that the base ties, so that a copy of one may be taken for the other.
fn is_tied(facts: &Facts<'_>, name: &str, tensor: &str) -> bool {
    facts.architecture.tie_groups().iter().filter(|group| group.is_tied).any(|group| {
        let has = |name: &str| group.disk_names().any(|member| member == name || is_same(facts, name, member));
        has(name) && has(tensor)
    })
}
