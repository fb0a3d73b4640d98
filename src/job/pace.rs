//! What time is left of a stage, from how it went so far.

use std::time::{Duration, Instant};

use super::ProgressSample;

/// Work that stands still for longer than this, and longer than it did before, says nothing of what is left.
const LEAST_PATIENCE: Duration = Duration::from_secs(5);

/// How fast a stage goes, from its beginning on.
#[derive(Clone, Debug)]
pub struct Pace {
    started: Instant,
    /// When the counter moved last.
    moved: Instant,
    /// The longest time that it took to move.
    longest_pause: Duration,
    bytes_done: u64,
    bytes_total: u64,
}

impl Pace {
    /// A stage that begins now.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { started: now, moved: now, longest_pause: Duration::ZERO, bytes_done: 0, bytes_total: 0 }
    }

    /// Takes one look at the counters; one that went back belongs to a new stage.
    pub fn observe(&mut self, now: Instant, sample: &ProgressSample) {
        if sample.bytes_done < self.bytes_done {
            *self = Self::new(now);
        }
        if sample.bytes_done > self.bytes_done {
            self.longest_pause = self.longest_pause.max(now - self.moved);
            self.moved = now;
        }
        (self.bytes_done, self.bytes_total) = (sample.bytes_done, sample.bytes_total);
    }

    /// Seconds until all is done if it goes on as until now; `None` before the first step, after the last, and where
    /// nothing has moved for too long to tell.
    #[must_use]
    pub fn left_secs(&self, now: Instant) -> Option<f64> {
        let remaining = self.bytes_total.saturating_sub(self.bytes_done);
        let since_move = now.saturating_duration_since(self.moved);
        if self.bytes_done == 0 || remaining == 0 || since_move > LEAST_PATIENCE.max(2 * self.longest_pause) {
            return None;
        }
        let elapsed_secs = (self.moved - self.started).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "an estimate for display")]
        let left_secs = elapsed_secs * remaining as f64 / self.bytes_done as f64 - since_move.as_secs_f64();
        (left_secs > 0.0).then_some(left_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_follows_from_the_pace_so_far_and_is_unknown_where_nothing_moves() {
        let start = Instant::now();
        let at = |secs| start + Duration::from_secs(secs);
        let sample = |bytes_done| ProgressSample { bytes_done, bytes_total: 400, ..ProgressSample::default() };
        let mut pace = Pace::new(start);
        pace.observe(at(0), &sample(0));
        assert_eq!(pace.left_secs(at(2)), None, "nothing is known before the first layer");
        pace.observe(at(3), &sample(100));
        assert_eq!(pace.left_secs(at(3)), Some(9.0));
        pace.observe(at(5), &sample(100));
        assert_eq!(pace.left_secs(at(5)), Some(7.0), "it counts down while a layer is read");
        pace.observe(at(10), &sample(100));
        assert_eq!(pace.left_secs(at(10)), None, "longer than any layer took");
        pace.observe(at(12), &sample(200));
        assert_eq!(pace.left_secs(at(12)), Some(12.0));
        pace.observe(at(20), &sample(400));
        assert_eq!(pace.left_secs(at(20)), None, "what is done is not about to be done");
        pace.observe(at(30), &sample(0));
        pace.observe(at(31), &sample(200));
        assert_eq!(pace.left_secs(at(31)), Some(1.0), "a new stage");
    }
}
