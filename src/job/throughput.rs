//! How fast bytes were written over the whole run, in as few points as a chart can show.

use std::time::{Duration, Instant};

use super::RateMeter;

/// Each point is a mean over this time.
const WINDOW: Duration = Duration::from_secs(1);

/// Points kept; then every second one goes and new ones come half as often.
const MOST_POINTS: usize = 512;

/// Points of the chart, oldest first.
#[derive(Debug)]
pub struct Throughput {
    started: Instant,
    meter: RateMeter,
    /// Seconds since the start, and bytes per second.
    points: Vec<[f64; 2]>,
    /// Samples between two points.
    every: usize,
    skipped: usize,
}

impl Throughput {
    /// No points yet.
    #[must_use]
    pub fn new(started: Instant) -> Self {
        Self { started, meter: RateMeter::new(WINDOW), points: Vec::new(), every: 1, skipped: 0 }
    }

    /// Takes a look at the counter.
    pub fn observe(&mut self, now: Instant, bytes_done: u64) {
        self.meter.observe(now, bytes_done);
        self.skipped += 1;
        if self.skipped < self.every {
            return;
        }
        let Some(rate) = self.meter.bytes_per_sec() else { return };
        self.skipped = 0;
        self.points.push([now.duration_since(self.started).as_secs_f64(), rate]);
        if self.points.len() > MOST_POINTS {
            let mut index = 0;
            self.points.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.every *= 2;
        }
    }

    /// Seconds since the start, and bytes per second.
    #[must_use]
    pub fn points(&self) -> &[[f64; 2]] {
        &self.points
    }

    /// The largest rate.
    #[must_use]
    pub fn peak(&self) -> f64 {
        self.points.iter().map(|[_, rate]| *rate).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_keeps_its_beginning_and_few_points() {
        let start = Instant::now();
        let mut throughput = Throughput::new(start);
        for quarter in 0..10_000_u64 {
            throughput.observe(start + Duration::from_millis(250 * quarter), quarter * 25_000_000);
        }
        let points = throughput.points();
        assert!((MOST_POINTS / 2..=MOST_POINTS).contains(&points.len()), "{}", points.len());
        assert!(points[0][0] < 1.0 && points.last().unwrap()[0] > 2_400.0);
        assert!(points.iter().all(|[_, rate]| (*rate - 1e8).abs() < 1.0), "100 MB each second");
        assert!(points.windows(2).all(|pair| pair[0][0] < pair[1][0]));
    }
}
