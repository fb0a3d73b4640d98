//! Units and steps for the axes of charts.

/// The unit in which a chart writes bytes, the same for all its numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ByteUnit {
    /// Its name.
    pub name: &'static str,
    /// Bytes in one.
    pub bytes: f64,
}

impl ByteUnit {
    /// The largest unit of which `largest` holds at least one.
    #[must_use]
    pub fn of(largest: f64) -> Self {
        let units = [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
        let unit = units.into_iter().find(|(_, bytes)| largest >= *bytes).unwrap_or(("B", 1.0));
        Self { name: unit.0, bytes: unit.1 }
    }

    /// `byte_count` in this unit, with two decimals below a hundred.
    #[must_use]
    pub fn number(self, byte_count: u64) -> String {
        let value = byte_count as f64 / self.bytes;
        match (self.bytes > 1.0, value < 100.0) {
            (false, _) => format!("{value:.0}"),
            (true, true) => format!("{value:.2}"),
            (true, false) => format!("{value:.1}"),
        }
    }
}

/// A step of 1, 2 or 5 times a power of ten that cuts `range` into at most `most` parts.
#[must_use]
pub fn round_step(range: f64, most: f64) -> f64 {
    let least = (range / most).max(f64::MIN_POSITIVE);
    let power = 10.0_f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= least * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

/// 0, `step`, twice that and so on up to `end`.
#[must_use]
pub fn marks(end: f64, step: f64) -> Vec<f64> {
    std::iter::successors(Some(0.0), |at| Some(at + step)).take_while(|at| *at <= end + step * 1e-6).collect()
}

/// Round values between `low` and `high` for a logarithmic axis: 1, 2, 5 of each power of ten, or finer where those
/// are too few to read from.
#[must_use]
pub fn log_marks(low: f64, high: f64) -> Vec<f64> {
    const FEWEST: usize = 3;
    let decades = || {
        let first = low.max(f64::MIN_POSITIVE).log10().floor();
        (0..12).map(move |decade| 10.0_f64.powf(first + f64::from(decade)))
    };
    let within = |factors: &[f64]| -> Vec<f64> {
        let all = decades().flat_map(|power| factors.iter().map(move |factor| factor * power));
        all.filter(|value| (low..=high).contains(value)).collect()
    };
    let coarse = within(&[1.0, 2.0, 5.0]);
    if coarse.len() >= FEWEST {
        return coarse;
    }
    let fine = within(&[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0]);
    if fine.len() >= FEWEST {
        return fine;
    }
    // Over less than a factor of two a logarithmic axis is almost even.
    let step = round_step(high - low, 4.0);
    let first = (low / step).ceil();
    (0..8).map(|index| (first + f64::from(index)) * step).filter(|value| (low..=high).contains(value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_numbers_of_a_chart_share_a_unit() {
        let unit = ByteUnit::of(19_473_408.0);
        assert_eq!(unit.name, "MB");
        assert_eq!((unit.number(19_473_408), unit.number(9_216)), ("19.47".to_owned(), "0.01".to_owned()));
        assert_eq!(ByteUnit::of(12.0).number(12), "12");
    }

    #[test]
    fn steps_are_round() {
        assert_eq!([round_step(600.0, 6.0), round_step(0.37, 4.0), round_step(47.0, 6.0)], [100.0, 0.1, 10.0]);
    }

    #[test]
    fn a_logarithmic_axis_has_a_few_round_marks() {
        assert_eq!(log_marks(90.0, 450.0), [100.0, 150.0, 200.0, 300.0, 400.0]);
        assert_eq!(log_marks(3.0, 900.0), [5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0]);
        let close = log_marks(241.0, 262.0);
        assert_eq!(close, [250.0, 260.0]);
        assert!(log_marks(100.0, 130.0).len() >= 2);
    }
}
