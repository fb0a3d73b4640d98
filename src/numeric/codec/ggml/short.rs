//! The formats with blocks of 32 values: `Q4_0`, `Q4_1`, `Q5_0`, `Q5_1` and `Q8_0`.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use super::{half_at, put_half};
use crate::numeric::{lanes::Lanes, level::LaneLoop};

/// Values of a block.
pub(super) const SHORT_LEN: usize = 32;

/// Which of them: bits of a code, and whether a block has a minimum.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Short {
    /// `Q8_0`.
    Eight,
    /// `Q4_0` and `Q5_0`: codes offset by half their range.
    Offset { bits: u8 },
    /// `Q4_1` and `Q5_1`: codes above a minimum.
    Min { bits: u8 },
}

impl Short {
    /// Bytes of a block.
    pub(super) const fn block_byte_count(self) -> usize {
        match self {
            Self::Eight => 2 + SHORT_LEN,
            Self::Offset { bits } => 2 + bits as usize * SHORT_LEN / 8,
            Self::Min { bits } => 4 + bits as usize * SHORT_LEN / 8,
        }
    }
}

/// Whole blocks from values.
pub(super) struct Encode<'a> {
    pub(super) short: Short,
    pub(super) values: &'a [f32],
    pub(super) bytes: &'a mut [u8],
}

impl LaneLoop for Encode<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _lanes: L) {
        let (blocks, _) = self.values.as_chunks::<SHORT_LEN>();
        match self.short {
            Short::Eight => {
                for (values, bytes) in blocks.iter().zip(self.bytes.as_chunks_mut::<34>().0) {
                    encode_eight(values, bytes);
                }
            }
            Short::Offset { bits } => {
                for (values, bytes) in blocks.iter().zip(self.bytes.chunks_exact_mut(self.short.block_byte_count())) {
                    encode_offset(bits, values, bytes);
                }
            }
            Short::Min { bits } => {
                for (values, bytes) in blocks.iter().zip(self.bytes.chunks_exact_mut(self.short.block_byte_count())) {
                    encode_min(bits, values, bytes);
                }
            }
        }
    }
}

/// `1 / scale`, and 0 for 0.
#[inline(always)]
fn inverse(scale: f32) -> f32 {
    if scale == 0.0 { 0.0 } else { 1.0 / scale }
}

/// The largest of the magnitudes, compared as bits: of finite values those have one order, and a maximum of integers is
/// taken in any.
#[inline(always)]
fn peak_magnitude(values: &[f32; SHORT_LEN]) -> f32 {
    let magnitudes = values.map(|value| value.to_bits() & (u32::MAX >> 1));
    f32::from_bits(magnitudes.iter().fold(0, |peak, magnitude| peak.max(*magnitude)))
}

/// `roundf`, to nearest and halves away from zero, of what is below 2²²: the largest number under a half takes no value
/// further than its whole number, and from a half on takes it there.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "below 2²²")]
fn rounded_away(value: f32) -> i32 {
    const UNDER_HALF: f32 = 0.5 - f32::EPSILON / 4.0;
    (value + UNDER_HALF.copysign(value)) as i32
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "at most 127")]
fn encode_eight(values: &[f32; SHORT_LEN], bytes: &mut [u8; 34]) {
    let scale = peak_magnitude(values) / 127.0;
    let inverse = inverse(scale);
    put_half(bytes, 0, scale);
    for (code, value) in bytes[2..].iter_mut().zip(values) {
        *code = (rounded_away(value * inverse) as i8).cast_unsigned();
    }
}

#[inline(always)]
fn encode_offset(bits: u8, values: &[f32; SHORT_LEN], bytes: &mut [u8]) {
    let magnitude = peak_magnitude(values);
    // Of two with that magnitude the first one counts, and of zeros the positive one.
    let is_peak = |value: &&f32| value.abs() == magnitude && magnitude > 0.0;
    let peak = values.iter().find(is_peak).copied().unwrap_or(0.0);
    let half = f32::from(1_u8 << (bits - 1));
    let scale = peak / -half;
    let inverse = inverse(scale);
    put_half(bytes, 0, scale);
    write_codes(bits, |at| truncated(values[at] * inverse + (half + 0.5)), &mut bytes[2..]);
}

#[inline(always)]
fn encode_min(bits: u8, values: &[f32; SHORT_LEN], bytes: &mut [u8]) {
    let (mut min, mut max) = (f32::MAX, -f32::MAX);
    for value in values {
        min = if *value < min { *value } else { min };
        max = if *value > max { *value } else { max };
    }
    let scale = (max - min) / f32::from((1_u8 << bits) - 1);
    let inverse = inverse(scale);
    put_half(bytes, 0, scale);
    put_half(bytes, 2, min);
    write_codes(bits, |at| truncated((values[at] - min) * inverse + 0.5), &mut bytes[4..]);
}

#[inline(always)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "codes; what has none gets one of the ends"
)]
fn truncated(value: f32) -> u8 {
    value as i32 as u8
}

/// Low halves of two codes to a byte, after the fifth bits where there are five.
#[inline(always)]
fn write_codes(bits: u8, code: impl Fn(usize) -> u8, bytes: &mut [u8]) {
    let max_code = (1 << bits) - 1;
    let mut codes = [0; SHORT_LEN];
    for (at, slot) in codes.iter_mut().enumerate() {
        *slot = code(at).min(max_code);
    }
    let (high, low) = bytes.split_at_mut(if bits == 5 { 4 } else { 0 });
    for (at, byte) in low.iter_mut().enumerate() {
        *byte = codes[at] & 15 | (codes[at + SHORT_LEN / 2] & 15) << 4;
    }
    if bits == 5 {
        let fifth_bits = codes.iter().enumerate().fold(0_u32, |word, (at, code)| word | u32::from(code >> 4) << at);
        high.copy_from_slice(&fifth_bits.to_le_bytes());
    }
}

/// Values of whole blocks.
pub(super) fn decode(short: Short, bytes: &[u8], values: &mut [f32]) {
    let blocks = bytes.chunks_exact(short.block_byte_count()).zip(values.as_chunks_mut::<SHORT_LEN>().0);
    for (bytes, values) in blocks {
        let scale = half_at(bytes, 0);
        let (bits, offset, min, codes) = match short {
            Short::Eight => {
                for (value, code) in values.iter_mut().zip(&bytes[2..]) {
                    *value = f32::from(code.cast_signed()) * scale;
                }
                continue;
            }
            Short::Offset { bits } => (bits, 1_i8 << (bits - 1), None, &bytes[2..]),
            Short::Min { bits } => (bits, 0, Some(half_at(bytes, 2)), &bytes[4..]),
        };
        let (high, low) = codes.split_at(if bits == 5 { 4 } else { 0 });
        for (at, value) in values.iter_mut().enumerate() {
            let high = high.get(at / 8).map_or(0, |high| (high >> (at % 8) & 1) << 4);
            let code = (low[at % 16] >> (at / 16 * 4) & 15 | high).cast_signed() - offset;
            let product = f32::from(code) * scale;
            *value = min.map_or(product, |min| product + min);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_rounded_away_from_zero() {
        let under = |value: f32| f32::from_bits(value.to_bits() - 1);
        for whole in 0_u8..127 {
            let half = f32::from(whole) + 0.5;
            for (value, rounded) in [(half, whole + 1), (under(half), whole), (f32::from(whole), whole)] {
                assert_eq!(rounded_away(value), i32::from(rounded), "{value}");
                assert_eq!(rounded_away(-value), -i32::from(rounded), "-{value}");
            }
        }
    }
}
