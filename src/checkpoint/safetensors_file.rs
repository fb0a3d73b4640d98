//! One safetensors file: header checked, tensors located, nothing loaded.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use safetensors::tensor::Metadata;

use super::{CheckpointError, LogicalTensor, Storage, WeightFile, WeightFormat};
use crate::{error::IoContext as _, platform};

/// Bytes in front of the header that give its length.
pub const HEADER_LEN_BYTES: u64 = 8;

/// The longest header that any reader accepts (the limit of the safetensors crate).
pub const MAX_HEADER_BYTES: u64 = 100_000_000;

/// An open safetensors file.
#[derive(Debug)]
pub struct SafetensorsFile {
    path: PathBuf,
    name: String,
    handle: Arc<File>,
    header: Vec<u8>,
    byte_count: u64,
    metadata: Metadata,
}

impl SafetensorsFile {
    /// Opens `path`, reads and checks the header.
    ///
    /// # Errors
    /// A file that is too short, an oversized or inconsistent header, tensors that the file does not hold in full.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        let handle = File::open(path).at("open the weights", path)?;
        let byte_count = handle.metadata().at("read the size", path)?.len();
        if byte_count < HEADER_LEN_BYTES {
            return Err(CheckpointError::NoHeader { byte_count, path: path.to_owned() });
        }
        let mut length = [0; 8];
        platform::read_exact_at(&handle, &mut length, 0).at("read the header", path)?;
        let claimed = u64::from_le_bytes(length);
        let available = byte_count - HEADER_LEN_BYTES;
        if claimed > available.min(MAX_HEADER_BYTES) {
            return Err(CheckpointError::HeaderTooLong { claimed, available, path: path.to_owned() });
        }
        let bad_header = |problem: String| CheckpointError::BadHeader { problem, path: path.to_owned() };
        let mut header = vec![0; usize::try_from(claimed).map_err(|error| bad_header(error.to_string()))?];
        platform::read_exact_at(&handle, &mut header, HEADER_LEN_BYTES).at("read the header", path)?;
        let metadata: Metadata = serde_json::from_slice(&header).map_err(|error| bad_header(error.to_string()))?;
        // Building it anew runs the crate's own checks: contiguous offsets, sizes that follow from shape and dtype.
        let metadata = revalidated(&metadata).map_err(|error| bad_header(error.to_string()))?;
        let (promised, held) = (metadata.data_len() as u64, available - claimed);
        if promised > held {
            return Err(CheckpointError::Truncated { promised, held, path: path.to_owned() });
        }
        if promised < held {
            return Err(CheckpointError::TrailingBytes { extra: held - promised, path: path.to_owned() });
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { path: path.to_owned(), name, handle: Arc::new(handle), header, byte_count, metadata })
    }

    /// Where the file lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's name without its folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The header's JSON, as it stands in the file.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// `__metadata__` of the header, sorted.
    #[must_use]
    pub fn metadata(&self) -> std::collections::BTreeMap<String, String> {
        self.metadata.metadata().clone().unwrap_or_default().into_iter().collect()
    }

    /// Size of the whole file.
    #[must_use]
    pub fn byte_count(&self) -> u64 {
        self.byte_count
    }

    /// Where the tensors begin.
    #[must_use]
    pub fn data_offset(&self) -> u64 {
        HEADER_LEN_BYTES + self.header.len() as u64
    }

    /// The open file.
    #[must_use]
    pub fn handle(&self) -> &Arc<File> {
        &self.handle
    }

    /// The tensors in the order in which they lie in the file.
    #[must_use]
    pub fn tensors(self: &Arc<Self>) -> Vec<LogicalTensor> {
        let infos = self.metadata.tensors();
        let mut tensors: Vec<LogicalTensor> = infos
            .into_iter()
            .map(|(name, info)| {
                let (start, end) = info.data_offsets;
                let storage = Storage::Span {
                    file: Arc::<Self>::clone(self),
                    offset: self.data_offset() + start as u64,
                    byte_count: (end - start) as u64,
                };
                LogicalTensor::new(name, info.shape.clone(), info.dtype, storage)
            })
            .collect();
        tensors.sort_by(|a, b| (a.file_offset(), a.name()).cmp(&(b.file_offset(), b.name())));
        tensors
    }
}

impl WeightFile for SafetensorsFile {
    fn path(&self) -> &Path {
        self.path()
    }

    fn name(&self) -> &str {
        self.name()
    }

    fn handle(&self) -> &Arc<File> {
        self.handle()
    }

    fn byte_count(&self) -> u64 {
        self.byte_count()
    }

    fn format(&self) -> WeightFormat {
        WeightFormat::Safetensors
    }

    fn header(&self) -> &[u8] {
        self.header()
    }

    fn metadata(&self) -> std::collections::BTreeMap<String, String> {
        self.metadata()
    }

    fn tensors(self: Arc<Self>) -> Vec<LogicalTensor> {
        Self::tensors(&self)
    }
}

fn revalidated(metadata: &Metadata) -> Result<Metadata, safetensors::SafeTensorError> {
    let tensors = metadata
        .offset_keys()
        .into_iter()
        .filter_map(|name| metadata.info(&name).cloned().map(|info| (name, info)))
        .collect();
    Metadata::new(metadata.metadata().clone(), tensors)
}

/// The bytes in front of the tensors: length, then `header` padded with spaces so that the data begins on a multiple
/// of eight, as the safetensors crate writes it.
#[must_use]
pub fn header_bytes(header: &[u8]) -> Vec<u8> {
    let padded_len = header.len().next_multiple_of(8);
    let mut bytes = Vec::with_capacity(padded_len + 8);
    bytes.extend_from_slice(&(padded_len as u64).to_le_bytes());
    bytes.extend_from_slice(header);
    bytes.resize(padded_len + 8, b' ');
    bytes
}
