//! ‖Δ‖/‖W‖ on one scale for every place that shows it, and how it is written.

/// From zero to the largest value, rounded up to 0.05.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeatScale {
    /// The value at the strong end.
    pub max: f64,
    /// Whether the values rest on some rows of W only.
    pub is_estimate: bool,
}

impl HeatScale {
    /// The scale for `changes`; `None` when there are none.
    #[must_use]
    pub fn of(changes: impl Iterator<Item = f64>, is_estimate: bool) -> Option<Self> {
        let max = changes.filter(|value| value.is_finite()).fold(0.0, f64::max);
        (max > 0.0).then(|| Self { max: round_up(max), is_estimate })
    }

    /// Where `value` lies, between 0 and 1.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a position on a colour ramp")]
    pub fn position(self, value: f64) -> f32 {
        (value / self.max).clamp(0.0, 1.0) as f32
    }

    /// `value` as [`heat_number`] writes it, with `≈` before an estimate.
    #[must_use]
    pub fn number(self, value: f64) -> String {
        let number = heat_number(value);
        if self.is_estimate { format!("≈ {number}") } else { number }
    }

    /// The value at the strong end, short.
    #[must_use]
    pub fn end(self) -> String {
        if self.max < 0.01 { format!("{:.0e}", self.max) } else { format!("{:.2}", self.max) }
    }
}

/// To the next 0.05, or for small changes to the next half of their power of ten.
fn round_up(value: f64) -> f64 {
    let step = if value >= 0.05 { 0.05 } else { 10.0_f64.powf(value.log10().floor()) / 2.0 };
    (value / step).ceil() * step
}

/// `0.184`, and in powers of ten below a thousandth.
#[must_use]
pub fn heat_number(value: f64) -> String {
    if value != 0.0 && value < 0.001 { format!("{value:.1e}") } else { format!("{value:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_ends_on_a_round_number() {
        let scale = |max: f64| HeatScale::of([max].into_iter(), false).unwrap().max;
        assert!((scale(0.422) - 0.45).abs() < 1e-9);
        assert!((scale(0.0123) - 0.015).abs() < 1e-9);
        assert_eq!(HeatScale::of(std::iter::empty(), false), None);
    }
}
