//! What one pass over a tile learns about W, Δ and the rounding, mergeable over tiles.

use serde::{Deserialize, Serialize};

/// Lanes of the running sums: enough for the compiler to use whole vector registers.
const LANES: usize = 16;

/// Elements summed in f32 before the sum is carried on in f64.
const RUN_LEN: usize = 4096;

/// Sums over the elements of a tile, a tensor or a model.
///
/// W is the base as stored, Δ the exact change asked for, E the change that the output really holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TileStats {
    /// Elements seen.
    pub element_count: u64,
    /// Elements whose stored value differs from the base converted to the output dtype.
    pub changed_count: u64,
    /// Base elements that are NaN or infinite.
    pub base_non_finite_count: u64,
    /// Output elements that are NaN or infinite.
    pub output_non_finite_count: u64,
    /// Σ W².
    pub weight_square_sum: f64,
    /// Σ Δ².
    pub delta_square_sum: f64,
    /// Σ E·Δ.
    pub effect_delta_sum: f64,
    /// Largest |W + Δ| before rounding.
    pub max_magnitude: f32,
}

/// The views of the same elements that [`TileStats::observe`] compares; all of one length.
#[derive(Clone, Copy, Debug)]
pub struct ElementViews<'a> {
    /// W, widened.
    pub weight: &'a [f32],
    /// Δ.
    pub delta: &'a [f32],
    /// W + Δ before rounding.
    pub sum: &'a [f32],
    /// What was stored, widened again.
    pub stored: &'a [f32],
    /// W converted to the output dtype, widened again.
    pub weight_converted: &'a [f32],
}

impl TileStats {
    /// Adds elements.
    pub fn observe(&mut self, views: ElementViews<'_>) {
        let ElementViews { weight, delta, sum, stored, weight_converted } = views;
        let runs = weight
            .chunks(RUN_LEN)
            .zip(delta.chunks(RUN_LEN))
            .zip(sum.chunks(RUN_LEN))
            .zip(stored.chunks(RUN_LEN))
            .zip(weight_converted.chunks(RUN_LEN));
        for ((((weight, delta), sum), stored), weight_converted) in runs {
            let mut lanes = Lanes::default();
            lanes.observe_run(&ElementViews { weight, delta, sum, stored, weight_converted });
            lanes.add_to(self);
        }
        self.element_count += weight.len() as u64;
    }

    /// Adds the sums of another tile.
    pub fn merge(&mut self, other: &Self) {
        self.element_count += other.element_count;
        self.changed_count += other.changed_count;
        self.base_non_finite_count += other.base_non_finite_count;
        self.output_non_finite_count += other.output_non_finite_count;
        self.weight_square_sum += other.weight_square_sum;
        self.delta_square_sum += other.delta_square_sum;
        self.effect_delta_sum += other.effect_delta_sum;
        self.max_magnitude = self.max_magnitude.max(other.max_magnitude);
    }

    /// ‖Δ‖ / ‖W‖ (Frobenius); `None` where W is zero.
    #[must_use]
    pub fn relative_change(&self) -> Option<f64> {
        (self.weight_square_sum > 0.0).then(|| (self.delta_square_sum / self.weight_square_sum).sqrt())
    }

    /// ⟨E, Δ⟩ / ⟨Δ, Δ⟩, the part of the asked change that survives rounding; `None` where Δ is zero.
    #[must_use]
    pub fn gain(&self) -> Option<f64> {
        (self.delta_square_sum > 0.0).then(|| self.effect_delta_sum / self.delta_square_sum)
    }
}

/// Partial sums of one run, in lanes because float addition may not be reordered by the compiler.
#[derive(Default)]
struct Lanes {
    weight_square: [f32; LANES],
    delta_square: [f32; LANES],
    effect_delta: [f32; LANES],
    max_magnitude: [f32; LANES],
    changed: [u32; LANES],
    base_non_finite: [u32; LANES],
    output_non_finite: [u32; LANES],
}

impl Lanes {
    fn observe_run(&mut self, run: &ElementViews<'_>) {
        let blocks = run
            .weight
            .chunks(LANES)
            .zip(run.delta.chunks(LANES))
            .zip(run.sum.chunks(LANES))
            .zip(run.stored.chunks(LANES))
            .zip(run.weight_converted.chunks(LANES));
        for ((((weight, delta), sum), stored), converted) in blocks {
            for lane in 0..weight.len() {
                let effect = stored[lane] - weight[lane];
                self.weight_square[lane] += weight[lane] * weight[lane];
                self.delta_square[lane] += delta[lane] * delta[lane];
                self.effect_delta[lane] += effect * delta[lane];
                self.max_magnitude[lane] = self.max_magnitude[lane].max(sum[lane].abs());
                self.changed[lane] += u32::from(stored[lane] != converted[lane]);
                self.base_non_finite[lane] += u32::from(!weight[lane].is_finite());
                self.output_non_finite[lane] += u32::from(!stored[lane].is_finite());
            }
        }
    }

    fn add_to(&self, stats: &mut TileStats) {
        let count = |lanes: &[u32; LANES]| u64::from(lanes.iter().sum::<u32>());
        let sum = |lanes: &[f32; LANES]| lanes.iter().map(|lane| f64::from(*lane)).sum::<f64>();
        stats.changed_count += count(&self.changed);
        stats.base_non_finite_count += count(&self.base_non_finite);
        stats.output_non_finite_count += count(&self.output_non_finite);
        stats.weight_square_sum += sum(&self.weight_square);
        stats.delta_square_sum += sum(&self.delta_square);
        stats.effect_delta_sum += sum(&self.effect_delta);
        stats.max_magnitude = self.max_magnitude.iter().copied().fold(stats.max_magnitude, f32::max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delta_that_rounds_away_is_seen_as_lost() {
        let weight = [1.0_f32; 20];
        let delta = [1e-4_f32; 20];
        let sum: Vec<f32> = weight.iter().zip(&delta).map(|(w, d)| w + d).collect();
        let mut stats = TileStats::default();
        stats.observe(ElementViews {
            weight: &weight,
            delta: &delta,
            sum: &sum,
            stored: &weight,
            weight_converted: &weight,
        });
        assert_eq!((stats.element_count, stats.changed_count), (20, 0));
        assert_eq!(stats.gain(), Some(0.0));
        assert!((stats.relative_change().unwrap() - 1e-4).abs() < 1e-9);
    }

    #[test]
    fn merging_tiles_is_adding_their_sums() {
        let row = |value: f32| {
            let (weight, stored) = ([value; 3], [value + 1.0; 3]);
            let mut stats = TileStats::default();
            stats.observe(ElementViews {
                weight: &weight,
                delta: &[1.0; 3],
                sum: &stored,
                stored: &stored,
                weight_converted: &weight,
            });
            stats
        };
        let mut both = row(2.0);
        both.merge(&row(f32::INFINITY));
        assert_eq!(both.element_count, 6);
        assert_eq!(both.base_non_finite_count, 3);
        assert_eq!(both.changed_count, 3);
    }
}
