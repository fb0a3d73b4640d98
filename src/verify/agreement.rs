//! How well stored values agree with the exact result, element by element, in f64.

use serde::Serialize;

use crate::numeric::FloatDtype;

/// f32 products and sums of a low-rank update stay within this part of Σ|s·b·a| of the exact value: 2⁻²⁰, sixteen
/// times the f32 rounding unit, which the random walk of a few hundred terms does not leave.
pub(super) const PRODUCT_TOLERANCE: f64 = 1.0 / (1 << 20) as f64;

/// Below this size two odd elements are allowed, for a share means nothing there.
const SMALL_TENSOR_LEN: u64 = 2_000;

/// Counts over the elements of a tensor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Agreement {
    /// Elements compared.
    pub element_count: u64,
    /// Stored value = what the rounding makes of the exact value.
    pub exact_count: u64,
    /// Otherwise what the rounding makes of a value within the error of an f32 product.
    pub near_count: u64,
    /// Otherwise within one and a half units in the last place.
    pub off_by_one_count: u64,
    /// Further away: not this merge.
    pub wrong_count: u64,
    /// NaN or infinite.
    pub non_finite_count: u64,
    /// Differs from the base converted to the stored dtype.
    pub changed_count: u64,
    /// Largest |stored − exact|.
    pub max_error: f64,
    /// Σ (stored − exact) in units in the last place: near 0 where rounding has no bias.
    pub error_ulp_sum: f64,
}

/// One element and what it should be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observed {
    /// The value in the merged file.
    pub stored: f64,
    /// The exact result, before its last rounding.
    pub exact: f64,
    /// What the rounding makes of it.
    pub expected: f64,
    /// The least and the largest value that it makes of one within the error of an f32 product.
    pub within: (f64, f64),
    /// A bound on the terms that a merge in f32 sums up.
    pub delta_bound: f64,
    /// The base in the stored dtype.
    pub base: f64,
}

impl Agreement {
    /// Compares one element, stored in `dtype`.
    pub(super) fn observe(&mut self, dtype: FloatDtype, element: Observed) {
        let Observed { stored, exact, expected, within, delta_bound, base } = element;
        self.element_count += 1;
        let is_base = stored == base || stored.is_nan() && base.is_nan();
        self.changed_count += u64::from(!is_base);
        if !stored.is_finite() {
            self.non_finite_count += 1;
            return;
        }
        let error = (stored - exact).abs();
        self.max_error = self.max_error.max(error);
        let ulp = dtype.ulp(exact);
        self.error_ulp_sum += (stored - exact) / ulp;
        if stored == expected {
            self.exact_count += 1;
        } else if (within.0..=within.1).contains(&stored) {
            self.near_count += 1;
        } else if error <= 1.5 * ulp + PRODUCT_TOLERANCE * delta_bound {
            self.off_by_one_count += 1;
        } else {
            self.wrong_count += 1;
        }
    }

    /// Adds the counts of another tile.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.element_count += other.element_count;
        self.exact_count += other.exact_count;
        self.near_count += other.near_count;
        self.off_by_one_count += other.off_by_one_count;
        self.wrong_count += other.wrong_count;
        self.non_finite_count += other.non_finite_count;
        self.changed_count += other.changed_count;
        self.max_error = self.max_error.max(other.max_error);
        self.error_ulp_sum += other.error_ulp_sum;
        self
    }

    /// Whether this is a correct merge: nothing wrong, and at most one element in a thousand a unit in the last place
    /// away (two in small tensors).
    #[must_use]
    pub fn is_correct(&self) -> bool {
        let allowed = if self.element_count < SMALL_TENSOR_LEN { 2 } else { self.element_count / 1_000 };
        self.wrong_count == 0 && self.non_finite_count == 0 && self.off_by_one_count <= allowed
    }

    /// Mean (stored − exact) in units in the last place.
    #[must_use]
    pub fn mean_error_ulp(&self) -> f64 {
        self.error_ulp_sum / self.element_count.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observe(stored: f64, exact: f64) -> Agreement {
        let mut agreement = Agreement::default();
        let expected = FloatDtype::BF16.round_to_nearest(exact);
        let within = (expected, expected);
        agreement.observe(FloatDtype::BF16, Observed { stored, exact, expected, within, delta_bound: 0.0, base: 1.0 });
        agreement
    }

    #[test]
    fn elements_are_sorted_by_their_distance() {
        let ulp = 2.0_f64.powi(-7);
        assert_eq!(observe(1.0, 1.0 + 0.4 * ulp).exact_count, 1);
        assert_eq!(observe(1.0, 1.0 + 0.9 * ulp).off_by_one_count, 1);
        assert_eq!(observe(1.0, 1.0 + 1.6 * ulp).wrong_count, 1);
        assert_eq!(observe(f64::NAN, 1.0).non_finite_count, 1);
        assert_eq!(observe(1.0, 1.0).changed_count, 0);
        assert_eq!(observe(1.0 + ulp, 1.0 + ulp).changed_count, 1);
    }

    #[test]
    fn a_few_odd_roundings_are_a_correct_merge_and_one_wrong_value_is_not() {
        let mut agreement = Agreement { element_count: 10_000, off_by_one_count: 10, ..Default::default() };
        assert!(agreement.is_correct());
        agreement.off_by_one_count = 11;
        assert!(!agreement.is_correct());
        let wrong = Agreement { element_count: 10_000, wrong_count: 1, ..Default::default() };
        assert!(!wrong.is_correct());
    }
}
