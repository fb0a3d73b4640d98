//! 8-bit floats as weights and as scales.

use std::sync::LazyLock;

use crate::numeric::Float8;

/// The value of each code of E4M3 (no infinity, NaN at 0x7f and 0xff).
pub static E4M3: LazyLock<[f32; 256]> = LazyLock::new(|| {
    let mut values = [0.0; 256];
    for (code, value) in (0..=u8::MAX).zip(&mut values) {
        *value = Float8::E4M3.widen(code).to_f32();
    }
    values
});

/// Whether `code` is E4M3's NaN, of either sign.
#[must_use]
pub fn is_e4m3_nan(code: u8) -> bool {
    code & 0x7f == 0x7f
}

/// The value of a code of E8M0, an exponent without sign or mantissa: `2^(code - 127)`, NaN at 255.
#[must_use]
pub fn e8m0(code: u8) -> f32 {
    match code {
        // Below the normal numbers of f32, but one of its values.
        0 => f32::from_bits(1 << 22),
        255 => f32::NAN,
        code => f32::from_bits(u32::from(code) << 23),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exponent_is_a_power_of_two() {
        for code in 0..255 {
            assert_eq!(f64::from(e8m0(code)), 2.0_f64.powi(i32::from(code) - 127), "{code}");
        }
        assert!(e8m0(255).is_nan());
    }

    #[test]
    fn only_the_codes_that_are_no_number_are_nan() {
        for code in 0..=u8::MAX {
            assert_eq!(E4M3[usize::from(code)].is_nan(), is_e4m3_nan(code), "{code:#04x}");
        }
    }
}
