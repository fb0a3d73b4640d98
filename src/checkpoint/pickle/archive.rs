//! The zip archive around a pickle: where each record lies in the file.

use std::{collections::HashMap, fs::File, io::Read as _, path::Path};

use zip::{CompressionMethod, ZipArchive};

use super::PickleError;
use crate::{
    checkpoint::CheckpointError,
    error::{IoAction, IoContext as _},
};

/// The longest pickle that is read; a state dict takes about 200 bytes for each tensor.
const MAX_PICKLE_BYTES: u64 = 64 << 20;

/// The first bytes of a pickle by PyTorch before 1.6: protocol 2, then its magic number.
const LEGACY_START: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";

/// The records of one archive.
#[derive(Debug)]
pub(super) struct Archive {
    zip: ZipArchive<File>,
    /// Folder of the records inside the archive, ending in a slash.
    prefix: String,
    file_byte_count: u64,
}

/// A record that lies uncompressed in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Bytes from the start of the file.
    pub offset: u64,
    /// Its size.
    pub byte_count: u64,
}

impl Archive {
    /// Opens the archive in `file` and checks what kind of archive it is.
    pub(super) fn open(file: &File, path: &Path) -> Result<Self, CheckpointError> {
        let pickled = |problem: PickleError| CheckpointError::Pickle { problem, path: path.to_owned() };
        let file_byte_count = file.metadata().at(IoAction::ReadSize, path)?.len();
        check_start(file, path)?;
        let reader = file.try_clone().at(IoAction::OpenWeights, path)?;
        let zip = ZipArchive::new(reader)
            .map_err(|error| pickled(PickleError::NotAnArchive { problem: crate::error::brief(&error) }))?;
        if zip.has_duplicate_names() {
            return Err(pickled(PickleError::DuplicateEntry { entry: "a record".to_owned() }));
        }
        let names: Vec<&str> = zip.file_names_raw().filter_map(|name| std::str::from_utf8(name).ok()).collect();
        let has = |ending: &str| names.iter().any(|name| name.split_once('/').is_some_and(|(_, rest)| rest == ending));
        if has("constants.pkl") || names.iter().any(|name| name.contains("/code/")) {
            return Err(pickled(PickleError::TorchScript));
        }
        let pickle = names.iter().find(|name| name.split_once('/').is_some_and(|(_, rest)| rest == "data.pkl"));
        let prefix = pickle.and_then(|name| name.strip_suffix("data.pkl")).map(str::to_owned);
        let prefix = prefix.ok_or_else(|| pickled(PickleError::NoPickle))?;
        Ok(Self { zip, prefix, file_byte_count })
    }

    /// Whether it holds the data of any tensor.
    pub(super) fn has_storages(&self) -> bool {
        let folder = format!("{}data/", self.prefix);
        self.zip.file_names_raw().any(|name| name.len() > folder.len() && name.starts_with(folder.as_bytes()))
    }

    /// The pickle that names the tensors.
    pub(super) fn pickle(&mut self, path: &Path) -> Result<Vec<u8>, CheckpointError> {
        self.read("data.pkl", path)?
            .ok_or_else(|| CheckpointError::Pickle { problem: PickleError::NoPickle, path: path.to_owned() })
    }

    /// Refuses tensors that another kind of processor wrote; archives by PyTorch before 2.1 do not say and are little-endian.
    pub(super) fn check_byte_order(&mut self, path: &Path) -> Result<(), CheckpointError> {
        match self.read("byteorder", path)? {
            Some(order) if order != b"little" => {
                let order = String::from_utf8_lossy(&order).chars().take(20).collect();
                Err(CheckpointError::Pickle { problem: PickleError::ByteOrder { order }, path: path.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// Where `name` lies; `None` when there is no such record.
    pub(super) fn record(&mut self, name: &str) -> Result<Option<Record>, PickleError> {
        let entry = format!("{}{name}", self.prefix);
        let Some(index) = self.zip.index_for_name(&entry) else { return Ok(None) };
        let damaged = |error: zip::result::ZipError| PickleError::NotAnArchive { problem: crate::error::brief(&error) };
        let file = self.zip.by_index_raw(index).map_err(damaged)?;
        if file.compression() != CompressionMethod::Stored || file.encrypted() || file.size() != file.compressed_size()
        {
            return Err(PickleError::Packed { entry: name.to_owned() });
        }
        let byte_count = file.size();
        let offset = file.data_start().unwrap_or(u64::MAX);
        let fits = offset.checked_add(byte_count).is_some_and(|end| end <= self.file_byte_count);
        if !fits {
            return Err(PickleError::OutsideFile { entry: name.to_owned(), byte_count });
        }
        Ok(Some(Record { offset, byte_count }))
    }

    /// The content of a small record.
    fn read(&mut self, name: &str, path: &Path) -> Result<Option<Vec<u8>>, CheckpointError> {
        let pickled = |problem: PickleError| CheckpointError::Pickle { problem, path: path.to_owned() };
        let Some(record) = self.record(name).map_err(pickled)? else { return Ok(None) };
        let byte_count = record.byte_count;
        if byte_count > MAX_PICKLE_BYTES {
            return Err(pickled(PickleError::PickleTooLong { byte_count }));
        }
        let mut bytes = Vec::new();
        let mut entry = self
            .zip
            .by_name(&format!("{}{name}", self.prefix))
            .map_err(|error| pickled(PickleError::NotAnArchive { problem: crate::error::brief(&error) }))?;
        match entry.read_to_end(&mut bytes) {
            Ok(_) => Ok(Some(bytes)),
            // The record does not have the checksum that the archive gives it.
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                Err(pickled(PickleError::NotAnArchive { problem: crate::error::brief(&error) }))
            }
            Err(error) => Err(error).at(IoAction::ReadPickle, path)?,
        }
    }
}

/// Names files that are no zip archive but known otherwise.
fn check_start(file: &File, path: &Path) -> Result<(), CheckpointError> {
    let mut start = [0; 32];
    let byte_count = file.metadata().at(IoAction::ReadSize, path)?.len().min(start.len() as u64);
    let start = &mut start[..usize::try_from(byte_count).unwrap_or_default()];
    crate::platform::read_exact_at(file, start, 0).at(IoAction::ReadWeights, path)?;
    let problem = if start.starts_with(LEGACY_START) || start.starts_with(b"\x80\x02\x8a") {
        PickleError::Legacy
    } else if start.starts_with(b"PK") {
        return Ok(());
    } else {
        let problem = if start.is_empty() { "it is empty" } else { "it does not begin like a zip archive" };
        PickleError::NotAnArchive { problem: problem.to_owned() }
    };
    Err(CheckpointError::Pickle { problem, path: path.to_owned() })
}

/// Records by storage key, so that each is looked up once.
#[derive(Debug, Default)]
pub(super) struct Records {
    by_key: HashMap<String, Record>,
}

impl Records {
    /// The record of the storage `key`, which holds `tensor`.
    pub(super) fn get(&mut self, archive: &mut Archive, key: &str, tensor: &str) -> Result<Record, PickleError> {
        if let Some(record) = self.by_key.get(key) {
            return Ok(*record);
        }
        let entry = format!("data/{key}");
        let record =
            archive.record(&entry)?.ok_or_else(|| PickleError::NoStorage { entry, tensor: tensor.to_owned() })?;
        self.by_key.insert(key.to_owned(), record);
        Ok(record)
    }
}
