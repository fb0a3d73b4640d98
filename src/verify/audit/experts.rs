//! Experts that adapter and disk hold in different pieces: each update on its own expert, and every expert with one.

use std::collections::{BTreeMap, BTreeSet};

use super::{Facts, Misjudged};
use crate::{
    adapter::{Orientation, Target, Window},
    matching::UpdateRef,
};

/// Last names of projections that are the second half of a fused one.
const SECOND_HALVES: [&str; 3] = ["up_proj", "w3", "linear_v"];

/// Last names of projections that are the first half of a fused one.
const FIRST_HALVES: [&str; 3] = ["gate_proj", "w1", "linear"];

pub(super) fn misjudged(facts: &Facts<'_>) -> Vec<Misjudged> {
    let mut found = Vec::new();
    let mut placed: BTreeMap<(usize, usize, usize), BTreeSet<usize>> = BTreeMap::new();
    for applied in &facts.reference.matching.applied {
        for update in &applied.updates {
            let adapters = &facts.reference.adapters;
            let target = update.target_in(adapters);
            if !is_in_place(target, &update.name_in(adapters), update, &applied.tensor) {
                found.push(Misjudged::OtherExpert { module: target.module.clone(), tensor: applied.tensor.clone() });
            }
            if let Window::TensorIsPart { expert, .. } = update.placement.window {
                let count = update.update_in(adapters).expert_features().map_or(0, |(count, ..)| count);
                placed.entry((update.adapter, update.target, count)).or_default().insert(expert);
            }
        }
    }
    for ((adapter, target, expert_count), experts) in placed {
        let target = &facts.reference.adapters[adapter].targets()[target];
        if experts.len() != expert_count {
            let module = target.module.clone();
            found.push(Misjudged::ExpertsLeftOut { module, placed_count: experts.len(), expert_count });
        }
    }
    found
}

/// Whether numbers and rows are those that the names say.
fn is_in_place(target: &Target, name: &str, update: &UpdateRef, tensor: &str) -> bool {
    let (target_numbers, tensor_numbers) = (numbers(name), numbers(tensor));
    match &update.placement.window {
        Window::Whole => true,
        Window::TensorIsPart { expert, out } => {
            // One expert's tensor is a Linear's, whichever way the update lies on it.
            let rows = update.placement.shape.first().copied().unwrap_or(0);
            // `up_proj` of experts without a gate is whole.
            let is_half = is_second_half(tensor) && last(tensor) != last(name);
            let of_name = if is_half { rows } else { 0 };
            tensor_numbers == with(&target_numbers, *expert) && *out == (of_name..of_name + rows)
        }
        Window::UpdateIsPart { expert, out } => {
            let rows = out.len();
            let is_half = is_half(&target.module) && !last(tensor).starts_with(last(&target.module));
            let of_name = if is_half && is_second_half(&target.module) { rows } else { 0 };
            target_numbers == with(&tensor_numbers, *expert)
                && *out == (of_name..of_name + rows)
                && out_features(update) == if is_half { 2 * rows } else { rows }
        }
    }
}

fn with(numbers: &[usize], expert: usize) -> Vec<usize> {
    numbers.iter().copied().chain([expert]).collect()
}

fn numbers(name: &str) -> Vec<usize> {
    name.split('.').filter_map(|segment| segment.parse().ok()).collect()
}

fn last(name: &str) -> &str {
    let mut segments = name.rsplit('.').filter(|segment| *segment != "weight" && segment.parse::<u64>().is_err());
    segments.next().unwrap_or(name)
}

fn is_second_half(name: &str) -> bool {
    SECOND_HALVES.contains(&last(name))
}

fn is_half(name: &str) -> bool {
    is_second_half(name) || FIRST_HALVES.contains(&last(name))
}

/// Output features of the stored tensor.
fn out_features(update: &UpdateRef) -> usize {
    let placement = &update.placement;
    let [.., first, second] = placement.shape.as_slice() else { return 0 };
    match placement.orientation {
        Orientation::OutIn => *first,
        Orientation::InOut => *second,
    }
}
