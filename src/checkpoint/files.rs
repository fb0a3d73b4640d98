//! Which files of a folder are its weights: transformers' precedence, never a glob.

use std::{path::Path, sync::Arc};

use super::{CheckpointError, SafetensorsFile, WeightIndex};

/// The name of unsharded weights.
pub const SINGLE_FILE: &str = "model.safetensors";

/// The name of the index of sharded weights.
pub const INDEX_FILE: &str = "model.safetensors.index.json";

/// Pickled weights, which transformers would fall back to.
const PICKLE_FILES: [&str; 2] = ["pytorch_model.bin", "pytorch_model.bin.index.json"];

/// The weights that transformers would load from a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightFiles {
    /// `model.safetensors`, which wins even when an index lies beside it.
    Single,
    /// The shards of `model.safetensors.index.json`.
    Sharded,
}

impl WeightFiles {
    /// Looks in `root`.
    ///
    /// # Errors
    /// No safetensors weights: an adapter, a pickled model, or nothing at all.
    pub fn find(root: &Path) -> Result<Self, CheckpointError> {
        let exists = |name: &str| root.join(name).is_file();
        if exists(SINGLE_FILE) {
            Ok(Self::Single)
        } else if exists(INDEX_FILE) {
            Ok(Self::Sharded)
        } else if exists("adapter_config.json") {
            Err(CheckpointError::IsAdapter { path: root.to_owned() })
        } else if let Some(file) = PICKLE_FILES.into_iter().find(|name| exists(name)) {
            Err(CheckpointError::PickleWeights { file: file.to_owned(), path: root.to_owned() })
        } else {
            Err(CheckpointError::NoWeights { path: root.to_owned() })
        }
    }

    /// Opens the files (headers only), in the order of their names, and the index where there is one.
    ///
    /// # Errors
    /// A missing shard, a damaged header or an index that names files outside the folder.
    pub fn open(self, root: &Path) -> Result<(Vec<Arc<SafetensorsFile>>, Option<WeightIndex>), CheckpointError> {
        match self {
            Self::Single => Ok((vec![Arc::new(SafetensorsFile::open(&root.join(SINGLE_FILE))?)], None)),
            Self::Sharded => {
                let index = WeightIndex::read(&root.join(INDEX_FILE))?;
                let shards = index.shards();
                let missing: Vec<String> =
                    shards.iter().filter(|name| !root.join(name).is_file()).map(|name| (*name).to_owned()).collect();
                if !missing.is_empty() {
                    let path = root.to_owned();
                    return Err(CheckpointError::ShardsMissing { file: INDEX_FILE, missing, path });
                }
                let files = shards
                    .iter()
                    .map(|name| SafetensorsFile::open(&root.join(name)).map(Arc::new))
                    .collect::<Result<_, _>>()?;
                Ok((files, Some(index)))
            }
        }
    }
}
