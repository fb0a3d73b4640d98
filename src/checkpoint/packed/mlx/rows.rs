//! Rows of a module that MLX packed: rows of codes end with a word and with a group, so whole rows are whole groups.

use std::{ops::Range, sync::Arc};

use super::super::{PackedError, store::Bytes};
use crate::{
    checkpoint::{CheckpointError, ComputedRows, WeightFile},
    error::IoError,
    numeric::{
        Float8,
        codec::{Affine, Scale8, ScaledFloat},
    },
};

/// Values that are looked at in one go.
const CHECKED_AT_ONCE: usize = 1 << 18;

/// Rows that are decoded when they are read.
#[derive(Debug)]
pub(super) struct Rows {
    pub columns: usize,
    pub codes: Bytes,
    pub scales: Bytes,
    pub codec: Codec,
}

/// From codes to values, with what only this way needs.
#[derive(Debug)]
pub(super) enum Codec {
    Affine { codec: Affine, biases: Bytes },
    Float { codec: Box<ScaledFloat>, scale: Scale8 },
}

impl Codec {
    fn bits_and_group(&self) -> (usize, usize) {
        match self {
            Self::Affine { codec, .. } => (codec.bits, codec.group),
            Self::Float { codec, .. } => (codec.bits(), codec.group),
        }
    }
}

impl ComputedRows for Rows {
    fn file(&self) -> &Arc<dyn WeightFile> {
        &self.codes.file
    }

    fn read_row_bytes(&self, rows: Range<usize>, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let (bits, group) = self.codec.bits_and_group();
        let [code_bytes, scale_count] = [self.columns * bits / 8, self.columns / group];
        let codes = self.codes.read_vec(rows.start * code_bytes..rows.end * code_bytes)?;
        let groups = rows.start * scale_count..rows.end * scale_count;
        match &self.codec {
            Codec::Affine { codec, biases } => {
                let [scales, biases] = [&self.scales, biases].map(|table| table.read_f32(groups.clone()));
                codec.decode(&codes, &scales?, &biases?, bytes);
            }
            Codec::Float { codec, scale } => {
                let scales = self.scales.read_vec(groups)?;
                let scales: Vec<f32> = scales.into_iter().map(|code| scale.value(code)).collect();
                codec.decode(&codes, &scales, bytes);
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), CheckpointError> {
        let no_scale = |table: &Bytes, value| PackedError::BadScale { tensor: table.name.clone(), value };
        match &self.codec {
            Codec::Affine { biases, .. } => [&self.scales, biases].into_iter().try_for_each(|table| {
                let count = table.shape.iter().product();
                check_all(table, count, |range| table.read_f32(range), |value| no_scale(table, value))
            }),
            Codec::Float { codec, scale } => {
                let values = |bytes: &Bytes, range, value: &dyn Fn(u8) -> f32| {
                    Ok(bytes.read_vec(range)?.into_iter().map(value).collect())
                };
                let scales = |range| values(&self.scales, range, &|code| scale.value(code));
                let count = |bytes: &Bytes| usize::try_from(bytes.byte_count).unwrap_or(usize::MAX);
                check_all(&self.scales, count(&self.scales), scales, |value| no_scale(&self.scales, value))?;
                // Every code of the 4-bit float is a number.
                if codec.bits() != 8 {
                    return Ok(());
                }
                let codes = |range| values(&self.codes, range, &|code| Float8::E4M3.widen(code).to_f32());
                let no_code = |_| PackedError::BadCode { tensor: self.codes.name.clone() };
                check_all(&self.codes, count(&self.codes), codes, no_code)
            }
        }
    }
}

/// Looks for what is no number among the `count` values that `read` gives of `table`; any sign is one that MLX writes.
fn check_all(
    table: &Bytes,
    count: usize,
    read: impl Fn(Range<usize>) -> Result<Vec<f32>, IoError>,
    problem: impl Fn(f64) -> PackedError,
) -> Result<(), CheckpointError> {
    for start in (0..count).step_by(CHECKED_AT_ONCE) {
        let values = read(start..(start + CHECKED_AT_ONCE).min(count))?;
        if let Some(bad) = values.into_iter().find(|value| !value.is_finite()) {
            return Err(CheckpointError::Packed { problem: problem(bad.into()), path: table.file.path().to_owned() });
        }
    }
    Ok(())
}
