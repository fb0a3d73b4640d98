//! AWQ's codes (Lin et al. 2023) in the layout that its library calls `gemm`: a word holds eight neighbouring outputs of one
//! input, in the order in which its kernel takes them apart.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use std::ops::Range;

use super::ByInput;

/// Outputs of a word.
const WORD_OUTPUTS: usize = 8;

/// The bits before the code of each output of a word.
const SHIFTS: [u32; WORD_OUTPUTS] = [0, 16, 4, 20, 8, 24, 12, 28];

/// How AWQ's 4-bit integers are packed; the number of outputs is a multiple of eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awq;

impl ByInput for Awq {
    fn code_rows(&self, inputs: usize) -> usize {
        inputs
    }

    fn code_bytes(&self, outputs: usize) -> usize {
        outputs.div_ceil(WORD_OUTPUTS) * 4
    }

    fn zero_bytes(&self, outputs: usize) -> usize {
        self.code_bytes(outputs)
    }

    #[inline(always)]
    fn codes(&self, rows: &[u8], row_byte_count: usize, input: usize, outputs: Range<usize>, codes: &mut [u8]) {
        self.zeros(&rows[input * row_byte_count..(input + 1) * row_byte_count], outputs, codes);
    }

    #[inline(always)]
    fn zeros(&self, row: &[u8], outputs: Range<usize>, zeros: &mut [u8]) {
        let words = &row.as_chunks::<4>().0[outputs.start / WORD_OUTPUTS..outputs.end.div_ceil(WORD_OUTPUTS)];
        for (codes, word) in zeros.as_chunks_mut::<WORD_OUTPUTS>().0.iter_mut().zip(words) {
            let word = u32::from_le_bytes(*word);
            *codes = SHIFTS.map(|shift| (word >> shift).to_le_bytes()[0] & 15);
        }
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers of a test")]
mod tests {
    use super::{super::*, *};
    use crate::numeric::{FloatDtype, widen};

    #[test]
    fn a_word_is_taken_apart_in_the_order_of_the_kernel() {
        // The outputs of the nibbles, the lowest first (`AWQ_ORDER` in its library).
        let order = [0_usize, 2, 4, 6, 1, 3, 5, 7];
        let (inputs, outputs) = (70_usize, 40_usize);
        let code = |input: usize, output: usize| (input * 7 + output * 3) as u32 % 16;
        let zero = |group: usize, output: usize| (group * 5 + output) as u32 % 16;
        let pack = |code: &dyn Fn(usize) -> u32| -> Vec<u8> {
            let word = |word: usize| {
                (0..8).map(|nibble| code(word * 8 + order[nibble]) << (4 * nibble)).fold(0, |all, bits| all | bits)
            };
            (0..outputs / 8).flat_map(|index| word(index).to_le_bytes()).collect()
        };
        let codes: Vec<u8> = (0..inputs).flat_map(|input| pack(&|output| code(input, output))).collect();
        let zeros: Vec<u8> = (0..2).flat_map(|group| pack(&|output| zero(group, output))).collect();
        let scale = |group: usize, output: usize| half::f16::from_f32(0.02 + (group * 40 + output) as f32 * 0.001);
        let scales: Vec<u8> =
            (0..2).flat_map(|group| (0..outputs).flat_map(move |output| scale(group, output).to_le_bytes())).collect();
        let groups: Vec<u32> = (0..inputs).map(|input| u32::from(input >= 35)).collect();
        let strip = Strip { codes: &codes, zeros: &zeros, scales: &scales, outputs, groups: &groups };
        for wanted in [0..40, 3..5, 31..33, 39..40, 7..7] {
            let mut decoded = vec![0; wanted.len() * inputs * 2];
            decode_by_input(&Awq, FloatDtype::F16, &strip, wanted.clone(), &mut decoded);
            let mut values = vec![0.0; wanted.len() * inputs];
            widen(FloatDtype::F16, &decoded, &mut values);
            for (row, output) in values.chunks(inputs).zip(wanted) {
                for (input, value) in row.iter().enumerate() {
                    let group = usize::from(input >= 35);
                    let steps = f64::from(code(input, output)) - f64::from(zero(group, output));
                    let exact = scale(group, output).to_f64() * steps;
                    assert_eq!(f64::from(*value), FloatDtype::F16.round_to_nearest(exact), "{output}, {input}");
                }
            }
        }
    }
}
