//! Which well a folder belongs to, judged by what lies in it.

use std::path::{Path, PathBuf};

use super::state::WellKind;
use crate::checkpoint::{Checkpoint, INDEX_FILE, SINGLE_FILE};

const MODEL_WEIGHTS: [&str; 4] = [SINGLE_FILE, INDEX_FILE, "pytorch_model.bin", "pytorch_model.bin.index.json"];

const ADAPTER_WEIGHTS: [&str; 2] = ["adapter_model.safetensors", "adapter_model.bin"];

/// The folder that was meant (the folder of a dropped file) and its well; `None` where neither model nor adapter is.
#[must_use]
pub fn route(path: &Path) -> Option<(WellKind, PathBuf)> {
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
        return None;
    };
    Some((kind, folder.to_owned()))
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
            assert_eq!(route(folder.path()).map(|found| found.0), expected, "{names:?}");
        }
    }

    #[test]
    fn a_dropped_file_means_its_folder() {
        let folder = folder_with(&["adapter_config.json", "adapter_model.safetensors"]);
        let found = route(&folder.path().join("adapter_model.safetensors")).unwrap();
        assert_eq!(found, (WellKind::Adapter, folder.path().to_owned()));
    }
}
