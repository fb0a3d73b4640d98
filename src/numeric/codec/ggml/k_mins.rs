//! `Q4_K` and `Q5_K`: blocks of 256 codes with a minimum, eight sub-blocks of 32 with 6-bit scales and minima of their own.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use super::{
    K_BLOCK_LEN, half_at,
    k_search::{Found, Steps, codes, nearest, scales_and_mins, turned},
    put_half,
};
use crate::numeric::{
    lanes::{LANE_COUNT, Lanes},
    level::LaneLoop,
};

/// Values of a sub-block.
const SUB_LEN: usize = 32;
/// Sub-blocks of a block.
const SUB_COUNT: usize = K_BLOCK_LEN / SUB_LEN;
/// Bytes of a block before its codes: scale, scale of the minima, and both tables.
const HEAD_BYTES: usize = 16;
/// Blocks that are searched side by side.
const AT_ONCE: usize = LANE_COUNT / SUB_COUNT;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bits {
    /// `Q4_K`.
    Four,
    /// `Q5_K`.
    Five,
}

impl Bits {
    const fn steps(self) -> Steps {
        match self {
            Self::Four => Steps { max_code: 15, first: -1.0, count: 20 },
            Self::Five => Steps { max_code: 31, first: -0.5, count: 15 },
        }
    }

    const fn block_byte_count(self) -> usize {
        match self {
            Self::Four => HEAD_BYTES + 128,
            Self::Five => HEAD_BYTES + 32 + 128,
        }
    }
}

/// Whole blocks from values.
pub(super) struct Encode<'a> {
    pub(super) bits: Bits,
    pub(super) values: &'a [f32],
    pub(super) bytes: &'a mut [u8],
}

impl LaneLoop for Encode<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _lanes: L) {
        let bytes = self.bytes.chunks_mut(AT_ONCE * self.bits.block_byte_count());
        for (values, bytes) in self.values.chunks(AT_ONCE * K_BLOCK_LEN).zip(bytes) {
            let found = scales_and_mins(&turned::<SUB_LEN>(values), self.bits.steps());
            let blocks = values.chunks_exact(K_BLOCK_LEN).zip(bytes.chunks_exact_mut(self.bits.block_byte_count()));
            for (index, (values, bytes)) in blocks.enumerate() {
                write_block(self.bits, values, &found, index * SUB_COUNT, bytes);
            }
        }
    }
}

/// The block whose sub-blocks begin in lane `first`.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "codes of six bits and fewer")]
fn write_block(bits: Bits, values: &[f32], found: &Found, first: usize, bytes: &mut [u8]) {
    let lanes = first..first + SUB_COUNT;
    let max = |of: &[f32]| of.iter().fold(0.0_f32, |max, value| if *value > max { *value } else { max });
    let (max_scale, max_min) = (max(&found.scale[lanes.clone()]), max(&found.min[lanes]));
    let inverse = |max: f32| if max > 0.0 { 63.0 / max } else { 0.0 };
    let (scale_factor, min_factor) = (inverse(max_scale), inverse(max_min));
    bytes.fill(0);
    let (scale, min) = (put_half(bytes, 0, max_scale / 63.0), put_half(bytes, 2, max_min / 63.0));
    let (head, codes_bytes) = bytes.split_at_mut(HEAD_BYTES);
    let (high_bytes, low_bytes) = codes_bytes.split_at_mut(if bits == Bits::Five { 32 } else { 0 });
    let table = &mut head[4..];
    for (sub, values) in values.as_chunks::<SUB_LEN>().0.iter().enumerate() {
        let lane = first + sub;
        // Rounded scales are bytes in ggml, so what is negative wraps and is cut to 63.
        let six_bits = |factor: f32, value: f32| (nearest(factor * value) as u8).min(63);
        let (scale_code, min_code) = (six_bits(scale_factor, found.scale[lane]), six_bits(min_factor, found.min[lane]));
        if sub < 4 {
            table[sub] = scale_code;
            table[sub + 4] = min_code;
        } else {
            table[sub + 4] = (scale_code & 15) | (min_code & 15) << 4;
            table[sub - 4] |= (scale_code >> 4) << 6;
            table[sub] |= (min_code >> 4) << 6;
        }
        let own = (scale * f32::from(scale_code), min * f32::from(min_code));
        let codes = codes(found, lane, values, own, (0, bits.steps().max_code));
        for (byte, code) in low_bytes[sub / 2 * SUB_LEN..][..SUB_LEN].iter_mut().zip(&codes) {
            *byte |= (*code as u8 & 15) << (sub % 2 * 4);
        }
        for (byte, code) in high_bytes.iter_mut().zip(&codes) {
            *byte |= (*code as u8 >> 4) << sub;
        }
    }
}

/// Scale and minimum of sub-block `sub`, six bits each.
fn table_entry(table: &[u8], sub: usize) -> (u8, u8) {
    if sub < 4 {
        (table[sub] & 63, table[sub + 4] & 63)
    } else {
        (table[sub + 4] & 15 | (table[sub - 4] >> 6) << 4, table[sub + 4] >> 4 | (table[sub] >> 6) << 4)
    }
}

/// Values of whole blocks.
pub(super) fn decode(bits: Bits, bytes: &[u8], values: &mut [f32]) {
    for (bytes, values) in bytes.chunks_exact(bits.block_byte_count()).zip(values.chunks_exact_mut(K_BLOCK_LEN)) {
        let (head, codes) = bytes.split_at(HEAD_BYTES);
        let (high_bytes, low_bytes) = codes.split_at(if bits == Bits::Five { 32 } else { 0 });
        let (scale, min) = (half_at(head, 0), half_at(head, 2));
        for (sub, values) in values.as_chunks_mut::<SUB_LEN>().0.iter_mut().enumerate() {
            let (scale_code, min_code) = table_entry(&head[4..], sub);
            let (own_scale, own_min) = (scale * f32::from(scale_code), min * f32::from(min_code));
            let low_bytes = &low_bytes[sub / 2 * SUB_LEN..][..SUB_LEN];
            for (index, (value, low)) in values.iter_mut().zip(low_bytes).enumerate() {
                let high = high_bytes.get(index).map_or(0, |high| (high >> sub & 1) << 4);
                *value = own_scale * f32::from(low >> (sub % 2 * 4) & 15 | high) - own_min;
            }
        }
    }
}
