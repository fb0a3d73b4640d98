//! Tensors of the model, made from those of a file when they are read.

use std::{ops::Range, sync::Arc};

use crate::{
    checkpoint::{CheckpointError, ComputedRows, LogicalTensor, Storage, WeightFile},
    gguf::Source,
    numeric::{FloatDtype, narrow},
};

/// Rows of a tensor of the model: rows of one of the file, in another order, turned, or less what was added.
#[derive(Debug)]
pub(super) struct Inverted {
    pub(super) source: Source,
    /// Values of a row of the file's tensor.
    pub(super) columns: usize,
    /// Values of a row of the model's.
    pub(super) own_columns: usize,
    /// Values of the whole tensor.
    pub(super) value_count: usize,
    pub(super) dtype: FloatDtype,
    pub(super) file: Arc<dyn WeightFile>,
}

impl ComputedRows for Inverted {
    fn file(&self) -> &Arc<dyn WeightFile> {
        &self.file
    }

    fn read_row_bytes(&self, rows: Range<usize>, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        if self.columns == self.own_columns {
            let mut values = vec![0.0; rows.len() * self.columns];
            self.source.read_rows(rows, self.columns, &mut values)?;
            narrow(self.dtype, &values, bytes);
            return Ok(());
        }
        // A vector that is a row of a stack: for itself it is a column.
        let mut values = vec![0.0; self.value_count];
        self.source.read_rows(0..self.value_count / self.columns, self.columns, &mut values)?;
        narrow(self.dtype, &values[rows.start * self.own_columns..rows.end * self.own_columns], bytes);
        Ok(())
    }
}

/// A tensor that has a name and a shape, and no values yet.
#[derive(Debug)]
struct Unread {
    file: Arc<dyn WeightFile>,
}

impl ComputedRows for Unread {
    fn file(&self) -> &Arc<dyn WeightFile> {
        &self.file
    }

    fn read_row_bytes(&self, _rows: Range<usize>, _bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let (tensor, problem) = (self.file.name().to_owned(), "it is being opened".to_owned());
        Err(CheckpointError::NotComputed { tensor, problem, path: self.file.path().to_owned() })
    }
}

/// A tensor of `file` of which only name and shape are asked.
pub(super) fn unread(name: String, shape: Vec<usize>, file: Arc<dyn WeightFile>) -> LogicalTensor {
    LogicalTensor::new(name, shape, FloatDtype::F32.stored(), Storage::Computed(Arc::new(Unread { file })))
}
