//! How base, base + adapter and merged predict texts, measured on a worker.

use std::path::PathBuf;

use super::measured::Measured;
use crate::message::Problem;
use crate::{
    evaluate::{self, EvalRequest, EvalText, ModelSource},
    gui::app::merged_folder::MergedFolder,
    job::JobContext,
    numeric::FloatDtype,
    report::{Conclusion, EvalVerdict, EvaluationSummary, ModelRole, PerplexityTable, Provenance, conclusions},
};

/// The texts that models are held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Texts {
    /// Those that come with the program.
    BuiltIn,
    /// Those of the built-in sample.
    Sample,
    /// Files: UTF-8 or CP949, or JSON lines.
    Files(Vec<PathBuf>),
}

/// The models that a measurement of `finished` scores.
#[must_use]
pub fn models_of(finished: &MergedFolder) -> Vec<(ModelRole, ModelSource)> {
    let mut models = models(&finished.provenance);
    // What rounding alone does is known only from a control.
    let stored = finished.sizes.stored.as_ref().and_then(|bar| bar.float_dtype);
    if let (Some(base), Some(dtype)) = (&finished.provenance.base, finished.sizes.merged.float_dtype)
        && stored.is_some_and(|stored| stored != dtype)
    {
        models.push((ModelRole::Rounded, ModelSource::Cast { model: base.clone(), dtype }));
    }
    models
}

/// Base as stored, base + adapter at run time, merged: those that are there.
#[must_use]
pub fn models(provenance: &Provenance) -> Vec<(ModelRole, ModelSource)> {
    let mut models = Vec::new();
    if let Some(base) = &provenance.base {
        models.push((ModelRole::Base, ModelSource::Stored(base.clone())));
        if !provenance.adapters.is_empty() {
            let source = ModelSource::WithAdapters { base: base.clone(), adapters: provenance.adapters.clone() };
            models.push((ModelRole::RunTime, source));
        }
    }
    models.push((ModelRole::Merged, ModelSource::Stored(provenance.merged.clone())));
    models
}

/// Scores texts, those that come with the program where there are no `files`.
///
/// # Errors
/// A text or a model cannot be read, or the user stopped it.
pub fn evaluate(
    models: Vec<(ModelRole, ModelSource)>,
    files: Option<&[PathBuf]>,
    dtype: Option<FloatDtype>,
    job: &JobContext,
) -> Result<Measured, Problem> {
    let texts = match files {
        None => Ok(EvalText::builtin()),
        Some(files) => files.iter().map(|path| EvalText::read(path)).collect(),
    };
    let texts = texts.map_err(|error| Problem::of(&error))?;
    let (roles, provenance): (Vec<ModelRole>, Vec<ModelSource>) = models.into_iter().unzip();
    let report = evaluate::run(&EvalRequest::new(provenance, texts), job).map_err(|error| Problem::of(&error))?;
    let table = PerplexityTable::of(&report, &roles);
    let summaries = EvaluationSummary::in_every_language(&report, &roles, dtype);
    let names = vec![String::new(); roles.len()];
    let conclusions = conclusions(&report, &names);
    let equals_run_time = conclusions.iter().any(|conclusion| matches!(conclusion, Conclusion::MergeEqual { .. }));
    let verdict = EvalVerdict::of(&conclusions);
    Ok(Measured { report, roles, table, verdict, equals_run_time, summaries })
}
