//! Codes that stand for their value without a table of their own: how a row of them lies in bytes, and what it holds.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use super::{bit_stream::unpack, e2m1::E2M1, fp8::E4M3, whole_words::unpack_whole_words};
use crate::numeric::{CpuLevel, lanes::Lanes, level::LaneLoop};

/// Codes that are taken apart in one go; any count of bits ends with a word there, whole words of any count of bits too.
const AT_ONCE: usize = 32 * 32;

/// How the codes of a row lie; every row begins with a byte of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowCode {
    /// An 8-bit float each.
    E4M3,
    /// A signed byte each.
    Int8,
    /// Signed integers of `bits` bits in 32-bit words, offset by half their range.
    Words {
        /// Bits of a code, 1 to 8.
        bits: usize,
        /// Whether a code may begin in one word and end in the next.
        is_straddling: bool,
    },
    /// 4-bit floats, two to a byte, the first in the low half.
    E2M1,
}

impl RowCode {
    /// Bytes of a row of `columns` codes.
    #[must_use]
    pub fn row_byte_count(self, columns: usize) -> usize {
        match self {
            Self::E4M3 | Self::Int8 => columns,
            Self::Words { bits, is_straddling: true } => 4 * (columns * bits).div_ceil(32),
            Self::Words { bits, is_straddling: false } => 4 * columns.div_ceil(32 / bits),
            Self::E2M1 => columns.div_ceil(2),
        }
    }

    /// The value of each code of a row; every one is exact.
    ///
    /// # Panics
    /// If `codes` is not a row of as many codes as there are `values`.
    pub fn widen(self, codes: &[u8], values: &mut [f32]) {
        assert_eq!(codes.len(), self.row_byte_count(values.len()), "codes and values must agree");
        CpuLevel::detected().run(Widen { code: self, codes, values });
    }
}

struct Widen<'a> {
    code: RowCode,
    codes: &'a [u8],
    values: &'a mut [f32],
}

impl LaneLoop for Widen<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        let Self { code, codes, values } = self;
        match code {
            RowCode::E4M3 => {
                let table = &*E4M3;
                for (value, code) in values.iter_mut().zip(codes) {
                    *value = table[usize::from(*code)];
                }
            }
            RowCode::Int8 => {
                for (value, code) in values.iter_mut().zip(codes) {
                    *value = f32::from(code.cast_signed());
                }
            }
            RowCode::Words { bits, is_straddling } => {
                // A difference of floats, which is exact and, unlike one of integers, not checked for overflow.
                let offset = f32::from(1_u8 << (bits - 1));
                let mut unpacked = [0; AT_ONCE];
                for (index, values) in values.chunks_mut(AT_ONCE).enumerate() {
                    let range = index * AT_ONCE..index * AT_ONCE + values.len();
                    let unpacked = &mut unpacked[..values.len()];
                    if is_straddling {
                        unpack(bits, codes, range, unpacked);
                    } else {
                        unpack_whole_words(bits, codes, range, unpacked);
                    }
                    for (value, code) in values.iter_mut().zip(unpacked) {
                        *value = f32::from(*code) - offset;
                    }
                }
            }
            RowCode::E2M1 => {
                let (pairs, last) = values.as_chunks_mut::<2>();
                for ([low, high], code) in pairs.iter_mut().zip(codes) {
                    (*low, *high) = (E2M1[usize::from(code & 15)], E2M1[usize::from(code >> 4)]);
                }
                for value in last {
                    *value = E2M1[usize::from(codes[codes.len() - 1] & 15)];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widened(code: RowCode, codes: &[u8], count: usize) -> Vec<f32> {
        let mut values = vec![0.0; count];
        code.widen(codes, &mut values);
        values
    }

    #[test]
    fn each_kind_of_row_holds_the_values_of_its_codes() {
        assert_eq!(widened(RowCode::E4M3, &[0x38, 0xc0, 0x01, 0x7e], 4), [1.0, -2.0, 2.0_f32.powi(-9), 448.0]);
        assert_eq!(widened(RowCode::Int8, &[0, 1, 0x80, 0xff], 4), [0.0, 1.0, -128.0, -1.0]);
        assert_eq!(widened(RowCode::E2M1, &[0x21, 0xf7, 0x09], 5), [0.5, 1.0, 6.0, -6.0, -0.5]);
        let nibbles = RowCode::Words { bits: 4, is_straddling: true };
        assert_eq!(widened(nibbles, &[0x80, 0x1f, 0, 0], 5), [-8.0, 0.0, 7.0, -7.0, -8.0]);
        // Eleven codes of three bits, 0 to 7 and again: the last one begins in the first word's 31st bit.
        let word = (0..11_u64).map(|index| (index % 8) << (3 * index)).sum::<u64>();
        let expected: Vec<f32> = (0..11_u8).map(|index| f32::from(index % 8) - 4.0).collect();
        assert_eq!(widened(RowCode::Words { bits: 3, is_straddling: true }, &word.to_le_bytes(), 11), expected);
        let word = word & ((1 << 30) - 1) | 2 << 32;
        assert_eq!(widened(RowCode::Words { bits: 3, is_straddling: false }, &word.to_le_bytes(), 11), expected);
    }

    #[test]
    fn a_long_row_is_its_parts() {
        for bits in 1..=8 {
            for is_straddling in [true, false] {
                let code = RowCode::Words { bits, is_straddling };
                let count = AT_ONCE * 2 + 77;
                let codes: Vec<u8> =
                    (0..code.row_byte_count(count)).map(|index| (index * 37 % 251).to_le_bytes()[0]).collect();
                let whole = widened(code, &codes, count);
                for (index, value) in whole.into_iter().enumerate() {
                    let mut one = [0];
                    let take = if is_straddling { unpack } else { unpack_whole_words };
                    take(bits, &codes, index..index + 1, &mut one);
                    assert_eq!(value, f32::from(i16::from(one[0]) - (1 << (bits - 1))), "{bits} bits, code {index}");
                }
            }
        }
    }
}
