//! What one pass over a tile learns about W, Δ and the rounding, mergeable over tiles.

use serde::{Deserialize, Serialize};

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
    /// Base elements stored as float32 whose bits were looked at; a GPU does not look.
    #[serde(default)]
    pub f32_count: u64,
    /// The low 16 bits of all of them, or-ed: 0 where float32 holds bfloat16 values.
    #[serde(default)]
    pub f32_low_bits: u32,
    /// Σ (stored − (W + Δ))² where the values were packed into codes; there E is what packing W alike leaves apart, and an
    /// element changed where its code did.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub packing_error_square_sum: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
fn is_zero(sum: &f64) -> bool {
    *sum == 0.0
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
    /// Adds elements one by one: the definition of the sums, of which the fused pass is the fast form.
    ///
    /// # Panics
    /// If the views have different lengths.
    pub fn observe(&mut self, views: ElementViews<'_>) {
        let ElementViews { weight, delta, sum, stored, weight_converted } = views;
        let lens = [delta.len(), sum.len(), stored.len(), weight_converted.len()];
        assert_eq!(lens, [weight.len(); 4], "views must have one length");
        for index in 0..weight.len() {
            let (weight, delta, stored) = (weight[index], delta[index], stored[index]);
            let square = |value: f32| f64::from(value) * f64::from(value);
            self.changed_count += u64::from(stored != weight_converted[index]);
            self.base_non_finite_count += u64::from(!weight.is_finite());
            self.output_non_finite_count += u64::from(!stored.is_finite());
            self.weight_square_sum += square(weight);
            self.delta_square_sum += square(delta);
            self.effect_delta_sum += f64::from(stored - weight) * f64::from(delta);
            self.max_magnitude = self.max_magnitude.max(sum[index].abs());
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
        self.f32_count += other.f32_count;
        self.f32_low_bits |= other.f32_low_bits;
        self.packing_error_square_sum += other.packing_error_square_sum;
    }

    /// The same sums for a tensor of `element_count` elements of which these are a sample.
    #[must_use]
    pub fn extrapolated(&self, element_count: u64) -> Self {
        let factor = element_count as f64 / self.element_count.max(1) as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive count")]
        let scaled = |count: u64| (count as f64 * factor).round() as u64;
        Self {
            element_count,
            changed_count: scaled(self.changed_count),
            base_non_finite_count: scaled(self.base_non_finite_count),
            output_non_finite_count: scaled(self.output_non_finite_count),
            weight_square_sum: self.weight_square_sum * factor,
            delta_square_sum: self.delta_square_sum * factor,
            effect_delta_sum: self.effect_delta_sum * factor,
            f32_count: scaled(self.f32_count),
            packing_error_square_sum: self.packing_error_square_sum * factor,
            ..*self
        }
    }

    /// Part of the elements that changed, from 0 to 1.
    #[must_use]
    pub fn changed_share(&self) -> f64 {
        self.changed_count as f64 / self.element_count.max(1) as f64
    }

    /// Whether the base is stored as float32 but every value is a bfloat16: half of its bytes are zeros.
    #[must_use]
    pub fn is_bf16_in_f32(&self) -> bool {
        self.f32_count > 0
            && self.f32_count == self.element_count
            && self.f32_low_bits == 0
            && self.weight_square_sum > 0.0
    }

    /// The same with what packing the sums left of Δ in the place of what rounding them to float32 did.
    #[must_use]
    pub fn packed(&self, packing: &Self) -> Self {
        Self {
            changed_count: packing.changed_count,
            delta_square_sum: packing.delta_square_sum,
            effect_delta_sum: packing.effect_delta_sum,
            packing_error_square_sum: packing.packing_error_square_sum,
            ..*self
        }
    }

    /// How far packing moved the values, as a multiple of ‖Δ‖; `None` where nothing was packed or Δ is zero.
    #[must_use]
    pub fn packing_noise(&self) -> Option<f64> {
        let is_told = self.packing_error_square_sum > 0.0 && self.delta_square_sum > 0.0;
        is_told.then(|| (self.packing_error_square_sum / self.delta_square_sum).sqrt())
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
    fn a_sample_stands_for_the_whole() {
        let sample = TileStats {
            element_count: 10,
            changed_count: 3,
            delta_square_sum: 2.0,
            effect_delta_sum: 1.0,
            max_magnitude: 4.0,
            ..TileStats::default()
        };
        let whole = sample.extrapolated(1_000);
        assert_eq!((whole.element_count, whole.changed_count, whole.delta_square_sum), (1_000, 300, 200.0));
        assert_eq!((whole.gain(), whole.changed_share(), whole.max_magnitude), (Some(0.5), 0.3, 4.0));
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
