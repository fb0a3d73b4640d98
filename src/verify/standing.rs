//! What is known of a merged folder, from the checks that were made. Every tick, title and chip about it follows from
//! this value, so that none says more than another.

use super::{ChangedSet, Outcome, Question, VerifyReport};
use crate::message::Problem;

/// How a merged folder stands.
#[derive(Clone, Copy, Debug)]
pub enum Standing<'a> {
    /// It is being checked now; what was known before is no longer said.
    Checking,
    /// No check was made to its end, and why.
    Unchecked(Option<&'a Problem>),
    /// Something does not hold.
    Failed(&'a VerifyReport),
    /// Nothing failed, and nothing in it differs from the base.
    Identical(&'a VerifyReport),
    /// Whatever could be asked holds.
    Held {
        /// The checks.
        report: &'a VerifyReport,
        /// What they are worth.
        proof: Proof,
        /// Whether something is worth knowing.
        has_remark: bool,
    },
}

/// What checks that hold are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Every target was recomputed, and a process that had nothing else loaded the folder.
    StandsAlone,
    /// Every target was recomputed.
    Recomputed,
    /// The folder was judged by itself: base or adapter were not at hand.
    ByItself,
}

impl<'a> Standing<'a> {
    /// What the last check found, where one was made.
    #[must_use]
    pub fn of(verified: Option<&'a Result<VerifyReport, Problem>>) -> Self {
        match verified {
            None => Self::Unchecked(None),
            Some(Err(problem)) => Self::Unchecked(Some(problem)),
            Some(Ok(report)) => Self::judged(report),
        }
    }

    fn judged(report: &'a VerifyReport) -> Self {
        if !report.is_passed() {
            return Self::Failed(report);
        }
        if report.changed_set.as_ref().is_some_and(ChangedSet::is_identical_to_base) {
            return Self::Identical(report);
        }
        let is_recomputed = report.answer(Question::ChangedTargets).is_some();
        let is_loaded = report.answer(Question::Alone).is_some();
        let proof = match (is_recomputed, is_loaded) {
            (true, true) => Proof::StandsAlone,
            (true, false) => Proof::Recomputed,
            (false, _) => Proof::ByItself,
        };
        let has_remark = report.checks.iter().any(|check| check.outcome == Outcome::Warning);
        Self::Held { report, proof, has_remark }
    }

    /// The checks that it rests on.
    #[must_use]
    pub fn report(self) -> Option<&'a VerifyReport> {
        match self {
            Self::Checking | Self::Unchecked(_) => None,
            Self::Failed(report) | Self::Identical(report) | Self::Held { report, .. } => Some(report),
        }
    }

    /// Whether base and adapters were recomputed and hold.
    #[must_use]
    pub fn is_proven(self) -> bool {
        matches!(self, Self::Held { proof: Proof::StandsAlone | Proof::Recomputed, .. })
    }
}
