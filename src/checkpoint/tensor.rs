//! A tensor by its name, wherever and however it lies on disk.

use std::{fmt, ops::Range, sync::Arc};

use super::{CheckpointError, StridedSpan, WeightFile};
use crate::{
    error::{IoAction, IoContext as _},
    numeric::{Dtype, FloatDtype, TileShape, row_tiles, widen},
    platform,
};

/// One named tensor of a checkpoint or an adapter.
#[derive(Clone, Debug)]
pub struct LogicalTensor {
    name: String,
    /// The name that its file gives it, where that is another.
    stored_name: Option<String>,
    shape: Vec<usize>,
    dtype: Dtype,
    storage: Storage,
}

/// How a tensor lies on disk. Only a plain span can be copied as bytes; other storages are read by rows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Storage {
    /// Row-major and contiguous in one file.
    Span {
        /// The file.
        file: Arc<dyn WeightFile>,
        /// Bytes from the start of the file.
        offset: u64,
        /// Bytes of the tensor.
        byte_count: u64,
    },
    /// A view whose elements are gathered from one file.
    Strided(StridedSpan),
    /// Rows that are made when they are read.
    Computed(Arc<dyn ComputedRows>),
}

/// Rows of a tensor that lies nowhere: made from other tensors when they are read.
pub trait ComputedRows: fmt::Debug + Send + Sync {
    /// The file of the tensor that the rows are made from.
    fn file(&self) -> &Arc<dyn WeightFile>;

    /// Makes `rows` in the tensor's dtype; `bytes` is as long as they are.
    ///
    /// # Errors
    /// A read that fails, or rows that cannot be made.
    fn read_row_bytes(&self, rows: Range<usize>, bytes: &mut [u8]) -> Result<(), CheckpointError>;

    /// Looks at what the rows are made with, where that may hold what is no number.
    ///
    /// # Errors
    /// A read that fails, or a value of which no row can be made.
    fn check(&self) -> Result<(), CheckpointError> {
        Ok(())
    }

    /// Lets go of what was loaded to make rows; the next read loads it again.
    fn forget(&self) {}

    /// Zero points of which programs read two different numbers.
    ///
    /// # Errors
    /// A read that fails.
    fn wrapped_zero_count(&self) -> Result<u64, CheckpointError> {
        Ok(0)
    }
}

impl LogicalTensor {
    /// A tensor of `shape` and `dtype` in `storage`.
    #[must_use]
    pub fn new(name: String, shape: Vec<usize>, dtype: Dtype, storage: Storage) -> Self {
        Self { name, stored_name: None, shape, dtype, storage }
    }

    /// Whether its values are those of `other`, which has its shape; both are read in tiles, up to the first difference.
    ///
    /// # Errors
    /// A read that fails, a dtype that is no float.
    pub fn has_values_of(&self, other: &Self) -> Result<bool, CheckpointError> {
        let shape = self.tile_shape();
        for rows in row_tiles(shape, 1 << 19) {
            let len = rows.len() * shape.columns;
            let (mut one, mut another) = (vec![0.0_f32; len], vec![0.0_f32; len]);
            self.read_rows(rows.clone(), &mut one)?;
            other.read_rows(rows, &mut another)?;
            if one != another {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The same tensor under another name.
    #[must_use]
    pub fn renamed(&self, name: &str) -> Self {
        let stored_name = Some(self.stored_name().to_owned()).filter(|stored_name| stored_name != name);
        Self { name: name.to_owned(), stored_name, ..self.clone() }
    }

    /// Lets go of what reading it has loaded; the next read loads it again.
    pub fn forget(&self) {
        if let Storage::Computed(rows) = &self.storage {
            rows.forget();
        }
    }

    /// The name that the model has for it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name, as the file spells it.
    #[must_use]
    pub fn stored_name(&self) -> &str {
        self.stored_name.as_deref().unwrap_or(&self.name)
    }

    /// The dimensions, outermost first.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The shape as rows × columns, each row of whole bytes.
    #[must_use]
    pub fn tile_shape(&self) -> TileShape {
        TileShape::of(&self.shape).in_whole_bytes(self.dtype.bitsize())
    }

    /// The stored element type.
    #[must_use]
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// How it lies on disk.
    #[must_use]
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Number of elements.
    #[must_use]
    pub fn element_count(&self) -> usize {
        self.shape.iter().product()
    }

    /// Bytes of its elements.
    #[must_use]
    pub fn byte_count(&self) -> u64 {
        match &self.storage {
            Storage::Span { byte_count, .. } => *byte_count,
            Storage::Strided(_) | Storage::Computed(_) => self.element_count() as u64 * self.dtype.bitsize() as u64 / 8,
        }
    }

    /// The file that holds it.
    #[must_use]
    pub fn file(&self) -> &Arc<dyn WeightFile> {
        match &self.storage {
            Storage::Span { file, .. } | Storage::Strided(StridedSpan { file, .. }) => file,
            Storage::Computed(rows) => rows.file(),
        }
    }

    /// Where in that file its first element lies; 0 for what is computed.
    #[must_use]
    pub fn file_offset(&self) -> u64 {
        match &self.storage {
            Storage::Span { offset, .. } | Storage::Strided(StridedSpan { offset, .. }) => *offset,
            Storage::Computed(_) => 0,
        }
    }

    /// The file and the offset of the tensor's bytes, where they lie there as a plain span.
    #[must_use]
    pub fn span(&self) -> Option<(&Arc<dyn WeightFile>, u64)> {
        match &self.storage {
            Storage::Span { file, offset, .. } => Some((file, *offset)),
            Storage::Strided(_) | Storage::Computed(_) => None,
        }
    }

    /// The dtype for arithmetic.
    ///
    /// # Errors
    /// Integers, packed weights and 8-bit floats are not read as numbers.
    pub fn float_dtype(&self) -> Result<FloatDtype, CheckpointError> {
        FloatDtype::of(self.dtype).ok_or_else(|| CheckpointError::NotFloat {
            tensor: self.name.clone(),
            dtype: self.dtype,
            path: self.file().path().to_owned(),
        })
    }

    /// Reads `rows` of [`Self::tile_shape`] as f32 into `values` (row-major), whatever the storage.
    ///
    /// # Errors
    /// A dtype that is no float, or a read that fails.
    ///
    /// # Panics
    /// If `values` has another length than the rows.
    pub fn read_rows(&self, rows: Range<usize>, values: &mut [f32]) -> Result<(), CheckpointError> {
        let dtype = self.float_dtype()?;
        if dtype == FloatDtype::F32 && cfg!(target_endian = "little") {
            return self.read_row_bytes(rows, bytemuck::cast_slice_mut(values));
        }
        let mut bytes = vec![0; values.len() * dtype.byte_count()];
        self.read_row_bytes(rows, &mut bytes)?;
        widen(dtype, &bytes, values);
        Ok(())
    }

    /// Reads `rows` as they are stored.
    ///
    /// # Errors
    /// A read that fails, or a file that ends early.
    ///
    /// # Panics
    /// If `bytes` has another length than the rows, or the rows lie outside the tensor.
    pub fn read_row_bytes(&self, rows: Range<usize>, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let TileShape { rows: row_count, columns } = self.tile_shape();
        assert!(rows.end <= row_count, "rows must lie inside the tensor");
        let row_byte_count = columns as u64 * self.dtype.bitsize() as u64 / 8;
        assert_eq!(bytes.len() as u64, row_byte_count * rows.len() as u64, "bytes and rows must agree");
        match &self.storage {
            Storage::Span { file, offset, .. } => {
                let offset = offset + rows.start as u64 * row_byte_count;
                Ok(platform::read_exact_at(file.handle(), bytes, offset).at(IoAction::ReadWeights, file.path())?)
            }
            Storage::Strided(view) => view.read_row_bytes(&self.shape, self.dtype.bitsize() / 8, rows, bytes),
            Storage::Computed(computed) => computed.read_row_bytes(rows, bytes),
        }
    }

    /// Reads the whole tensor as f32; for factors and vectors, never for base weights.
    ///
    /// # Errors
    /// As [`Self::read_rows`].
    pub fn read_all(&self) -> Result<Vec<f32>, CheckpointError> {
        let mut values = vec![0.0; self.element_count()];
        self.read_rows(0..self.tile_shape().rows, &mut values)?;
        Ok(values)
    }
}
