//! Where the values of an output tensor come from: rows of one tensor or of several, a turned matrix, or a formula.

use std::ops::Range;

use super::RowMap;
use crate::checkpoint::{CheckpointError, LogicalTensor};

/// How far apart the wanted rows may lie, for each of them, to be read in one go.
const SPREAD: usize = 2;

/// The values of an output tensor, as rows.
#[derive(Clone, Debug)]
pub enum Source {
    /// Rows of tensors, one tensor after the other.
    Rows {
        /// The tensors.
        parts: Vec<Part>,
        /// What is added to each value.
        added: f32,
    },
    /// A matrix whose columns are the rows; it is read whole.
    Turned(LogicalTensor),
    /// Values of the config.
    Values(Vec<f32>),
}

/// Rows of one tensor.
#[derive(Clone, Debug)]
pub struct Part {
    /// The tensor.
    pub tensor: LogicalTensor,
    /// Which of its rows.
    pub map: RowMap,
    /// How many rows of the output it gives.
    pub rows: usize,
}

impl Source {
    /// The tensors that are read.
    pub fn tensors(&self) -> impl Iterator<Item = &LogicalTensor> {
        let (parts, turned): (&[Part], _) = match self {
            Self::Rows { parts, .. } => (parts, None),
            Self::Turned(tensor) => (&[], Some(tensor)),
            Self::Values(_) => (&[], None),
        };
        parts.iter().map(|part| &part.tensor).chain(turned)
    }

    /// Reads `rows` of `columns` values each.
    ///
    /// # Errors
    /// A read that fails, a dtype that is no float.
    ///
    /// # Panics
    /// If the rows lie outside, or `values` has another length.
    pub fn read_rows(&self, rows: Range<usize>, columns: usize, values: &mut [f32]) -> Result<(), CheckpointError> {
        assert_eq!(values.len(), rows.len() * columns, "rows and values must agree");
        match self {
            Self::Rows { parts, added } => {
                read_parts(parts, rows, columns, values)?;
                if *added != 0.0 {
                    for value in values.iter_mut() {
                        *value += added;
                    }
                }
            }
            Self::Turned(tensor) => {
                let whole = tensor.read_all()?;
                let width = whole.len() / columns;
                for (row, values) in rows.zip(values.chunks_exact_mut(columns)) {
                    for (value, line) in values.iter_mut().zip(whole.chunks_exact(width)) {
                        *value = line[row];
                    }
                }
            }
            Self::Values(all) => values.copy_from_slice(&all[rows.start * columns..rows.end * columns]),
        }
        Ok(())
    }
}

/// Goes through the parts that the rows lie in.
fn read_parts(
    parts: &[Part],
    rows: Range<usize>,
    columns: usize,
    mut values: &mut [f32],
) -> Result<(), CheckpointError> {
    let mut start = 0;
    for part in parts {
        let here = rows.start.max(start)..rows.end.min(start + part.rows);
        if !here.is_empty() {
            let (now, later) = values.split_at_mut(here.len() * columns);
            read_part(part, here.start - start..here.end - start, columns, now)?;
            values = later;
        }
        start += part.rows;
    }
    assert!(values.is_empty(), "rows must lie inside the tensor");
    Ok(())
}

fn read_part(part: &Part, rows: Range<usize>, columns: usize, values: &mut [f32]) -> Result<(), CheckpointError> {
    // A vector that is a row of a stack: for itself it is a column.
    if columns > 1 && part.tensor.shape().len() == 1 {
        return part.tensor.read_rows(0..columns, values);
    }
    let source_rows: Vec<usize> = rows.map(|row| part.map.source_row(row)).collect();
    let (Some(low), Some(high)) = (source_rows.iter().min(), source_rows.iter().max()) else { return Ok(()) };
    let span = *low..*high + 1;
    let is_in_order = source_rows.is_sorted() && span.len() == source_rows.len();
    if is_in_order {
        return part.tensor.read_rows(span, values);
    }
    if span.len() <= SPREAD * source_rows.len() {
        let mut all = vec![0.0; span.len() * columns];
        part.tensor.read_rows(span.clone(), &mut all)?;
        for (values, row) in values.chunks_exact_mut(columns).zip(source_rows) {
            values.copy_from_slice(&all[(row - span.start) * columns..][..columns]);
        }
        return Ok(());
    }
    // Runs that lie far apart: halves of experts, parts of a regrouped matrix.
    let mut values = values;
    for run in source_rows.chunk_by(|one, next| one + 1 == *next) {
        let (now, later) = values.split_at_mut(run.len() * columns);
        part.tensor.read_rows(run[0]..run[0] + run.len(), now)?;
        values = later;
    }
    Ok(())
}
