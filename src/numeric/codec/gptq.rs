//! GPTQ's codes (Frantar et al. 2022), as its libraries pack them: those of an output one after the other in 32-bit words, the
//! low bits first, so that a row of words holds a few inputs of all outputs.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use std::ops::Range;

use super::ByInput;

/// How GPTQ's integers are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gptq {
    /// Bits of a code, up to 8; codes may straddle two words.
    pub bits: usize,
    /// Whether zero points are stored less one, as all files do but those of the second version.
    pub zeros_less_one: bool,
}

impl Gptq {
    fn mask(self) -> u32 {
        (1 << self.bits) - 1
    }

    /// Words that so many codes fill, the last perhaps in part.
    fn words(self, codes: usize) -> usize {
        codes / 32 * self.bits + (codes % 32 * self.bits).div_ceil(32)
    }
}

impl ByInput for Gptq {
    fn code_rows(&self, inputs: usize) -> usize {
        self.words(inputs)
    }

    fn code_bytes(&self, outputs: usize) -> usize {
        outputs * 4
    }

    fn zero_bytes(&self, outputs: usize) -> usize {
        self.words(outputs) * 4
    }

    #[inline(always)]
    fn codes(&self, rows: &[u8], row_byte_count: usize, input: usize, outputs: Range<usize>, codes: &mut [u8]) {
        let (row, shift) = (input * self.bits / 32, input * self.bits % 32);
        let words = |row: usize| {
            let row = &rows[row * row_byte_count..(row + 1) * row_byte_count];
            row[outputs.start * 4..outputs.end * 4].as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word))
        };
        let mask = self.mask();
        if shift + self.bits <= 32 {
            for (code, word) in codes.iter_mut().zip(words(row)) {
                *code = low_byte(word >> shift & mask);
            }
        } else {
            for (code, (low, high)) in codes.iter_mut().zip(words(row).zip(words(row + 1))) {
                *code = low_byte((low >> shift | high << (32 - shift)) & mask);
            }
        }
    }

    fn wraps_zeros(&self) -> bool {
        self.zeros_less_one
    }

    #[inline(always)]
    fn zeros(&self, row: &[u8], outputs: Range<usize>, zeros: &mut [u8]) {
        let words = row.as_chunks::<4>().0;
        let word = |index: usize| words.get(index).map_or(0, |word| u64::from(u32::from_le_bytes(*word)));
        for (zero, output) in zeros.iter_mut().zip(outputs) {
            let (index, shift) = (output * self.bits / 32, output * self.bits % 32);
            let stored = (word(index) | word(index + 1) << 32) >> shift;
            // A field of ones stands for 0, which the first version has no other way to write.
            let stored = stored + u64::from(self.zeros_less_one);
            *zero = (stored & u64::from(self.mask())).to_le_bytes()[0];
        }
    }
}

fn low_byte(code: u32) -> u8 {
    code.to_le_bytes()[0]
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers of a test")]
mod tests {
    use proptest::prelude::*;

    use super::{super::*, *};
    use crate::numeric::{FloatDtype, widen};

    /// Writes `bits` of `code` into a row of words that are read as one stream of bits.
    fn put(words: &mut [u32], index: usize, bits: usize, code: u32) {
        for bit in 0..bits {
            let at = index * bits + bit;
            words[at / 32] |= (code >> bit & 1) << (at % 32);
        }
    }

    fn bytes(rows: &[Vec<u32>]) -> Vec<u8> {
        rows.iter().flatten().flat_map(|word| word.to_le_bytes()).collect()
    }

    proptest! {
        /// Any rows, in any order of groups, are what the formula gives one at a time.
        #[test]
        fn any_rows_are_decoded_by_the_formula(
            bits in prop_oneof![Just(2_usize), Just(3), Just(4), Just(8)],
            zeros_less_one: bool,
            (inputs, outputs) in (1_usize..150, 1_usize..90),
            (from, count) in (0_usize..90, 0_usize..90),
            seed: u32,
            dtype in prop_oneof![Just(FloatDtype::BF16), Just(FloatDtype::F16)],
        ) {
            let packing = Gptq { bits, zeros_less_one };
            let random = |kind: usize, a: usize, b: usize| {
                let mixed = (kind * 7919 + a * 131 + b).wrapping_mul(0x9e37_79b9) as u32 ^ seed;
                mixed.wrapping_mul(0x85eb_ca6b) >> 11
            };
            let mask = (1 << bits) - 1;
            let groups: Vec<u32> = (0..inputs).map(|input| random(0, input, 0) % 5).collect();
            let scale = |group: usize, output: usize| half::bf16::from_f32(0.01 + random(3, group, output) as f32 / 1e7);
            // Stored by input: a column of words is one output's stream of bits.
            let mut code_rows = vec![vec![0; outputs]; packing.code_rows(inputs)];
            for output in 0..outputs {
                let mut words = vec![0; code_rows.len()];
                (0..inputs).for_each(|input| put(&mut words, input, bits, random(1, input, output) & mask));
                code_rows.iter_mut().zip(words).for_each(|(row, word)| row[output] = word);
            }
            let mut zero_rows = vec![vec![0; packing.zero_bytes(outputs) / 4]; 5];
            for (group, row) in zero_rows.iter_mut().enumerate() {
                (0..outputs).for_each(|output| put(row, output, bits, random(2, group, output) & mask));
            }
            let scales: Vec<u8> = (0..5).flat_map(|group| (0..outputs).map(move |output| (group, output)))
                .flat_map(|(group, output)| match dtype {
                    FloatDtype::BF16 => scale(group, output).to_le_bytes(),
                    _ => half::f16::from_f32(scale(group, output).to_f32()).to_le_bytes(),
                })
                .collect();
            let (codes, zeros) = (bytes(&code_rows), bytes(&zero_rows));
            let strip = Strip { codes: &codes, zeros: &zeros, scales: &scales, outputs, groups: &groups };
            let start = from.min(outputs);
            let wanted = start..(start + count).min(outputs);
            let mut decoded = vec![0; wanted.len() * inputs * 2];
            decode_by_input(&packing, dtype, &strip, wanted.clone(), &mut decoded);
            let mut values = vec![0.0; wanted.len() * inputs];
            widen(dtype, &decoded, &mut values);
            for (value, (output, input)) in
                values.into_iter().zip(wanted.flat_map(|output| (0..inputs).map(move |input| (output, input))))
            {
                let group = groups[input] as usize;
                let stored = random(2, group, output) & mask;
                let zero = if zeros_less_one { (stored + 1) % (mask + 1) } else { stored };
                let steps = f64::from(random(1, input, output) & mask) - f64::from(zero);
                let scale = match dtype {
                    FloatDtype::BF16 => scale(group, output).to_f64(),
                    _ => half::f16::from_f32(scale(group, output).to_f32()).to_f64(),
                };
                prop_assert_eq!(f64::from(value), dtype.round_to_nearest(scale * steps), "{} {}", output, input);
            }
        }
    }
}
