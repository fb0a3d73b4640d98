//! The 4-bit float of the OCP microscaling formats (version 1.0, 2023): a sign, two bits of exponent, one of mantissa.

/// The value of each code.
pub const E2M1: [f32; 16] = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_its_sign_exponent_and_mantissa() {
        for (code, value) in (0_u8..).zip(E2M1) {
            let (exponent, mantissa) = (i32::from(code >> 1 & 3), f32::from(code & 1) / 2.0);
            let leading = if exponent == 0 { 0.0 } else { 1.0 };
            let magnitude = 2.0_f32.powi(exponent.max(1) - 1) * (leading + mantissa);
            let expected = if code & 8 == 0 { magnitude } else { -magnitude };
            assert_eq!(value.to_bits(), expected.to_bits(), "{code}");
        }
    }
}
