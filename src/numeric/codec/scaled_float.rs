//! Microscaling floats as MLX has them (mxfp4, mxfp8, nvfp4): floats of 4 or 8 bits, one 8-bit scale for each group.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use std::ops::Range;

use super::{
    E2M1,
    batches::{Batches, GroupCode},
    e8m0,
};
use crate::numeric::{
    CpuLevel, Float8, FloatDtype,
    lanes::{Element, Lanes},
};

/// How codes become values: `round(value of the code · scale)`.
#[derive(Clone, Debug)]
pub struct ScaledFloat {
    /// The value of each code; those above the last one of the format are zeros.
    values: [f32; 256],
    bits: usize,
    /// Elements of a group: 16 or 32.
    pub group: usize,
    /// What values are rounded to.
    pub dtype: FloatDtype,
}

/// An 8-bit scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale8 {
    /// A power of two; the last code is no number.
    E8M0,
    /// An 8-bit float.
    E4M3,
}

impl Scale8 {
    /// The scale of `code`, exactly.
    #[must_use]
    pub fn value(self, code: u8) -> f32 {
        match self {
            Self::E8M0 => e8m0(code),
            Self::E4M3 => Float8::E4M3.widen(code).to_f32(),
        }
    }
}

impl ScaledFloat {
    /// E2M1, two codes to a byte, the first in the low half.
    #[must_use]
    pub fn four_bit(group: usize, dtype: FloatDtype) -> Self {
        let mut values = [0.0; 256];
        values[..E2M1.len()].copy_from_slice(&E2M1);
        Self { values, bits: 4, group, dtype }
    }

    /// E4M3, a code to a byte.
    #[must_use]
    pub fn eight_bit(group: usize, dtype: FloatDtype) -> Self {
        let mut values = [0.0; 256];
        for (value, code) in values.iter_mut().zip(0..=u8::MAX) {
            *value = Float8::E4M3.widen(code).to_f32();
        }
        Self { values, bits: 8, group, dtype }
    }

    /// Bits of a code.
    #[must_use]
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// Decodes whole groups, one for each of `scales`, into `bytes`.
    ///
    /// # Panics
    /// If one of the slices has another length, or the group is none of the two.
    pub fn decode(&self, codes: &[u8], scales: &[f32], bytes: &mut [u8]) {
        assert!([16, 32].contains(&self.group), "groups are of 16 or 32");
        let count = scales.len() * self.group;
        assert_eq!(codes.len(), count * self.bits / 8, "codes and scales must agree");
        assert_eq!(bytes.len(), count * self.dtype.byte_count(), "bytes and scales must agree");
        let &Self { bits, group, dtype, .. } = self;
        CpuLevel::detected().run(Batches { code: Scaled { codec: self, scales }, dtype, bits, group, codes, bytes });
    }
}

struct Scaled<'a> {
    codec: &'a ScaledFloat,
    scales: &'a [f32],
}

impl GroupCode for Scaled<'_> {
    #[inline(always)]
    fn decode<L: Lanes, E: Element>(&self, _: L, groups: Range<usize>, codes: &[u8], values: &mut [f32]) {
        let ScaledFloat { values: elements, group, .. } = self.codec;
        for ((values, codes), scale) in values.chunks_mut(*group).zip(codes.chunks(*group)).zip(&self.scales[groups]) {
            for (value, code) in values.iter_mut().zip(codes) {
                *value = elements[usize::from(*code)] * scale;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::widen;

    #[test]
    fn scales_are_powers_of_two_or_floats_of_their_own() {
        for code in 0..u8::MAX {
            let expected = 2.0_f64.powi(i32::from(code) - 127);
            assert_eq!(f64::from(Scale8::E8M0.value(code)), expected, "{code}");
        }
        assert!(Scale8::E8M0.value(255).is_nan());
        assert_eq!(Scale8::E4M3.value(0x38), 1.0);
        assert_eq!(Scale8::E4M3.value(0x01), 2.0_f32.powi(-9));
        assert!(Scale8::E4M3.value(0x7f).is_nan());
    }

    /// Every code under every scale, rounded once.
    #[test]
    fn every_code_is_decoded_by_the_formula() {
        // More than one batch.
        let codes: Vec<u8> = (0..1440_u16).map(|index| index.to_le_bytes()[0]).collect();
        for dtype in [FloatDtype::BF16, FloatDtype::F16, FloatDtype::F32] {
            for (codec, kind) in [
                (ScaledFloat::four_bit(32, dtype), Scale8::E8M0),
                (ScaledFloat::four_bit(16, dtype), Scale8::E4M3),
                (ScaledFloat::eight_bit(32, dtype), Scale8::E8M0),
            ] {
                let count = codes.len() * 8 / codec.bits();
                for scale in (0..=u8::MAX).map(|code| kind.value(code)).filter(|scale| scale.is_finite()) {
                    let mut bytes = vec![0; count * dtype.byte_count()];
                    codec.decode(&codes, &vec![scale; count / codec.group], &mut bytes);
                    let mut decoded = vec![0.0; count];
                    widen(dtype, &bytes, &mut decoded);
                    for (index, value) in decoded.into_iter().enumerate() {
                        let element = match codec.bits() {
                            4 => E2M1[usize::from(codes[index / 2] >> (index % 2 * 4) & 15)],
                            _ => Float8::E4M3.widen(codes[index]).to_f32(),
                        };
                        let product = element * scale;
                        if product.is_finite() {
                            let expected = dtype.round_to_nearest(f64::from(product));
                            assert_eq!(f64::from(value), expected, "{dtype}: {index}, scale {scale}");
                        } else {
                            assert_eq!(value.is_nan(), product.is_nan(), "{dtype}: {index}, scale {scale}");
                            assert!(!value.is_finite(), "{dtype}: {index}, scale {scale}");
                        }
                    }
                }
            }
        }
    }
}
