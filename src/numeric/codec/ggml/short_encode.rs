//! Values made into blocks of 32, sixteen blocks side by side: a lane for the scale of each, then all lanes for the codes
//! of one after the other.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use super::short::{SHORT_LEN, Short};
use crate::numeric::{
    lanes::{Block, LANE_COUNT, Lanes},
    level::LaneLoop,
};

/// Blocks whose scales are found side by side.
const AT_ONCE: usize = LANE_COUNT;
/// Codes of a block that share their bytes with the other half.
const HALF_LEN: usize = SHORT_LEN / 2;

/// Adding it rounds an f32 of at most 2²² that is not negative to an integer, to nearest even, in the low bits.
const ROUNDING: f32 = 8_388_608.0;

/// Values of blocks side by side.
type Sixteen = [f32; AT_ONCE * SHORT_LEN];

/// Whole blocks from values.
pub(super) struct Encode<'a> {
    pub(super) short: Short,
    pub(super) values: &'a [f32],
    pub(super) bytes: &'a mut [u8],
}

impl LaneLoop for Encode<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { short, values, bytes } = self;
        match short {
            Short::Eight => by_sixteen::<_, Eight, 34>(lanes, values, bytes),
            Short::Offset { bits: 5 } => by_sixteen::<_, Offset<5>, 22>(lanes, values, bytes),
            Short::Offset { .. } => by_sixteen::<_, Offset<4>, 18>(lanes, values, bytes),
            Short::Min { bits: 5 } => by_sixteen::<_, Min<5>, 24>(lanes, values, bytes),
            Short::Min { .. } => by_sixteen::<_, Min<4>, 20>(lanes, values, bytes),
        }
    }
}

/// Encodes sixteen blocks at a time, the last ones beside zeros.
#[inline(always)]
fn by_sixteen<L: Lanes, F: Form<BYTES>, const BYTES: usize>(lanes: L, values: &[f32], bytes: &mut [u8]) {
    let (groups, last_values) = values.as_chunks::<{ AT_ONCE * SHORT_LEN }>();
    let (blocks, _) = bytes.as_chunks_mut::<BYTES>();
    let (block_groups, last_blocks) = blocks.as_chunks_mut::<AT_ONCE>();
    for (values, blocks) in groups.iter().zip(block_groups) {
        F::encode(lanes, values, blocks);
    }
    if !last_blocks.is_empty() {
        let (mut values, mut blocks) = ([0.0; AT_ONCE * SHORT_LEN], [[0; BYTES]; AT_ONCE]);
        values[..last_values.len()].copy_from_slice(last_values);
        F::encode(lanes, &values, &mut blocks);
        last_blocks.copy_from_slice(&blocks[..last_blocks.len()]);
    }
}

/// A format with blocks of so many bytes.
trait Form<const BYTES: usize> {
    fn encode<L: Lanes>(lanes: L, values: &Sixteen, blocks: &mut [[u8; BYTES]; AT_ONCE]);
}

/// See [`Short::Eight`].
struct Eight;

/// See [`Short::Offset`].
struct Offset<const BITS: u32>;

/// See [`Short::Min`].
struct Min<const BITS: u32>;

impl Form<34> for Eight {
    #[inline(always)]
    fn encode<L: Lanes>(lanes: L, values: &Sixteen, blocks: &mut [[u8; 34]; AT_ONCE]) {
        let peaks = chosen(values, |one, other| {
            let (one, other) = (one.abs(), other.abs());
            if other > one { other } else { one }
        });
        let scales = over(&peaks, 127.0);
        let (inverses, halves) = (inverses(&scales), lanes.narrow_f16(scales));
        let tables = inverses.iter().zip(halves.as_chunks::<2>().0);
        for ((values, block), (inverse, half)) in values.as_chunks::<SHORT_LEN>().0.iter().zip(blocks).zip(tables) {
            block[..2].copy_from_slice(half);
            for (code, value) in block[2..].iter_mut().zip(values) {
                *code = rounded_away(value * inverse).to_le_bytes()[0];
            }
        }
    }
}

impl<const BITS: u32, const BYTES: usize> Form<BYTES> for Offset<BITS> {
    #[inline(always)]
    fn encode<L: Lanes>(lanes: L, values: &Sixteen, blocks: &mut [[u8; BYTES]; AT_ONCE]) {
        let half_range = (1_u32 << (BITS - 1)) as f32;
        let mut peaks = chosen(values, |one, other| if other.abs() > one.abs() { other } else { one });
        // Of zeros ggml takes the positive one.
        for peak in &mut peaks {
            *peak += 0.0;
        }
        let scales = over(&peaks, -half_range);
        let (inverses, halves) = (inverses(&scales), lanes.narrow_f16(scales));
        for (block, half) in blocks.iter_mut().zip(halves.as_chunks::<2>().0) {
            block[..2].copy_from_slice(half);
        }
        let mut codes = [0; AT_ONCE * SHORT_LEN];
        for ((codes, values), inverse) in
            codes.chunks_exact_mut(SHORT_LEN).zip(values.chunks_exact(SHORT_LEN)).zip(&inverses)
        {
            for (code, value) in codes.iter_mut().zip(values) {
                *code = truncated(value * inverse + (half_range + 0.5)).to_le_bytes()[0];
            }
        }
        put_codes::<BITS, BYTES>(&mut codes, 2, blocks);
    }
}

impl<const BITS: u32, const BYTES: usize> Form<BYTES> for Min<BITS> {
    #[inline(always)]
    fn encode<L: Lanes>(lanes: L, values: &Sixteen, blocks: &mut [[u8; BYTES]; AT_ONCE]) {
        let range = ((1_u32 << BITS) - 1) as f32;
        let mins = chosen(values, |one, other| if other < one { other } else { one });
        let maxima = chosen(values, |one, other| if other > one { other } else { one });
        let mut spreads = [0.0; AT_ONCE];
        for lane in 0..AT_ONCE {
            spreads[lane] = maxima[lane] - mins[lane];
        }
        let scales = over(&spreads, range);
        let inverses = inverses(&scales);
        let (halves, min_halves) = (lanes.narrow_f16(scales), lanes.narrow_f16(mins));
        let halves = halves.as_chunks::<2>().0.iter().zip(min_halves.as_chunks::<2>().0);
        for (block, (half, min_half)) in blocks.iter_mut().zip(halves) {
            block[..2].copy_from_slice(half);
            block[2..4].copy_from_slice(min_half);
        }
        let mut codes = [0; AT_ONCE * SHORT_LEN];
        let tables = mins.iter().zip(&inverses);
        for ((codes, values), (min, inverse)) in
            codes.chunks_exact_mut(SHORT_LEN).zip(values.chunks_exact(SHORT_LEN)).zip(tables)
        {
            for (code, value) in codes.iter_mut().zip(values) {
                *code = truncated((value - min) * inverse + 0.5).to_le_bytes()[0];
            }
        }
        put_codes::<BITS, BYTES>(&mut codes, 4, blocks);
    }
}

/// The value of each block that `choice` takes: of every two neighbours, of what is left again, and so on. Where it takes
/// the first of two that are equal to it, it finds the first of all.
#[inline(always)]
fn chosen(values: &Sixteen, choice: impl Fn(f32, f32) -> f32) -> Block {
    let left: [f32; 256] = chosen_of_pairs(values, &choice);
    let left: [f32; 128] = chosen_of_pairs(&left, &choice);
    let left: [f32; 64] = chosen_of_pairs(&left, &choice);
    let left: [f32; 32] = chosen_of_pairs(&left, &choice);
    chosen_of_pairs(&left, &choice)
}

#[inline(always)]
fn chosen_of_pairs<const LEN: usize>(values: &[f32], choice: &impl Fn(f32, f32) -> f32) -> [f32; LEN] {
    let mut chosen = [0.0; LEN];
    for (chosen, [one, other]) in chosen.iter_mut().zip(values.as_chunks::<2>().0) {
        *chosen = choice(*one, *other);
    }
    chosen
}

/// Every value over `divisor`.
#[inline(always)]
fn over(values: &Block, divisor: f32) -> Block {
    let mut quotients = [0.0; LANE_COUNT];
    for lane in 0..LANE_COUNT {
        quotients[lane] = values[lane] / divisor;
    }
    quotients
}

/// 1 over every scale, and 0 for 0.
#[inline(always)]
fn inverses(scales: &Block) -> Block {
    let mut inverses = [0.0; LANE_COUNT];
    for lane in 0..LANE_COUNT {
        inverses[lane] = if scales[lane] == 0.0 { 0.0 } else { 1.0 / scales[lane] };
    }
    inverses
}

/// The integer in the low bits of a sum with [`ROUNDING`]. Infinity and the NaN that arithmetic makes have zeros in the
/// lowest byte there, which is what ggml gets of them on x86-64.
#[inline(always)]
fn low_bits(sum: f32) -> i32 {
    (sum.to_bits() & 0x007f_ffff).cast_signed()
}

/// `roundf`, to nearest and halves away from zero, of what is below 2²².
#[inline(always)]
fn rounded_away(value: f32) -> i32 {
    let magnitude = value.abs();
    let sum = magnitude + ROUNDING;
    // A half went to the even neighbour, perhaps the lower one.
    let is_low = magnitude - (sum - ROUNDING) == 0.5;
    let rounded = low_bits(sum).wrapping_add(i32::from(is_low));
    let sign = value.to_bits().cast_signed() >> 31;
    (rounded ^ sign).wrapping_sub(sign)
}

/// What is not negative and below 2²², without what is behind the point.
#[inline(always)]
fn truncated(value: f32) -> i32 {
    let sum = value + ROUNDING;
    low_bits(sum).wrapping_sub(i32::from(sum - ROUNDING > value))
}

/// Puts codes, of which there may be one too many, behind the head of each block: low halves of two to a byte, after the
/// fifth bits where there are five.
#[inline(always)]
fn put_codes<const BITS: u32, const BYTES: usize>(
    codes: &mut [u8; AT_ONCE * SHORT_LEN],
    head_len: usize,
    blocks: &mut [[u8; BYTES]; AT_ONCE],
) {
    for code in codes.iter_mut() {
        *code -= *code >> BITS;
    }
    let fifth_bits = fifth_bits(codes);
    let fifth_bits = fifth_bits.as_chunks::<{ SHORT_LEN / 8 }>().0;
    for ((block, codes), fifth_bits) in blocks.iter_mut().zip(codes.as_chunks::<SHORT_LEN>().0).zip(fifth_bits) {
        let mut pairs = [0; HALF_LEN];
        for (at, pair) in pairs.iter_mut().enumerate() {
            *pair = codes[at] & 15 | codes[at + HALF_LEN] << 4;
        }
        let (high, low) = block[head_len..].split_at_mut(if BITS == 5 { fifth_bits.len() } else { 0 });
        high.copy_from_slice(&fifth_bits[..high.len()]);
        low.copy_from_slice(&pairs);
    }
}

/// Bit 4 of every code, eight to a byte.
#[inline(always)]
fn fifth_bits(codes: &[u8; AT_ONCE * SHORT_LEN]) -> [u8; AT_ONCE * SHORT_LEN / 8] {
    let mut bytes = [0; AT_ONCE * SHORT_LEN / 8];
    for (byte, codes) in bytes.iter_mut().zip(codes.as_chunks::<8>().0) {
        // A bit in each byte; then two bits in every second one, four in every fourth.
        let ones = u64::from_le_bytes(*codes) >> 4 & 0x0101_0101_0101_0101;
        let twos = ones | ones >> 7;
        let fours = twos | twos >> 14;
        *byte = (fours | fours >> 28).to_le_bytes()[0];
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn under(value: f32) -> f32 {
        f32::from_bits(value.to_bits() - 1)
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        for whole in 0_u8..128 {
            let half = f32::from(whole) + 0.5;
            for (value, rounded) in [(half, whole + 1), (under(half), whole), (f32::from(whole), whole)] {
                assert_eq!(rounded_away(value), i32::from(rounded), "{value}");
                assert_eq!(rounded_away(-value), -i32::from(rounded), "-{value}");
            }
        }
    }

    #[test]
    fn what_is_behind_the_point_is_cut() {
        for whole in 0_u8..64 {
            let value = f32::from(whole);
            for value in [value, value + 0.25, value + 0.5, value + 0.75, under(value + 1.0)] {
                assert_eq!(truncated(value), i32::from(whole), "{value}");
            }
        }
    }

    #[test]
    fn what_is_no_number_gives_the_code_of_ggml() {
        for value in [f32::INFINITY, f32::NEG_INFINITY, 0.0 * f32::INFINITY] {
            assert_eq!(rounded_away(value).to_le_bytes()[0], 0);
            assert_eq!(truncated(value).to_le_bytes()[0], 0);
        }
    }
}
