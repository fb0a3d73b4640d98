//! The codes that stand for zero, one for each scale, where a weight's grid is not symmetric.

use std::ops::Range;

use super::{PackedError, store::Bytes};
use crate::{
    error::IoError,
    numeric::codec::{BlockGrid, bit_stream::unpack, unpack_whole_words},
};

/// Rows of a grid that are looked at in one go.
const CHECKED_ROWS: usize = 1 << 12;

/// One zero point for each scale of a weight.
#[derive(Debug)]
pub(super) enum ZeroPoints {
    /// A signed byte each.
    Bytes(Bytes),
    /// Signed integers of `bits` bits, those of a column of the grid one below the other in 32-bit words, offset by half
    /// their range.
    Words { table: Bytes, bits: usize, is_straddling: bool },
}

impl ZeroPoints {
    /// Rows of words that hold those of `rows` rows of a grid.
    pub fn word_rows(bits: usize, is_straddling: bool, rows: usize) -> usize {
        if is_straddling { (rows * bits).div_ceil(32) } else { rows.div_ceil(32 / bits) }
    }

    /// Those beside a config that calls the weights symmetric, which must be zeros: the library passes over them.
    ///
    /// # Errors
    /// One that is not zero; a read that fails.
    pub fn refuse_asymmetric(&self, grid: &BlockGrid) -> Result<(), PackedError> {
        let (Self::Bytes(table) | Self::Words { table, .. }) = self;
        for start in (0..grid.down()).step_by(CHECKED_ROWS) {
            let rows = start..(start + CHECKED_ROWS).min(grid.down());
            if self.read(grid, rows)?.into_iter().any(|zero_point| zero_point != 0.0) {
                let (tensor, said) = (table.name.clone(), "true".to_owned());
                return Err(PackedError::Contradicted { tensor, key: "symmetric", said });
            }
        }
        Ok(())
    }

    /// Reads those of `rows` of `grid`, row-major.
    pub fn read(&self, grid: &BlockGrid, rows: Range<usize>) -> Result<Vec<f32>, IoError> {
        let across = grid.across();
        match self {
            Self::Bytes(table) => {
                let bytes = table.read_vec(rows.start * across..rows.end * across)?;
                Ok(bytes.into_iter().map(|byte| f32::from(byte.cast_signed())).collect())
            }
            Self::Words { table, bits, is_straddling } => {
                // The last code that begins with a word: 32 of them fill as many words as they have bits.
                let in_run = if *is_straddling { 32 } else { 32 / bits };
                let first = rows.start / in_run * in_run;
                let words =
                    Self::word_rows(*bits, *is_straddling, first)..Self::word_rows(*bits, *is_straddling, rows.end);
                let bytes = table.read_vec(words.start * across * 4..words.end * across * 4)?;
                let offset = 1_i16 << (bits - 1);
                let take = if *is_straddling { unpack } else { unpack_whole_words };
                let mut zero_points = vec![0.0; rows.len() * across];
                let (mut column, mut codes) = (vec![0; words.len() * 4], vec![0; rows.len()]);
                for index in 0..across {
                    for (word, row) in column.chunks_exact_mut(4).zip(bytes.chunks_exact(across * 4)) {
                        word.copy_from_slice(&row[index * 4..index * 4 + 4]);
                    }
                    take(*bits, &column, rows.start - first..rows.end - first, &mut codes);
                    for (row, code) in zero_points.chunks_exact_mut(across).zip(&codes) {
                        row[index] = f32::from(i16::from(*code) - offset);
                    }
                }
                Ok(zero_points)
            }
        }
    }
}
