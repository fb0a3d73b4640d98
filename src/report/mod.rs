//! What a run was, did and proved, as one document: for people as Markdown, for programs as JSON.
//!
//! Nothing in it names a path of the machine: it may be published with the model.

mod card;
mod change_table;
mod choice_models;
mod closeness;
mod closeness_table;
mod compared_models;
mod conclude;
mod conclusion;
mod documents;
mod eval_verdict;
mod evaluation_summary;
mod facts;
mod history;
mod manifest;
mod markdown;
mod measured;
mod merge_and_verify;
mod merged_folder;
mod model_role;
mod perplexity_table;
mod provenance;
mod recent_state;
mod sample_facts;
mod score_table;
mod speed_table;
mod summary;
mod updated_tensors;

use serde::Serialize;

pub use self::{
    card::{CARD_FILE, model_card, write_card},
    change_table::ChangeTable,
    choice_models::{TrainedBase, choice_models, merge_in_memory, with_adapters},
    closeness_table::ClosenessTable,
    compared_models::ComparedModels,
    conclude::conclusions,
    conclusion::{BitsPerByte, Conclusion, OtherTexts, ShareOfChange, TextChange},
    documents::{Documents, comparison_markdown, write_new},
    eval_verdict::EvalVerdict,
    evaluation_summary::EvaluationSummary,
    facts::{AdapterFacts, ModelFacts},
    history::{History, HistoryEntry, RunOutcome, now_secs},
    manifest::{FileState, ManifestRow, Origin, listed, manifest},
    measured::{Measured, Timed},
    merge_and_verify::{MergeFailure, RunError, RunOptions, RunResult, merge_and_verify},
    merged_folder::{Made, MergedFolder},
    model_role::ModelRole,
    perplexity_table::{Pair, PerplexityStory, PerplexityTable, Score, TextRow, percent_change},
    provenance::{Provenance, Verified},
    recent_state::RecentState,
    sample_facts::SampleFacts,
    score_table::{ScoreRow, ScoreTable},
    speed_table::{SpeedTable, mean_and_deviation, short_number, tokens_per_sec},
    summary::{AdapterSummary, ModelSummary, ModuleSummary, PlanSummary, PrefixSummary},
    updated_tensors::{UpdatedTensor, updated_tensors},
};
use crate::{
    evaluate::EvalReport,
    merge::MergeReceipt,
    plan::{MergePlan, SurvivalAdvice, SurvivalEstimate, survival_advice},
    size::{self, SizeBreakdown, SizeFact},
    verify::VerifyReport,
};

/// One run, from plan to proof.
#[derive(Clone, Debug, Serialize)]
pub struct RunReport {
    /// Version of the program.
    pub lorafuse_version: &'static str,
    /// The plan, in figures.
    pub plan: PlanSummary,
    /// Why base and merged model have the sizes that they have.
    pub size: Vec<SizeFact>,
    /// How much of the adapters the rounding will leave, where that was estimated.
    pub survival: Option<SurvivalEstimate>,
    /// What was done; `None` for a dry run.
    pub merge: Option<MergeReceipt>,
    /// What was checked afterwards.
    pub verify: Option<VerifyReport>,
    /// How base and merged model predict texts.
    pub evaluate: Option<EvalReport>,
}

impl RunReport {
    /// The report on a plan that was not run; what follows is filled in as it happens.
    #[must_use]
    pub fn new(plan: &MergePlan) -> Self {
        Self {
            lorafuse_version: env!("CARGO_PKG_VERSION"),
            plan: PlanSummary::of(plan),
            size: size_facts(plan),
            survival: None,
            merge: None,
            verify: None,
            evaluate: None,
        }
    }

    /// What to do where the merge kept little of its adapters.
    #[must_use]
    pub fn advice(&self) -> Option<SurvivalAdvice> {
        let receipt = self.merge.as_ref().filter(|_| self.plan.requantize.is_none())?;
        survival_advice(receipt.update_stats().gain()?, self.plan.written_dtype?, receipt.rounding)
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

/// The base's own size, and how the merged model's follows from it.
fn size_facts(plan: &MergePlan) -> Vec<SizeFact> {
    let mut facts = size::of_model(&plan.base).unwrap_or_default();
    let base = SizeBreakdown::stored(&plan.base);
    let to_count: u64 = plan.steps().map(|step| step.source.element_count() as u64).sum();
    facts.push(SizeFact::same_or_other((base.weight_count(), base.total()), (to_count, plan.bytes().output)));
    facts
}
