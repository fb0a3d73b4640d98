//! Work in the background that says how far it is and can be stopped, and what has become of it.

use std::{sync::Arc, time::Instant};

use super::{
    background::{Outcome, Task},
    wake::{FRAME_INTERVAL, Waker},
};
use crate::{
    gui::words::problem::Problem,
    job::{JobContext, JobEvent, JobWatch, ProgressSample},
};

/// A piece of work, as the window watches it.
pub struct Watched<T> {
    /// The latest look at its counters.
    pub sample: ProgressSample,
    /// Tokens to score and models that read them, where that is the work.
    pub scoring_cost: Option<(u64, usize)>,
    stage: Pace,
    watch: JobWatch,
    waker: Arc<Waker>,
    task: Task<Result<T, Problem>>,
}

/// How fast a stage goes, from its beginning on.
#[derive(Debug)]
struct Pace {
    started: Instant,
    bytes_total: u64,
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
        let stage = Pace { started: Instant::now(), bytes_total: 0 };
        Self { sample: ProgressSample::default(), scoring_cost: None, stage, watch, waker, task }
    }

    /// Seconds that the stage at hand will still take at the pace that it had so far; a first layer is enough to say so.
    #[must_use]
    pub fn left_secs(&self) -> Option<f64> {
        left_secs(self.stage.started.elapsed().as_secs_f64(), &self.sample)
    }

    /// Looks at the counters and for the result; asks for another look while there is none.
    pub fn poll(&mut self, ctx: &egui::Context) -> Outcome<Result<T, Problem>> {
        self.waker.look();
        for event in self.watch.events.try_iter() {
            if let JobEvent::ScoringCost { token_count, model_count } = event {
                self.scoring_cost = Some((token_count, model_count));
            }
        }
        let outcome = self.task.poll();
        if matches!(outcome, Outcome::Pending) {
            self.sample = self.watch.progress.sample();
            if self.sample.bytes_total != self.stage.bytes_total {
                self.stage = Pace { started: Instant::now(), bytes_total: self.sample.bytes_total };
            }
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
    pub fn drain(&mut self, ctx: &egui::Context) -> bool {
        let Self::Running(watched) = self else { return false };
        *self = match watched.poll(ctx) {
            Outcome::Pending => return false,
            Outcome::Ready(Ok(result)) => Self::Done(result),
            Outcome::Ready(Err(problem)) => Self::Failed(problem),
            Outcome::Lost => Self::Failed(Problem::lost_worker()),
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

fn left_secs(elapsed_secs: f64, sample: &ProgressSample) -> Option<f64> {
    let ProgressSample { bytes_done, bytes_total, .. } = sample;
    (*bytes_done > 0).then(|| elapsed_secs * bytes_total.saturating_sub(*bytes_done) as f64 / *bytes_done as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_follows_from_the_pace_so_far() {
        let sample = |bytes_done| ProgressSample { bytes_done, bytes_total: 400, ..ProgressSample::default() };
        assert_eq!(left_secs(3.0, &sample(0)), None, "nothing is known before the first layer");
        assert_eq!(left_secs(3.0, &sample(100)), Some(9.0));
        assert_eq!(left_secs(12.0, &sample(400)), Some(0.0));
    }
}
