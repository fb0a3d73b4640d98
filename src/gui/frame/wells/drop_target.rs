//! Which well a folder belongs to, judged by what lies in it.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::well::WellKind;
use crate::{
    adapter::{Adapter, AdapterError, adapters_below},
    checkpoint::{Checkpoint, ForeignFormat, INDEX_FILE, SINGLE_FILE, models_below},
};

const MODEL_WEIGHTS: [&str; 4] = [SINGLE_FILE, INDEX_FILE, "pytorch_model.bin", "pytorch_model.bin.index.json"];

const ADAPTER_WEIGHTS: [&str; 2] = ["adapter_model.safetensors", "adapter_model.bin"];

/// Something that was dropped and is neither a model nor an adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownDrop {
    /// The folder or file.
    pub path: PathBuf,
    /// What it is in their place.
    pub contents: Contents,
}

/// What lies where a model or an adapter was looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Contents {
    /// A folder with nothing in it.
    Nothing,
    /// A folder around models and adapters, by the names of theirs.
    Below {
        /// Folders with a model.
        models: Vec<String>,
        /// Folders with an adapter.
        adapters: Vec<String>,
    },
    /// A file that is no weights.
    File,
    /// A folder with something else in it.
    Other {
        /// The first names.
        names: Vec<String>,
    },
}

/// The well of something dropped, and the folder that was meant.
pub type Route = Result<(WellKind, PathBuf), UnknownDrop>;

/// Names that are told of a folder with something else in it.
const NAMES_TOLD: usize = 3;

/// The folder that was meant (the folder of a dropped file) and its well.
///
/// # Errors
/// Neither model nor adapter is there; what is.
///
/// What is known and cannot be merged (GGUF, a LoRA for images) goes to the well that it was meant for, which says what
/// it is.
pub fn route(path: &Path) -> Route {
    known(path).ok_or_else(|| UnknownDrop { path: path.to_owned(), contents: Contents::of(path) })
}

fn known(path: &Path) -> Option<(WellKind, PathBuf)> {
    if is_other_format(path) {
        return unmergeable(path);
    }
    let folder = if path.is_dir() { path } else { path.parent()? };
    let has = |names: &[&str]| names.iter().any(|name| folder.join(name).is_file());
    let (has_model_weights, has_adapter_weights) = (has(&MODEL_WEIGHTS), has(&ADAPTER_WEIGHTS));
    let has_adapter_config = has(&["adapter_config.json"]);
    // A trainer's folder may hold the config of both: the weights decide, and full weights make a model.
    let kind = if has_model_weights {
        WellKind::Base
    } else if has_adapter_weights || has_adapter_config {
        WellKind::Adapter
    } else if has(&["config.json"]) {
        WellKind::Base
    } else if has_checkpoints(folder) {
        WellKind::Adapter
    } else {
        return unmergeable(path);
    };
    Some((kind, folder.to_owned()))
}

impl Contents {
    /// What lies at `path`, which is neither a model nor an adapter.
    fn of(path: &Path) -> Self {
        if path.is_file() {
            return Self::File;
        }
        let (models, adapters) = (models_below(path), adapters_below(path).unwrap_or_default());
        if !models.is_empty() || !adapters.is_empty() {
            return Self::Below { models, adapters };
        }
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names.truncate(NAMES_TOLD);
        if names.is_empty() { Self::Nothing } else { Self::Other { names } }
    }
}

/// Whether `path` is a file of a format that is not read here.
fn is_other_format(path: &Path) -> bool {
    let stands_for_a_file = |format| matches!(format, ForeignFormat::LfsPointer | ForeignFormat::WebPage);
    path.is_file() && ForeignFormat::of_file(path).is_some_and(|format| !stands_for_a_file(format))
}

/// The well of something that is known by its content and cannot be merged; `None` for everything else.
fn unmergeable(path: &Path) -> Option<(WellKind, PathBuf)> {
    let kind = match Adapter::open(path) {
        Err(AdapterError::Foreign { .. } | AdapterError::WeightsWithoutConfig { .. }) => WellKind::Adapter,
        Err(AdapterError::ForeignWeights { path: file, .. }) => {
            if ForeignFormat::is_adapter(&file) {
                WellKind::Adapter
            } else {
                WellKind::Base
            }
        }
        _ => return None,
    };
    Some((kind, path.to_owned()))
}

/// Whether `folder` holds the weights of a whole model and its config.
#[must_use]
pub fn is_model(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).is_file();
    has("config.json") && MODEL_WEIGHTS.iter().any(|name| has(name))
}

/// Whether `folder` is another model than `base` with the same tensors, as a merge leaves them.
#[must_use]
pub fn is_merge_of(folder: &Path, base: &Path) -> bool {
    let is_other = match (folder.canonicalize(), base.canonicalize()) {
        (Ok(folder), Ok(base)) => folder != base,
        _ => false,
    };
    let (Ok(model), Ok(base)) = (Checkpoint::open(folder), Checkpoint::open(base)) else { return false };
    is_other && model.tensors().keys().eq(base.tensors().keys())
}

/// Whether a trainer left `checkpoint-N` folders with adapters here.
fn has_checkpoints(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        entry.file_name().to_string_lossy().starts_with("checkpoint-")
            && entry.path().join("adapter_config.json").is_file()
    })
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
mod tests {
    use super::*;

    fn folder_with(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "{}").unwrap();
        }
        folder
    }

    #[test]
    fn contents_decide_and_not_names() {
        let cases: [(&[&str], Option<WellKind>); 7] = [
            (&["config.json", "model.safetensors"], Some(WellKind::Base)),
            (&["config.json", "model.safetensors.index.json"], Some(WellKind::Base)),
            (&["adapter_config.json", "adapter_model.safetensors"], Some(WellKind::Adapter)),
            (&["adapter_config.json", "config.json", "adapter_model.safetensors"], Some(WellKind::Adapter)),
            (&["adapter_config.json", "config.json", "model.safetensors"], Some(WellKind::Base)),
            (&["checkpoint-250/adapter_config.json"], Some(WellKind::Adapter)),
            (&["notes.txt"], None),
        ];
        for (names, expected) in cases {
            let folder = folder_with(names);
            assert_eq!(route(folder.path()).ok().map(|found| found.0), expected, "{names:?}");
        }
    }

    #[test]
    fn what_cannot_be_merged_goes_where_it_was_meant_to() {
        let folder = folder_with(&["model_index.json", "unet/config.json", "a/model-Q4.gguf", "b/style-lora.gguf"]);
        let well = |name: &str| route(&folder.path().join(name)).ok().map(|found| found.0);
        assert_eq!(well(""), Some(WellKind::Base), "a pipeline of diffusers");
        assert_eq!(well("a"), Some(WellKind::Base));
        assert_eq!(well("a/model-Q4.gguf"), Some(WellKind::Base));
        assert_eq!(well("b"), Some(WellKind::Adapter));
        let typed = folder.path().join("c.gguf");
        std::fs::write(&typed, b"GGUF\x0c\0\0\0general.type\x08\0\0\0\x07\0\0\0\0\0\0\0adapter").unwrap();
        assert_eq!(route(&typed), Ok((WellKind::Adapter, typed)));
    }

    #[test]
    fn what_has_no_well_is_told_by_what_it_is() {
        let contents = |names: &[&str], dropped: &str| {
            let folder = folder_with(names);
            route(&folder.path().join(dropped)).unwrap_err().contents
        };
        let text = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<String>>();
        assert_eq!(contents(&[], ""), Contents::Nothing);
        assert_eq!(contents(&["notes.txt"], "notes.txt"), Contents::File);
        assert_eq!(contents(&["b.txt", "a.txt"], ""), Contents::Other { names: text(&["a.txt", "b.txt"]) });
        let pair = ["base/config.json", "base/model.safetensors", "lora/adapter_config.json", "logs/a.txt"];
        assert_eq!(contents(&pair, ""), Contents::Below { models: text(&["base"]), adapters: text(&["lora"]) });
    }

    #[test]
    fn a_dropped_file_means_its_folder() {
        let folder = folder_with(&["adapter_config.json", "adapter_model.safetensors"]);
        let found = route(&folder.path().join("adapter_model.safetensors")).unwrap();
        assert_eq!(found, (WellKind::Adapter, folder.path().to_owned()));
    }
}
