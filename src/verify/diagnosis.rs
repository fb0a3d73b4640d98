//! What is wrong with a merge that failed, in the one sentence that explains most of it.

use serde::Serialize;

use super::{ChangeSums, ChangedSet, Check, Detail, Outcome, Question, TensorVerdict};
use crate::message::said_in_english;

/// Factors further apart than this part are two.
const SAME_FACTOR: f64 = 0.01;

/// A strength is given as the shortest number that lies this near, as a part of it: rounding moves what is measured.
const STRENGTH_SLACK: f64 = 2e-3;

/// Decimals that a strength has at the most.
const MOST_DECIMALS: i32 = 4;

/// Why a merge is not what base and adapters give; a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Diagnosis {
    /// The adapter's own tensors lie among the weights.
    NotMerged,
    /// Every target holds the base's values.
    NeverApplied,
    /// Some targets hold the base's values.
    AppliedInPart {
        /// Those that do.
        unmerged_count: usize,
        /// All targets.
        target_count: usize,
    },
    /// The change is a multiple of the one that was judged by.
    OtherStrength {
        /// The strength that gives it.
        strength: f64,
    },
    /// Targets hold what neither the base nor a multiple of the change explains.
    OtherValues {
        /// Those that do.
        wrong_count: usize,
        /// All targets.
        target_count: usize,
    },
    /// The values are those of the base as a trainer saw it that packed it while it loaded it.
    TrainedOn {
        /// How it was packed, as the command line takes it.
        quantization: String,
    },
    /// Tensors that no adapter changes differ from the base.
    ChangedElsewhere {
        /// How many.
        tensor_count: usize,
    },
}

impl Diagnosis {
    /// What `checks` and the tensors of `set`, judged at `strengths`, come to; `None` where the checks say it themselves.
    pub(super) fn of(checks: &[Check], set: Option<&ChangedSet>, strengths: &[f64]) -> Option<Self> {
        let failed = |question: Question| {
            checks.iter().find(|check| check.question == question && check.outcome == Outcome::Failed)
        };
        let holds_adapter =
            |check: &Check| check.details.iter().any(|detail| matches!(detail, Detail::AdapterTensors { .. }));
        if failed(Question::Complete).is_some_and(holds_adapter) {
            return Some(Self::NotMerged);
        }
        failed(Question::ChangedTargets)?;
        let set = set?;
        let target_count = set.changed_as_target.len() + set.lost.len() + set.wrong.len();
        let unmerged_count = set.wrong.iter().filter(|verdict| verdict.agreement.changed_count == 0).count();
        if unmerged_count > 0 && unmerged_count == target_count {
            return Some(Self::NeverApplied);
        }
        if let Some(strength) = other_strength(&set.wrong, strengths) {
            return Some(Self::OtherStrength { strength });
        }
        if unmerged_count > 0 {
            return Some(Self::AppliedInPart { unmerged_count, target_count });
        }
        match (set.wrong.len(), set.changed_without_reason.len()) {
            (0, 0) => None,
            (0, tensor_count) => Some(Self::ChangedElsewhere { tensor_count }),
            (wrong_count, _) => Some(Self::OtherValues { wrong_count, target_count }),
        }
    }
}

impl Diagnosis {
    /// Whether a base with other values may explain more than this.
    pub(super) fn may_be_of_another_base(&self) -> bool {
        !matches!(self, Self::NotMerged | Self::NeverApplied)
    }
}

/// The strength that explains all of `wrong`, which were judged at `strengths`: one where all adapters have the same.
fn other_strength(wrong: &[TensorVerdict], strengths: &[f64]) -> Option<f64> {
    let judged_at = common_strength(strengths)?;
    let changed: Vec<&ChangeSums> =
        wrong.iter().filter(|verdict| verdict.agreement.changed_count > 0).map(|verdict| &verdict.change).collect();
    // A change that is halved may round away in a few targets.
    if changed.len() * 2 <= wrong.len() {
        return None;
    }
    let all = changed.iter().fold(ChangeSums::default(), |sum, change| sum.merge(**change)).factor()?;
    let is_same = |change: &&ChangeSums| change.factor().is_some_and(|factor| (factor / all - 1.0).abs() < SAME_FACTOR);
    changed.iter().all(is_same).then(|| shortest_near(all * judged_at))
}

/// The strength that all adapters have.
pub(super) fn common_strength(strengths: &[f64]) -> Option<f64> {
    let (first, others) = strengths.split_first()?;
    others.iter().all(|other| (other - first).abs() < f64::EPSILON).then_some(*first)
}

fn shortest_near(strength: f64) -> f64 {
    let rounded = |decimals: i32| {
        let unit = 10.0_f64.powi(decimals);
        (strength * unit).round() / unit
    };
    let mut candidates = (0..=MOST_DECIMALS).map(rounded);
    candidates.find(|near| (near - strength).abs() <= STRENGTH_SLACK * strength.abs()).unwrap_or(strength)
}

impl ChangedSet {
    /// Whether every tensor holds what the base holds: nothing was merged, or nothing of it is left.
    #[must_use]
    pub fn is_identical_to_base(&self) -> bool {
        let differing = [&self.changed_without_reason, &self.missing, &self.extra];
        let is_kept = |verdict: &TensorVerdict| verdict.agreement.changed_count == 0;
        let is_any = !(self.unchanged.is_empty() && self.lost.is_empty());
        is_any
            && differing.iter().all(|names| names.is_empty())
            && self.wrong.is_empty()
            && self.changed_as_target.iter().all(is_kept)
    }
}

said_in_english!(Diagnosis);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        message::assert_said,
        verify::{Agreement, Evidence},
    };

    /// A target that holds `factor` times its change.
    fn target(factor: f64) -> TensorVerdict {
        let mut verdict = TensorVerdict::new("q");
        for (source, delta) in [(1.0, 0.25), (2.0, -0.5), (-1.0, 0.125)] {
            verdict.change.observe(source, source + delta, source + factor * delta);
        }
        let changed_count = if factor == 0.0 { 0 } else { 3 };
        verdict.agreement = Agreement { element_count: 3, changed_count, ..Agreement::default() };
        verdict
    }

    fn diagnosis(wrong: &[f64], right_count: usize, strengths: &[f64]) -> Option<Diagnosis> {
        let set = ChangedSet {
            wrong: wrong.iter().copied().map(target).collect(),
            changed_as_target: vec![target(1.0); right_count],
            ..ChangedSet::default()
        };
        let problem = Detail::NoTokenizer;
        let check = Check::judged(Question::ChangedTargets, Evidence::Outside, vec![problem], Vec::new());
        Diagnosis::of(&[check], Some(&set), strengths)
    }

    #[test]
    fn one_cause_explains_all_that_is_wrong() {
        assert_eq!(diagnosis(&[0.0, 0.0], 0, &[1.0]), Some(Diagnosis::NeverApplied));
        let in_part = Diagnosis::AppliedInPart { unmerged_count: 2, target_count: 3 };
        assert_eq!(diagnosis(&[0.0, 0.0], 1, &[1.0]), Some(in_part));
        assert_eq!(diagnosis(&[0.5, 0.5003], 0, &[1.0]), Some(Diagnosis::OtherStrength { strength: 0.5 }));
        assert_eq!(diagnosis(&[2.0], 0, &[0.5]), Some(Diagnosis::OtherStrength { strength: 1.0 }), "judged at a half");
        assert_eq!(diagnosis(&[1.0 / 3.0], 0, &[1.0]), Some(Diagnosis::OtherStrength { strength: 0.333 }));
        let others = Diagnosis::OtherValues { wrong_count: 2, target_count: 2 };
        assert_eq!(diagnosis(&[0.5, 2.0], 0, &[1.0]), Some(others.clone()), "two factors are no strength");
        assert_eq!(diagnosis(&[0.5, 0.5], 0, &[1.0, 0.5]), Some(others), "nor is one of adapters that differ");
        assert_eq!(Diagnosis::of(&[], None, &[1.0]), None);
    }

    #[test]
    fn a_merge_without_a_change_is_the_base() {
        let set = ChangedSet { unchanged: vec!["a".to_owned()], lost: vec![target(0.0)], ..ChangedSet::default() };
        assert!(set.is_identical_to_base());
        assert!(!ChangedSet { changed_as_target: vec![target(1.0)], ..set.clone() }.is_identical_to_base());
        assert!(!ChangedSet { changed_without_reason: vec!["b".to_owned()], ..set }.is_identical_to_base());
        assert!(!ChangedSet::default().is_identical_to_base(), "nothing was compared");
    }

    #[test]
    fn every_diagnosis_is_said_with_its_numbers() {
        let cases: [(Diagnosis, &[&str]); 7] = [
            (Diagnosis::NotMerged, &["병합되지 않았습니다"]),
            (Diagnosis::NeverApplied, &["전혀"]),
            (Diagnosis::AppliedInPart { unmerged_count: 3, target_count: 28 }, &["28개 중 3개"]),
            (Diagnosis::OtherStrength { strength: 0.5 }, &["세기 0.50으로"]),
            (Diagnosis::OtherValues { wrong_count: 3, target_count: 28 }, &["28개 중 3개"]),
            (Diagnosis::TrainedOn { quantization: "nf4,double".to_owned() }, &["nf4,double"]),
            (Diagnosis::ChangedElsewhere { tensor_count: 3 }, &["텐서 3개"]),
        ];
        for (diagnosis, parts) in cases {
            assert_said(&diagnosis, parts);
        }
    }
}
