//! Seconds, memory and answers of the models, each whole in a process of its own.

use std::path::PathBuf;

use super::{evaluation, model_role::ModelRole};
use crate::{
    evaluate::{self, DEFAULT_SPEED_RUNS, EvalText, ModelSource, SpeedReport, SpeedRequest},
    gui::{
        app::{finished::Finished, jobs::watched::Work},
        words::problem::Problem,
    },
    job::JobContext,
};

/// How far the timing is.
pub type Timing = Work<Box<Timed>>;

/// Measured seconds.
#[derive(Debug)]
pub struct Timed {
    /// All of it.
    pub report: SpeedReport,
    /// What each of its models is.
    pub roles: Vec<ModelRole>,
}

/// Starts to time the models of `finished` with `program`, which answer its prompt if it has one.
#[must_use]
pub fn start(finished: &Finished, program: PathBuf, ctx: &egui::Context) -> Timing {
    let models = evaluation::models(&finished.sources);
    let sample_text = finished.sample_texts.first().cloned();
    let prompt = Some(finished.prompt.trim().to_owned()).filter(|prompt| !prompt.is_empty());
    Work::start("timing", ctx, move |job| measure(models, sample_text, prompt, program, job))
}

fn measure(
    models: Vec<(ModelRole, ModelSource)>,
    sample_text: Option<PathBuf>,
    prompt: Option<String>,
    program: PathBuf,
    job: &JobContext,
) -> Result<Box<Timed>, Problem> {
    // Which text is read makes no difference to the time that it takes.
    let text = match sample_text {
        Some(path) => EvalText::read(&path).map_err(|error| Problem::of(&error))?,
        None => EvalText::builtin().swap_remove(0),
    };
    let (roles, models) = models.into_iter().unzip();
    let request = SpeedRequest { models, text, prompt, runs: DEFAULT_SPEED_RUNS, program, memory_bytes: None };
    let report = evaluate::measure(&request, job).map_err(|error| Problem::of(&error))?;
    Ok(Box::new(Timed { report, roles }))
}
