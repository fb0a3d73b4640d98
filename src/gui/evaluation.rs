//! Perplexity of base, base + adapter and merged, measured on a worker.

use std::{path::PathBuf, sync::Arc};

use super::{background::Task, problem::Problem, run::Finished, view::PerplexityTable, wake::Waker};
use crate::{
    evaluate::{self, EvalReport, EvalRequest, EvalText, ModelSource},
    job::{JobContext, JobWatch, ProgressSample},
    plan::{AdapterRequest, MergePlan},
};

/// How far a measurement is.
#[derive(Debug, Default)]
pub enum Evaluation {
    /// Nothing was asked.
    #[default]
    Idle,
    /// A worker measures.
    Running(Box<Measuring>),
    /// The numbers.
    Done(Box<Measured>),
    /// Why there are none.
    Failed(Problem),
}

/// A finished measurement.
#[derive(Debug)]
pub struct Measured {
    /// All of it, for the report.
    pub report: EvalReport,
    /// What the screen shows.
    pub table: PerplexityTable,
}

/// A measurement at work.
pub struct Measuring {
    /// Counters.
    pub watch: JobWatch,
    /// Asks for a frame when there is something new.
    pub waker: Arc<Waker>,
    /// The latest look at them.
    pub sample: ProgressSample,
    /// The result, once there is one.
    pub task: Task<Result<Box<Measured>, Problem>>,
}

impl std::fmt::Debug for Measuring {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Measuring").field("sample", &self.sample).finish_non_exhaustive()
    }
}

impl Drop for Measuring {
    /// A result that nobody waits for is not worth its time.
    fn drop(&mut self) {
        self.watch.cancel();
    }
}

/// Starts a measurement of `finished` on `texts`.
#[must_use]
pub fn start(finished: &Finished, texts: Vec<PathBuf>, ctx: &egui::Context) -> Evaluation {
    let waker = Arc::new(Waker::new(ctx));
    let (job, watch) = JobContext::new({
        let waker = Arc::clone(&waker);
        move || waker.wake()
    });
    let models = models(&finished.plan, finished.receipt.output.clone());
    let task = Task::spawn("evaluate", ctx, move || measure(models, &texts, &job));
    Evaluation::Running(Box::new(Measuring { watch, waker, sample: ProgressSample::default(), task }))
}

/// Base as stored, base + adapter at run time, merged.
fn models(plan: &MergePlan, merged: PathBuf) -> Vec<ModelSource> {
    let base = plan.base.root().to_owned();
    let adapters = plan.adapters.iter().zip(&plan.strengths);
    let adapters = adapters
        .map(|(adapter, strength)| AdapterRequest { path: adapter.root().to_owned(), strength: *strength })
        .collect();
    vec![ModelSource::Stored(base.clone()), ModelSource::WithAdapters { base, adapters }, ModelSource::Stored(merged)]
}

fn measure(models: Vec<ModelSource>, texts: &[PathBuf], job: &JobContext) -> Result<Box<Measured>, Problem> {
    let texts = texts.iter().map(|path| EvalText::read(path)).collect::<Result<Vec<_>, _>>();
    let texts = texts.map_err(|error| Problem::of(&error))?;
    let report = evaluate::run(&EvalRequest::new(models, texts), job).map_err(|error| Problem::of(&error))?;
    let table = PerplexityTable::of(&report);
    Ok(Box::new(Measured { report, table }))
}
