//! What was measured of the models of a merge.

use std::path::PathBuf;

use super::{ComparedModels, Conclusion, EvalVerdict, EvaluationSummary, ModelRole, PerplexityTable, conclusions};
use crate::{
    evaluate::{self, DEFAULT_SPEED_RUNS, EvalReport, EvalRequest, EvalText, ModelSource, SpeedReport, SpeedRequest},
    job::JobContext,
    message::{Language, Problem},
    numeric::FloatDtype,
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

impl Measured {
    /// Scores texts, those that come with the program where there are no `files`; `dtype` is that of the merged model.
    ///
    /// # Errors
    /// A text or a model cannot be read, or the user stopped it.
    pub fn of(
        compared: ComparedModels,
        files: Option<&[PathBuf]>,
        dtype: Option<FloatDtype>,
        job: &JobContext,
    ) -> Result<Self, Problem> {
        let texts = match files {
            None => Ok(EvalText::builtin()),
            Some(files) => files.iter().map(|path| EvalText::read(path)).collect(),
        };
        let texts = texts.map_err(|error| Problem::of(&error))?;
        let ComparedModels { models, choice } = compared;
        let (roles, models): (Vec<ModelRole>, Vec<ModelSource>) = models.into_iter().unzip();
        let request = EvalRequest { choice, ..EvalRequest::new(models, texts) };
        let report = evaluate::run(&request, job).map_err(|error| Problem::of(&error))?;
        let table = PerplexityTable::of(&report, &roles);
        let summaries = EvaluationSummary::in_every_language(&report, &roles, dtype);
        let conclusions = conclusions(&report, &vec![String::new(); roles.len()]);
        let equals_run_time = conclusions.iter().any(|conclusion| matches!(conclusion, Conclusion::MergeEqual { .. }));
        let verdict = EvalVerdict::of(&conclusions);
        Ok(Self { report, roles, table, verdict, equals_run_time, summaries })
    }

    /// What follows from it, in this language.
    #[must_use]
    pub fn summary(&self, language: Language) -> Option<&EvaluationSummary> {
        self.summaries.iter().find(|summary| summary.language == language)
    }
}

impl Timed {
    /// Times `models` with `program`, each whole in a process of its own; they answer the prompt if there is one.
    ///
    /// # Errors
    /// A model cannot be read, or the user stopped it.
    pub fn of(
        models: Vec<(ModelRole, ModelSource)>,
        sample_text: Option<PathBuf>,
        prompt: Option<String>,
        program: PathBuf,
        job: &JobContext,
    ) -> Result<Self, Problem> {
        // Which text is read makes no difference to the time that it takes.
        let text = match sample_text {
            Some(path) => EvalText::read(&path).map_err(|error| Problem::of(&error))?,
            None => EvalText::builtin().swap_remove(0),
        };
        let (roles, models) = models.into_iter().unzip();
        let request = SpeedRequest { models, text, prompt, runs: DEFAULT_SPEED_RUNS, program, memory_bytes: None };
        let report = evaluate::measure(&request, job).map_err(|error| Problem::of(&error))?;
        Ok(Self { report, roles })
    }
}
