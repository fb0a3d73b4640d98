//! Changed exactly where the adapter says, by exactly what it says: the changed set, and the check that it makes.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Agreement, ChangeSums, Check, Detail, Evidence, Question, Recomputed, Reference, RoundingPolicy, VerifyOptions,
    WrongValues, diagnosis::common_strength,
};
use crate::{
    checkpoint::Checkpoint,
    matching::Origin,
    numeric::FloatDtype,
    plan::{Rounding, survival_advice},
};

/// A gain from which on packing took nothing away that anybody would notice.
const GOOD_PACKED_GAIN: f64 = 0.9;

/// Tensors of a merged model by what happened to them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChangedSet {
    /// Not targets, and equal to the base (converted to their dtype).
    pub unchanged: Vec<String>,
    /// Targets that hold what base and adapter give.
    pub changed_as_target: Vec<TensorVerdict>,
    /// Targets of which no element changed: Δ rounded away.
    pub lost: Vec<TensorVerdict>,
    /// Targets that hold something else.
    pub wrong: Vec<TensorVerdict>,
    /// Not targets, and different from the base.
    pub changed_without_reason: Vec<String>,
    /// In the base only.
    pub missing: Vec<String>,
    /// In the merged model only.
    pub extra: Vec<String>,
}

/// A recomputed tensor.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TensorVerdict {
    /// Its name.
    pub name: String,
    /// How its elements agree with the exact result.
    pub agreement: Agreement,
    /// The rounding that explains them best.
    pub policy: RoundingPolicy,
    /// How much of the change asked for is in it.
    pub change: ChangeSums,
    /// BLAKE3 of its bytes, for targets.
    pub blake3: Option<String>,
}

impl TensorVerdict {
    /// Nothing known yet about the tensor `name`.
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}

impl ChangedSet {
    /// Puts one tensor, of floats or not, where it belongs.
    pub(super) fn classify(&mut self, verdict: TensorVerdict, reference: &Reference, is_float: bool) {
        let changed_count = verdict.agreement.changed_count;
        let Some(applied) = reference.matching.applied_to(&verdict.name) else {
            let list = match reference.base.tensor(&verdict.name) {
                None => &mut self.extra,
                Some(_) if changed_count == 0 => &mut self.unchanged,
                Some(_) => &mut self.changed_without_reason,
            };
            list.push(verdict.name);
            return;
        };
        // Bytes that are no floats have no rounding to differ by.
        let is_correct = verdict.agreement.is_correct() && (is_float || changed_count == 0);
        // A tensor that took another's place may well equal it, and one that is new has nothing to be lost in.
        let may_be_lost = applied.origin == Origin::Base;
        let list = match (is_correct, may_be_lost && changed_count == 0) {
            (false, _) => &mut self.wrong,
            (true, true) => &mut self.lost,
            (true, false) => &mut self.changed_as_target,
        };
        list.push(verdict);
    }

    /// The roundings of the targets that hold what they should, with the number of targets each.
    #[must_use]
    pub fn policies(&self) -> BTreeMap<RoundingPolicy, usize> {
        let mut policies = BTreeMap::new();
        for verdict in &self.changed_as_target {
            *policies.entry(verdict.policy).or_insert(0) += 1;
        }
        policies
    }

    /// The change asked for and the change stored, over all targets that hold what they should.
    #[must_use]
    pub fn change(&self) -> ChangeSums {
        let targets = self.changed_as_target.iter().chain(&self.lost);
        targets.fold(ChangeSums::default(), |sum, verdict| sum.merge(verdict.change))
    }
}

/// What was found beside the values.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub problems: Vec<Detail>,
    pub warnings: Vec<Detail>,
}

/// The check on the changed set, and on what was `found` beside it.
pub(super) fn check(
    set: &ChangedSet,
    merged: &Checkpoint,
    reference: &Reference,
    options: &VerifyOptions,
    found: Found,
) -> Check {
    let Found { mut problems, warnings: mut odd } = found;
    problems.extend(wrong_targets(&set.wrong, merged, &reference.strengths, options.rounding));
    problems.extend(set.missing.iter().map(|name| Detail::Missing { tensor: name.clone() }));
    problems.extend(set.extra.iter().map(|name| Detail::Extra { tensor: name.clone() }));
    if reference.adapters.is_empty() {
        let changed_count = set.changed_without_reason.len();
        let evidence = Evidence::Differing { changed_count, tensor_count: set.unchanged.len() + changed_count };
        return Check::judged(Question::DiffersFromBase, evidence, problems, identical(set).collect());
    }
    let changed = set.changed_without_reason.iter();
    problems.extend(changed.map(|name| Detail::ChangedWithoutReason { tensor: name.clone() }));
    odd.extend(identical(set));
    odd.extend(warnings(set, merged, options.rounding));
    Check::judged(Question::ChangedTargets, evidence(set), problems, odd)
}

/// What a folder is that holds nothing but the base.
fn identical(set: &ChangedSet) -> impl Iterator<Item = Detail> {
    set.is_identical_to_base().then_some(Detail::IdenticalToBase).into_iter()
}

/// Targets that hold something else, those with one cause in one line.
fn wrong_targets(wrong: &[TensorVerdict], merged: &Checkpoint, strengths: &[f64], rounding: Rounding) -> Vec<Detail> {
    let (unmerged, others): (Vec<&TensorVerdict>, Vec<&TensorVerdict>) =
        wrong.iter().partition(|verdict| verdict.agreement.changed_count == 0);
    let mut problems = Vec::new();
    let mut by_file: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for verdict in unmerged {
        let file = merged.tensor(&verdict.name).map_or("", |tensor| tensor.file().name());
        by_file.entry(file).or_default().push(verdict.name.clone());
    }
    for (file, names) in by_file {
        problems.push(Detail::Unmerged { file: file.to_owned(), names });
    }
    let mut by_factor: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for verdict in others {
        match verdict.change.factor() {
            Some(factor) => by_factor.entry(format!("{factor:.2}")).or_default().push(verdict.name.clone()),
            None => problems.push(wrong_values(verdict, rounding)),
        }
    }
    let judged_at = common_strength(strengths);
    for (factor, names) in by_factor {
        let strength = judged_at.zip(factor.parse::<f64>().ok()).map(|(judged_at, factor)| judged_at * factor);
        let strength = strength.map(|strength| format!("{strength:.2}"));
        problems.push(Detail::OtherStrength { factor, strength, names, wrong_count: wrong.len() });
    }
    problems
}

fn wrong_values(verdict: &TensorVerdict, rounding: Rounding) -> Detail {
    let Agreement { element_count, wrong_count, off_by_one_count, max_error, .. } = verdict.agreement;
    Detail::WrongValues(WrongValues {
        tensor: verdict.name.clone(),
        odd_count: wrong_count + off_by_one_count,
        element_count,
        max_error,
        is_neighbour: wrong_count == 0 && !rounding.is_stochastic(),
    })
}

fn warnings(set: &ChangedSet, merged: &Checkpoint, rounding: Rounding) -> Vec<Detail> {
    let lost = set.lost.iter().map(|verdict| Detail::Lost { tensor: verdict.name.clone() });
    let mut warnings: Vec<Detail> = lost.collect();
    let mut targets = set.changed_as_target.iter().chain(&set.lost);
    let is_packed = targets.clone().any(|verdict| verdict.policy == RoundingPolicy::Packed);
    let dtype = targets.find_map(|verdict| FloatDtype::of(merged.tensor(&verdict.name)?.dtype()));
    if let Some(gain) = set.change().gain().filter(|gain| is_packed && *gain < GOOD_PACKED_GAIN) {
        warnings.push(Detail::LostByPacking { gain });
    }
    if let (Some(gain), Some(dtype), false) = (set.change().gain(), dtype, is_packed) {
        warnings.extend(survival_advice(gain, dtype, rounding).map(Detail::Survival));
    }
    warnings
}

fn evidence(set: &ChangedSet) -> Evidence {
    let sum = set.changed_as_target.iter().fold(Agreement::default(), |sum, verdict| sum.merge(verdict.agreement));
    let exact_share = if sum.element_count == 0 { 0.0 } else { sum.exact_count as f64 / sum.element_count as f64 };
    Evidence::Recomputed(Recomputed {
        equal_count: set.changed_as_target.len(),
        target_count: set.changed_as_target.len() + set.lost.len() + set.wrong.len(),
        value_count: sum.element_count,
        exact_share,
        has_codes: set.changed_as_target.iter().any(|verdict| verdict.policy == RoundingPolicy::Packed),
        policies: set.policies().into_iter().collect(),
        gain: set.change().gain(),
        unchanged_count: set.unchanged.len(),
        other_count: set.unchanged.len() + set.changed_without_reason.len(),
    })
}
