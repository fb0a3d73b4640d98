//! What was measured of the models.

use crate::{
    evaluate::{EvalReport, SpeedReport},
    report::{EvalVerdict, EvaluationSummary, ModelRole, PerplexityTable},
};

/// Perplexities.
#[derive(Debug)]
pub struct Measured {
    /// All of it, for the report.
    pub report: EvalReport,
    /// What each of its models is.
    pub roles: Vec<ModelRole>,
    /// The chart and its numbers.
    pub table: PerplexityTable,
    /// What it comes to; `None` where nothing was compared.
    pub verdict: Option<EvalVerdict>,
    /// Whether merged predicts as base + adapter does at run time, up to rounding.
    pub equals_run_time: bool,
    /// What follows from them, in every language.
    pub summaries: Vec<EvaluationSummary>,
}

/// Seconds, memory and answers.
#[derive(Debug)]
pub struct Timed {
    /// All of it.
    pub report: SpeedReport,
    /// What each of its models is.
    pub roles: Vec<ModelRole>,
}
