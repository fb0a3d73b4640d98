//! From what a person points at to a model's folder: the folder itself, one weight file of it, or an entry of the
//! Hugging Face cache.

use std::path::{Path, PathBuf};

use super::{CheckpointError, ForeignFormat, INDEX_FILE, WeightFiles, WeightIndex, hub_cache};

/// Where a model lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The folder of `config.json` and everything beside it.
    pub root: PathBuf,
    /// The one weight file to read, where a file was pointed at that no index belongs to.
    pub weights: Option<PathBuf>,
}

impl Source {
    /// Resolves `path`.
    ///
    /// # Errors
    /// Nothing at `path` and no cached model of that name; a file that holds no weights; a cache entry without the snapshot of its main revision.
    pub fn find(path: &Path) -> Result<Self, CheckpointError> {
        if path.is_dir() {
            return Ok(Self { root: hub_cache::entered(path)?, weights: None });
        }
        let path = path.to_owned();
        if !path.exists() {
            return Ok(Self { root: hub_cache::named(&path)?, weights: None });
        }
        let root = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        if let Some(format) = ForeignFormat::of_content(&path) {
            return Err(CheckpointError::Foreign { format, path });
        }
        if !is_weight_file(&path) {
            if let Some(format) = ForeignFormat::of_file(&path) {
                return Err(CheckpointError::Foreign { format, path });
            }
            return Err(CheckpointError::NotAFolder { path });
        }
        if root.join("adapter_config.json").is_file() && !root.join("config.json").is_file() {
            return Err(CheckpointError::IsAdapter { path: root });
        }
        let is_whole_folder = belongs_to_folder(&path, &root);
        Ok(Self { root, weights: (!is_whole_folder).then_some(path) })
    }
}

/// Whether the name ends as weights do.
fn is_weight_file(path: &Path) -> bool {
    const ENDINGS: [&str; 4] = ["safetensors", "bin", "pt", "pth"];
    path.extension().is_some_and(|extension| ENDINGS.iter().any(|ending| extension.eq_ignore_ascii_case(ending)))
}

/// Whether `file` is what its folder would be opened with anyway, or a shard of it.
fn belongs_to_folder(file: &Path, root: &Path) -> bool {
    let Some(name) = file.file_name().and_then(|name| name.to_str()) else { return false };
    match WeightFiles::find(root) {
        Ok(WeightFiles::Single(single)) => single == name,
        Ok(WeightFiles::Sharded(index)) => {
            WeightIndex::read(&root.join(index)).is_ok_and(|index| index.shards().contains(&name))
        }
        Err(_) => name == INDEX_FILE,
    }
}
