//! A check, its outcome and the evidence for it.

use serde::Serialize;

use super::{AloneReport, ChangedSet, Detail, Diagnosis, Evidence, Question};
use crate::{
    checkpoint::CheckpointError,
    error::{Hint as _, Reported},
    message,
};

/// All that was found about a folder.
#[derive(Clone, Debug, Default, Serialize)]
pub struct VerifyReport {
    /// The checks, in the order in which people ask.
    pub checks: Vec<Check>,
    /// Tensors by what happened to them, where a base was given.
    pub changed_set: Option<ChangedSet>,
    /// What a process found that had only the folder, where one was started.
    pub alone: Option<AloneReport>,
    /// Why it failed, where one sentence explains it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "message::any_shown")]
    pub diagnosis: Option<Diagnosis>,
}

/// One question, answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// What was asked; documents call it its title.
    #[serde(rename = "title", serialize_with = "message::shown")]
    pub question: Question,
    /// The answer.
    pub outcome: Outcome,
    /// What it rests on.
    #[serde(serialize_with = "message::shown")]
    pub evidence: Evidence,
    /// What is wrong or worth knowing, a line each.
    #[serde(serialize_with = "message::all_shown")]
    pub details: Vec<Detail>,
}

/// The answer to a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Holds.
    Passed,
    /// Holds, with something that the user should know.
    Warning,
    /// Does not hold.
    Failed,
    /// Could not be asked with what was given.
    Skipped,
}

impl Outcome {
    /// The word in tables.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Passed => "ok",
            Self::Warning => "warning",
            Self::Failed => "FAILED",
            Self::Skipped => "skipped",
        }
    }
}

impl VerifyReport {
    /// Whether nothing failed.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.checks.iter().all(|check| check.outcome != Outcome::Failed)
    }

    /// What was found where `question` was asked.
    #[must_use]
    pub fn answer(&self, question: Question) -> Option<&Check> {
        self.checks.iter().find(|check| check.question == question && check.outcome != Outcome::Skipped)
    }

    /// Checks that were made, and those of them that hold, with or without a remark.
    #[must_use]
    pub fn made_and_held(&self) -> (usize, usize) {
        let made = || self.checks.iter().filter(|check| check.outcome != Outcome::Skipped);
        (made().count(), made().filter(|check| check.outcome != Outcome::Failed).count())
    }

    /// The report on a folder that no loader could open.
    pub(super) fn unreadable(error: CheckpointError) -> Self {
        let error = Reported::new(error);
        let has_hint = error.hint().is_some();
        let check = Check {
            question: Question::Complete,
            outcome: Outcome::Failed,
            evidence: Evidence::Unreadable { error: error.clone() },
            details: if has_hint { vec![Detail::Hint { error }] } else { Vec::new() },
        };
        Self { checks: vec![check], ..Self::default() }
    }
}

impl Check {
    /// A check that fails with `problems`, warns with `warnings`, or passes.
    pub(super) fn judged(question: Question, evidence: Evidence, problems: Vec<Detail>, warnings: Vec<Detail>) -> Self {
        let outcome = match (problems.is_empty(), warnings.is_empty()) {
            (false, _) => Outcome::Failed,
            (true, false) => Outcome::Warning,
            (true, true) => Outcome::Passed,
        };
        Self { question, outcome, evidence, details: [problems, warnings].concat() }
    }

    /// A check that was not asked.
    pub(super) fn skipped(question: Question, evidence: Evidence) -> Self {
        Self { question, outcome: Outcome::Skipped, evidence, details: Vec::new() }
    }
}
