//! Which files of a folder are its weights: transformers' precedence, never a glob.

use std::{path::Path, sync::Arc};

use super::{CheckpointError, ForeignFormat, PickleFile, SafetensorsFile, WeightFile, WeightIndex};

/// The name of unsharded weights.
pub const SINGLE_FILE: &str = "model.safetensors";

/// The name of the index of sharded weights.
pub const INDEX_FILE: &str = "model.safetensors.index.json";

/// The name of unsharded pickled weights.
const PICKLE_FILE: &str = "pytorch_model.bin";

/// The name of the index of sharded pickled weights.
const PICKLE_INDEX_FILE: &str = "pytorch_model.bin.index.json";

/// The files of a checkpoint, in the order of their names, and their index where there is one.
type OpenWeights = (Vec<Arc<dyn WeightFile>>, Option<WeightIndex>);

/// The weights that transformers would load from a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightFiles {
    /// All tensors in the file of this name: `model.safetensors`, which wins even when an index lies beside it, or
    /// `pytorch_model.bin`.
    Single(&'static str),
    /// The shards of the index of this name.
    Sharded(&'static str),
}

impl WeightFiles {
    /// Looks in `root`: safetensors before pickles, one file before an index.
    ///
    /// # Errors
    /// No weights: an adapter, weights of another format, or nothing at all.
    pub fn find(root: &Path) -> Result<Self, CheckpointError> {
        const PRECEDENCE: [WeightFiles; 4] = [
            WeightFiles::Single(SINGLE_FILE),
            WeightFiles::Sharded(INDEX_FILE),
            WeightFiles::Single(PICKLE_FILE),
            WeightFiles::Sharded(PICKLE_INDEX_FILE),
        ];
        let found = PRECEDENCE.into_iter().find(|files| root.join(files.file_name()).is_file());
        found.ok_or_else(|| {
            let path = root.to_owned();
            if root.join("adapter_config.json").is_file() {
                CheckpointError::IsAdapter { path }
            } else if let Some((format, path)) = ForeignFormat::in_folder(root) {
                CheckpointError::Foreign { format, path }
            } else {
                let subfolders = if root.join("config.json").is_file() { Vec::new() } else { models_below(root) };
                if subfolders.is_empty() {
                    CheckpointError::NoWeights { path }
                } else {
                    CheckpointError::ModelsBelow { subfolders, path }
                }
            }
        })
    }

    /// The file to begin with: the weights, or their index.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Single(name) | Self::Sharded(name) => name,
        }
    }

    /// Opens the files (headers only), in the order of their names, and the index where there is one.
    ///
    /// # Errors
    /// A missing shard, a damaged header or an index that names files outside the folder.
    pub fn open(self, root: &Path) -> Result<OpenWeights, CheckpointError> {
        match self {
            Self::Single(name) => Ok((vec![open_weights(&root.join(name))?], None)),
            Self::Sharded(index_name) => {
                let index = WeightIndex::read(&root.join(index_name))?;
                let shards = index.shards();
                let missing = missing_shards(&index, root);
                if !missing.is_empty() {
                    let path = root.to_owned();
                    return Err(CheckpointError::ShardsMissing { file: index_name, missing, path });
                }
                let files = shards.iter().map(|name| open_weights(&root.join(name))).collect::<Result<_, _>>()?;
                Ok((files, Some(index)))
            }
        }
    }
}

fn missing_shards(index: &WeightIndex, root: &Path) -> Vec<String> {
    index.shards().into_iter().filter(|name| !root.join(name).is_file()).map(str::to_owned).collect()
}

/// Files of weights that the folder of a model lacks: shards of its index, or all of them.
#[must_use]
pub fn missing_weights(root: &Path) -> Vec<String> {
    match WeightFiles::find(root) {
        Ok(WeightFiles::Sharded(name)) => {
            WeightIndex::read(&root.join(name)).map(|index| missing_shards(&index, root)).unwrap_or_default()
        }
        Ok(WeightFiles::Single(_)) => Vec::new(),
        Err(_) => vec![SINGLE_FILE.to_owned()],
    }
}

/// Folders one level below `root` that hold a model, by name.
#[must_use]
pub fn models_below(root: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    let is_model = |path: &Path| path.join("config.json").is_file() && WeightFiles::find(path).is_ok();
    let folders = entries.filter(|entry| is_model(&entry.path()));
    let mut names: Vec<String> = folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Opens one file of weights by its extension: `.bin`, `.pt` and `.pth` are pickles, all others safetensors.
///
/// # Errors
/// A file that is of another format, whatever its name says, or is damaged.
pub fn open_weights(path: &Path) -> Result<Arc<dyn WeightFile>, CheckpointError> {
    const PICKLES: [&str; 3] = ["bin", "pt", "pth"];
    if let Some(format) = ForeignFormat::of_content(path) {
        return Err(CheckpointError::Foreign { format, path: path.to_owned() });
    }
    let extension = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
    let is_pickle = extension.is_some_and(|extension| PICKLES.iter().any(|known| extension == *known));
    if is_pickle { Ok(Arc::new(PickleFile::open(path)?)) } else { Ok(Arc::new(SafetensorsFile::open(path)?)) }
}
