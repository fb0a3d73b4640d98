//! What else takes room in a model's folder: the same weights in other formats, and what a trainer left.

use std::{io, path::Path};

use serde::Serialize;

use crate::{
    checkpoint::Checkpoint,
    error::IoError,
    error::{IoAction, IoContext as _},
};

/// Folders below a model are entered this deep (`checkpoint-500/global_step500/…` is depth 2).
const MAX_DEPTH: usize = 3;

/// Endings of files that hold weights in some format.
const WEIGHT_ENDINGS: [&str; 11] =
    ["safetensors", "bin", "pt", "pth", "gguf", "onnx", "h5", "msgpack", "npz", "ot", "ckpt"];

/// Beginnings of files that trainers write.
const TRAINER_FILES: [&str; 7] =
    ["optimizer", "scheduler", "rng_state", "random_states", "trainer_state", "training_args", "scaler"];

/// Beginnings of folders that trainers write.
const TRAINER_FOLDERS: [&str; 4] = ["checkpoint-", "global_step", "pytorch_model_fsdp", "runs"];

/// A file and its size.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ExtraFile {
    /// Path from the folder, with `/` between components.
    pub name: String,
    /// Its size.
    pub byte_count: u64,
}

/// Files of a model's folder that no loader needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FolderExtras {
    /// Weights that are not those which a loader takes.
    pub duplicates: Vec<ExtraFile>,
    /// Optimizer states, checkpoints and logs of a training.
    pub training: Vec<ExtraFile>,
}

impl FolderExtras {
    /// Looks through the folder of `checkpoint`; names and sizes only.
    ///
    /// # Errors
    /// A folder that cannot be listed.
    pub fn of(checkpoint: &Checkpoint) -> Result<Self, IoError> {
        let root = checkpoint.side_root();
        let mut extras = Self::default();
        let is_used = |name: &str| checkpoint.files().iter().any(|file| file.name() == name);
        list(root, "", 0, &mut |name, byte_count| {
            let file = || ExtraFile { name: name.to_owned(), byte_count };
            if is_of_training(name) {
                extras.training.push(file());
            } else if is_weights(name) && !is_used(name) {
                extras.duplicates.push(file());
            }
        })
        .at(IoAction::ListFolder, root)?;
        extras.duplicates.sort();
        extras.training.sort();
        Ok(extras)
    }
}

fn list(folder: &Path, prefix: &str, depth: usize, visit: &mut impl FnMut(&str, u64)) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        // A dangling link is nobody's file.
        let Ok(metadata) = std::fs::metadata(entry.path()) else { continue };
        let path = format!("{prefix}{name}");
        if metadata.is_file() {
            visit(&path, metadata.len());
        } else if metadata.is_dir() && depth < MAX_DEPTH && !name.starts_with('.') {
            list(&entry.path(), &format!("{path}/"), depth + 1, visit)?;
        }
    }
    Ok(())
}

fn is_of_training(path: &str) -> bool {
    let mut segments: Vec<&str> = path.split('/').collect();
    let name = segments.pop().unwrap_or(path);
    TRAINER_FILES.iter().any(|start| name.starts_with(start))
        || segments.iter().any(|folder| TRAINER_FOLDERS.iter().any(|start| folder.starts_with(start)))
}

fn is_weights(path: &str) -> bool {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| WEIGHT_ENDINGS.contains(&ending.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_name() {
        for name in ["optimizer.pt", "rng_state_0.pth", "checkpoint-500/model.safetensors", "training_args.bin"] {
            assert!(is_of_training(name), "{name}");
        }
        for name in ["model.safetensors", "pytorch_model.bin", "original/consolidated.00.pth"] {
            assert!(!is_of_training(name) && is_weights(name), "{name}");
        }
        assert!(!is_weights("tokenizer.json") && !is_weights("LICENSE"));
    }
}
