//! How far a job is.

use std::time::Instant;

use crate::job::{JobEvent, JobWatch, Pace, ProgressSample};

/// How far a job is, as last looked at.
#[derive(Debug)]
pub struct Progress {
    /// The latest look at its counters.
    pub sample: ProgressSample,
    /// Tokens to score and models that read them, where that is the work.
    pub scoring_cost: Option<(u64, usize)>,
    pace: Pace,
}

impl Progress {
    /// Nothing is done yet.
    pub(super) fn new() -> Self {
        Self { sample: ProgressSample::default(), scoring_cost: None, pace: Pace::new(Instant::now()) }
    }

    /// Looks at the counters; returns the facts that came since the last look.
    pub(super) fn look(&mut self, watch: &JobWatch) -> Vec<JobEvent> {
        let events: Vec<JobEvent> = watch.events.try_iter().collect();
        for event in &events {
            match event {
                JobEvent::ScoringCost { token_count, model_count } => {
                    self.scoring_cost = Some((*token_count, *model_count));
                }
                JobEvent::StageStarted(_) => self.pace = Pace::new(Instant::now()),
                JobEvent::TensorDone { .. } | JobEvent::Loaded { .. } | JobEvent::Warning(_) => {}
            }
        }
        self.sample = watch.progress.sample();
        self.pace.observe(Instant::now(), &self.sample);
        events
    }

    /// Whether there is anything to show.
    pub(super) fn has_begun(&self) -> bool {
        self.sample != ProgressSample::default()
    }

    /// Seconds that the stage at hand will still take at the pace that it had so far; a first layer is enough to say so.
    #[must_use]
    pub fn left_secs(&self) -> Option<f64> {
        self.pace.left_secs(Instant::now())
    }
}
