//! Seconds, memory and answers of the models, each whole in a process of its own.

use std::path::PathBuf;

use super::measured::Timed;
use crate::message::Problem;
use crate::{
    evaluate::{self, DEFAULT_SPEED_RUNS, EvalText, ModelSource, SpeedRequest},
    job::JobContext,
    report::ModelRole,
};

/// Times `models` with `program`, which answer the prompt if there is one.
///
/// # Errors
/// A model cannot be read, or the user stopped it.
pub fn time(
    models: Vec<(ModelRole, ModelSource)>,
    sample_text: Option<PathBuf>,
    prompt: Option<String>,
    program: PathBuf,
    job: &JobContext,
) -> Result<Timed, Problem> {
    // Which text is read makes no difference to the time that it takes.
    let text = match sample_text {
        Some(path) => EvalText::read(&path).map_err(|error| Problem::of(&error))?,
        None => EvalText::builtin().swap_remove(0),
    };
    let (roles, models) = models.into_iter().unzip();
    let request = SpeedRequest { models, text, prompt, runs: DEFAULT_SPEED_RUNS, program, memory_bytes: None };
    let report = evaluate::measure(&request, job).map_err(|error| Problem::of(&error))?;
    Ok(Timed { report, roles })
}
