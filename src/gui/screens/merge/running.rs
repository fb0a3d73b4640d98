//! A merge at work, as the window watches it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::Receiver;

use super::{run::RunResult, run_event::RunEvent, throughput::Throughput};
use crate::{
    gui::app::jobs::{background::Task, wake::Waker},
    job::{JobWatch, ProgressSample, RateMeter, Stage},
    plan::MergePlan,
};

/// Throughput is a mean over this time.
const RATE_WINDOW: Duration = Duration::from_secs(3);

/// A merge at work.
pub struct Running {
    /// The plan that it follows.
    pub plan: Arc<MergePlan>,
    /// Counters, facts and the way to cancel.
    pub watch: JobWatch,
    /// Asks for a frame when there are new facts.
    pub waker: Arc<Waker>,
    /// The result, once there is one.
    pub task: Task<RunResult>,
    /// The part of the work that runs.
    pub stage: Stage,
    /// The latest look at the counters.
    pub sample: ProgressSample,
    /// Throughput of the stage.
    pub rate: RateMeter,
    /// Throughput since the beginning, for the chart.
    pub throughput: Throughput,
    /// When it began.
    pub started: Instant,
    /// When the counters were last looked at.
    pub sampled: Instant,
    /// Tensors written.
    pub tensors_done: usize,
    /// Facts for the list, newest last, with the time since the start.
    pub events: Vec<(Duration, RunEvent)>,
    /// What the worker tells beside its job: what computes.
    pub told: Receiver<RunEvent>,
    /// The user asked to stop.
    pub is_cancelling: bool,
}

impl Running {
    /// A merge that begins now.
    #[must_use]
    pub fn new(
        plan: Arc<MergePlan>,
        watch: JobWatch,
        told: Receiver<RunEvent>,
        waker: Arc<Waker>,
        task: Task<RunResult>,
    ) -> Self {
        let now = Instant::now();
        Self {
            plan,
            watch,
            waker,
            task,
            stage: Stage::Merging,
            sample: ProgressSample::default(),
            rate: RateMeter::new(RATE_WINDOW),
            throughput: Throughput::new(now),
            started: now,
            sampled: now,
            tensors_done: 0,
            events: Vec::new(),
            told,
            is_cancelling: false,
        }
    }

    /// Counts anew for the next stage.
    pub fn start_stage(&mut self, stage: Stage) {
        self.stage = stage;
        self.rate = RateMeter::new(RATE_WINDOW);
        self.sample = ProgressSample::default();
        self.sampled = self.started;
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Running")
            .field("stage", &self.stage)
            .field("sample", &self.sample)
            .finish_non_exhaustive()
    }
}
