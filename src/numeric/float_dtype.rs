//! The three element types in which weights are merged.

use serde::{Deserialize, Serialize};

use super::Dtype;

/// A floating dtype that a merge reads and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum FloatDtype {
    /// IEEE single precision, 24 significant bits.
    F32,
    /// IEEE half precision, 11 significant bits, largest value 65504.
    F16,
    /// bfloat16, 8 significant bits, the range of f32.
    BF16,
}

impl FloatDtype {
    /// The merge dtype of a stored dtype; `None` for integers, booleans, packed and 8-bit floats, and F64, which are
    /// copied as they are even where others are converted.
    #[must_use]
    pub fn of(dtype: Dtype) -> Option<Self> {
        match dtype {
            Dtype::F32 => Some(Self::F32),
            Dtype::F16 => Some(Self::F16),
            Dtype::BF16 => Some(Self::BF16),
            _ => None,
        }
    }

    /// The same dtype in safetensors' terms.
    #[must_use]
    pub fn stored(self) -> Dtype {
        match self {
            Self::F32 => Dtype::F32,
            Self::F16 => Dtype::F16,
            Self::BF16 => Dtype::BF16,
        }
    }

    /// Bytes of one element.
    #[must_use]
    pub fn byte_count(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
        }
    }

    /// The name in a `config.json` (`"float32"`), as PyTorch spells it.
    #[must_use]
    pub fn config_name(self) -> &'static str {
        match self {
            Self::F32 => "float32",
            Self::F16 => "float16",
            Self::BF16 => "bfloat16",
        }
    }

    /// The largest finite value.
    #[must_use]
    pub fn max(self) -> f64 {
        match self {
            Self::F32 => f64::from(f32::MAX),
            Self::F16 => half::f16::MAX.to_f64(),
            Self::BF16 => half::bf16::MAX.to_f64(),
        }
    }

    /// Distance from the magnitude of `value` to the next representable one (the unit in the last place).
    #[must_use]
    pub fn ulp(self, value: f64) -> f64 {
        let (significand_bits, min_exponent) = match self {
            Self::F32 => (24, -126),
            Self::F16 => (11, -14),
            Self::BF16 => (8, -126),
        };
        let magnitude = value.abs();
        let exponent = if magnitude > 0.0 && magnitude.is_finite() {
            exponent_of(magnitude).max(min_exponent)
        } else {
            min_exponent
        };
        power_of_two(exponent - (significand_bits - 1))
    }

    /// `value` rounded once to nearest even, computed in f64: the reference for the kernels. (`half` drops the low 32
    /// bits of an f64 first, which misjudges ties.)
    #[must_use]
    pub fn round_to_nearest(self, value: f64) -> f64 {
        let ulp = self.ulp(value);
        // Dividing by a power of two is exact, so the only rounding is the one to a whole number of units.
        let nearest = (value / ulp).round_ties_even() * ulp;
        if nearest.abs() > self.max() { f64::INFINITY.copysign(value) } else { nearest }
    }

    /// `value` rounded to one of its two neighbours: away from zero where the dropped part of a unit and
    /// `random` / 2³² add up to one or more. A 16-bit dtype only; float32, and what leaves the range, go to nearest.
    #[must_use]
    pub fn round_by_chance(self, value: f64, random: u32) -> f64 {
        let is_in_range = value.abs() <= self.max();
        if self == Self::F32 || !is_in_range {
            return self.round_to_nearest(value);
        }
        let ulp = self.ulp(value);
        let units = (value / ulp).abs();
        let dropped = (units.fract() * 2.0_f64.powi(32)).floor();
        let is_up = dropped + f64::from(random) >= 2.0_f64.powi(32);
        ((units.floor() + f64::from(u8::from(is_up))) * ulp).copysign(value)
    }
}

/// 2^`exponent`, for exponents of normal numbers.
fn power_of_two(exponent: i32) -> f64 {
    u64::try_from(exponent + 1023).map_or(0.0, |biased| f64::from_bits(biased << 52))
}

/// The exponent e with 2^e ≤ `magnitude` < 2^(e+1), read from the bits so that no rounding can shift it.
fn exponent_of(magnitude: f64) -> i32 {
    let biased = (magnitude.to_bits() >> 52) & 0x7ff;
    i32::try_from(biased).map_or(i32::MAX, |exponent| exponent - 1023)
}

impl std::fmt::Display for FloatDtype {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::BF16 => "BF16",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(FloatDtype::BF16.round_to_nearest(f64::from(value)), bf16.to_f64(), "{value:e}");
            assert_eq!(FloatDtype::F16.round_to_nearest(f64::from(value)), f16.to_f64(), "{value:e}");
            assert_eq!(FloatDtype::F32.round_to_nearest(f64::from(value)), f64::from(value));
        }
        // Just above a tie that f64 can tell and f32 cannot.
        let above = 1.0 + 2.0_f64.powi(-8) + 2.0_f64.powi(-50);
        assert_eq!(FloatDtype::BF16.round_to_nearest(above), 1.0 + 2.0_f64.powi(-7));
    }

    #[test]
    fn chance_leaves_what_is_exact_and_takes_both_neighbours_in_proportion() {
        for dtype in [FloatDtype::BF16, FloatDtype::F16] {
            let ulp = dtype.ulp(1.0);
            for random in [0, 1 << 31, u32::MAX] {
                assert_eq!(dtype.round_by_chance(-1.0, random), -1.0);
                assert_eq!(dtype.round_by_chance(dtype.max(), random), dtype.max());
            }
            let value = -(1.0 + 0.25 * ulp);
            let up = (0..64_u32).filter(|step| dtype.round_by_chance(value, step << 26) != -1.0).count();
            assert_eq!(up, 16, "a quarter of all random words");
            assert_eq!(dtype.round_by_chance(value, u32::MAX), -(1.0 + ulp));
        }
        assert_eq!(FloatDtype::F16.round_by_chance(70_000.0, 0), f64::INFINITY);
        assert_eq!(FloatDtype::F32.round_by_chance(f64::from(0.1_f32), u32::MAX), f64::from(0.1_f32));
    }

    #[test]
    fn ulp_is_the_gap_to_the_next_value() {
        assert_eq!(FloatDtype::BF16.ulp(1.0), 2.0_f64.powi(-7));
        assert_eq!(FloatDtype::BF16.ulp(-1.999), 2.0_f64.powi(-7));
        assert_eq!(FloatDtype::F16.ulp(65504.0), 32.0);
        assert_eq!(FloatDtype::F32.ulp(1.0), f64::from(f32::EPSILON));
        assert_eq!(FloatDtype::F16.ulp(0.0), f64::from(half::f16::from_bits(1).to_f32()));
    }
}
