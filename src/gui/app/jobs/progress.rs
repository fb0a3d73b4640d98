//! How far a job is.

use std::time::Instant;

use crate::job::{JobEvent, JobWatch, ProgressSample};

/// How far a job is, as last looked at.
#[derive(Debug)]
pub struct Progress {
    /// The latest look at its counters.
    pub sample: ProgressSample,
    /// Tokens to score and models that read them, where that is the work.
    pub scoring_cost: Option<(u64, usize)>,
    stage: Pace,
}

/// How fast a stage goes, from its beginning on.
#[derive(Debug)]
struct Pace {
    started: Instant,
    bytes_total: u64,
}

impl Progress {
    /// Nothing is done yet.
    pub(super) fn new() -> Self {
        let stage = Pace { started: Instant::now(), bytes_total: 0 };
        Self { sample: ProgressSample::default(), scoring_cost: None, stage }
    }

    /// Looks at the counters; returns the facts that came since the last look.
    pub(super) fn look(&mut self, watch: &JobWatch) -> Vec<JobEvent> {
        let events: Vec<JobEvent> = watch.events.try_iter().collect();
        for event in &events {
            if let JobEvent::ScoringCost { token_count, model_count } = event {
                self.scoring_cost = Some((*token_count, *model_count));
            }
        }
        self.sample = watch.progress.sample();
        if self.sample.bytes_total != self.stage.bytes_total {
            self.stage = Pace { started: Instant::now(), bytes_total: self.sample.bytes_total };
        }
        events
    }

    /// Whether there is anything to show.
    pub(super) fn has_begun(&self) -> bool {
        self.sample != ProgressSample::default()
    }

    /// Seconds that the stage at hand will still take at the pace that it had so far; a first layer is enough to say so.
    #[must_use]
    pub fn left_secs(&self) -> Option<f64> {
        left_secs(self.stage.started.elapsed().as_secs_f64(), &self.sample)
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
