//! One change of prefix for a whole adapter: `transformer.h.0…` in training, `h.0…` on disk.

use std::{collections::BTreeSet, fmt};

use super::{located::Located, orientation::Layouts};
use crate::{
    adapter::{Target, joined},
    checkpoint::Checkpoint,
    message::said_in_english,
};

/// Leading segments that a change may take away.
const MAX_STRIPPED: usize = 3;

/// Segments that must stay, so that two modules cannot be confused by their last name alone.
const MIN_KEPT: usize = 2;

/// Modules from which candidate changes are taken; a vote over all modules then decides.
const SAMPLED_MODULES: usize = 8;

/// A prefix that the adapter's module paths have, and the one that the base has in its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct PrefixChange {
    /// What is taken away (empty or ending in a dot).
    pub from: String,
    /// What is put there (empty or ending in a dot).
    pub to: String,
}

impl PrefixChange {
    /// The base's path for an adapter's `module`.
    #[must_use]
    pub fn apply(change: Option<&Self>, module: &str) -> String {
        let changed =
            change.and_then(|change| module.strip_prefix(&change.from).map(|rest| format!("{}{rest}", change.to)));
        changed.unwrap_or_else(|| module.to_owned())
    }
}

/// A change as it is said.
#[derive(serde::Serialize)]
enum PrefixSentence<'a> {
    Put { to: &'a str },
    Taken { from: &'a str },
    Replaced { from: &'a str, to: &'a str },
}

impl PrefixChange {
    fn said(&self) -> PrefixSentence<'_> {
        match (self.from.as_str(), self.to.as_str()) {
            ("", to) => PrefixSentence::Put { to },
            (from, "") => PrefixSentence::Taken { from },
            (from, to) => PrefixSentence::Replaced { from, to },
        }
    }

    /// As a message; the derived form is that of documents.
    ///
    /// # Errors
    /// Those of the serializer.
    pub(crate) fn serialize_message<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde::Serialize::serialize(&self.said(), serializer)
    }
}

said_in_english!(PrefixSentence<'_>);

impl fmt::Display for PrefixChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.said().fmt(formatter)
    }
}

/// Base tensors that have the shape of a target whose parameter, renamed by `place`, has their name. Each counts once,
/// so that no way wins by putting two modules in one place.
pub(super) fn landed(
    base: &Checkpoint,
    targets: &[Target],
    layouts: Layouts<'_>,
    place: impl Fn(&Target) -> Located,
) -> usize {
    let landing = |target: &Target| {
        let place = place(target);
        let name = place.name();
        base.tensor(&name).is_some_and(|tensor| layouts.suits(target, &place.module, tensor.shape())).then_some(name)
    };
    targets.iter().filter_map(landing).collect::<BTreeSet<_>>().len()
}

/// The change under which most targets land on base tensors of their shape; `None` when the paths fit as they are, or
/// when two changes do equally well.
pub(super) fn common_change(base: &Checkpoint, targets: &[Target], layouts: Layouts<'_>) -> Option<PrefixChange> {
    let landed = |change: Option<&PrefixChange>| {
        landed(base, targets, layouts, |target| Located {
            module: PrefixChange::apply(change, &target.module),
            parameter: target.parameter.clone(),
        })
    };
    let unchanged = landed(None);
    if unchanged == targets.len() {
        return None;
    }
    let mut votes: Vec<(usize, PrefixChange)> =
        candidates(base, targets).into_iter().map(|change| (landed(Some(&change)), change)).collect();
    votes.sort_by_key(|(count, change)| (std::cmp::Reverse(*count), change.from.len() + change.to.len()));
    let mut votes = votes.into_iter();
    let (best_count, best) = votes.next().filter(|(count, _)| *count > unchanged)?;
    let is_contested = votes.next().is_some_and(|(count, _)| count == best_count);
    (!is_contested).then_some(best)
}

/// The one change under which every module of `targets` has a stacked parameter among `names`, which are those in
/// memory; `None` where there is none, or more than one.
pub(super) fn stacked_change<'a>(targets: &[&Target], names: impl Iterator<Item = &'a str>) -> Option<PrefixChange> {
    let modules: BTreeSet<&str> = names.filter_map(|name| Some(name.rsplit_once('.')?.0)).collect();
    let first = targets.first()?.module.as_str();
    let cuts = std::iter::once(0).chain(first.match_indices('.').map(|(at, _)| at + 1)).take(MAX_STRIPPED + 1);
    let mut changes: Vec<PrefixChange> = cuts
        .map(|cut| first.split_at(cut))
        .filter(|(from, rest)| rest.split('.').count() >= MIN_KEPT && !has_number(from))
        .flat_map(|(from, rest)| modules.iter().filter_map(move |module| change(from, module.strip_suffix(rest)?)))
        .filter(|change| {
            targets.iter().all(|target| modules.contains(PrefixChange::apply(Some(change), &target.module).as_str()))
        })
        .collect();
    changes.sort();
    changes.dedup();
    changes.pop().filter(|_| changes.is_empty())
}

/// From one prefix to another, where both end with a segment and say no more than they must.
fn change(from: &str, to: &str) -> Option<PrefixChange> {
    let is_whole = to.is_empty() || to.ends_with('.');
    (is_whole && is_minimal(from, to) && !has_number(to))
        .then(|| PrefixChange { from: from.to_owned(), to: to.to_owned() })
}

fn candidates(base: &Checkpoint, targets: &[Target]) -> Vec<PrefixChange> {
    let step = targets.len().div_ceil(SAMPLED_MODULES).max(1);
    let may_go = |from: &str| {
        !has_number(from)
            || (is_sequential_wrapper(from) && targets.iter().all(|target| target.module.starts_with(from)))
    };
    let mut changes = Vec::new();
    for target in targets.iter().step_by(step) {
        let module = target.module.as_str();
        let cuts = std::iter::once(0).chain(module.match_indices('.').map(|(at, _)| at + 1));
        for cut in cuts.take(MAX_STRIPPED + 1) {
            let (from, rest) = module.split_at(cut);
            if rest.split('.').count() < MIN_KEPT {
                break;
            }
            let ending = joined(rest, &target.parameter);
            if !may_go(from) {
                continue;
            }
            changes.extend(base.tensors().keys().filter_map(|name| change(from, name.strip_suffix(&ending)?)));
        }
    }
    changes.sort();
    changes.dedup();
    changes
}

/// Whether a layer's or an expert's number is among the segments: another number is another layer, not another name.
fn has_number(prefix: &str) -> bool {
    prefix.split('.').any(|segment| segment.parse::<u64>().is_ok())
}

/// Whether only the first segment is a number, as where a model is the first of an `nn.Sequential` (`0.auto_model.`).
fn is_sequential_wrapper(prefix: &str) -> bool {
    let (first, rest) = prefix.split_once('.').unwrap_or((prefix, ""));
    has_number(first) && !has_number(rest)
}

/// Whether the change says no more than it must: `a.x.` → `b.x.` is `a.` → `b.` in more words.
fn is_minimal(from: &str, to: &str) -> bool {
    let last = |prefix: &str| prefix.trim_end_matches('.').rsplit('.').next().map(str::to_owned);
    from != to && (from.is_empty() || to.is_empty() || last(from) != last(to))
}
