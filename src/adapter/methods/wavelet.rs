//! The wavelets of WaveFT: their filters, and what one coefficient becomes in the inverse transform.

use std::collections::BTreeMap;

/// The low-pass filters for reconstruction of the families that PEFT 0.21 can use, from PyWavelets.
const FILTERS: &str = include_str!("wavelets.json");

/// A wavelet's filters for reconstruction, or none: then a coefficient is an element.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wavelet {
    low: Vec<f64>,
    high: Vec<f64>,
}

/// A run of values along one dimension.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stretch<'a> {
    /// Where it begins, which may lie before the first element.
    pub first: isize,
    /// Its values.
    pub values: &'a [f64],
}

impl Wavelet {
    /// The family `name` ("db1", "sym4", "coif2").
    pub fn named(name: &str) -> Option<Self> {
        let families: BTreeMap<String, Vec<f64>> =
            serde_json::from_str(FILTERS).unwrap_or_else(|error| unreachable!("wavelets.json: {error}"));
        let low = families.get(&name.to_ascii_lowercase())?.clone();
        let alternating = low.iter().rev().enumerate();
        let high = alternating.map(|(index, value)| if index % 2 == 0 { *value } else { -value }).collect();
        Some(Self { low, high })
    }

    /// No transform.
    pub fn none() -> Self {
        Self { low: vec![1.0], high: Vec::new() }
    }

    /// What the coefficient at `(row, column)` of a matrix with so many rows and columns becomes, along either dimension.
    ///
    /// PEFT widens the matrix by what the filter cuts off, puts it into the middle, and takes its quarters as bands: the
    /// upper right one is high along the rows' numbers, the lower left one along the columns'.
    pub fn stretches(&self, (row, column): (usize, usize), (rows, columns): (usize, usize)) -> [Stretch<'_>; 2] {
        if self.high.is_empty() {
            let element = |at: usize| Stretch { first: at.cast_signed(), values: &self.low };
            return [element(row), element(column)];
        }
        let (row, is_lower) = self.band(row, rows);
        let (column, is_right) = self.band(column, columns);
        let stretch = |first, is_high| Stretch { first, values: if is_high { &self.high } else { &self.low } };
        [stretch(row, is_right), stretch(column, is_lower)]
    }

    /// Where the coefficient `at` of `length` begins to act, and whether it is in the second band.
    fn band(&self, at: usize, length: usize) -> (isize, bool) {
        let cut_off = self.low.len() - 2;
        let widened = (length + cut_off).next_multiple_of(2);
        let (half, at) = (widened / 2, at + (widened - length) / 2);
        let (at, is_second) = if at < half { (at, false) } else { (at - half, true) };
        ((2 * at).cast_signed() - cut_off.cast_signed(), is_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn haar_spreads_a_coefficient_over_two_elements() {
        let wavelet = Wavelet::named("db1").unwrap();
        let half = std::f64::consts::FRAC_1_SQRT_2;
        let [rows, columns] = wavelet.stretches((1, 5), (4, 8));
        assert_eq!((rows.first, columns.first), (2, 2));
        // Upper right: high along the rows' numbers, low along the columns'.
        for (found, expected) in rows.values.iter().zip([half, -half]) {
            assert!((found - expected).abs() < 1e-15);
        }
        assert!(columns.values.iter().all(|value| (value - half).abs() < 1e-15));
    }

    /// Filters of unit length whose halves are orthogonal to their own shifts give back what went in.
    #[test]
    fn every_filter_is_orthonormal() {
        let families: BTreeMap<String, Vec<f64>> = serde_json::from_str(FILTERS).unwrap();
        assert!(families.len() > 20);
        // One of PEFT's coefficients of coif4 is not that of PyWavelets; training went by it all the same.
        for (name, low) in families.into_iter().filter(|(name, _)| name != "coif4") {
            for shift in (0..low.len()).step_by(2) {
                let overlap: f64 = low.iter().zip(&low[shift..]).map(|(a, b)| a * b).sum();
                let expected = if shift == 0 { 1.0 } else { 0.0 };
                assert!((overlap - expected).abs() < 1e-6, "{name} shifted by {shift}: {overlap}");
            }
        }
    }

    #[test]
    fn without_a_transform_a_coefficient_is_an_element() {
        let wavelet = Wavelet::none();
        let [rows, columns] = wavelet.stretches((3, 4), (5, 6));
        assert_eq!((rows.first, rows.values, columns.first), (3, &[1.0][..], 4));
    }
}
