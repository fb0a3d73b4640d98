//! 8-bit floats read as float16: every value of theirs is one of its values, so that nothing is rounded.

use std::{ops::Range, sync::Arc};

use super::{CheckpointError, ComputedRows, LogicalTensor, Storage, WeightFile};
use crate::numeric::{Dtype, Float8};

/// A stored tensor of 8-bit floats.
#[derive(Debug)]
struct Widened {
    stored: LogicalTensor,
    format: Float8,
}

impl LogicalTensor {
    /// The same tensor as float16, where it holds plain 8-bit floats; `None` for any other dtype.
    #[must_use]
    pub fn widened(&self) -> Option<Self> {
        let format = Float8::of(self.dtype())?;
        let storage = Storage::Computed(Arc::new(Widened { stored: self.clone(), format }));
        Some(Self::new(self.name().to_owned(), self.shape().to_vec(), Dtype::F16, storage))
    }
}

impl ComputedRows for Widened {
    fn file(&self) -> &Arc<dyn WeightFile> {
        self.stored.file()
    }

    fn read_row_bytes(&self, rows: Range<usize>, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let mut codes = vec![0; bytes.len() / 2];
        self.stored.read_row_bytes(rows, &mut codes)?;
        for (wide, code) in bytes.chunks_exact_mut(2).zip(codes) {
            wide.copy_from_slice(&self.format.widen(code).to_le_bytes());
        }
        Ok(())
    }
}
