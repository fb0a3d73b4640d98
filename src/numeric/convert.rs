//! Between little-endian bytes on disk and f32 in memory, rounding to nearest even.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use half::{bf16, f16};

use super::{
    CpuLevel, FloatDtype,
    lanes::{Element as _, Lanes, with_element},
    level::LaneLoop,
};

/// Widens `bytes` of `dtype` into `values`, exactly.
///
/// # Panics
/// If `bytes` does not hold exactly `values.len()` elements.
pub fn widen(dtype: FloatDtype, bytes: &[u8], values: &mut [f32]) {
    widen_at(CpuLevel::detected(), dtype, bytes, values);
}

/// Narrows `values` to `dtype`, each rounded once to nearest even; NaN stays NaN, f16 overflows to infinity.
///
/// # Panics
/// If `bytes` does not have room for exactly `values.len()` elements.
pub fn narrow(dtype: FloatDtype, values: &[f32], bytes: &mut [u8]) {
    narrow_at(CpuLevel::detected(), dtype, values, bytes);
}

/// [`widen`] with the instructions of `level`, which changes nothing but the speed.
///
/// # Panics
/// As [`widen`].
pub fn widen_at(level: CpuLevel, dtype: FloatDtype, bytes: &[u8], values: &mut [f32]) {
    assert_eq!(bytes.len(), values.len() * dtype.byte_count(), "bytes and elements must agree");
    level.run(Widen { dtype, bytes, values });
}

/// [`narrow`] with the instructions of `level`, which changes nothing but the speed.
///
/// # Panics
/// As [`narrow`].
pub fn narrow_at(level: CpuLevel, dtype: FloatDtype, values: &[f32], bytes: &mut [u8]) {
    assert_eq!(bytes.len(), values.len() * dtype.byte_count(), "bytes and elements must agree");
    level.run(Narrow { dtype, values, bytes });
}

struct Widen<'a> {
    dtype: FloatDtype,
    bytes: &'a [u8],
    values: &'a mut [f32],
}

impl LaneLoop for Widen<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        with_element!(self.dtype, E => E::widen_all(lanes, self.bytes, self.values));
    }
}

struct Narrow<'a> {
    dtype: FloatDtype,
    values: &'a [f32],
    bytes: &'a mut [u8],
}

impl LaneLoop for Narrow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        with_element!(self.dtype, E => E::narrow_all(lanes, self.values, self.bytes));
    }
}

/// Widens `bytes` of `dtype` into f64, for references and proofs.
///
/// # Panics
/// If `bytes` does not hold exactly `values.len()` elements.
pub fn widen_to_f64(dtype: FloatDtype, bytes: &[u8], values: &mut [f64]) {
    assert_eq!(bytes.len(), values.len() * dtype.byte_count(), "bytes and elements must agree");
    for (value, chunk) in values.iter_mut().zip(bytes.chunks_exact(dtype.byte_count())) {
        *value = match (dtype, chunk) {
            (FloatDtype::F32, &[a, b, c, d]) => f64::from(f32::from_le_bytes([a, b, c, d])),
            (FloatDtype::F16, &[a, b]) => f16::from_le_bytes([a, b]).to_f64(),
            (FloatDtype::BF16, &[a, b]) => bf16::from_le_bytes([a, b]).to_f64(),
            _ => unreachable!("chunks have the dtype's length"),
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn narrow_one(dtype: FloatDtype, value: f32) -> Vec<u8> {
        let mut bytes = vec![0; dtype.byte_count()];
        narrow(dtype, &[value], &mut bytes);
        bytes
    }

    fn le_bytes<const N: usize>(bits: impl Iterator<Item = [u8; N]>) -> Vec<u8> {
        bits.flatten().collect()
    }

    #[test]
    fn every_half_widens_as_half_says_on_every_level() {
        let bytes = le_bytes((0..=u16::MAX).map(u16::to_le_bytes));
        for level in CpuLevel::available() {
            let mut values = vec![0.0; 1 << 16];
            widen_at(level, FloatDtype::BF16, &bytes, &mut values);
            for (bits, value) in (0..=u16::MAX).zip(&values) {
                // `half` makes signalling NaNs quiet; widening by a shift keeps their bits.
                assert_eq!(value.to_bits(), u32::from(bits) << 16, "{level}");
                assert!(value.is_nan() || *value == bf16::from_bits(bits).to_f32());
            }
            widen_at(level, FloatDtype::F16, &bytes, &mut values);
            for (bits, value) in (0..=u16::MAX).zip(&values) {
                assert_eq!(value.to_bits(), f16::from_bits(bits).to_f32().to_bits(), "{level}: {bits:#06x}");
            }
        }
    }

    /// Each upper half with the lower bits around every rounding decision: exact, just above, tie, just beside it.
    fn all_roundings() -> Vec<f32> {
        let lower = [0, 1, 0x0fff, 0x1000, 0x1001, 0x2fff, 0x3000, 0x7fff, 0x8000, 0x8001, 0xffff];
        (0..=u16::MAX).flat_map(|upper| lower.map(|lower| f32::from_bits(u32::from(upper) << 16 | lower))).collect()
    }

    #[test]
    fn every_rounding_is_what_half_says_on_every_level() {
        let values = all_roundings();
        let expected_bf16 = le_bytes(values.iter().map(|value| bf16::from_f32(*value).to_le_bytes()));
        let expected_f16 = le_bytes(values.iter().map(|value| f16::from_f32(*value).to_le_bytes()));
        let mut bytes = vec![0; values.len() * 2];
        for level in CpuLevel::available() {
            narrow_at(level, FloatDtype::BF16, &values, &mut bytes);
            assert!(bytes == expected_bf16, "{level}: bfloat16");
            narrow_at(level, FloatDtype::F16, &values, &mut bytes);
            assert!(bytes == expected_f16, "{level}: float16");
        }
    }

    #[test]
    fn blocks_of_any_length_convert_alike() {
        let values: Vec<f32> = (0..100).map(|i| (i as f32).sin()).collect();
        for level in CpuLevel::available() {
            for dtype in [FloatDtype::F32, FloatDtype::F16, FloatDtype::BF16] {
                let one_by_one: Vec<u8> = values.iter().flat_map(|value| narrow_one(dtype, *value)).collect();
                for len in 0..values.len() {
                    let mut bytes = vec![0; len * dtype.byte_count()];
                    narrow_at(level, dtype, &values[..len], &mut bytes);
                    assert_eq!(bytes, one_by_one[..bytes.len()], "{level} {dtype} {len}");
                    let (mut widened, mut expected) = (vec![0.0; len], [0.0]);
                    widen_at(level, dtype, &bytes, &mut widened);
                    for (value, bytes) in widened.iter().zip(bytes.chunks(dtype.byte_count())) {
                        widen(dtype, bytes, &mut expected);
                        assert_eq!(*value, expected[0]);
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn narrowing_agrees_with_half_on_every_bit_pattern(bits: u32) {
            let value = f32::from_bits(bits);
            prop_assert_eq!(narrow_one(FloatDtype::BF16, value), bf16::from_f32(value).to_le_bytes());
            prop_assert_eq!(narrow_one(FloatDtype::F16, value), f16::from_f32(value).to_le_bytes());
        }

        #[test]
        fn widening_then_narrowing_is_the_identity(halves in prop::collection::vec(any::<u16>(), 0..700)) {
            for dtype in [FloatDtype::F16, FloatDtype::BF16] {
                // Signalling NaNs become quiet in any arithmetic; the merge refuses non-finite values anyway.
                let finite: Vec<u16> = halves.iter().copied().filter(|bits| match dtype {
                    FloatDtype::F16 => f16::from_bits(*bits).is_finite(),
                    _ => bf16::from_bits(*bits).is_finite(),
                }).collect();
                let bytes: Vec<u8> = finite.iter().flat_map(|bits| bits.to_le_bytes()).collect();
                let mut values = vec![0.0; finite.len()];
                widen(dtype, &bytes, &mut values);
                let mut again = vec![0; bytes.len()];
                narrow(dtype, &values, &mut again);
                prop_assert_eq!(again, bytes);
            }
        }
    }

    #[test]
    fn ties_go_to_the_even_neighbour() {
        // 1 + 2^-8 lies half way between two bf16 values; the even one is 1.
        let tie = 1.0 + 2.0_f32.powi(-8);
        assert_eq!(narrow_one(FloatDtype::BF16, tie), bf16::ONE.to_le_bytes());
        let above = f32::from_bits(tie.to_bits() + 1);
        assert_eq!(narrow_one(FloatDtype::BF16, above), bf16::from_f32(1.0 + 2.0_f32.powi(-7)).to_le_bytes());
    }
}
