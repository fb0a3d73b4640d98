//! How much of the change that an adapter asks for is in a stored tensor, in f64.

use serde::Serialize;

/// Below this correlation the stored change is not a multiple of the one asked for.
const SAME_DIRECTION: f64 = 0.99;

/// Closer to 1 than this, the factor is what rounding leaves.
const SAME_SIZE: f64 = 0.02;

/// Sums over the elements of a tensor: Δ is the exact change asked for, E the one that is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ChangeSums {
    /// Σ W².
    pub weight_square_sum: f64,
    /// Σ Δ².
    pub delta_square_sum: f64,
    /// Σ E·Δ.
    pub effect_delta_sum: f64,
    /// Σ E².
    pub effect_square_sum: f64,
}

impl ChangeSums {
    /// Adds one element: its `source`, the `exact` result and what is `stored`.
    pub(super) fn observe(&mut self, source: f64, exact: f64, stored: f64) {
        let (delta, effect) = (exact - source, stored - source);
        self.weight_square_sum += source * source;
        self.delta_square_sum += delta * delta;
        self.effect_delta_sum += effect * delta;
        self.effect_square_sum += effect * effect;
    }

    /// Adds the sums of another tile.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.weight_square_sum += other.weight_square_sum;
        self.delta_square_sum += other.delta_square_sum;
        self.effect_delta_sum += other.effect_delta_sum;
        self.effect_square_sum += other.effect_square_sum;
        self
    }

    /// ⟨E, Δ⟩ / ⟨Δ, Δ⟩: the part of the change that is there; `None` where Δ is zero.
    #[must_use]
    pub fn gain(&self) -> Option<f64> {
        (self.delta_square_sum > 0.0).then(|| self.effect_delta_sum / self.delta_square_sum)
    }

    /// ‖Δ‖ / ‖W‖; `None` where W is zero.
    #[must_use]
    pub fn relative_change(&self) -> Option<f64> {
        (self.weight_square_sum > 0.0).then(|| (self.delta_square_sum / self.weight_square_sum).sqrt())
    }

    /// The factor by which the stored change is larger than the one asked for, where it is a multiple of it at all.
    #[must_use]
    pub fn factor(&self) -> Option<f64> {
        let lengths = (self.delta_square_sum * self.effect_square_sum).sqrt();
        let is_multiple = lengths > 0.0 && (self.effect_delta_sum / lengths).abs() > SAME_DIRECTION;
        self.gain().filter(|factor| is_multiple && (factor - 1.0).abs() > SAME_SIZE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(factor: f64) -> ChangeSums {
        let mut sums = ChangeSums::default();
        for (source, delta) in [(1.0, 0.25), (2.0, -0.5), (-1.0, 0.125)] {
            sums.observe(source, source + delta, source + factor * delta);
        }
        sums
    }

    #[test]
    fn a_multiple_of_the_change_is_told() {
        assert_eq!(sums(2.0).factor(), Some(2.0));
        assert_eq!(sums(-1.0).factor(), Some(-1.0));
        assert_eq!(sums(1.0).factor(), None);
        assert_eq!((sums(0.0).gain(), sums(0.0).factor()), (Some(0.0), None));
        let mut other = sums(1.0);
        other.observe(1.0, 1.0, 3.0);
        assert_eq!(other.factor(), None, "another change is no multiple");
    }
}
