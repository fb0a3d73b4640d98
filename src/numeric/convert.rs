//! Between little-endian bytes on disk and f32 in memory, rounding to nearest even.

use half::{bf16, f16, slice::HalfFloatSliceExt as _};

use super::FloatDtype;

/// Elements converted at once through the stack, where `half` wants an aligned slice of its own type.
const BLOCK_LEN: usize = 256;

/// Widens `bytes` of `dtype` into `values`, exactly.
///
/// # Panics
/// If `bytes` does not hold exactly `values.len()` elements.
pub fn widen(dtype: FloatDtype, bytes: &[u8], values: &mut [f32]) {
    assert_eq!(bytes.len(), values.len() * dtype.byte_count(), "bytes and elements must agree");
    match dtype {
        FloatDtype::F32 => {
            for (value, chunk) in values.iter_mut().zip(bytes.as_chunks::<4>().0) {
                *value = f32::from_le_bytes(*chunk);
            }
        }
        FloatDtype::BF16 => {
            for (value, chunk) in values.iter_mut().zip(bytes.as_chunks::<2>().0) {
                *value = f32::from_bits(u32::from(u16::from_le_bytes(*chunk)) << 16);
            }
        }
        FloatDtype::F16 => {
            let mut block = [f16::ZERO; BLOCK_LEN];
            for (values, bytes) in values.chunks_mut(BLOCK_LEN).zip(bytes.chunks(BLOCK_LEN * 2)) {
                for (half, chunk) in block.iter_mut().zip(bytes.as_chunks::<2>().0) {
                    *half = f16::from_le_bytes(*chunk);
                }
                block[..values.len()].convert_to_f32_slice(values);
            }
        }
    }
}

/// Narrows `values` to `dtype`, each rounded once to nearest even; NaN stays NaN, f16 overflows to infinity.
///
/// # Panics
/// If `bytes` does not have room for exactly `values.len()` elements.
pub fn narrow(dtype: FloatDtype, values: &[f32], bytes: &mut [u8]) {
    assert_eq!(bytes.len(), values.len() * dtype.byte_count(), "bytes and elements must agree");
    match dtype {
        FloatDtype::F32 => {
            for (value, chunk) in values.iter().zip(bytes.as_chunks_mut::<4>().0) {
                *chunk = value.to_le_bytes();
            }
        }
        FloatDtype::BF16 => {
            for (value, chunk) in values.iter().zip(bytes.as_chunks_mut::<2>().0) {
                *chunk = bf16_bits(*value).to_le_bytes();
            }
        }
        FloatDtype::F16 => {
            let mut block = [f16::ZERO; BLOCK_LEN];
            for (values, bytes) in values.chunks(BLOCK_LEN).zip(bytes.chunks_mut(BLOCK_LEN * 2)) {
                let halves = &mut block[..values.len()];
                halves.convert_from_f32_slice(values);
                for (half, chunk) in halves.iter().zip(bytes.as_chunks_mut::<2>().0) {
                    *chunk = half.to_le_bytes();
                }
            }
        }
    }
}

/// bf16 bits of `value` without a branch, so that the loop above becomes vector code; `half` is its oracle in tests.
fn bf16_bits(value: f32) -> u16 {
    let bits = value.to_bits();
    let rounded = (bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16) as u16;
    let quiet_nan = ((bits >> 16) as u16) | 0x0040;
    if value.is_nan() { quiet_nan } else { rounded }
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
