//! MXFP4 as gpt-oss stores its experts: rows of E2M1 codes in groups of 32, each group with a power of two, turned so that
//! what was a row becomes a column.

use std::{ops::Range, sync::LazyLock};

use super::{
    E2M1,
    turned::{DEPTH, LANES, Line, turn},
};
use crate::numeric::{FloatDtype, narrow};

/// Bytes of a group's codes.
const GROUP_BYTES: usize = LANES / 2;

/// The bfloat16 of each code under each scale; all of them are exact but those below its normal range.
static VALUES: LazyLock<Vec<[[u8; 2]; 16]>> = LazyLock::new(|| (0..=u8::MAX).map(values).collect());

/// Groups of neighbouring codes in all rows of a matrix.
#[derive(Clone, Copy, Debug)]
pub struct Mxfp4<'a> {
    /// The codes of a row, two to a byte, the first in the low half; then those of the next row.
    pub codes: &'a [u8],
    /// A scale for each group of each row: 2 to the power of it, less 127. 255 stands for no number.
    pub scales: &'a [u8],
    /// Groups of a row.
    pub groups: usize,
}

impl Mxfp4<'_> {
    /// Decodes `columns` of the stored matrix as rows of bfloat16.
    ///
    /// # Panics
    /// If columns lie outside the groups, or one of the slices has another length.
    pub fn decode(&self, columns: Range<usize>, bytes: &mut [u8]) {
        let row_byte_count = self.groups * GROUP_BYTES;
        let rows = self.codes.len() / row_byte_count.max(1);
        assert_eq!(bytes.len(), columns.len() * rows * 2, "bytes and columns must agree");
        assert_eq!(self.scales.len(), rows * self.groups, "codes and scales must agree");
        let mut lines: [Line; DEPTH] = [[[0; 2]; LANES]; DEPTH];
        // Along the rows first: a cache line of codes holds several groups.
        for start in (0..rows).step_by(DEPTH) {
            let block = start..(start + DEPTH).min(rows);
            let lines = &mut lines[..block.len()];
            for group in columns.start / LANES..columns.end.div_ceil(LANES) {
                for (line, row) in lines.iter_mut().zip(block.clone()) {
                    let values = &VALUES[usize::from(self.scales[row * self.groups + group])];
                    let codes = &self.codes[row * row_byte_count + group * GROUP_BYTES..][..GROUP_BYTES];
                    for ([low, high], codes) in line.as_chunks_mut::<2>().0.iter_mut().zip(codes) {
                        *low = values[usize::from(codes & 15)];
                        *high = values[usize::from(codes >> 4)];
                    }
                }
                let wanted = columns.start.max(group * LANES)..columns.end.min((group + 1) * LANES);
                let turned = (wanted.start - columns.start) * rows * 2..(wanted.end - columns.start) * rows * 2;
                let lanes = wanted.start - group * LANES..wanted.end - group * LANES;
                turn(lines, lanes, start, rows, &mut bytes[turned]);
            }
        }
    }
}

/// The bfloat16 of each code under `scale`.
fn values(scale: u8) -> [[u8; 2]; 16] {
    // In f64, which holds all powers, and all products but for their rounding.
    let factor = 2.0_f64.powi(i32::from(scale) - 127);
    #[expect(clippy::cast_possible_truncation, reason = "exact, but for those beyond f32, which no valid scale gives")]
    let exact = E2M1.map(|value| (f64::from(value) * factor) as f32);
    let mut bytes = [[0; 2]; 16];
    narrow(FloatDtype::BF16, &exact, bytes.as_flattened_mut());
    bytes
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers of a test")]
mod tests {
    use super::*;
    use crate::numeric::widen;

    #[test]
    fn any_columns_are_rows_of_the_formula() {
        let (rows, groups) = (100_usize, 3_usize);
        let code = |row: usize, column: usize| (row * 5 + column * 3 + column / 16) % 16;
        // From far below bfloat16's normal range to its end.
        let scale = |row: usize, group: usize| ((row * 3 + group) * 251 % 253) as u8;
        let codes: Vec<u8> = (0..rows)
            .flat_map(|row| (0..groups * 16).map(move |at| (code(row, 2 * at) | code(row, 2 * at + 1) << 4) as u8))
            .collect();
        let scales: Vec<u8> = (0..rows).flat_map(|row| (0..groups).map(move |group| scale(row, group))).collect();
        let stored = Mxfp4 { codes: &codes, scales: &scales, groups };
        for columns in [0..96, 5..7, 31..33, 95..96, 40..40] {
            let mut bytes = vec![0; columns.len() * rows * 2];
            stored.decode(columns.clone(), &mut bytes);
            let mut values = vec![0.0; columns.len() * rows];
            widen(FloatDtype::BF16, &bytes, &mut values);
            for (row_of_values, column) in values.chunks(rows).zip(columns) {
                for (row, value) in row_of_values.iter().enumerate() {
                    let exact =
                        f64::from(E2M1[code(row, column)]) * 2.0_f64.powi(i32::from(scale(row, column / 32)) - 127);
                    assert_eq!(f64::from(*value), FloatDtype::BF16.round_to_nearest(exact), "{row}, {column}");
                    assert_eq!(value.is_sign_negative(), code(row, column) >= 8, "{row}, {column}");
                }
            }
        }
    }
}
