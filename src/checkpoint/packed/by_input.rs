//! The rows of a module that is stored by input (GPTQ, AWQ), from strips of its outputs.

use std::{ops::Range, sync::Arc};

use super::{
    PackedError,
    store::Bytes,
    unit_cache::{UNIT_BYTES, UnitCache},
};
use crate::{
    checkpoint::{CheckpointError, ComputedRows, WeightFile},
    numeric::{
        Dtype, FloatDtype,
        codec::{ByInput, Strip, decode_by_input},
    },
};

/// Outputs of which every packing begins a word with the first.
const ALIGNED_OUTPUTS: usize = 32;

/// Scales that are looked at in one go.
const CHECKED_AT_ONCE: usize = 1 << 16;

/// A module's packed tensors, whose shapes agree.
#[derive(Debug)]
pub(super) struct Rows<P> {
    pub packing: P,
    pub inputs: usize,
    pub outputs: usize,
    pub groups: Groups,
    pub codes: Bytes,
    pub zeros: Bytes,
    pub scales: Bytes,
    pub cache: Arc<UnitCache>,
}

/// The group of each input.
#[derive(Debug)]
pub(super) enum Groups {
    /// So many neighbours share one.
    Every(usize),
    /// A 32-bit number for each input, in the order in which they were quantised.
    Listed(Bytes),
}

impl<P: ByInput> Rows<P> {
    pub fn dtype(&self) -> FloatDtype {
        match self.scales.dtype {
            Dtype::BF16 => FloatDtype::BF16,
            _ => FloatDtype::F16,
        }
    }

    fn group_count(&self) -> usize {
        self.scales.shape.first().copied().unwrap_or(0)
    }

    /// Outputs of a strip: all of them, where they fit.
    fn strip_outputs(&self) -> usize {
        let byte_count = |bytes: &Bytes| usize::try_from(bytes.byte_count).unwrap_or(usize::MAX);
        let all = [&self.codes, &self.zeros, &self.scales].into_iter().map(byte_count).fold(0, usize::saturating_add);
        if all <= UNIT_BYTES {
            return self.outputs;
        }
        let fitting = UNIT_BYTES / (all / self.outputs).max(1);
        (fitting / ALIGNED_OUTPUTS * ALIGNED_OUTPUTS).max(ALIGNED_OUTPUTS)
    }

    fn read_strip(&self, outputs: &Range<usize>) -> Result<Vec<Vec<u8>>, CheckpointError> {
        let columns = |bytes: &Bytes, rows: usize, bytes_of: &dyn Fn(usize) -> usize| {
            bytes.read_columns(0, (rows, bytes_of(self.outputs)), bytes_of(outputs.start)..bytes_of(outputs.end))
        };
        let groups = self.group_count();
        let codes =
            columns(&self.codes, self.packing.code_rows(self.inputs), &|outputs| self.packing.code_bytes(outputs))?;
        let zeros = columns(&self.zeros, groups, &|outputs| self.packing.zero_bytes(outputs))?;
        let scales = columns(&self.scales, groups, &|outputs| outputs * 2)?;
        Ok(vec![codes, zeros, scales])
    }

    /// The group of each input, all of which are there.
    fn groups(&self) -> Result<Vec<u32>, CheckpointError> {
        match &self.groups {
            Groups::Every(size) => {
                Ok((0..self.inputs).map(|input| u32::try_from(input / size).unwrap_or(u32::MAX)).collect())
            }
            Groups::Listed(index) => {
                let bytes = index.read_all()?;
                let groups: Vec<u32> = bytes.as_chunks().0.iter().map(|group| u32::from_le_bytes(*group)).collect();
                let count = self.group_count();
                match groups.iter().find(|group| **group as usize >= count) {
                    None => Ok(groups),
                    Some(bad) => {
                        let (tensor, group) = (index.name.clone(), i64::from(bad.cast_signed()));
                        let problem = PackedError::NoSuchGroup { tensor, group, count };
                        Err(CheckpointError::Packed { problem, path: index.file.path().to_owned() })
                    }
                }
            }
        }
    }
}

impl<P: ByInput> ComputedRows for Rows<P> {
    fn file(&self) -> &Arc<dyn WeightFile> {
        &self.codes.file
    }

    fn read_row_bytes(&self, rows: Range<usize>, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let (groups, strip_outputs) = (self.groups()?, self.strip_outputs());
        let row_byte_count = self.inputs * 2;
        let mut rest = bytes;
        for index in rows.start / strip_outputs..rows.end.div_ceil(strip_outputs) {
            let outputs = index * strip_outputs..((index + 1) * strip_outputs).min(self.outputs);
            let wanted = rows.start.max(outputs.start)..rows.end.min(outputs.end);
            let (part, later) = rest.split_at_mut(wanted.len() * row_byte_count);
            let wanted = wanted.start - outputs.start..wanted.end - outputs.start;
            self.cache.with(
                (&self.codes.name, index),
                || self.read_strip(&outputs),
                |parts| {
                    let [codes, zeros, scales] = parts else { unreachable!("three parts, as they were read") };
                    let strip = Strip { codes, zeros, scales, outputs: outputs.len(), groups: &groups };
                    decode_by_input(&self.packing, self.dtype(), &strip, wanted, part);
                },
            )?;
            rest = later;
        }
        Ok(())
    }

    fn wrapped_zero_count(&self) -> Result<u64, CheckpointError> {
        if !self.packing.wraps_zeros() {
            return Ok(0);
        }
        let row_byte_count = self.packing.zero_bytes(self.outputs);
        let mut zeros = vec![0; self.outputs];
        let mut count = 0;
        for group in 0..self.group_count() {
            let row = self.zeros.read_vec(group * row_byte_count..(group + 1) * row_byte_count)?;
            self.packing.zeros(&row, 0..self.outputs, &mut zeros);
            count += zeros.iter().map(|zero| u64::from(*zero == 0)).sum::<u64>();
        }
        Ok(count)
    }

    fn check(&self) -> Result<(), CheckpointError> {
        self.groups()?;
        let count = usize::try_from(self.scales.byte_count / 2).unwrap_or(usize::MAX);
        for start in (0..count).step_by(CHECKED_AT_ONCE) {
            let scales = self.scales.read_f32(start..(start + CHECKED_AT_ONCE).min(count))?;
            if let Some(bad) = scales.into_iter().find(|scale| !scale.is_finite()) {
                let problem = PackedError::BadScale { tensor: self.scales.name.clone(), value: bad.into() };
                return Err(CheckpointError::Packed { problem, path: self.scales.file.path().to_owned() });
            }
        }
        Ok(())
    }
}
