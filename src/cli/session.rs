//! A job on a thread of its own, with one line of progress on the terminal and Ctrl-C as cancel.

use std::{
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use lorafuse::{
    job::{JobContext, JobEvent, JobWatch, RateMeter, Stage},
    units,
};

use super::{Failure, tell};

/// How often the line is drawn.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(100);

/// Throughput is that of the last seconds, not of the whole run.
const RATE_WINDOW: Duration = Duration::from_secs(3);

/// Characters of a tensor name on the line.
const NAME_WIDTH: usize = 44;

/// What all jobs of a command share: cancel flag, counters and the progress line.
pub struct Session {
    job: JobContext,
    watch: JobWatch,
}

impl Session {
    /// Starts listening to Ctrl-C.
    pub fn start() -> Self {
        let (job, watch) = JobContext::new(|| {});
        let cancel = watch.cancel_flag();
        // A second handler cannot be set; then Ctrl-C ends the process, which is safe at any point too.
        ctrlc::set_handler(move || cancel.store(true, Ordering::Relaxed)).ok();
        Self { job, watch }
    }

    /// Runs `work` and draws its progress until it ends.
    pub fn run<T, E>(&self, work: impl FnOnce(&JobContext) -> Result<T, E> + Send) -> Result<T, Failure>
    where
        T: Send,
        E: Send + Into<Failure>,
    {
        let mut line = ProgressLine::new();
        let result = thread::scope(|scope| -> Result<Result<T, E>, Failure> {
            let worker = thread::Builder::new()
                .name("job".to_owned())
                .spawn_scoped(scope, || work(&self.job))
                .map_err(|error| Failure::plain(&error))?;
            while !worker.is_finished() {
                if let Ok(event) = self.watch.events.recv_timeout(SAMPLE_INTERVAL) {
                    line.observe(&event, &self.watch);
                }
                line.draw(&self.watch);
            }
            self.watch.events.try_iter().for_each(|event| line.observe(&event, &self.watch));
            match worker.join() {
                Ok(result) => Ok(result),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        });
        line.clear();
        let was_cancelled = self.watch.cancel_flag().load(Ordering::Relaxed);
        result?.map_err(|error| if was_cancelled { error.into().cancelled() } else { error.into() })
    }
}

/// `Merging ━━━━━━╸ 45 % · 1.11 GB of 2.47 GB · 812 MB/s · 2 s left · model.layers.3.mlp.up_proj.weight`
struct ProgressLine {
    bar: ProgressBar,
    meter: RateMeter,
    stage: Option<Stage>,
    drawn_at: Option<Instant>,
}

impl ProgressLine {
    fn new() -> Self {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{prefix} {bar:24} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸ "));
        Self { bar, meter: RateMeter::new(RATE_WINDOW), stage: None, drawn_at: None }
    }

    fn observe(&mut self, event: &JobEvent, watch: &JobWatch) {
        match event {
            JobEvent::StageStarted(stage) => {
                self.stage = Some(*stage);
                self.bar.set_prefix(Stage::label(*stage));
            }
            JobEvent::Warning(message) => self.bar.suspend(|| tell(&format!("warning: {message}"))),
            JobEvent::Loaded { model, load_secs } => {
                let loaded = format!("{model} is loaded, in {}", units::duration(*load_secs));
                self.bar.suspend(|| tell(&loaded));
            }
            JobEvent::ScoringCost { token_count, model_count } => {
                let bytes = units::bytes(watch.progress.sample().bytes_total);
                let (tokens, models) = (units::count(*token_count), units::plural(*model_count, "model"));
                let cost = format!("{tokens} tokens to score with {models}, {bytes} of weights to read");
                self.bar.suspend(|| tell(&cost));
            }
            JobEvent::TensorDone { .. } => {}
        }
    }

    fn draw(&mut self, watch: &JobWatch) {
        let now = Instant::now();
        if self.drawn_at.is_some_and(|at| now - at < SAMPLE_INTERVAL) {
            return;
        }
        self.drawn_at = Some(now);
        let sample = watch.progress.sample();
        self.meter.observe(now, sample.bytes_done);
        self.bar.set_length(sample.bytes_total);
        self.bar.set_position(sample.bytes_done);
        let percent = (100 * sample.bytes_done).checked_div(sample.bytes_total).unwrap_or(0);
        let counts_bytes = self.stage != Some(Stage::Measuring);
        let done = if counts_bytes {
            format!("{} of {}", units::bytes(sample.bytes_done), units::bytes(sample.bytes_total))
        } else {
            format!("pass {} of {}", sample.bytes_done, sample.bytes_total)
        };
        let mut parts = vec![format!("{percent} %"), done];
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive rate for display")]
        if let Some(rate) = self.meter.bytes_per_sec().filter(|_| counts_bytes) {
            parts.push(format!("{}/s", units::bytes(rate as u64)));
        }
        if let Some(eta_secs) = self.meter.eta_secs(sample.bytes_total) {
            parts.push(format!("{} left", units::duration(eta_secs)));
        }
        parts.push(tail(&sample.current.to_string()).to_owned());
        self.bar.set_message(parts.join(" · "));
    }

    fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// The end of a name, where layers differ.
fn tail(name: &str) -> &str {
    let start = name.char_indices().rev().nth(NAME_WIDTH - 1).map_or(0, |(at, _)| at);
    &name[start..]
}
