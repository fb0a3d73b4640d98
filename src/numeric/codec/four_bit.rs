//! 4-bit codes of bitsandbytes: two to a byte, the first in the high half, one scale for a block of elements that pays
//! no heed to rows.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use std::ops::Range;

use crate::numeric::{
    CpuLevel, FloatDtype,
    lanes::{BF16, Element as _, F16, Lanes},
    level::LaneLoop,
    nibbles::LOOKED_UP,
};

/// The values of NF4 (Dettmers et al. 2023, QLoRA, appendix E), as `bitsandbytes.functional` has them.
pub const NF4: [f32; 16] = [
    -1.0,
    -0.696_192_8,
    -0.525_073_05,
    -0.394_917_5,
    -0.284_441_38,
    -0.184_773_43,
    -0.091_050_036,
    0.0,
    0.079_580_3,
    0.160_930_2,
    0.246_112_3,
    0.337_915_24,
    0.440_709_83,
    0.562_617,
    0.722_956_84,
    1.0,
];

/// The values of FP4 by code; the upper half holds the negatives, and its zero has no sign in the tables on disk.
pub const FP4: [f32; 16] = [
    0.0,
    0.005_208_333_5,
    0.666_666_7,
    1.0,
    0.333_333_34,
    0.5,
    0.166_666_67,
    0.25,
    0.0,
    -0.005_208_333_5,
    -0.666_666_7,
    -1.0,
    -0.333_333_34,
    -0.5,
    -0.166_666_67,
    -0.25,
];

/// How a tensor's codes become values: `round(table[code] · scale of its block)`.
#[derive(Clone, Debug)]
pub struct FourBit {
    /// The value of each code.
    pub table: [f32; 16],
    /// Elements of a block.
    pub block: usize,
    /// What values are rounded to.
    pub dtype: FloatDtype,
}

impl FourBit {
    /// The blocks that hold any of `elements`.
    #[must_use]
    pub fn blocks(&self, elements: &Range<usize>) -> Range<usize> {
        let first = elements.start / self.block;
        first..elements.end.div_ceil(self.block).max(first)
    }

    /// The bytes that hold the codes of `elements`.
    #[must_use]
    pub fn code_bytes(elements: &Range<usize>) -> Range<usize> {
        elements.start / 2..elements.end.div_ceil(2).max(elements.start / 2)
    }

    /// Decodes `elements` from the `codes` of [`Self::code_bytes`] and the `scales` of [`Self::blocks`].
    ///
    /// # Panics
    /// If one of the slices has another length.
    pub fn decode(&self, elements: &Range<usize>, codes: &[u8], scales: &[f32], bytes: &mut [u8]) {
        self.decode_at(CpuLevel::detected(), elements, codes, scales, bytes);
    }

    /// [`Self::decode`] with the instructions of `level`, which changes nothing but the speed.
    ///
    /// # Panics
    /// As [`Self::decode`].
    pub fn decode_at(&self, level: CpuLevel, elements: &Range<usize>, codes: &[u8], scales: &[f32], bytes: &mut [u8]) {
        assert_eq!(bytes.len(), elements.len() * self.dtype.byte_count(), "bytes and elements must agree");
        assert_eq!(codes.len(), Self::code_bytes(elements).len(), "codes and elements must agree");
        assert_eq!(scales.len(), self.blocks(elements).len(), "scales and elements must agree");
        if elements.is_empty() {
            return;
        }
        level.run(Decode { codec: self, elements: elements.clone(), codes, scales, bytes });
    }
}

struct Decode<'a> {
    codec: &'a FourBit,
    elements: Range<usize>,
    codes: &'a [u8],
    scales: &'a [f32],
    bytes: &'a mut [u8],
}

impl LaneLoop for Decode<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        match self.codec.dtype {
            FloatDtype::F32 => self.decode(|scaled, part| {
                look_up::<4>(&scaled.map(f32::to_le_bytes), part);
            }),
            FloatDtype::F16 => self.decode(|scaled, part| look_up_halves(lanes, F16::narrow(lanes, scaled), part)),
            FloatDtype::BF16 => self.decode(|scaled, part| look_up_halves(lanes, BF16::narrow(lanes, scaled), part)),
        }
    }
}

/// The elements of a block, or those of them that are asked for.
struct Part<'a> {
    codes: &'a [u8],
    /// The first byte's high half belongs to what is before.
    starts_low: bool,
    bytes: &'a mut [u8],
}

impl Decode<'_> {
    /// Hands every block on with the values of its codes.
    #[inline(always)]
    fn decode(self, look_up: impl Fn([f32; 16], Part<'_>)) {
        let (block, size, first) = (self.codec.block, self.codec.dtype.byte_count(), self.elements.start / 2);
        let (mut at, mut rest) = (self.elements.start, self.bytes);
        for scale in self.scales {
            let end = ((at / block + 1) * block).min(self.elements.end);
            let (bytes, later) = rest.split_at_mut((end - at) * size);
            let codes = &self.codes[at / 2 - first..end.div_ceil(2) - first];
            // Sixteen roundings for a whole block; what is left are look-ups.
            look_up(self.codec.table.map(|value| value * scale), Part { codes, starts_low: at % 2 == 1, bytes });
            (at, rest) = (end, later);
        }
    }
}

/// Writes the entry of each code, 32 at a time where the block has as many.
#[inline(always)]
fn look_up_halves<L: Lanes>(lanes: L, table: [u8; 32], part: Part<'_>) {
    if part.starts_low {
        return look_up(bytemuck::cast_ref::<_, [[u8; 2]; 16]>(&table), part);
    }
    let (groups, last) = part.bytes.as_chunks_mut::<{ 2 * LOOKED_UP }>();
    let (group_codes, last_codes) = part.codes.as_chunks::<{ LOOKED_UP / 2 }>();
    lanes.look_up(&table, group_codes, groups);
    let codes = if group_codes.len() > groups.len() { &group_codes[groups.len()][..] } else { last_codes };
    look_up(bytemuck::cast_ref::<_, [[u8; 2]; 16]>(&table), Part { codes, starts_low: false, bytes: last });
}

/// Writes the entry of each code, one after the other.
#[inline(always)]
fn look_up<const SIZE: usize>(table: &[[u8; SIZE]; 16], part: Part<'_>) {
    let Part { codes, starts_low, bytes } = part;
    let (elements, _) = bytes.as_chunks_mut::<SIZE>();
    let (first, elements) = elements.split_at_mut(usize::from(starts_low));
    let (lone, codes) = codes.split_at(usize::from(starts_low));
    for (element, byte) in first.iter_mut().zip(lone) {
        *element = table[usize::from(byte & 15)];
    }
    let (pairs, last) = elements.as_chunks_mut::<2>();
    for ([high, low], byte) in pairs.iter_mut().zip(codes) {
        *high = table[usize::from(byte >> 4)];
        *low = table[usize::from(byte & 15)];
    }
    for element in last {
        *element = table[usize::from(codes[codes.len() - 1] >> 4)];
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::numeric::widen;

    proptest! {
        /// Any run of elements, wherever it begins and ends, is what one at a time by the formula gives.
        #[test]
        fn any_run_is_decoded_by_the_formula(
            codes in proptest::collection::vec(any::<u8>(), 1..200),
            scale_bits in proptest::collection::vec(0_u16..0x7f00, 200),
            (from, len) in (0_usize..300, 0_usize..300),
            dtype in prop_oneof![Just(FloatDtype::BF16), Just(FloatDtype::F16), Just(FloatDtype::F32)],
            block in prop_oneof![Just(2_usize), Just(7), Just(32), Just(64), Just(256)],
            level in proptest::sample::select(CpuLevel::available().collect::<Vec<_>>()),
        ) {
            let scales: Vec<f32> = scale_bits.iter().map(|bits| half::bf16::from_bits(*bits).to_f32()).collect();
            let start = from.min(codes.len() * 2);
            let elements = start..(start + len).min(codes.len() * 2);
            let codec = FourBit { table: NF4, block, dtype };
            let mut bytes = vec![0; elements.len() * dtype.byte_count()];
            let (codes_of, scales_of) = (FourBit::code_bytes(&elements), codec.blocks(&elements));
            codec.decode_at(level, &elements, &codes[codes_of], &scales[scales_of], &mut bytes);
            let mut decoded = vec![0.0; elements.len()];
            widen(dtype, &bytes, &mut decoded);
            for (value, element) in decoded.into_iter().zip(elements) {
                let byte = codes[element / 2];
                let code = if element % 2 == 0 { byte >> 4 } else { byte & 15 };
                let exact = f64::from(NF4[usize::from(code)] * scales[element / block]);
                prop_assert_eq!(f64::from(value), dtype.round_to_nearest(exact), "element {}", element);
            }
        }
    }
}
