//! Rows of `(code - zero point) · scale`, rounded once: what most formats decode to.

use std::{ops::Range, sync::Arc};

use super::{PackedError, scales::Scales, store::Bytes, zero_points::ZeroPoints};
use crate::{
    checkpoint::{CheckpointError, ComputedRows, WeightFile},
    error::IoError,
    numeric::{
        FloatDtype,
        codec::{BlockGrid, RowCode, is_e4m3_nan},
        narrow,
    },
};

/// A weight whose codes lie row after row, with a grid of scales over them.
#[derive(Debug)]
pub(super) struct ScaledRows {
    pub dtype: FloatDtype,
    pub code: RowCode,
    pub codes: Bytes,
    /// Where scales and zero points lie.
    pub grid: BlockGrid,
    pub scales: Scales,
    pub zero_points: Option<ZeroPoints>,
    /// The column of the grid for each column of the weight, where groups are not one beside the other.
    pub group_index: Option<GroupIndex>,
}

/// The group of each column, as I32; -1 throughout where groups lie in order.
#[derive(Debug)]
pub(super) struct GroupIndex(pub Bytes);

impl GroupIndex {
    fn read(&self) -> Result<Vec<i32>, IoError> {
        let bytes = self.0.read_all()?;
        let (entries, _) = bytes.as_chunks::<4>();
        Ok(entries.iter().map(|entry| i32::from_le_bytes(*entry)).collect())
    }

    /// The column of the grid for each column of the weight; `None` where groups lie in order.
    fn columns(&self) -> Result<Option<Vec<usize>>, IoError> {
        Ok(self.read()?.into_iter().map(|group| usize::try_from(group).ok()).collect())
    }

    fn check(&self, group_count: usize) -> Result<(), CheckpointError> {
        let groups = self.read()?;
        let is_ordered = groups.first() == Some(&-1);
        let is_bad = |group: &i32| match usize::try_from(*group) {
            Ok(group) => is_ordered || group >= group_count,
            Err(_) => !is_ordered || *group != -1,
        };
        let Some(bad) = groups.into_iter().find(is_bad) else { return Ok(()) };
        let problem = PackedError::StateSays { tensor: self.0.name.clone(), key: "g_idx", said: bad.to_string() };
        Err(CheckpointError::Packed { problem, path: self.0.file.path().to_owned() })
    }
}

impl ComputedRows for ScaledRows {
    fn file(&self) -> &Arc<dyn WeightFile> {
        &self.codes.file
    }

    fn read_row_bytes(&self, rows: Range<usize>, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let Self { dtype, code, codes, grid, scales, zero_points, group_index } = self;
        let code_byte_count = code.row_byte_count(grid.columns);
        let read = codes.read_vec(rows.start * code_byte_count..rows.end * code_byte_count)?;
        if *code == RowCode::E4M3 && read.iter().fold(false, |found, code| found | is_e4m3_nan(*code)) {
            let problem = PackedError::BadCode { tensor: codes.name.clone() };
            return Err(CheckpointError::Packed { problem, path: codes.file.path().to_owned() });
        }
        let (grid_rows, across) = (grid.grid_rows(&rows), grid.across());
        let scales = scales.read(grid_rows.start * across..grid_rows.end * across)?;
        let zero_points = zero_points.as_ref().map(|table| table.read(grid, grid_rows.clone())).transpose()?;
        let groups = group_index.as_ref().map(GroupIndex::columns).transpose()?.flatten();
        let mut values = vec![0.0; grid.columns];
        let lines = read.chunks_exact(code_byte_count).zip(bytes.chunks_exact_mut(grid.columns * dtype.byte_count()));
        for (row, (line, out)) in rows.zip(lines) {
            code.widen(line, &mut values);
            let at = (grid.grid_row(row) - grid_rows.start) * across;
            let here = at..at + across;
            let subtract = |value: &mut f32, zero_point: f32| *value -= zero_point;
            let multiply = |value: &mut f32, scale: f32| *value *= scale;
            if let Some(zero_points) = &zero_points {
                apply(grid, groups.as_deref(), &mut values, &zero_points[here.clone()], subtract);
            }
            apply(grid, groups.as_deref(), &mut values, &scales[here], multiply);
            narrow(*dtype, &values, out);
        }
        Ok(())
    }

    fn check(&self) -> Result<(), CheckpointError> {
        self.scales.check()?;
        self.group_index.as_ref().map_or(Ok(()), |index| index.check(self.grid.across()))
    }
}

/// Calls `change` with each value of a row and the number of its group.
fn apply(
    grid: &BlockGrid,
    groups: Option<&[usize]>,
    values: &mut [f32],
    numbers: &[f32],
    change: impl Fn(&mut f32, f32),
) {
    let Some(groups) = groups else { return grid.over_row(values, numbers, change) };
    for (value, group) in values.iter_mut().zip(groups) {
        // A group that is out of range was told when the tables were looked at.
        change(value, numbers.get(*group).copied().unwrap_or(f32::NAN));
    }
}
