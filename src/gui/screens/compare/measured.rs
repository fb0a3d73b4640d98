//! What was measured of the models.

use super::{
    model_role::{ModelRole, Told},
    perplexity_table::PerplexityTable,
};
use crate::evaluate::{EvalReport, SpeedReport};

/// Perplexities.
#[derive(Debug)]
pub struct Measured {
    /// All of it, for the report.
    pub report: EvalReport,
    /// What each of its models is.
    pub roles: Vec<ModelRole>,
    /// The chart and its numbers.
    pub table: PerplexityTable,
    /// What follows from them, in every language.
    pub told: Vec<Told>,
}

/// Seconds, memory and answers.
#[derive(Debug)]
pub struct Timed {
    /// All of it.
    pub report: SpeedReport,
    /// What each of its models is.
    pub roles: Vec<ModelRole>,
}
