//! Input embedding and output head: one tensor as long as both change alike, two as soon as one changes alone.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{VerifyError, exact::read_f64, loader::are_equal},
    Facts, Misjudged,
};
use crate::{
    adapter::{Adapter, Effect, Orientation, Placement, Target, TargetUpdate, common_row_block},
    architecture::{Architecture, TieGroup},
    checkpoint::Checkpoint,
    matching::{Applied, Origin, UpdateRef},
    numeric::block_tiles,
};

/// Elements compared at once.
const COMPARED_ELEMENTS: usize = 1 << 18;

pub(super) fn misjudged(facts: &Facts<'_>, merged: &Checkpoint) -> Result<Vec<Misjudged>, VerifyError> {
    let mut found = heads(facts);
    found.extend(rows_left_out(facts));
    found.extend(factors(facts, merged));
    found.extend(left_tied(facts, merged)?);
    Ok(found)
}

/// Entries for a head that had no tensor of its own: under the name of the class, with the embedding's values.
fn heads(facts: &Facts<'_>) -> Vec<Misjudged> {
    let weight = |module: Option<String>| module.map(|module| format!("{module}.weight"));
    let (Some(head), Some(embedding)) =
        (weight(facts.architecture.output_head()), weight(facts.architecture.input_embedding()))
    else {
        return Vec::new();
    };
    let groups = facts.architecture.tie_groups();
    let is_member = |tensor: &String| groups.iter().any(|group| group.holds(tensor));
    let mut found = Vec::new();
    for applied in &facts.reference.matching.applied {
        let Origin::Tied { embedding: taken } = &applied.origin else { continue };
        if applied.tensor != head && !is_member(&applied.tensor) {
            found.push(Misjudged::OtherHead { tensor: applied.tensor.clone(), head: head.clone() });
        }
        if *taken != embedding && !is_member(taken) {
            let tensor = applied.tensor.clone();
            found.push(Misjudged::OtherEmbedding { tensor, embedding: embedding.clone() });
        }
    }
    found
}

/// Entries that share a weight which gets new rows of tokens, are changed otherwise, and lack those rows.
fn rows_left_out(facts: &Facts<'_>) -> Vec<Misjudged> {
    let adapters = &facts.reference.adapters;
    let is_rows = |target: &Target| target.update().is_some_and(|update| update.new_token_ids().is_some());
    let has_rows_for = |adapter: &Adapter, name: &str| {
        adapter.targets().iter().any(|target| is_rows(target) && is_of(facts, target, name))
    };
    let mut found = Vec::new();
    for group in facts.architecture.tie_groups().iter().filter(|group| group.is_tied) {
        let Some((embedding, others)) = group.members.split_first() else { continue };
        for index in (0..adapters.len()).filter(|index| has_rows_for(&adapters[*index], &embedding.disk)) {
            let lacks_rows = |applied: &&Applied| {
                let is_own = |update: &UpdateRef| update.adapter == index && is_rows(update.target_in(adapters));
                !is_trained_whole(facts, applied) && !applied.updates.iter().any(is_own)
            };
            let changed = others.iter().filter_map(|member| facts.reference.matching.applied_to(&member.disk));
            found.extend(changed.filter(lacks_rows).map(|applied| Misjudged::RowsLeftOut {
                tensor: applied.tensor.clone(),
                embedding: embedding.disk.clone(),
            }));
        }
    }
    found
}

/// Whether the values are those of a module that an adapter trained on a copy of its own.
fn is_trained_whole(facts: &Facts<'_>, applied: &Applied) -> bool {
    let Origin::Adapter { adapter, target } = applied.origin else { return false };
    let target = facts.reference.adapters.get(adapter).and_then(|adapter| adapter.targets().get(target));
    target.and_then(Target::replacement).is_some_and(|replacement| replacement.is_saved_whole)
}

/// Entries with another factor than the scales of both configs ask for.
fn factors(facts: &Facts<'_>, merged: &Checkpoint) -> Vec<Misjudged> {
    let folded = folded_scales(facts.architecture, &Architecture::of(merged));
    let matching = &facts.reference.matching;
    let expected = |tensor: &str| folded.get(tensor).copied().unwrap_or(1.0);
    let taken = |tensor: &str| matching.applied_to(tensor).and_then(|applied| applied.factor).unwrap_or(1.0);
    let names = matching.applied.iter().map(|applied| &applied.tensor).chain(folded.keys());
    let names: BTreeSet<&String> = names.collect();
    let is_other = |tensor: &&&String| (taken(tensor) - expected(tensor)).abs() > 1e-9;
    let other = |tensor: &String| Misjudged::OtherFactor {
        tensor: tensor.clone(),
        taken: taken(tensor),
        expected: expected(tensor),
    };
    names.iter().filter(is_other).map(|tensor| other(tensor)).collect()
}

/// Heads before which the base scales the decoder's output and the merge does not, or the other way round, with what
/// that makes of their weights.
pub(in crate::verify) fn folded_scales(base: &Architecture<'_>, merged: &Architecture<'_>) -> BTreeMap<String, f64> {
    let scales = |architecture: &Architecture<'_>| -> BTreeMap<String, f64> {
        let heads = architecture.tie_groups().into_iter().filter_map(|group| group.separable_head);
        heads.map(|head| (head.disk, head.factor.unwrap_or(1.0))).collect()
    };
    let (of_base, of_merged) = (scales(base), scales(merged));
    let folded = of_base.into_iter().filter_map(|(head, scale)| {
        let factor = scale / of_merged.get(&head)?;
        ((factor - 1.0).abs() > 1e-9).then_some((head, factor))
    });
    folded.collect()
}

/// An embedding and a head of which one changes alone, in a merge that ties them still.
fn left_tied(facts: &Facts<'_>, merged: &Checkpoint) -> Result<Option<Misjudged>, VerifyError> {
    let architecture = facts.architecture;
    let (Some(head), Some(embedding)) = (architecture.output_head(), architecture.input_embedding()) else {
        return Ok(None);
    };
    let [head, embedding] = [head, embedding].map(|module| format!("{module}.weight"));
    let ties = |architecture: &Architecture<'_>| {
        let has_both = |group: &TieGroup| group.holds(&head) && group.holds(&embedding);
        architecture.tie_groups().iter().any(|group| group.is_tied && has_both(group))
    };
    if !ties(architecture) || !ties(&Architecture::of(merged)) {
        return Ok(None);
    }
    // What a module learned that no forward pass runs takes nothing apart.
    let is_never_run = architecture.tie_groups().iter().any(|group| group.is_never_run(&embedding));
    let of_embedding = if is_never_run { Vec::new() } else { changes_of(facts, &embedding, changes_alone) };
    let of_head = changes_of(facts, &head, changes_alone);
    if is_never_run && of_head.is_empty() {
        return Ok(None);
    }
    let mut are_same = say_all_the_same(facts, &of_embedding, &of_head, &embedding)?;
    if !are_same && (of_embedding.is_empty() || of_head.is_empty()) {
        // What was trained whole under one name may be saved as a copy under the other (`ensure_weight_tying`).
        let [of_embedding, of_head] = [&embedding, &head].map(|name| changes_of(facts, name, changes_or_copies));
        are_same = say_all_the_same(facts, &of_embedding, &of_head, &embedding)?;
    }
    let left_tied = |changed: String, other: String| Some(Misjudged::LeftTied { changed, other });
    Ok(match (are_same, of_embedding.is_empty()) {
        (true, _) => None,
        (false, false) => left_tied(embedding, head),
        (false, true) => left_tied(head, embedding),
    })
}

/// A target of an adapter.
struct Change<'a> {
    adapter: &'a Adapter,
    target: &'a Target,
}

/// The targets that are the parameter `name` of the disk, of those that `is_wanted`.
fn changes_of<'a>(facts: &Facts<'a>, name: &str, is_wanted: fn(&Target) -> bool) -> Vec<Change<'a>> {
    let adapters = facts.reference.adapters.iter();
    let targets = adapters.flat_map(|adapter| adapter.targets().iter().map(move |target| Change { adapter, target }));
    targets.filter(|change| is_wanted(change.target) && is_of(facts, change.target, name)).collect()
}

/// As [`changes_alone`], and copies of whole tensors whatever they were saved for.
fn changes_or_copies(target: &Target) -> bool {
    matches!(target.effect, Effect::Replace(_)) || changes_alone(target)
}

/// Whether training a target takes an embedding and its head apart: new rows of tokens and a resized copy hold for both.
fn changes_alone(target: &Target) -> bool {
    match &target.effect {
        Effect::Update(update) => update.new_token_ids().is_none(),
        Effect::Replace(replacement) => replacement.is_saved_whole,
    }
}

/// Whether `target` is the parameter `name` of the disk, where it need not have a tensor.
fn is_of(facts: &Facts<'_>, target: &Target, name: &str) -> bool {
    let own = target.name();
    let ends =
        |long: &str, short: &str| long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    match facts.architecture.disk_name(&own) {
        Some(on_disk) => on_disk == name,
        None => ends(&own, name) || ends(name, &own),
    }
}

/// Whether both lists make the same of the weight, one by one.
fn say_all_the_same(
    facts: &Facts<'_>,
    first: &[Change<'_>],
    second: &[Change<'_>],
    embedding: &str,
) -> Result<bool, VerifyError> {
    let mut are_same = first.len() == second.len();
    for (first, second) in first.iter().zip(second) {
        are_same = are_same && std::ptr::eq(first.adapter, second.adapter);
        are_same = are_same && say_the_same(facts, first.target, second.target, embedding)?;
    }
    Ok(are_same)
}

/// Whether both make the same of the weight that they share, by computing both.
fn say_the_same(facts: &Facts<'_>, first: &Target, second: &Target, embedding: &str) -> Result<bool, VerifyError> {
    match (&first.effect, &second.effect) {
        (Effect::Replace(first), Effect::Replace(second)) => are_equal(first.tensor(), second.tensor()),
        (Effect::Update(first), Effect::Update(second)) => {
            let Some(weight) = facts.reference.base.tensor(embedding) else { return Ok(false) };
            let dtype = weight.float_dtype()?;
            let placement = Placement::whole(weight.shape(), dtype, Orientation::OutIn);
            let fits = |update: &dyn TargetUpdate| update.fits(weight.shape(), Orientation::OutIn);
            if !fits(first.as_ref()) || !fits(second.as_ref()) {
                return Ok(false);
            }
            let updates = [first.load_f64(&placement)?, second.load_f64(&placement)?];
            // Those that look at the whole weight first are none that trainers save twice.
            if updates.iter().any(|update| update.passes() > 1) {
                return Ok(false);
            }
            let block = common_row_block(updates.iter().map(|update| update.row_block()));
            for rows in block_tiles(weight.tile_shape(), block, COMPARED_ELEMENTS) {
                let tile = read_f64(weight, dtype, rows.clone())?;
                let [one, other] = [&updates[0], &updates[1]].map(|update| {
                    let mut changed = tile.clone();
                    update.apply_rows(rows.clone(), &mut changed);
                    changed
                });
                // Sums in another order differ by the last bits of f64.
                let is_near = |(one, other): (&f64, &f64)| (one - other).abs() <= 1e-9 * (1.0 + one.abs());
                if !one.iter().zip(&other).all(is_near) {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => Ok(false),
    }
}
