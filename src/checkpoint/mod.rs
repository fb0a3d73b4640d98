//! A model folder as it lies on disk: config, side files and a sorted index of logical tensors.
//!
//! Opening reads headers only, so a 150 GB base opens as fast as a small one. Files are chosen by transformers'
//! precedence, never by glob, and no code from a checkpoint is ever run.

mod config;
mod error;
mod files;
mod folder;
mod header;
mod index;
mod json_text;
mod safetensors_file;
mod tensor;
mod text_file;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

pub use self::{
    config::ModelConfig,
    error::CheckpointError,
    files::{INDEX_FILE, SINGLE_FILE, WeightFiles},
    folder::{FileRole, SideFile, side_files},
    header::{Header, HeaderError, HeaderTensor},
    index::WeightIndex,
    json_text::JsonText,
    safetensors_file::{HEADER_LEN_BYTES, MAX_HEADER_BYTES, SafetensorsFile, header_bytes},
    tensor::{LogicalTensor, Storage},
    text_file::read_text,
};
use crate::error::IoContext as _;

/// A base or merged model, opened but not loaded.
#[derive(Debug)]
pub struct Checkpoint {
    root: PathBuf,
    config: ModelConfig,
    files: Vec<Arc<SafetensorsFile>>,
    index: Option<WeightIndex>,
    tensors: BTreeMap<String, LogicalTensor>,
    side_files: Vec<SideFile>,
}

impl Checkpoint {
    /// Opens the folder `root`: config, weight headers and the list of side files.
    ///
    /// # Errors
    /// A folder that is missing, is an adapter, has no config or no safetensors weights; a header that is truncated,
    /// oversized or inconsistent; an index that disagrees with its files.
    pub fn open(root: &Path) -> Result<Self, CheckpointError> {
        if !root.is_dir() {
            let path = root.to_owned();
            return Err(if root.exists() {
                CheckpointError::NotAFolder { path }
            } else {
                CheckpointError::Missing { path }
            });
        }
        let config_path = root.join("config.json");
        let weights = WeightFiles::find(root)?;
        if !config_path.is_file() {
            return Err(if root.join("adapter_config.json").is_file() {
                CheckpointError::IsAdapter { path: root.to_owned() }
            } else {
                CheckpointError::NoConfig { path: root.to_owned() }
            });
        }
        let config = ModelConfig::read(&config_path)?;
        let (files, index) = weights.open(root)?;
        let tensors = collect_tensors(&files, index.as_ref(), root)?;
        let side_files = side_files(root).at("list the folder", root)?;
        Ok(Self { root: root.to_owned(), config, files, index, tensors, side_files })
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder's own name, for messages; a Hugging Face cache snapshot gives the name of its repository.
    #[must_use]
    pub fn name(&self) -> String {
        folder_name(&self.root)
    }

    /// `config.json`.
    #[must_use]
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The weight files, in the order of their names.
    #[must_use]
    pub fn files(&self) -> &[Arc<SafetensorsFile>] {
        &self.files
    }

    /// `model.safetensors.index.json`, where the weights are sharded.
    #[must_use]
    pub fn index(&self) -> Option<&WeightIndex> {
        self.index.as_ref()
    }

    /// Every tensor by name, sorted.
    #[must_use]
    pub fn tensors(&self) -> &BTreeMap<String, LogicalTensor> {
        &self.tensors
    }

    /// One tensor.
    #[must_use]
    pub fn tensor(&self, name: &str) -> Option<&LogicalTensor> {
        self.tensors.get(name)
    }

    /// All files that are not weights in use, with what they are.
    #[must_use]
    pub fn side_files(&self) -> &[SideFile] {
        &self.side_files
    }

    /// Bytes of all tensors.
    #[must_use]
    pub fn byte_count(&self) -> u64 {
        self.tensors.values().map(LogicalTensor::byte_count).sum()
    }

    /// Elements of all tensors.
    #[must_use]
    pub fn parameter_count(&self) -> u64 {
        self.tensors.values().map(|tensor| tensor.element_count() as u64).sum()
    }

    /// The dtype that holds most bytes, then the others.
    #[must_use]
    pub fn dtypes_by_bytes(&self) -> Vec<(crate::numeric::Dtype, u64)> {
        let mut sums = BTreeMap::new();
        for tensor in self.tensors.values() {
            *sums.entry(tensor.dtype()).or_insert(0) += tensor.byte_count();
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_by_key(|(_, byte_count)| std::cmp::Reverse(*byte_count));
        sums
    }
}

/// The last component of a path that means something to a person.
#[must_use]
pub fn folder_name(path: &Path) -> String {
    let component = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    // Hugging Face's cache: …/models--org--name/snapshots/<commit>
    let repository = path
        .parent()
        .filter(|parent| parent.ends_with("snapshots"))
        .and_then(Path::parent)
        .and_then(component)
        .and_then(|name| name.strip_prefix("models--").map(|id| id.replace("--", "/")));
    repository
        .or_else(|| component(path))
        .or_else(|| path.canonicalize().ok().as_deref().and_then(component))
        .unwrap_or_else(|| path.display().to_string())
}

fn collect_tensors(
    files: &[Arc<SafetensorsFile>],
    index: Option<&WeightIndex>,
    root: &Path,
) -> Result<BTreeMap<String, LogicalTensor>, CheckpointError> {
    let mut tensors: BTreeMap<String, LogicalTensor> = BTreeMap::new();
    for file in files {
        for tensor in file.tensors() {
            if let Some(first) = tensors.insert(tensor.name().to_owned(), tensor.clone()) {
                let shards = [first.file().name().to_owned(), file.name().to_owned()];
                let (tensor, path) = (first.name().to_owned(), root.to_owned());
                return Err(CheckpointError::DuplicateTensor { tensor, shards, path });
            }
        }
    }
    if let Some(index) = index {
        check_index(index, &tensors, root)?;
    }
    if tensors.is_empty() {
        return Err(CheckpointError::Empty { path: root.to_owned() });
    }
    Ok(tensors)
}

/// Every tensor that the index names lies where it says. The converse is not asked: transformers (5.23) takes the list
/// of shards from the index and loads all that they hold, so a tensor that the index forgot is part of the model.
fn check_index(
    index: &WeightIndex,
    tensors: &BTreeMap<String, LogicalTensor>,
    root: &Path,
) -> Result<(), CheckpointError> {
    let mut missing = Vec::new();
    for (name, shard) in &index.weight_map {
        match tensors.get(name) {
            None => missing.push(name.clone()),
            Some(tensor) if tensor.file().name() != shard => {
                return Err(CheckpointError::IndexMisplaces {
                    tensor: name.clone(),
                    indexed: shard.clone(),
                    found: tensor.file().name().to_owned(),
                    path: root.to_owned(),
                });
            }
            Some(_) => {}
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(CheckpointError::IndexedTensorsMissing { tensors: missing, path: root.to_owned() })
}
