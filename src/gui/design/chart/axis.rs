//! The horizontal axis of a chart: what it spans, and the values that are written on it.

use crate::units::scale::{log_marks, marks, round_step};

/// The axis spans at least this ratio, so that a difference of a percent looks like one.
const LEAST_RATIO: f64 = 1.5;

/// What lies below this is nothing on an axis of powers of ten: float32 tells no more.
const LEAST_SHOWN: f64 = 1e-9;

/// Marks on an axis of powers of ten, and on one from zero, at the most.
const MOST_DECADES: i32 = 6;
const MOST_STEPS: f64 = 3.0;

/// What it spans and where it is marked.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Where it begins and ends, as it is drawn.
    pub ends: [f64; 2],
    /// Where it is marked, as it is drawn, and with what.
    pub marks: Vec<(f64, String)>,
    /// What lies below this is nothing, on a logarithmic axis; `None` for an even one.
    least: Option<f64>,
}

impl Axis {
    /// From zero to a little more than `largest`.
    #[must_use]
    pub fn from_zero(largest: f64) -> Self {
        let end = largest.max(f64::MIN_POSITIVE) * 1.08;
        let step = round_step(end, MOST_STEPS);
        let decimals = usize::from(step < 1.0);
        let marks = marks(end, step).into_iter().map(|mark| (mark, format!("{mark:.decimals$}")));
        Self { ends: [0.0, end], marks: marks.collect(), least: None }
    }

    /// Around `low` and `high`, logarithmic.
    #[must_use]
    pub fn logarithmic(low: f64, high: f64) -> Self {
        let widening = (LEAST_RATIO / (high / low)).max(1.0).sqrt() * 1.06;
        let (low, high) = (low / widening, high * widening);
        let text = |mark: f64| {
            let decimals = usize::from(mark < 10.0 && mark.fract() != 0.0);
            format!("{mark:.decimals$}")
        };
        let marks = log_marks(low, high).into_iter().map(|mark| (mark.log10(), text(mark))).collect();
        Self { ends: [low.log10(), high.log10()], marks, least: Some(f64::MIN_POSITIVE) }
    }

    /// Whole powers of ten around all `values`.
    #[must_use]
    pub fn decades(values: impl Iterator<Item = f64>) -> Self {
        let powers = values.map(|value| value.max(LEAST_SHOWN).log10());
        let around = |ends: Option<(f64, f64)>, at: f64| match ends {
            Some((low, high)) => Some((low.min(at), high.max(at))),
            None => Some((at, at)),
        };
        let (low, high) = powers.fold(None, around).unwrap_or((-0.9, -0.1));
        #[expect(clippy::cast_possible_truncation, reason = "a few decades")]
        let (low, high) = ((low - 0.1).floor() as i32, (high + 0.1).ceil() as i32);
        // Rounded up: one decade too many for the marks must not give each of them a mark.
        let step = (high - low + MOST_DECADES - 1) / MOST_DECADES;
        let powers = (0..=(high - low) / step).map(|mark| f64::from(low + mark * step));
        let marks = powers.map(|power| (power, power_text(power))).collect();
        Self { ends: [f64::from(low), f64::from(high)], marks, least: Some(LEAST_SHOWN) }
    }

    /// Where `value` is drawn.
    #[must_use]
    pub fn at(&self, value: f64) -> f64 {
        self.least.map_or(value, |least| value.max(least).log10())
    }
}

/// `1e-6`, `0.01`, `1`.
fn power_text(power: f64) -> String {
    let value = 10.0_f64.powf(power);
    if value < 0.001 { format!("1e{power:.0}") } else { format!("{value}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_difference_does_not_fill_the_axis() {
        let axis = Axis::logarithmic(100.0, 101.0);
        let [low, high] = axis.ends.map(|end| 10.0_f64.powf(end));
        assert!(high / low >= LEAST_RATIO && low < 100.0 && high > 101.0, "{low} to {high}");
    }

    #[test]
    fn the_axis_holds_all_and_ends_at_whole_powers() {
        let ends = |values: &[f64]| Axis::decades(values.iter().copied()).ends;
        assert_eq!(ends(&[0.2, 0.02, 1.0, 2e-7, 2e-8]), [-8.0, 1.0]);
        assert_eq!(ends(&[0.0]), [-10.0, -8.0]);
        assert_eq!(ends(&[]), [-1.0, 0.0]);
        let mark_count = |decades: i32| Axis::decades([0.5, 0.5 * 10.0_f64.powi(1 - decades)].into_iter()).marks.len();
        assert!((1..=9).all(|decades| mark_count(decades) <= 7), "{:?}", (1..=9).map(mark_count).collect::<Vec<_>>());
        assert_eq!([power_text(-6.0), power_text(-2.0), power_text(0.0)], ["1e-6", "0.01", "1"]);
    }

    #[test]
    fn an_axis_from_zero_has_few_marks_with_equal_decimals() {
        let marks = |largest: f64| Axis::from_zero(largest).marks.into_iter().map(|mark| mark.1).collect::<Vec<_>>();
        assert_eq!(marks(213.0), ["0", "100", "200"]);
        assert_eq!(marks(1.2), ["0.0", "0.5", "1.0"]);
    }
}
