//! One safetensors file: header checked, tensors located, nothing loaded.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{CheckpointError, Header, LogicalTensor, Storage, WeightFile, WeightFormat};
use crate::{
    error::{IoAction, IoContext as _},
    platform,
};

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
    header_json: Vec<u8>,
    header: Header,
    byte_count: u64,
}

impl SafetensorsFile {
    /// Opens `path`, reads and checks the header.
    ///
    /// # Errors
    /// A file that is too short, an oversized or inconsistent header, tensors that the file does not hold in full. The
    /// file is checked against its own size before anything is allocated.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        let handle = platform::open_for_reading(path).at(IoAction::OpenWeights, path)?;
        let byte_count = handle.metadata().at(IoAction::ReadSize, path)?.len();
        if byte_count < HEADER_LEN_BYTES {
            return Err(CheckpointError::NoHeader { byte_count, path: path.to_owned() });
        }
        let mut length = [0; 8];
        platform::read_exact_at(&handle, &mut length, 0).at(IoAction::ReadHeader, path)?;
        let claimed = u64::from_le_bytes(length);
        let available = byte_count - HEADER_LEN_BYTES;
        if claimed > available {
            return Err(CheckpointError::HeaderTooLong { claimed, available, path: path.to_owned() });
        }
        let header_len = usize::try_from(claimed).ok().filter(|_| claimed <= MAX_HEADER_BYTES);
        let header_len = header_len.ok_or_else(|| CheckpointError::HeaderOverLimit {
            claimed,
            limit: MAX_HEADER_BYTES,
            path: path.to_owned(),
        })?;
        let mut header_json = vec![0; header_len];
        platform::read_exact_at(&handle, &mut header_json, HEADER_LEN_BYTES).at(IoAction::ReadHeader, path)?;
        let header = Header::parse(&header_json)
            .map_err(|problem| CheckpointError::BadHeader { problem, path: path.to_owned() })?;
        let (promised, held) = (header.data_byte_count(), available - claimed);
        if promised > held {
            return Err(CheckpointError::Truncated { promised, held, path: path.to_owned() });
        }
        if promised < held {
            return Err(CheckpointError::TrailingBytes { extra: held - promised, path: path.to_owned() });
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { path: path.to_owned(), name, handle: Arc::new(handle), header_json, header, byte_count })
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
        &self.header_json
    }

    /// `__metadata__` of the header, sorted.
    #[must_use]
    pub fn metadata(&self) -> std::collections::BTreeMap<String, String> {
        self.header.metadata.clone()
    }

    /// Size of the whole file.
    #[must_use]
    pub fn byte_count(&self) -> u64 {
        self.byte_count
    }

    /// Where the tensors begin.
    #[must_use]
    pub fn data_offset(&self) -> u64 {
        HEADER_LEN_BYTES + self.header_json.len() as u64
    }

    /// The open file.
    #[must_use]
    pub fn handle(&self) -> &Arc<File> {
        &self.handle
    }

    /// The tensors in the order in which they lie in the file.
    #[must_use]
    pub fn tensors(self: &Arc<Self>) -> Vec<LogicalTensor> {
        let tensors = self.header.tensors.iter().map(|tensor| {
            let storage = Storage::Span {
                file: Arc::<Self>::clone(self),
                offset: self.data_offset() + tensor.range.start,
                byte_count: tensor.range.end - tensor.range.start,
            };
            LogicalTensor::new(tensor.name.clone(), tensor.shape.clone(), tensor.dtype, storage)
        });
        tensors.collect()
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
