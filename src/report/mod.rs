//! What a run was, did and proved, as one document: for people as Markdown, for programs as JSON.
//!
//! Nothing in it names a path of the machine: it may be published with the model.

mod markdown;
mod summary;

use serde::Serialize;

pub use self::summary::{AdapterSummary, ModelSummary, ModuleSummary, PlanSummary, PrefixSummary};
use crate::{merge::MergeReceipt, plan::MergePlan, verify::VerifyReport};

/// One run, from plan to proof.
#[derive(Clone, Debug, Serialize)]
pub struct RunReport {
    /// Version of the program.
    pub lorafuse_version: &'static str,
    /// The plan, in figures.
    pub plan: PlanSummary,
    /// What was done; `None` for a dry run.
    pub merge: Option<MergeReceipt>,
    /// What was checked afterwards.
    pub verify: Option<VerifyReport>,
}

impl RunReport {
    /// Joins what is known of a run.
    #[must_use]
    pub fn new(plan: &MergePlan, merge: Option<MergeReceipt>, verify: Option<VerifyReport>) -> Self {
        Self { lorafuse_version: env!("CARGO_PKG_VERSION"), plan: PlanSummary::of(plan), merge, verify }
    }

    /// The report as JSON, indented.
    #[must_use]
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.unwrap_or_else(|error| unreachable!("a report has only string keys: {error}")) + "\n"
    }

    /// The report as Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        markdown::render(self)
    }
}
