//! Why a merge is not even planned.

use std::{fmt::Write as _, path::PathBuf};

use crate::{
    adapter::{Adapter, AdapterError},
    checkpoint::{Checkpoint, CheckpointError},
    error::{Hint, IoError},
    matching::{ClashReason, Matching, OrphanReason},
    units,
};

/// Names shown of each kind of mismatch.
const SHOWN: usize = 5;

/// A merge that cannot be done as asked; nothing was written.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "every message says what its fields are")]
pub enum PlanError {
    #[error("no adapter was given")]
    NoAdapter,
    #[error("the strength {strength} is not a number that can scale an adapter")]
    BadStrength { strength: f64 },
    #[error("{adapter} replaces {tensor} whole, which cannot be done at strength {strength}")]
    PartialReplacement { strength: f64, adapter: String, tensor: String },
    #[error("the base is quantised ({method}), and nothing can be merged into packed weights: {}", path.display())]
    QuantizedBase { method: String, path: PathBuf },
    #[error("the adapter does not fit the base: {problems}")]
    DoesNotFit { problems: String, hint: String },
    #[error("the output has no name of its own: {}", path.display())]
    OutputHasNoName { path: PathBuf },
    #[error("the output exists and is not empty: {}", path.display())]
    OutputExists { path: PathBuf },
    #[error("the output lies inside the {role} folder: {}", path.display())]
    OutputInsideInput { role: &'static str, path: PathBuf },
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

impl PlanError {
    /// Names what does not fit, tensor by tensor, and what that suggests.
    pub(super) fn does_not_fit(matching: &Matching, adapters: &[Adapter], base: &Checkpoint) -> Self {
        let mut lines = Vec::new();
        for orphan in &matching.orphaned {
            let mut line = format!("{}: {}", orphan.tensors.join(", "), orphan.reason);
            if !orphan.nearest.is_empty() {
                write!(line, " (nearest: {})", orphan.nearest.join(", ")).ok();
            }
            lines.push(line);
        }
        for clash in &matching.clashing {
            let names = if clash.tensors.is_empty() { clash.module.clone() } else { clash.tensors.join(", ") };
            lines.push(format!("{names}: {}", clash.reason));
        }
        let total: usize = adapters.iter().map(Adapter::tensor_count).sum();
        let placed = matching.applied_tensor_count(adapters);
        let mut problems = format!("{placed} of {} have a place", units::plural(total, "adapter tensor"));
        for line in lines.iter().take(SHOWN) {
            write!(problems, "\n  {line}").ok();
        }
        if let Some(more) = lines.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            write!(problems, "\n  and {more} more").ok();
        }
        let resizes_vocabulary =
            matching.clashing.iter().any(|clash| matches!(clash.reason, ClashReason::Vocabulary { .. }));
        let trained_on = adapters.iter().find_map(|adapter| adapter.config().base_model());
        let hint = match (placed, matching.orphaned.first().map(|orphan| &orphan.reason), trained_on) {
            (_, Some(OrphanReason::UnknownFactor | OrphanReason::MultiheadAttention), _) => {
                "merge it with the release of PEFT that it was trained with, by `merge_and_unload`".to_owned()
            }
            _ if resizes_vocabulary => {
                "save the adapter with its embedding (`save_embedding_layers=True` in PEFT), or give the base with the vocabulary that training had".to_owned()
            }
            (_, _, Some(name)) => {
                format!(
                    "the adapter was trained on `{name}`, this base is `{}`; give the base that it was trained on",
                    base.name()
                )
            }
            (0, _, None) => "give the base that the adapter was trained on".to_owned(),
            (_, _, None) => {
                "the adapter has more than this base has a place for; check that both belong together".to_owned()
            }
        };
        Self::DoesNotFit { problems, hint }
    }
}

impl Hint for PlanError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoAdapter => "give at least one adapter folder",
            Self::BadStrength { .. } => "1 merges what was trained, 0.5 half of it",
            Self::PartialReplacement { .. } => "merge this adapter at strength 1",
            Self::QuantizedBase { .. } => "use the original 16- or 32-bit model of the same name",
            Self::DoesNotFit { hint, .. } => hint,
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
