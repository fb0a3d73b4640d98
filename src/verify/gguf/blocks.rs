//! The blocks of a GGUF file against those that encoding the exact values gives.

use std::{fs::File, ops::Range, path::Path};

use rayon::iter::{ParallelBridge as _, ParallelIterator as _};

use super::super::VerifyError;
use crate::{
    checkpoint::gguf::{GgufHeader, GgufTensor},
    error::{IoAction, IoContext as _},
    gguf::OutputTensor,
    job::JobContext,
    numeric::codec::GgmlType,
    platform,
};

/// How much larger the squared error of a block may be than that of a fresh one: a search may end elsewhere for values
/// that differ in their last bits.
const SQUARE_RATIO: f64 = 1.01;

/// What the values of a target may be off by, and a merge in f32, whose blocks are right where its values are.
pub(super) struct Allowed<'a> {
    /// How far a value of a merge in f32 may be from the exact one, of the rows that were read.
    pub(super) tolerance: &'a (dyn Fn() -> f64 + Sync),
    /// The tensor of such a merge: the search for a block's scale may jump for the last bit of a value, and only the
    /// values that were encoded end where it did.
    pub(super) merged: &'a OutputTensor,
}

/// The blocks of one tensor, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Blocks {
    /// All of them.
    pub(super) count: u64,
    /// Those that are equal to the bit.
    pub(super) equal_count: u64,
    /// Those that are further from the exact values than a fresh one may be, or hold what is no number.
    pub(super) wrong_count: u64,
}

impl Blocks {
    pub(super) fn add(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            equal_count: self.equal_count + other.equal_count,
            wrong_count: self.wrong_count + other.wrong_count,
        }
    }
}

/// A GGUF file that is read.
pub(super) struct Held<'a> {
    pub(super) file: &'a File,
    pub(super) path: &'a Path,
    pub(super) header: &'a GgufHeader,
}

impl Held<'_> {
    /// Compares every block of `held` with what `expected` gives, in the type that the file has; where nothing is
    /// `allowed`, equal bytes are asked for.
    pub(super) fn compare(
        &self,
        held: &GgufTensor,
        expected: &OutputTensor,
        allowed: Option<&Allowed<'_>>,
        job: &JobContext,
    ) -> Result<Blocks, VerifyError> {
        let expected = &OutputTensor { stored: held.clone(), source: expected.source.clone() };
        // One thread loads what all of them read with.
        expected.read(0..1.min(expected.rows()), &mut Vec::new())?;
        let strips = expected.tiles().flat_map(|rows| expected.strips(rows));
        let compared = strips.par_bridge().map(|rows| {
            job.check_cancelled()?;
            self.compare_rows(held, expected, rows, allowed)
        });
        let blocks = compared.try_reduce(Blocks::default, |one, other| Ok(one.add(other)));
        let merged = allowed.into_iter().flat_map(|allowed| allowed.merged.source.tensors());
        expected.source.tensors().chain(merged).for_each(crate::checkpoint::LogicalTensor::forget);
        job.advance(held.byte_count);
        blocks
    }

    fn compare_rows(
        &self,
        held: &GgufTensor,
        expected: &OutputTensor,
        rows: Range<usize>,
        allowed: Option<&Allowed<'_>>,
    ) -> Result<Blocks, VerifyError> {
        let range = expected.byte_range(&rows);
        let mut stored = vec![0; usize::try_from(range.end - range.start).unwrap_or(usize::MAX)];
        let offset = self.header.data_start + held.offset + range.start;
        platform::read_exact_at(self.file, &mut stored, offset).at(IoAction::ReadWeights, self.path)?;
        let mut values = Vec::new();
        expected.read(rows.clone(), &mut values)?;
        let mut fresh = vec![0; stored.len()];
        let ggml_type = held.ggml_type;
        let block_byte_count = ggml_type.block_byte_count();
        let count = (stored.len() / block_byte_count) as u64;
        if ggml_type.encode(&values, &mut fresh).is_err() {
            // What no block can hold, no block holds rightly.
            return Ok(Blocks { count, equal_count: 0, wrong_count: count });
        }
        if stored == fresh {
            return Ok(Blocks { count, equal_count: count, wrong_count: 0 });
        }
        let tolerance = allowed.map(|allowed| (allowed.tolerance)());
        let mut merged = (Vec::new(), vec![0; stored.len()]);
        if let Some(allowed) = allowed {
            allowed.merged.read(rows, &mut merged.0)?;
            // What cannot be encoded equals nothing.
            ggml_type.encode(&merged.0, &mut merged.1).ok();
        }
        let block_len = ggml_type.block_len();
        let mut blocks = Blocks { count, ..Blocks::default() };
        for (index, stored) in stored.chunks_exact(block_byte_count).enumerate() {
            let bytes_of = |all: &'_ [u8]| all[index * block_byte_count..][..block_byte_count].to_vec();
            let values = &values[index * block_len..][..block_len];
            let fresh = bytes_of(&fresh);
            if stored == fresh {
                blocks.equal_count += 1;
                continue;
            }
            let is_right = tolerance.is_some_and(|tolerance| {
                is_as_near(ggml_type, stored, &fresh, values, tolerance)
                    || stored == bytes_of(&merged.1)
                        && are_near(&merged.0[index * block_len..][..block_len], values, tolerance)
            });
            blocks.wrong_count += u64::from(!is_right);
        }
        Ok(blocks)
    }
}

/// Whether every one of `merged` is within `tolerance` and the rounding to float32 of its exact value.
fn are_near(merged: &[f32], values: &[f32], tolerance: f64) -> bool {
    let is_near = |(merged, value): (&f32, &f32)| {
        let rounding = f64::from(f32::EPSILON) * f64::from(value.abs());
        (f64::from(*merged) - f64::from(*value)).abs() <= tolerance + rounding
    };
    merged.iter().zip(values).all(is_near)
}

/// Whether `stored` is as near to `values` as `fresh` is, up to values that are off by `tolerance` each.
fn is_as_near(ggml_type: GgmlType, stored: &[u8], fresh: &[u8], values: &[f32], tolerance: f64) -> bool {
    let distance = |bytes: &[u8]| {
        let mut decoded = vec![0.0; values.len()];
        ggml_type.decode(bytes, &mut decoded);
        let square = |(decoded, value): (&f32, &f32)| (f64::from(*decoded) - f64::from(*value)).powi(2);
        decoded.iter().zip(values).map(square).sum::<f64>().sqrt()
    };
    let noise = tolerance * (values.len() as f64).sqrt();
    // What is no number is no distance, and not below any.
    distance(stored) <= SQUARE_RATIO.sqrt() * distance(fresh) + noise
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_may_be_another_but_not_a_worse_one() {
        let values: Vec<f32> = (0_u8..32).map(|index| f32::from(index).sin()).collect();
        let mut fresh = vec![0; 34];
        GgmlType::Q8_0.encode(&values, &mut fresh).unwrap();
        let is_near = |bytes: &[u8], tolerance| is_as_near(GgmlType::Q8_0, bytes, &fresh, &values, tolerance);
        assert!(is_near(&fresh, 0.0));
        let mut worse = fresh.clone();
        worse[9] ^= 0x10;
        assert!(!is_near(&worse, 0.0) && !is_near(&worse, 1e-6));
        let mut not_finite = fresh.clone();
        not_finite[..2].copy_from_slice(&half::f16::NAN.to_le_bytes());
        assert!(!is_near(&not_finite, 1e9));
        let off: Vec<f32> = values.iter().map(|value| value + 1e-5).collect();
        assert!(are_near(&off, &values, 2e-5) && !are_near(&off, &values, 1e-6) && !are_near(&[f32::NAN], &[0.0], 1.0));
    }
}
