//! Whether a folder is a model or an adapter, judged by what lies in it.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Adapter, AdapterError, CONFIG_FILE, adapters_below};
use crate::{
    checkpoint::{Checkpoint, ForeignFormat, INDEX_FILE, SINGLE_FILE, models_below},
    gguf::open_model,
};

const MODEL_WEIGHTS: [&str; 4] = [SINGLE_FILE, INDEX_FILE, "pytorch_model.bin", "pytorch_model.bin.index.json"];

const ADAPTER_WEIGHTS: [&str; 2] = ["adapter_model.safetensors", "adapter_model.bin"];

/// What a folder can be to a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderKind {
    /// A whole model.
    Model,
    /// What training wrote beside one.
    Adapter,
}

/// A folder or a file that is neither a model nor an adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFolder {
    /// The folder or file.
    pub path: PathBuf,
    /// What it is in their place.
    pub contents: FolderContents,
}

/// What lies where a model or an adapter was looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum FolderContents {
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

/// Names that are told of a folder with something else in it.
const NAMES_TOLD: usize = 3;

/// The folder that `path` means (the folder of a file) and its kind. What is known by its format (GGUF, a LoRA for
/// images) has the kind that it was made as; where it cannot be merged, opening it says what it is.
///
/// # Errors
/// Neither model nor adapter is there; what is.
pub fn recognize(path: &Path) -> Result<(FolderKind, PathBuf), UnknownFolder> {
    known(path).ok_or_else(|| UnknownFolder { path: path.to_owned(), contents: FolderContents::of(path) })
}

fn known(path: &Path) -> Option<(FolderKind, PathBuf)> {
    if is_other_format(path) {
        return unmergeable(path);
    }
    let folder = if path.is_dir() { path } else { path.parent()? };
    let has = |names: &[&str]| names.iter().any(|name| folder.join(name).is_file());
    let (has_model_weights, has_adapter_weights) = (has(&MODEL_WEIGHTS), has(&ADAPTER_WEIGHTS));
    let has_adapter_config = has(&[CONFIG_FILE]);
    // A trainer's folder may hold the config of both: the weights decide, and full weights make a model.
    let kind = if has_model_weights {
        FolderKind::Model
    } else if has_adapter_weights || has_adapter_config {
        FolderKind::Adapter
    } else if has(&["config.json"]) {
        FolderKind::Model
    } else if has_checkpoints(folder) {
        FolderKind::Adapter
    } else {
        return unmergeable(path);
    };
    Some((kind, folder.to_owned()))
}

impl FolderContents {
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

/// The kind of something that is known by its content and cannot be merged; `None` for everything else.
fn unmergeable(path: &Path) -> Option<(FolderKind, PathBuf)> {
    let kind = match Adapter::open(path) {
        // A LoRA file of llama.cpp.
        Ok(_) | Err(AdapterError::Gguf { .. }) if path.is_file() => FolderKind::Adapter,
        Err(AdapterError::Foreign { .. } | AdapterError::WeightsWithoutConfig { .. }) => FolderKind::Adapter,
        Err(AdapterError::ForeignWeights { path: file, .. }) => {
            if ForeignFormat::is_adapter(&file) {
                FolderKind::Adapter
            } else {
                FolderKind::Model
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
    let (Ok(model), Ok(base)) = (Checkpoint::open(folder), open_model(base)) else { return false };
    is_other && model.tensors().keys().eq(base.tensors().keys())
}

/// Whether a trainer left `checkpoint-N` folders with adapters here.
fn has_checkpoints(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        entry.file_name().to_string_lossy().starts_with("checkpoint-") && entry.path().join(CONFIG_FILE).is_file()
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
        let cases: [(&[&str], Option<FolderKind>); 7] = [
            (&["config.json", "model.safetensors"], Some(FolderKind::Model)),
            (&["config.json", "model.safetensors.index.json"], Some(FolderKind::Model)),
            (&["adapter_config.json", "adapter_model.safetensors"], Some(FolderKind::Adapter)),
            (&["adapter_config.json", "config.json", "adapter_model.safetensors"], Some(FolderKind::Adapter)),
            (&["adapter_config.json", "config.json", "model.safetensors"], Some(FolderKind::Model)),
            (&["checkpoint-250/adapter_config.json"], Some(FolderKind::Adapter)),
            (&["notes.txt"], None),
        ];
        for (names, expected) in cases {
            let folder = folder_with(names);
            assert_eq!(recognize(folder.path()).ok().map(|found| found.0), expected, "{names:?}");
        }
    }

    #[test]
    fn what_cannot_be_merged_has_the_kind_that_it_was_made_as() {
        let folder = folder_with(&["model_index.json", "unet/config.json", "a/model-Q4.gguf", "b/style-lora.gguf"]);
        let kind = |name: &str| recognize(&folder.path().join(name)).ok().map(|found| found.0);
        assert_eq!(kind(""), Some(FolderKind::Model), "a pipeline of diffusers");
        assert_eq!(kind("a"), Some(FolderKind::Model));
        assert_eq!(kind("a/model-Q4.gguf"), Some(FolderKind::Model));
        assert_eq!(kind("b"), Some(FolderKind::Adapter));
        let typed = folder.path().join("c.gguf");
        std::fs::write(&typed, b"GGUF\x0c\0\0\0general.type\x08\0\0\0\x07\0\0\0\0\0\0\0adapter").unwrap();
        assert_eq!(recognize(&typed), Ok((FolderKind::Adapter, typed)));
    }

    #[test]
    fn what_is_unknown_is_told_by_what_it_is() {
        let contents = |names: &[&str], pointed_at: &str| {
            let folder = folder_with(names);
            recognize(&folder.path().join(pointed_at)).unwrap_err().contents
        };
        let text = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<String>>();
        assert_eq!(contents(&[], ""), FolderContents::Nothing);
        assert_eq!(contents(&["notes.txt"], "notes.txt"), FolderContents::File);
        assert_eq!(contents(&["b.txt", "a.txt"], ""), FolderContents::Other { names: text(&["a.txt", "b.txt"]) });
        let pair = ["base/config.json", "base/model.safetensors", "lora/adapter_config.json", "logs/a.txt"];
        assert_eq!(contents(&pair, ""), FolderContents::Below { models: text(&["base"]), adapters: text(&["lora"]) });
    }

    #[test]
    fn a_file_means_its_folder() {
        let folder = folder_with(&["adapter_config.json", "adapter_model.safetensors"]);
        let found = recognize(&folder.path().join("adapter_model.safetensors")).unwrap();
        assert_eq!(found, (FolderKind::Adapter, folder.path().to_owned()));
    }
}
