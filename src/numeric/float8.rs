//! 8-bit floats, each as the float16 of the same value (Micikevicius et al. 2022, "FP8 formats for deep learning").

use half::f16;

use super::Dtype;

/// An 8-bit float of which every value is a float16 too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Float8 {
    /// 4 exponent bits, no infinity, one NaN of either sign, largest value 448.
    E4M3,
    /// 5 exponent bits, the upper half of a float16.
    E5M2,
}

impl Float8 {
    /// The format of a stored dtype; `None` for every other one, those without a negative zero (`FNUZ`) included.
    #[must_use]
    pub fn of(dtype: Dtype) -> Option<Self> {
        match dtype {
            Dtype::F8_E4M3 => Some(Self::E4M3),
            Dtype::F8_E5M2 => Some(Self::E5M2),
            _ => None,
        }
    }

    /// The value of `code`, exactly.
    #[must_use]
    pub fn widen(self, code: u8) -> f16 {
        let wide = u16::from(code);
        match self {
            Self::E5M2 => f16::from_bits(wide << 8),
            Self::E4M3 if code & 0x7f == 0x7f => f16::from_bits((wide & 0x80) << 8 | f16::NAN.to_bits()),
            // The bits in their places, with an exponent that is 8 too low; no value leaves float16's normal range.
            Self::E4M3 => {
                let small = f16::from_bits((wide & 0x80) << 8 | (wide & 0x7f) << 7);
                f16::from_f32(small.to_f32() * 256.0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `code` by the formula of its format: `(-1)^s · 2^(e - bias) · (1 + m / 2^bits)`, without the 1 where e is 0.
    fn value(code: u8, exponent_bits: u32, bias: i32) -> f64 {
        let mantissa_bits = 7 - exponent_bits;
        let sign = if code >> 7 == 1 { -1.0 } else { 1.0 };
        let exponent = i32::from(code >> mantissa_bits) & ((1 << exponent_bits) - 1);
        let mantissa = f64::from(code & ((1 << mantissa_bits) - 1)) / f64::from(1 << mantissa_bits);
        let leading = if exponent == 0 { 0.0 } else { 1.0 };
        sign * 2.0_f64.powi(exponent.max(1) - bias) * (leading + mantissa)
    }

    #[test]
    fn every_e4m3_code_widens_to_its_value() {
        for code in 0..=u8::MAX {
            let wide = Float8::E4M3.widen(code).to_f64();
            if code & 0x7f == 0x7f {
                assert!(wide.is_nan(), "{code:#04x}");
            } else {
                assert_eq!(wide.to_bits(), value(code, 4, 7).to_bits(), "{code:#04x}");
            }
        }
        assert_eq!(Float8::E4M3.widen(0x7e).to_f64(), 448.0);
        assert_eq!(Float8::E4M3.widen(0x01).to_f64(), 2.0_f64.powi(-9));
    }

    #[test]
    fn every_e5m2_code_widens_to_its_value() {
        for code in 0..=u8::MAX {
            let wide = Float8::E5M2.widen(code).to_f64();
            match code & 0x7f {
                0x7c => assert_eq!(wide, f64::INFINITY.copysign(value(code, 5, 15)), "{code:#04x}"),
                0x7d..=0x7f => assert!(wide.is_nan(), "{code:#04x}"),
                _ => assert_eq!(wide.to_bits(), value(code, 5, 15).to_bits(), "{code:#04x}"),
            }
        }
        assert_eq!(Float8::E5M2.widen(0x7b).to_f64(), 57_344.0);
    }

    #[test]
    fn only_the_formats_of_float16_values_are_widened() {
        assert_eq!(Float8::of(Dtype::F8_E4M3), Some(Float8::E4M3));
        assert_eq!(Float8::of(Dtype::F8_E5M2), Some(Float8::E5M2));
        for other in [Dtype::F8_E4M3FNUZ, Dtype::F8_E5M2FNUZ, Dtype::F8_E8M0, Dtype::U8, Dtype::F16] {
            assert_eq!(Float8::of(other), None, "{other}");
        }
    }
}
