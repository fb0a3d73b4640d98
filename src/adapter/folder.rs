//! From what a person points at to an adapter's files: its folder, a folder or cache entry around it, or its weights.

use std::path::{Path, PathBuf};

use super::{AdapterError, CONFIG_FILE, Feature, RefusalReason, WayOut, origin, own_weights::OwnWeights};
use crate::{
    checkpoint::{CheckpointError, ForeignFormat, WeightFiles, hub_cache},
    error::{IoAction, IoContext as _},
};

/// An adapter on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AdapterFolder {
    /// The folder of `adapter_config.json`.
    pub root: PathBuf,
    /// Its weights.
    pub weights: OwnWeights,
}

impl AdapterFolder {
    /// Finds the adapter at `path`: its folder, its weight file, a cache entry, or a folder with one adapter below it.
    ///
    /// # Errors
    /// Nothing there, a full model, weights of another library, several adapters to choose from (a trainer's checkpoints, latest first), or an
    /// adapter without weights.
    pub(super) fn find(path: &Path) -> Result<Self, AdapterError> {
        if path.is_file() {
            return Self::of_file(path);
        }
        if !path.is_dir() {
            return match hub_cache::named(path) {
                Ok(snapshot) => Self::find(&snapshot),
                Err(CheckpointError::Missing { path }) => Err(AdapterError::Missing { path }),
                Err(error) => Err(error.into()),
            };
        }
        let root = hub_cache::entered(path)?;
        if root.join(CONFIG_FILE).is_file() {
            return Self::with_weights(root);
        }
        if root.join("config.json").is_file() && WeightFiles::find(&root).is_ok() {
            return Err(AdapterError::IsModel { path: root });
        }
        match adapters_below(&root).at(IoAction::ListFolder, &root)?.as_slice() {
            [only] => Self::with_weights(root.join(only)),
            [] => Err(match what_lies_in(&root)? {
                Some(error) => error,
                None => AdapterError::NoConfig { subfolders: Vec::new(), path: root },
            }),
            several => Err(AdapterError::NoConfig { subfolders: several.to_vec(), path: root }),
        }
    }

    fn of_file(path: &Path) -> Result<Self, AdapterError> {
        let root = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name == CONFIG_FILE {
            return Self::with_weights(root.to_owned());
        }
        if let Some(format) = ForeignFormat::of_file(path) {
            return Err(CheckpointError::Foreign { format, path: path.to_owned() }.into());
        }
        let has_config = root.join(CONFIG_FILE).is_file();
        if !has_config
            && is_weight_file(path)
            && let Some(error) = origin::without_config(path)?
        {
            return Err(error);
        }
        let Some(weights) = OwnWeights::named(root, name) else {
            return Err(AdapterError::NotAFolder { path: path.to_owned() });
        };
        if !has_config {
            return Err(AdapterError::NoConfig { subfolders: Vec::new(), path: root.to_owned() });
        }
        Ok(Self { root: root.to_owned(), weights })
    }

    fn with_weights(root: PathBuf) -> Result<Self, AdapterError> {
        match OwnWeights::find(&root) {
            Some(weights) => Ok(Self { root, weights }),
            None if root.join("adapters.npz").is_file() => Err(AdapterError::Unsupported {
                feature: Feature::MlxNumpy,
                reason: RefusalReason::SafetensorsSince2024,
                way_out: WayOut::SaveAsSafetensors,
                path: root,
            }),
            None => Err(match (WeightFiles::find(&root), ForeignFormat::in_folder(&root)) {
                (Ok(full), _) => AdapterError::OnlyFullWeights { file: full.file_name(), path: root },
                (Err(_), Some((format, path))) => CheckpointError::Foreign { format, path }.into(),
                (Err(_), None) => AdapterError::NoWeights { path: root },
            }),
        }
    }
}

/// What a folder without an `adapter_config.json` holds in an adapter's place, by content first; `None` where nothing
/// in it tells.
fn what_lies_in(root: &Path) -> Result<Option<AdapterError>, AdapterError> {
    let entries = std::fs::read_dir(root).at(IoAction::ListFolder, root)?.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file() && is_weight_file(path)).collect();
    files.sort();
    for path in files {
        if let Some(error) = origin::without_config(&path)? {
            return Ok(Some(error));
        }
    }
    let foreign = ForeignFormat::in_folder(root);
    Ok(foreign.map(|(format, path)| CheckpointError::Foreign { format, path }.into()))
}

/// Whether the name ends as files of weights do that can be read here.
fn is_weight_file(path: &Path) -> bool {
    const ENDINGS: [&str; 4] = ["safetensors", "bin", "pt", "pth"];
    path.extension().is_some_and(|extension| ENDINGS.iter().any(|ending| extension.eq_ignore_ascii_case(ending)))
}

/// Folders one level below `root` that hold an adapter: a trainer's `checkpoint-N` by number, latest first, then the
/// others by name.
///
/// # Errors
/// A folder that cannot be listed.
pub fn adapters_below(root: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root)? {
        let entry = entry?;
        if entry.path().join(CONFIG_FILE).is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    let step = |name: &str| name.strip_prefix("checkpoint-").and_then(|number| number.parse::<u64>().ok());
    names.sort_by(|a, b| (std::cmp::Reverse(step(a)), a).cmp(&(std::cmp::Reverse(step(b)), b)));
    Ok(names)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "test fixtures, in temporary folders")]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_are_listed_latest_first() {
        let root = tempfile::tempdir().unwrap();
        for name in ["checkpoint-900", "checkpoint-1000", "checkpoint-20", "best", "logs"] {
            std::fs::create_dir(root.path().join(name)).unwrap();
            if name != "logs" {
                std::fs::write(root.path().join(name).join(CONFIG_FILE), "{}").unwrap();
            }
        }
        assert_eq!(
            adapters_below(root.path()).unwrap(),
            ["checkpoint-1000", "checkpoint-900", "checkpoint-20", "best"]
        );
    }
}
