//! Weights as `torch.save` writes them (`pytorch_model.bin`, `adapter_model.bin`), read without running any code.
//!
//! The file is a zip archive of uncompressed records, one for each storage, and a pickle that describes the tensors as
//! views of them. The pickle is run on a machine that knows what state dicts consist of and calls nothing, so an
//! untouched tensor is a span of the file like any other and is never loaded whole.

mod archive;
mod error;
mod machine;
mod pickled_value;
mod rebuild;
mod state_dict;
mod value;

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use self::{
    archive::{Archive, Records},
    state_dict::{Entry, Layout},
};
pub use self::{error::PickleError, pickled_value::PickledValue};
use super::{CheckpointError, LogicalTensor, Storage, StridedSpan, WeightFile, WeightFormat};
use crate::{
    error::{IoAction, IoContext as _},
    platform,
};

/// An open `torch.save` archive.
#[derive(Debug)]
pub struct PickleFile {
    path: PathBuf,
    name: String,
    handle: Arc<File>,
    byte_count: u64,
    pickle: Vec<u8>,
    /// Sorted by their place in the file, then by name.
    entries: Vec<Entry>,
}

impl PickleFile {
    /// Opens `path`: reads the list of records and the pickle, no tensor.
    ///
    /// # Errors
    /// A file in PyTorch's older format, a `TorchScript` program or any other pickle, each by its name; an entry that is
    /// no tensor; a tensor that does not fit its storage; records that are compressed, missing or big-endian.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        let handle = platform::open_for_reading(path).at(IoAction::OpenWeights, path)?;
        let byte_count = handle.metadata().at(IoAction::ReadSize, path)?.len();
        let mut archive = Archive::open(&handle, path)?;
        archive.check_byte_order(path)?;
        let pickle = archive.pickle(path)?;
        let entries = entries(&pickle, &mut archive)
            .map_err(|problem| CheckpointError::Pickle { problem, path: path.to_owned() })?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { path: path.to_owned(), name, handle: Arc::new(handle), byte_count, pickle, entries })
    }
}

/// Whether the file at `path` may hold tensors: not where it is an archive by `torch.save` without a single storage, as
/// arguments and settings are.
#[must_use]
pub fn holds_tensors(path: &Path) -> bool {
    let archive = platform::open_for_reading(path).ok().and_then(|handle| Archive::open(&handle, path).ok());
    archive.is_none_or(|archive| archive.has_storages())
}

impl WeightFile for PickleFile {
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
        WeightFormat::Pickle
    }

    fn header(&self) -> &[u8] {
        &self.pickle
    }

    /// What `save_pretrained` writes for tensors of PyTorch.
    fn metadata(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("format".to_owned(), "pt".to_owned())])
    }

    fn tensors(self: Arc<Self>) -> Vec<LogicalTensor> {
        let tensor = |entry: &Entry| {
            let file: Arc<dyn WeightFile> = Arc::<Self>::clone(&self);
            let storage = match &entry.layout {
                Layout::Contiguous { byte_count } => {
                    Storage::Span { file, offset: entry.offset, byte_count: *byte_count }
                }
                Layout::Strided { strides, end } => {
                    Storage::Strided(StridedSpan { file, offset: entry.offset, end: *end, strides: strides.clone() })
                }
            };
            LogicalTensor::new(entry.name.clone(), entry.shape.clone(), entry.dtype, storage)
        };
        self.entries.iter().map(tensor).collect()
    }
}

fn entries(pickle: &[u8], archive: &mut Archive) -> Result<Vec<Entry>, PickleError> {
    let (result, arena) = machine::run(pickle)?;
    let mut records = Records::default();
    let mut entries = state_dict::named_tensors(result, &arena)?
        .into_iter()
        .map(|(name, tensor)| {
            let storage = &arena.storages[tensor.storage];
            let record = records.get(archive, &storage.key, &name)?;
            state_dict::placed(name, tensor, storage, record)
        })
        .collect::<Result<Vec<_>, _>>()?;
    entries.sort_by(|a, b| (a.offset, &a.name).cmp(&(b.offset, &b.name)));
    Ok(entries)
}
