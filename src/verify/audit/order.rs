//! Updates of one tensor follow each other as their adapters do, each once.

use super::{Facts, Misjudged};
use crate::matching::Applied;

pub(super) fn misjudged(facts: &Facts<'_>) -> Vec<Misjudged> {
    let applied = &facts.reference.matching.applied;
    let disordered = applied.iter().filter(|applied| !is_in_order(applied));
    let disordered = disordered.map(|applied| Misjudged::OtherOrder { tensor: applied.tensor.clone() });
    let doubled = applied.iter().filter(|applied| has_doubles(applied));
    let doubled = doubled.map(|applied| Misjudged::AppliedTwice { tensor: applied.tensor.clone() });
    disordered.chain(doubled).collect()
}

fn is_in_order(applied: &Applied) -> bool {
    applied.updates.is_sorted_by_key(|update| update.adapter)
}

fn has_doubles(applied: &Applied) -> bool {
    let updates = applied.updates.iter().enumerate();
    updates.clone().any(|(index, update)| applied.updates[..index].contains(update))
}
