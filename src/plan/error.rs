//! Why a merge is not even planned.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use super::Mismatch;

use crate::{
    adapter::AdapterError,
    checkpoint::CheckpointError,
    error::{Hint, IoError, listed},
    units,
};

/// A merge that cannot be done as asked; nothing was written.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "every message says what its fields are")]
pub enum PlanError {
    #[error("no adapter was given")]
    NoAdapter,
    #[error("one adapter was given twice, its content is that of {}: {}", adapter.display(), path.display())]
    AdapterTwice { adapter: PathBuf, path: PathBuf },
    #[error("the strength {strength} is not a number that can scale an adapter")]
    BadStrength { strength: f64 },
    #[error("{adapter} replaces {tensor} whole, which cannot be done at strength {strength}")]
    PartialReplacement { strength: f64, adapter: String, tensor: String },
    #[error("the base is quantised ({method}), and nothing can be merged into packed weights: {}", path.display())]
    QuantizedBase { method: String, path: PathBuf },
    #[error("the base still holds layers of an adapter that was never merged ({}: {}): {}", units::plural(tensors.len(), "tensor"), listed(tensors, 3), path.display())]
    UnmergedBase { tensors: Vec<String>, path: PathBuf },
    #[error("the base ships LoRA layers of its own ({}), which it applies by the kind of input, as Phi-4-multimodal does: {}", adapters.join(", "), path.display())]
    BaseShipsLora { adapters: Vec<String>, path: PathBuf },
    #[error("the adapter does not fit the base: {mismatch}")]
    DoesNotFit { mismatch: Box<Mismatch> },
    #[error("the output has no name of its own: {}", path.display())]
    OutputHasNoName { path: PathBuf },
    #[error("the output exists and is not empty: {}", path.display())]
    OutputExists { path: PathBuf },
    #[error("the output lies inside the {role} folder: {}", path.display())]
    OutputInsideInput { role: InputRole, path: PathBuf },
    #[error("nothing may be written here: {}", path.display())]
    NotWritable { path: PathBuf },
    #[error("the disk is too full: {} needed, {} free: {}", units::bytes(*needed), units::bytes(*free), path.display())]
    DiskFull { needed: u64, free: u64, path: PathBuf },
    #[error("a tokenizer file is not valid JSON: {problem}: {}", path.display())]
    BadTokenizer { problem: String, path: PathBuf },
    #[error(transparent)]
    Base(#[from] CheckpointError),
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    #[error(transparent)]
    Io(#[from] IoError),
}

/// What an input is to the merge; names itself in English.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputRole {
    /// The base.
    Base,
    /// An adapter.
    Adapter,
}

impl fmt::Display for InputRole {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Base => "base",
            Self::Adapter => "adapter",
        })
    }
}

/// What a merge that cannot be planned is at fault with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The base's folder.
    Base,
    /// An adapter's folder, or what it has to do with the base.
    Adapter,
    /// The place where the merge goes.
    Output,
    /// What was chosen beside the folders.
    Options,
}

impl PlanError {
    /// What it is about; `None` where only the path of a file says.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::QuantizedBase { .. } | Self::UnmergedBase { .. } | Self::BaseShipsLora { .. } | Self::Base(_) => {
                Some(Subject::Base)
            }
            Self::NoAdapter | Self::AdapterTwice { .. } | Self::DoesNotFit { .. } | Self::Adapter(_) => {
                Some(Subject::Adapter)
            }
            Self::OutputHasNoName { .. }
            | Self::OutputExists { .. }
            | Self::OutputInsideInput { .. }
            | Self::NotWritable { .. }
            | Self::DiskFull { .. } => Some(Subject::Output),
            Self::BadStrength { .. } | Self::PartialReplacement { .. } => Some(Subject::Options),
            Self::BadTokenizer { .. } | Self::Io(_) => None,
        }
    }

    /// The file or folder that it names.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::BadTokenizer { path, .. } => Some(path),
            Self::Io(error) => Some(&error.path),
            _ => None,
        }
    }
}

impl Hint for PlanError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoAdapter => "give at least one adapter folder",
            Self::AdapterTwice { .. } => {
                "give it once; its strength says how much of it is merged, 2 for twice its change"
            }
            Self::BadStrength { .. } => "1 merges what was trained, 0.5 half of it",
            Self::PartialReplacement { .. } => "merge this adapter at strength 1",
            Self::QuantizedBase { .. } => "use the original 16- or 32-bit model of the same name",
            Self::UnmergedBase { .. } => {
                "merge those layers first, in PEFT with `merge_and_unload`, or give the base from before that training"
            }
            Self::BaseShipsLora { .. } => {
                "merge the adapter with PEFT in the model's own class, which knows these layers; of Phi-4-multimodal there is also a plain base for transformers' own class (revision refs/pr/70), with its LoRAs in folders of their own"
            }
            Self::DoesNotFit { mismatch } => return Some(mismatch.advice.to_string()),
            Self::OutputHasNoName { .. } => "name a new folder",
            Self::OutputExists { .. } => {
                "choose another name, or empty the folder yourself; nothing is ever overwritten"
            }
            Self::OutputInsideInput { .. } => "choose a folder outside of it",
            Self::NotWritable { .. } => "choose a folder of your own, or change its permissions",
            Self::DiskFull { .. } => {
                "free some space, choose another disk, or write half the bytes with `--dtype bf16`"
            }
            Self::BadTokenizer { .. } => "fetch the tokenizer files again",
            Self::Base(error) => return error.hint(),
            Self::Adapter(error) => return error.hint(),
            Self::Io(error) => return error.hint(),
        };
        Some(hint.to_owned())
    }
}
