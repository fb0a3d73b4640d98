//! Affine codes as MLX has them: unsigned integers of a few bits, a scale and a bias for each group of columns.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use std::ops::Range;

use super::batches::{Batches, GroupCode};
use crate::numeric::{
    CpuLevel, FloatDtype,
    lanes::{Element, Lanes},
};

/// How codes become values: `round(round(code · scale) + bias)`, two roundings, which is what `mx.dequantize` does.
#[derive(Clone, Copy, Debug)]
pub struct Affine {
    /// Bits of a code, 1 to 8.
    pub bits: usize,
    /// Elements of a group: 32, 64 or 128.
    pub group: usize,
    /// What values are rounded to, both times.
    pub dtype: FloatDtype,
}

impl Affine {
    /// Decodes whole groups, one for each of `scales`, into `bytes`.
    ///
    /// # Panics
    /// If one of the slices has another length, or the group is none of the three.
    pub fn decode(&self, codes: &[u8], scales: &[f32], biases: &[f32], bytes: &mut [u8]) {
        self.decode_at(CpuLevel::detected(), codes, scales, biases, bytes);
    }

    fn decode_at(&self, level: CpuLevel, codes: &[u8], scales: &[f32], biases: &[f32], bytes: &mut [u8]) {
        assert!([32, 64, 128].contains(&self.group), "groups are of 32, 64 or 128");
        let count = scales.len() * self.group;
        assert_eq!(codes.len(), count * self.bits / 8, "codes and scales must agree");
        assert_eq!(biases.len(), scales.len(), "biases and scales must agree");
        assert_eq!(bytes.len(), count * self.dtype.byte_count(), "bytes and scales must agree");
        let &Self { bits, group, dtype } = self;
        level.run(Batches { code: Tables { group, scales, biases }, dtype, bits, group, codes, bytes });
    }
}

struct Tables<'a> {
    group: usize,
    scales: &'a [f32],
    biases: &'a [f32],
}

impl GroupCode for Tables<'_> {
    #[inline(always)]
    fn decode<L: Lanes, E: Element>(&self, lanes: L, groups: Range<usize>, codes: &[u8], values: &mut [f32]) {
        let &Self { group, scales, biases } = self;
        for ((values, codes), scale) in values.chunks_mut(group).zip(codes.chunks(group)).zip(&scales[groups.clone()]) {
            for (value, code) in values.iter_mut().zip(codes) {
                *value = f32::from(*code) * scale;
            }
        }
        E::round_all(lanes, values.as_chunks_mut().0);
        for (values, bias) in values.chunks_mut(group).zip(&biases[groups]) {
            for value in values {
                *value += bias;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use half::{bf16, f16};
    use proptest::prelude::*;

    use super::*;
    use crate::numeric::widen;

    fn rounded(dtype: FloatDtype, value: f32) -> f32 {
        match dtype {
            FloatDtype::F32 => value,
            FloatDtype::F16 => f16::from_f32(value).to_f32(),
            FloatDtype::BF16 => bf16::from_f32(value).to_f32(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

        /// Every width, group and dtype gives what one code at a time by the formula gives, on every level.
        #[test]
        fn any_group_is_decoded_by_the_formula(
            stream in proptest::collection::vec(any::<u8>(), 1408),
            tables in proptest::collection::vec((-2.0_f32..2.0, -9.0_f32..9.0), 11),
        ) {
            for dtype in [FloatDtype::F16, FloatDtype::BF16, FloatDtype::F32] {
                let scales: Vec<f32> = tables.iter().map(|(scale, _)| rounded(dtype, *scale)).collect();
                let biases: Vec<f32> = tables.iter().map(|(_, bias)| rounded(dtype, *bias)).collect();
                for (bits, group) in (1..9).flat_map(|bits| [32, 64, 128].map(|group| (bits, group))) {
                    let codec = Affine { bits, group, dtype };
                    let codes = &stream[..bits * group * 11 / 8];
                    let expected: Vec<f32> = (0..group * 11).map(|index| {
                        let bit = |at: usize| u16::from(codes[at / 8] >> (at % 8) & 1);
                        let code: u16 = (0..bits).map(|place| bit(index * bits + place) << place).sum();
                        let product = rounded(dtype, f32::from(code) * scales[index / group]);
                        rounded(dtype, product + biases[index / group])
                    }).collect();
                    for level in CpuLevel::available() {
                        let mut bytes = vec![0; group * 11 * dtype.byte_count()];
                        codec.decode_at(level, codes, &scales, &biases, &mut bytes);
                        let mut decoded = vec![0.0; group * 11];
                        widen(dtype, &bytes, &mut decoded);
                        prop_assert_eq!(&decoded, &expected, "{} {} bits, groups of {}: {}", dtype, bits, group, level);
                    }
                }
            }
        }
    }

    #[test]
    fn the_product_is_rounded_before_the_bias_is_added() {
        // 3 · (1 + 2^-7) lies half way between two bfloat16 values; the even one leaves 2^-5 of it, the product 1.5 · 2^-6.
        let codec = Affine { bits: 2, group: 32, dtype: FloatDtype::BF16 };
        let mut bytes = [0; 64];
        codec.decode(&[0xff; 8], &[1.0 + 2.0_f32.powi(-7)], &[-3.0], &mut bytes);
        assert_eq!(bytes[..2], bf16::from_f32(2.0_f32.powi(-5)).to_le_bytes());
    }
}
