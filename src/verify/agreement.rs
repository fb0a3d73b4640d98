//! How well stored values agree with the exact result, element by element, in f64.

use serde::Serialize;

use crate::numeric::FloatDtype;

/// f32 products and sums of a low-rank update stay within this part of Σ|s·b·a| of the exact value: 2⁻²⁰, sixteen
/// times the f32 rounding unit, which the random walk of a few hundred terms does not leave.
const PRODUCT_TOLERANCE: f64 = 1.0 / (1 << 20) as f64;

/// Below this size two odd elements are allowed, for a share means nothing there.
const SMALL_TENSOR_LEN: u64 = 2_000;

/// Counts over the elements of a tensor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Agreement {
    /// Elements compared.
    pub element_count: u64,
    /// Stored value = exact value rounded to nearest even.
    pub exact_count: u64,
    /// Otherwise within half a unit in the last place plus the error of an f32 product.
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
}

impl Agreement {
    /// Compares one element: `stored` in `dtype`, the `exact` value, the bound on |Δ|'s terms, the `base` value.
    pub(super) fn observe(&mut self, dtype: FloatDtype, stored: f64, exact: f64, delta_bound: f64, base: f64) {
        self.element_count += 1;
        self.changed_count += u64::from(stored != rounded(dtype, base));
        if !stored.is_finite() {
            self.non_finite_count += 1;
            return;
        }
        let error = (stored - exact).abs();
        self.max_error = self.max_error.max(error);
        let ulp = dtype.ulp(exact);
        if stored == rounded(dtype, exact) {
            self.exact_count += 1;
        } else if error <= 0.5 * ulp + PRODUCT_TOLERANCE * delta_bound {
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
        self
    }

    /// Whether this is a correct merge: nothing wrong, and at most one element in a thousand a unit in the last place
    /// away (two in small tensors).
    #[must_use]
    pub fn is_correct(&self) -> bool {
        let allowed = if self.element_count < SMALL_TENSOR_LEN { 2 } else { self.element_count / 1_000 };
        self.wrong_count == 0 && self.non_finite_count == 0 && self.off_by_one_count <= allowed
    }
}

/// `value` rounded once to nearest even. (`half` drops the low 32 bits of an f64 first, which misjudges ties.)
fn rounded(dtype: FloatDtype, value: f64) -> f64 {
    let ulp = dtype.ulp(value);
    // Dividing by a power of two is exact, so the only rounding is the one to a whole number of units.
    let nearest = (value / ulp).round_ties_even() * ulp;
    if nearest.abs() > dtype.max() { f64::INFINITY.copysign(value) } else { nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observe(stored: f64, exact: f64) -> Agreement {
        let mut agreement = Agreement::default();
        agreement.observe(FloatDtype::BF16, stored, exact, 0.0, 1.0);
        agreement
    }

    #[test]
    fn rounding_agrees_with_the_conversion_of_tiles() {
        let mut bits = 1_u32;
        for _ in 0..200_000 {
            bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = f32::from_bits(bits);
            if !value.is_finite() {
                continue;
            }
            let (bf16, f16) = (half::bf16::from_f32(value), half::f16::from_f32(value));
            assert_eq!(rounded(FloatDtype::BF16, f64::from(value)), bf16.to_f64(), "{value:e}");
            assert_eq!(rounded(FloatDtype::F16, f64::from(value)), f16.to_f64(), "{value:e}");
            assert_eq!(rounded(FloatDtype::F32, f64::from(value)), f64::from(value));
        }
        // Just above a tie that f64 can tell and f32 cannot.
        assert_eq!(rounded(FloatDtype::BF16, 1.0 + 2.0_f64.powi(-8) + 2.0_f64.powi(-50)), 1.0 + 2.0_f64.powi(-7));
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
