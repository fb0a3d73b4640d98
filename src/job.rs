//! The one seam between work and whoever watches it: the window, the command line or a test.
//!
//! Work bumps atomics and sends facts; it never knows who listens. Counters are sampled by the watcher, so that
//! progress costs the work nothing.

mod event;
mod pace;
mod throughput;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender};

pub use self::{
    event::{JobEvent, JobWarning},
    pace::Pace,
    throughput::Throughput,
};
use crate::message::said_in_english;

/// Facts that wait for a watcher; more than any screen shows, and bounded so that a sleeping watcher costs no memory.
const EVENT_CAPACITY: usize = 1024;

/// What a long-running function is handed: how to report, and how it learns that it should stop.
#[derive(Clone)]
pub struct JobContext {
    cancel: Arc<AtomicBool>,
    progress: Arc<Progress>,
    events: Sender<JobEvent>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

/// The user asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[error("{}", crate::message::english(self))]
pub struct Cancelled;

/// A part of the work, in the order in which a run passes through them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Weights are read, updated and written.
    Merging,
    /// A model is written in another format.
    Converting,
    /// Bytes are forced to the disk and the folder gets its name.
    Syncing,
    /// Every file is hashed for `SHA256SUMS`.
    Sealing,
    /// A merged folder is checked.
    Verifying,
    /// Models score texts.
    Evaluating,
    /// Models are timed; this stage counts forward passes in place of bytes.
    Measuring,
}

impl Stage {
    /// The stage as a progress line names it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Merging => "Merging",
            Self::Converting => "Converting",
            Self::Syncing => "Syncing to disk",
            Self::Sealing => "Sealing",
            Self::Verifying => "Verifying",
            Self::Evaluating => "Evaluating",
            Self::Measuring => "Timing",
        }
    }
}

/// Counters that the work bumps and the watcher samples.
#[derive(Debug, Default)]
pub struct Progress {
    bytes_done: AtomicU64,
    bytes_total: AtomicU64,
    current: Mutex<Current>,
}

/// One look at [`Progress`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProgressSample {
    /// Bytes processed in this stage.
    pub bytes_done: u64,
    /// Bytes that this stage will process.
    pub bytes_total: u64,
    /// What is at work.
    pub current: Current,
}

/// What a job is at, as a value, so that each language has its own words for it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Current {
    /// A tensor, a file or a model, by its name; empty before the first.
    Named(String),
    /// A layer of a model.
    Layer {
        /// The model's name.
        model: String,
        /// Counted from one.
        number: usize,
        /// Layers of the model.
        count: usize,
    },
    /// The output heads of all models, side by side.
    OutputHeads,
    /// A process that has the folder and nothing else, which loads it.
    Alone,
}

impl Default for Current {
    fn default() -> Self {
        Self::Named(String::new())
    }
}

impl<T: Into<String>> From<T> for Current {
    fn from(name: T) -> Self {
        Self::Named(name.into())
    }
}

said_in_english!(Current);

impl Current {
    /// Whether nothing is at work yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Named(name) if name.is_empty())
    }
}

impl Progress {
    /// Reads all counters.
    #[must_use]
    pub fn sample(&self) -> ProgressSample {
        ProgressSample {
            bytes_done: self.bytes_done.load(Ordering::Relaxed),
            bytes_total: self.bytes_total.load(Ordering::Relaxed),
            current: self.current.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

/// The watcher's end of a [`JobContext`].
pub struct JobWatch {
    /// Facts in the order in which they happened.
    pub events: Receiver<JobEvent>,
    /// Counters to sample.
    pub progress: Arc<Progress>,
    cancel: Arc<AtomicBool>,
}

impl JobWatch {
    /// Asks the work to stop; it does so within a tile.
    pub fn cancel(&self) {
        self.cancel.store(true, Ordering::Relaxed);
    }

    /// The flag behind [`Self::cancel`], for a signal handler.
    #[must_use]
    pub fn cancel_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.cancel)
    }
}

impl JobContext {
    /// A context and the watcher's end of it; `wake` is called after every event (a window repaints, others do nothing).
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> (Self, JobWatch) {
        let (events, receiver) = crossbeam_channel::bounded(EVENT_CAPACITY);
        let (cancel, progress) = (Arc::<AtomicBool>::default(), Arc::<Progress>::default());
        let watch = JobWatch { events: receiver, progress: Arc::clone(&progress), cancel: Arc::clone(&cancel) };
        (Self { cancel, progress, events, wake: Arc::new(wake) }, watch)
    }

    /// A context that nobody watches.
    #[must_use]
    pub fn unwatched() -> Self {
        Self::new(|| {}).0
    }

    /// An error once the user asked to stop; called between tiles.
    ///
    /// # Errors
    /// [`Cancelled`], to be passed up with `?`.
    pub fn check_cancelled(&self) -> Result<(), Cancelled> {
        if self.cancel.load(Ordering::Relaxed) { Err(Cancelled) } else { Ok(()) }
    }

    /// Begins a stage of `bytes_total` bytes.
    pub fn start_stage(&self, stage: Stage, bytes_total: u64) {
        self.progress.bytes_done.store(0, Ordering::Relaxed);
        self.progress.bytes_total.store(bytes_total, Ordering::Relaxed);
        self.set_current(Current::default());
        self.send(JobEvent::StageStarted(stage));
    }

    /// Adds `byte_count` bytes to what this stage will process: a part that needs more passes than were foreseen.
    pub fn extend_stage(&self, byte_count: u64) {
        self.progress.bytes_total.fetch_add(byte_count, Ordering::Relaxed);
    }

    /// Tells what is at work.
    pub fn set_current(&self, current: impl Into<Current>) {
        *self.progress.current.lock().unwrap_or_else(PoisonError::into_inner) = current.into();
    }

    /// The counters as a watcher sees them.
    #[must_use]
    pub fn sample(&self) -> ProgressSample {
        self.progress.sample()
    }

    /// Counts `byte_count` bytes as done.
    pub fn advance(&self, byte_count: u64) {
        self.progress.bytes_done.fetch_add(byte_count, Ordering::Relaxed);
    }

    /// Tells the watcher a fact; a watcher that sleeps through a thousand of them loses the newest, never the work.
    pub fn send(&self, event: JobEvent) {
        self.events.try_send(event).ok();
        (self.wake)();
    }
}

/// Throughput over a short window, from samples that the watcher takes.
#[derive(Debug)]
pub struct RateMeter {
    window: Duration,
    samples: std::collections::VecDeque<(Instant, u64)>,
}

impl RateMeter {
    /// A meter that looks back over `window`.
    #[must_use]
    pub fn new(window: Duration) -> Self {
        Self { window, samples: std::collections::VecDeque::new() }
    }

    /// Adds one sample; a counter that went back (a new stage) starts the meter again.
    pub fn observe(&mut self, now: Instant, bytes_done: u64) {
        if self.samples.back().is_some_and(|(_, last)| *last > bytes_done) {
            self.samples.clear();
        }
        self.samples.push_back((now, bytes_done));
        while self.samples.len() > 2 && self.samples.get(1).is_some_and(|(at, _)| now - *at >= self.window) {
            self.samples.pop_front();
        }
    }

    /// Bytes per second over the window; `None` before two samples apart in time.
    #[must_use]
    pub fn bytes_per_sec(&self) -> Option<f64> {
        let ((first_at, first), (last_at, last)) = (self.samples.front()?, self.samples.back()?);
        let duration_secs = (*last_at - *first_at).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for display")]
        (duration_secs > 0.0).then(|| (last - first) as f64 / duration_secs)
    }

    /// Seconds until `bytes_total` at the present rate; `None` where nothing moves, and once all is done.
    #[must_use]
    pub fn eta_secs(&self, bytes_total: u64) -> Option<f64> {
        let rate = self.bytes_per_sec().filter(|rate| *rate > 0.0)?;
        let (_, done) = self.samples.back()?;
        let remaining = bytes_total.saturating_sub(*done);
        #[expect(clippy::cast_precision_loss, reason = "an estimate for display")]
        (remaining > 0).then(|| remaining as f64 / rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cancelling_reaches_the_work() {
        let (job, watch) = JobContext::new(|| {});
        assert_eq!(job.check_cancelled(), Ok(()));
        watch.cancel();
        assert_eq!(job.check_cancelled(), Err(Cancelled));
    }

    #[test]
    fn a_full_channel_drops_events_and_not_the_work() {
        let (job, watch) = JobContext::new(|| {});
        for index in 0..EVENT_CAPACITY + 10 {
            job.send(JobEvent::TensorDone { name: index.to_string() });
        }
        assert_eq!(watch.events.len(), EVENT_CAPACITY);
    }

    #[test]
    fn rate_and_eta_come_from_the_window() {
        let start = Instant::now();
        let mut meter = RateMeter::new(Duration::from_secs(2));
        assert_eq!(meter.bytes_per_sec(), None);
        for second in 0..6_u64 {
            meter.observe(start + Duration::from_secs(second), second * second * 100);
        }
        // Between second 3 and second 5 the counter went from 900 to 2500.
        assert_eq!(meter.bytes_per_sec(), Some(800.0));
        assert_eq!(meter.eta_secs(4_100), Some(2.0));
        assert_eq!(meter.eta_secs(2_500), None, "what is done is not about to be done");
        meter.observe(start + Duration::from_secs(6), 0);
        assert_eq!(meter.bytes_per_sec(), None, "a new stage starts the meter again");
    }
}
