//! Work in the background that says how far it is and can be stopped, and what has become of it.

use std::sync::Arc;

use super::{
    background::{Outcome, Task},
    problem::Problem,
    wake::{FRAME_INTERVAL, Waker},
    words::Words,
};
use crate::job::{JobContext, JobWatch, ProgressSample};

/// A piece of work, as the window watches it.
pub struct Watched<T> {
    /// The latest look at its counters.
    pub sample: ProgressSample,
    watch: JobWatch,
    waker: Arc<Waker>,
    task: Task<Result<T, Problem>>,
}

/// What has become of a piece of work that can be asked for again.
#[derive(Debug, Default)]
pub enum Work<T> {
    /// Nothing was asked.
    #[default]
    Idle,
    /// A worker is at it.
    Running(Box<Watched<T>>),
    /// The result.
    Done(T),
    /// Why there is none.
    Failed(Problem),
}

impl<T: Send + 'static> Watched<T> {
    /// Starts `work` on a thread named `name`.
    pub fn spawn(
        name: &str,
        ctx: &egui::Context,
        work: impl FnOnce(&JobContext) -> Result<T, Problem> + Send + 'static,
    ) -> Self {
        let waker = Arc::new(Waker::new(ctx));
        let (job, watch) = JobContext::new({
            let waker = Arc::clone(&waker);
            move || waker.wake()
        });
        let task = Task::spawn(name, ctx, move || work(&job));
        Self { sample: ProgressSample::default(), watch, waker, task }
    }

    /// Looks at the counters and for the result; asks for another look while there is none.
    pub fn poll(&mut self, ctx: &egui::Context) -> Outcome<Result<T, Problem>> {
        self.waker.look();
        // All that is shown is in the counters; the facts would only fill the channel.
        while self.watch.events.try_recv().is_ok() {}
        let outcome = self.task.poll();
        if matches!(outcome, Outcome::Pending) {
            self.sample = self.watch.progress.sample();
            ctx.request_repaint_after(FRAME_INTERVAL);
        }
        outcome
    }
}

impl<T> Drop for Watched<T> {
    /// A result that nobody waits for is not worth its time.
    fn drop(&mut self) {
        self.watch.cancel();
    }
}

impl<T> std::fmt::Debug for Watched<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Watched").field("sample", &self.sample).finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Work<T> {
    /// Work that begins now.
    pub fn start(
        name: &str,
        ctx: &egui::Context,
        work: impl FnOnce(&JobContext) -> Result<T, Problem> + Send + 'static,
    ) -> Self {
        Self::Running(Box::new(Watched::spawn(name, ctx, work)))
    }

    /// Takes the result where it has come; true then.
    pub fn drain(&mut self, ctx: &egui::Context, words: &Words) -> bool {
        let Self::Running(watched) = self else { return false };
        *self = match watched.poll(ctx) {
            Outcome::Pending => return false,
            Outcome::Ready(Ok(result)) => Self::Done(result),
            Outcome::Ready(Err(problem)) => Self::Failed(problem),
            Outcome::Lost => Self::Failed(Problem::lost_worker(words)),
        };
        true
    }
}

impl<T> Work<T> {
    /// Whether a worker is at it.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self, Self::Running(_))
    }

    /// The result, once there is one.
    #[must_use]
    pub fn done(&self) -> Option<&T> {
        match self {
            Self::Done(result) => Some(result),
            _ => None,
        }
    }
}
