//! The three element types in which weights are merged.

use serde::Serialize;

use super::Dtype;

/// A floating dtype that a merge reads and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
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
        2.0_f64.powi(exponent - (significand_bits - 1))
    }
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
    fn ulp_is_the_gap_to_the_next_value() {
        assert_eq!(FloatDtype::BF16.ulp(1.0), 2.0_f64.powi(-7));
        assert_eq!(FloatDtype::BF16.ulp(-1.999), 2.0_f64.powi(-7));
        assert_eq!(FloatDtype::F16.ulp(65504.0), 32.0);
        assert_eq!(FloatDtype::F32.ulp(1.0), f64::from(f32::EPSILON));
        assert_eq!(FloatDtype::F16.ulp(0.0), f64::from(half::f16::from_bits(1).to_f32()));
    }
}
