//! A merge at work, for whoever watches it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::Receiver;

use super::run_event::RunEvent;
use crate::{
    job::{JobEvent, ProgressSample, RateMeter, Stage, Throughput},
    plan::MergePlan,
};

/// Throughput is a mean over this time.
const RATE_WINDOW: Duration = Duration::from_secs(3);

/// Facts kept for the list of events.
const EVENTS_KEPT: usize = 200;

/// A weight file and how much of it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShardProgress<'a> {
    /// Its name.
    pub name: &'a str,
    /// Bytes of its tensors.
    pub byte_count: u64,
    /// The part that is written, between 0 and 1.
    pub share: f64,
}

/// A merge at work.
pub struct Running {
    /// The plan that it follows.
    pub plan: Arc<MergePlan>,
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
    /// Tensors that were written, and then those that were checked.
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
    pub fn new(plan: Arc<MergePlan>, told: Receiver<RunEvent>) -> Self {
        let now = Instant::now();
        Self {
            plan,
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

    /// Whether the merged folder is being checked: compared, hashed for a seal, loaded alone.
    #[must_use]
    pub fn is_checking(&self) -> bool {
        match self.stage {
            Stage::Merging | Stage::Converting | Stage::Syncing => false,
            Stage::Verifying | Stage::Sealing | Stage::Evaluating | Stage::Measuring => true,
        }
    }

    /// Every weight file and how far it is: files are written one after another, so the bytes done say where each stands.
    #[must_use]
    pub fn shards(&self) -> Vec<ShardProgress<'_>> {
        let mut left = if self.stage == Stage::Merging { self.sample.bytes_done } else { u64::MAX };
        let shards = self.plan.shards.iter().map(|shard| {
            let byte_count: u64 = shard.steps.iter().map(|step| step.byte_count).sum();
            let done = left.min(byte_count);
            left -= done;
            ShardProgress { name: &shard.file_name, byte_count, share: done as f64 / byte_count.max(1) as f64 }
        });
        shards.collect()
    }

    /// Counts anew for the next stage.
    fn start_stage(&mut self, stage: Stage) {
        if stage == Stage::Verifying {
            self.tensors_done = 0;
        }
        self.stage = stage;
        self.rate = RateMeter::new(RATE_WINDOW);
        self.sample = ProgressSample::default();
        self.sampled = self.started;
    }

    /// Takes what happened since the last look.
    pub fn take_events(&mut self, events: impl Iterator<Item = JobEvent>) {
        let at = self.started.elapsed();
        self.events.extend(self.told.try_iter().map(|event| (at, event)));
        for event in events {
            match event {
                JobEvent::StageStarted(stage) => self.start_stage(stage),
                JobEvent::TensorDone { name } => {
                    self.tensors_done += 1;
                    self.events.push((at, RunEvent::TensorDone(name)));
                }
                JobEvent::Warning(warning) => self.events.push((at, RunEvent::Warned(warning))),
                JobEvent::ScoringCost { .. } | JobEvent::Loaded { .. } => {}
            }
        }
        let extra = self.events.len().saturating_sub(EVENTS_KEPT);
        self.events.drain(..extra);
    }

    /// Takes a look at the counters, where the last one is at least `interval` ago.
    pub fn take_sample(&mut self, sample: &ProgressSample, interval: Duration) {
        let now = Instant::now();
        if now.duration_since(self.sampled) < interval {
            return;
        }
        self.sampled = now;
        self.sample = sample.clone();
        self.rate.observe(now, self.sample.bytes_done);
        if self.stage == Stage::Merging {
            self.throughput.observe(now, self.sample.bytes_done);
        }
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
