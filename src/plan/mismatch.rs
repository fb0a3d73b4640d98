//! Adapters that do not fit their base: which tensors, and what that suggests.

use std::{collections::BTreeSet, fmt, sync::Arc};

use crate::{
    adapter::Adapter,
    checkpoint::{Checkpoint, WeightFile},
    matching::{ClashReason, Matching, Misplaced, OrphanReason},
    units,
};

/// Mismatches that a message names.
pub(crate) const SHOWN: usize = 5;

/// What has no place, and what that suggests; says itself in English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Adapter tensors with a place.
    pub placed_count: usize,
    /// All of them.
    pub tensor_count: usize,
    /// The others, with their reasons.
    pub misplaced: Vec<Misplaced>,
    /// What that suggests.
    pub advice: MismatchAdvice,
}

/// What a mismatch suggests; says itself in English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MismatchAdvice {
    /// A tensor that only its own release knows.
    OwnRelease,
    /// Files beside the adapter's own hold tensors without a place.
    FilesBeside {
        /// Those files.
        files: Vec<String>,
    },
    /// The vocabulary grew in training.
    GrownVocabulary,
    /// The adapter names another base.
    OtherBase {
        /// The name that the adapter gives.
        trained_on: String,
        /// This base.
        base: String,
    },
    /// Nothing fits.
    NothingFits,
    /// The base lacks something.
    MoreThanBase,
}

impl Mismatch {
    /// Names what does not fit, tensor by tensor, and what that suggests.
    pub(super) fn new(matching: &Matching, adapters: &[Adapter], base: &Checkpoint) -> Self {
        let placed_count = matching.applied_tensor_count(adapters);
        let resizes_vocabulary =
            matching.clashing.iter().any(|clash| matches!(clash.reason, ClashReason::Vocabulary { .. }));
        let trained_on = adapters.iter().find_map(|adapter| adapter.config().base_model());
        let files = files_beside(matching, adapters);
        let advice = match (placed_count, matching.orphaned.first().map(|orphan| &orphan.reason), trained_on) {
            _ if !files.is_empty() => MismatchAdvice::FilesBeside { files },
            (_, Some(OrphanReason::UnknownFactor), _) => MismatchAdvice::OwnRelease,
            _ if resizes_vocabulary => MismatchAdvice::GrownVocabulary,
            (_, _, Some(name)) => MismatchAdvice::OtherBase { trained_on: name.to_owned(), base: base.name() },
            (0, _, None) => MismatchAdvice::NothingFits,
            (_, _, None) => MismatchAdvice::MoreThanBase,
        };
        Self {
            placed_count,
            tensor_count: adapters.iter().map(Adapter::tensor_count).sum(),
            misplaced: matching.misplaced_tensors().collect(),
            advice,
        }
    }
}

/// The files beside the adapters' own weights that hold all of what does not fit; empty where other tensors do not fit
/// either.
fn files_beside(matching: &Matching, adapters: &[Adapter]) -> Vec<String> {
    let orphans = matching.orphaned.iter().map(|orphan| (orphan.adapter, &orphan.tensors));
    let clashes = matching.clashing.iter().map(|clash| (clash.adapter, &clash.tensors));
    let mut files = BTreeSet::new();
    for (adapter, names) in orphans.chain(clashes) {
        for name in names {
            match adapters.get(adapter).and_then(|adapter| file_beside(adapter, name)) {
                Some(file) => files.insert(file),
                None => return Vec::new(),
            };
        }
    }
    files.into_iter().collect()
}

/// The file beside the adapter's own weights that holds the tensor `name`.
fn file_beside(adapter: &Adapter, name: &str) -> Option<String> {
    let holds = |file: &&Arc<dyn WeightFile>| Arc::clone(file).tensors().iter().any(|tensor| tensor.name() == name);
    adapter.files_beside().iter().find(holds).map(|file| file.name().to_owned())
}

impl fmt::Display for Mismatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { placed_count, tensor_count, misplaced, .. } = self;
        write!(out, "{placed_count} of {} have a place", units::plural(*tensor_count, "adapter tensor"))?;
        for line in misplaced.iter().take(SHOWN) {
            write!(out, "\n  {line}")?;
        }
        match misplaced.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(out, "\n  and {more} more"),
        }
    }
}

impl fmt::Display for MismatchAdvice {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OwnRelease => {
                out.write_str("merge it with the release of PEFT that it was trained with, by `merge_and_unload`")
            }
            Self::FilesBeside { files } => write!(
                out,
                "{} beside the adapter's own weights; give the base that has these tensors, or take the file out of the adapter's folder to merge without it",
                match files.as_slice() {
                    [only] => format!("{only} lies"),
                    several => format!("{} lie", several.join(", ")),
                }
            ),
            Self::GrownVocabulary => out.write_str(
                "save the adapter with its embedding (`save_embedding_layers=True` in PEFT), or give the base with the vocabulary that training had",
            ),
            Self::OtherBase { trained_on, base } => write!(
                out,
                "the adapter was trained on `{trained_on}`, this base is `{base}`; give the base that it was trained on"
            ),
            Self::NothingFits => out.write_str("give the base that the adapter was trained on"),
            Self::MoreThanBase => {
                out.write_str("the adapter has more than this base has a place for; check that both belong together")
            }
        }
    }
}
