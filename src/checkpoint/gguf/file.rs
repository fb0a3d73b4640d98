//! A GGUF file as a file of weights: its tensors under the names and in the order that llama.cpp has them.

use std::{
    collections::BTreeMap,
    fs::File,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{GgufFileError, GgufHeader, GgufTensor, model_error::GgufModelError};
use crate::{
    checkpoint::{CheckpointError, ComputedRows, LogicalTensor, Storage, WeightFile, WeightFormat},
    error::{IoAction, IoContext as _},
    numeric::{Dtype, codec::GgmlType},
    platform,
};

/// An open GGUF file; nothing but its header is read.
#[derive(Debug)]
pub struct GgufFile {
    path: PathBuf,
    name: String,
    handle: Arc<File>,
    byte_count: u64,
    header: GgufHeader,
    header_bytes: Vec<u8>,
}

impl GgufFile {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// A file that cannot be read, or whose header is damaged.
    pub fn open(path: &Path) -> Result<Arc<Self>, CheckpointError> {
        let header = GgufHeader::open(path).map_err(|error| match error {
            GgufFileError::Bad { problem, path } => {
                CheckpointError::Gguf { problem: GgufModelError::Header { problem }, path }
            }
            GgufFileError::Io(error) => error.into(),
        })?;
        let handle = platform::open_for_reading(path).at(IoAction::ReadWeights, path)?;
        let byte_count = handle.metadata().at(IoAction::ReadWeights, path)?.len();
        let header_len = usize::try_from(header.data_start.min(byte_count)).unwrap_or(usize::MAX);
        let mut header_bytes = vec![0; header_len];
        platform::read_exact_at(&handle, &mut header_bytes, 0).at(IoAction::ReadWeights, path)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Arc::new(Self { path: path.to_owned(), name, handle: Arc::new(handle), byte_count, header, header_bytes }))
    }

    /// Metadata and list of tensors.
    #[must_use]
    pub fn gguf_header(&self) -> &GgufHeader {
        &self.header
    }

    /// What is wrong with it as a model.
    #[must_use]
    pub fn fault(&self, problem: GgufModelError) -> CheckpointError {
        CheckpointError::Gguf { problem, path: self.path.clone() }
    }

    /// Where the bytes of `tensor` begin in the file.
    #[must_use]
    pub fn place(&self, tensor: &GgufTensor) -> u64 {
        self.header.data_start + tensor.offset
    }

    /// `tensor` with its values: blocks are decoded to float32 when they are read.
    #[must_use]
    pub fn stored(self: &Arc<Self>, tensor: &GgufTensor) -> LogicalTensor {
        let shape = tensor.dims.iter().rev().map(|dim| usize::try_from(*dim).unwrap_or(usize::MAX)).collect();
        let file: Arc<dyn WeightFile> = Arc::<Self>::clone(self);
        let offset = self.place(tensor);
        let (dtype, storage) = if let Some(dtype) = plain_dtype(tensor.ggml_type) {
            (dtype, Storage::Span { file, offset, byte_count: tensor.byte_count })
        } else {
            let columns = tensor.dims.first().map_or(1, |dim| usize::try_from(*dim).unwrap_or(usize::MAX));
            // A vector is a column for all who read it; of blocks there is none.
            let row_len = if tensor.dims.len() == 1 { 1 } else { columns };
            let blocks = Blocks { file, ggml_type: tensor.ggml_type, offset, row_len };
            (Dtype::F32, Storage::Computed(Arc::new(blocks) as Arc<dyn ComputedRows>))
        };
        LogicalTensor::new(tensor.name.clone(), shape, dtype, storage)
    }
}

/// The dtype of a type that is no block of codes.
#[must_use]
pub fn plain_dtype(ggml_type: GgmlType) -> Option<Dtype> {
    match ggml_type {
        GgmlType::F32 => Some(Dtype::F32),
        GgmlType::F16 => Some(Dtype::F16),
        GgmlType::Bf16 => Some(Dtype::BF16),
        _ => None,
    }
}

impl WeightFile for GgufFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn handle(&self) -> &Arc<File> {
        &self.handle
    }

    fn byte_count(&self) -> u64 {
        self.byte_count
    }

    fn format(&self) -> WeightFormat {
        WeightFormat::Gguf
    }

    fn header(&self) -> &[u8] {
        &self.header_bytes
    }

    fn metadata(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("format".to_owned(), "pt".to_owned())])
    }

    fn tensors(self: Arc<Self>) -> Vec<LogicalTensor> {
        self.header.tensors.iter().map(|tensor| self.stored(tensor)).collect()
    }
}

/// Rows of whole blocks.
#[derive(Debug)]
struct Blocks {
    file: Arc<dyn WeightFile>,
    ggml_type: GgmlType,
    offset: u64,
    /// Values of a row, a multiple of a block's.
    row_len: usize,
}

impl ComputedRows for Blocks {
    fn file(&self) -> &Arc<dyn WeightFile> {
        &self.file
    }

    fn read_row_bytes(&self, rows: Range<usize>, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let (block, block_bytes) = (self.ggml_type.block_len(), self.ggml_type.block_byte_count());
        // Rows that are no whole blocks are read with what stands before and behind them.
        let values = rows.start * self.row_len..rows.end * self.row_len;
        let blocks = values.start / block..values.end.div_ceil(block);
        let mut codes = vec![0; blocks.len() * block_bytes];
        let offset = self.offset + (blocks.start * block_bytes) as u64;
        platform::read_exact_at(self.file.handle(), &mut codes, offset).at(IoAction::ReadWeights, self.file.path())?;
        let mut decoded = vec![0.0_f32; blocks.len() * block];
        self.ggml_type.decode(&codes, &mut decoded);
        let skipped = values.start - blocks.start * block;
        for (bytes, value) in bytes.chunks_exact_mut(4).zip(&decoded[skipped..]) {
            bytes.copy_from_slice(&value.to_le_bytes());
        }
        Ok(())
    }
}
