//! What to do about an adapter that does not fit, said only as far as shapes and names prove it.

use std::{collections::BTreeSet, fmt, sync::Arc};

use serde_json::Value;

use crate::{
    adapter::{Adapter, ForeignAdapter},
    checkpoint::{Checkpoint, WeightFile},
    matching::{ClashReason, Matching, OrphanReason},
    plan::compatibility::{Compared, base_name},
};

/// What to do about a mismatch; says itself in English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MismatchAdvice {
    /// The names are those of a library whose adapters are not merged here.
    Foreign {
        /// Whose.
        origin: ForeignAdapter,
    },
    /// The config names a class of another library than transformers.
    OtherLibrary {
        /// The class that the adapter was trained on.
        class: String,
        /// Its library.
        library: String,
    },
    /// A tensor that only its own release knows.
    OwnRelease,
    /// Files beside the adapter's own hold tensors without a place.
    FilesBeside {
        /// Those files.
        files: Vec<String>,
    },
    /// The vocabulary grew in training.
    GrownVocabulary,
    /// The adapter's config does not say what its head is for.
    NameTask,
    /// The base's weights are packed.
    PackedBase,
    /// A layer, or a weight that the class has only once, whose update has no merged form.
    NoMergedForm,
    /// It is proven that this is not the base of the training.
    OtherBase {
        /// By what.
        proof: BaseProof,
        /// The base that the adapter names, where that says anything.
        trained_on: Option<String>,
    },
    /// The same matrices lie in other tensors.
    OtherLayout,
    /// Which tensor the output head shares is not known.
    UnknownTie,
    /// The adapter's config contradicts what else says how a square weight is stored.
    SayOrientation {
        /// Whether the config says (in, out).
        is_stated_in_out: bool,
    },
    /// What decides is the layer in memory, which PEFT has before it.
    AskTheLayer,
    /// Two files of the adapter contradict each other.
    KeepOneFile,
    /// Two adapters change one tensor in ways that cannot be added.
    OneAtATime,
    /// No name of the adapter is in the base.
    OtherKind {
        /// The base that the adapter names, where that says anything.
        trained_on: Option<String>,
    },
    /// Some names are not in the base, and nothing says why.
    SomeUnplaced {
        /// The base that the adapter names, where that says anything.
        trained_on: Option<String>,
    },
}

/// What proves that a base is not the one of the training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseProof {
    /// Tensors of the same names have other shapes.
    Shapes,
    /// Layers that the base does not have.
    Depth,
    /// A part that only a multimodal model has.
    Multimodal,
    /// A part that this multimodal model does not have.
    Part,
    /// Both names say a model, and another one.
    Name {
        /// This base.
        base: String,
    },
}

/// What the misplaced tensors of a matching are, in counts.
struct Evidence<'a> {
    matching: &'a Matching,
}

impl Evidence<'_> {
    fn orphan(&self, is_one: impl Fn(&OrphanReason) -> bool) -> bool {
        self.matching.orphaned.iter().any(|orphan| is_one(&orphan.reason))
    }

    fn clash(&self, is_one: impl Fn(&ClashReason) -> bool) -> bool {
        self.matching.clashing.iter().any(|clash| is_one(&clash.reason))
    }

    /// What the config says of a square weight, where something contradicts it: whether (in, out).
    fn contradicted_orientation(&self) -> Option<bool> {
        self.matching.clashing.iter().find_map(|clash| match clash.reason {
            ClashReason::Orientation { is_stated_in_out, .. } => Some(is_stated_in_out),
            _ => None,
        })
    }

    /// Whose names the tensors without a place have.
    fn origin(&self) -> Option<ForeignAdapter> {
        let names: Vec<&str> =
            self.matching.orphaned.iter().flat_map(|orphan| &orphan.tensors).map(String::as_str).collect();
        ForeignAdapter::of_names(&names).map(|(origin, _)| origin)
    }

    /// Whether no missing name has anything like it in the base.
    fn is_all_unlike(&self) -> bool {
        self.matching.clashing.is_empty() && self.matching.orphaned.iter().all(|orphan| orphan.nearest.is_empty())
    }
}

impl MismatchAdvice {
    pub(super) fn new(matching: &Matching, adapters: &[Adapter], base: &Checkpoint, placed_count: usize) -> Self {
        let evidence = Evidence { matching };
        if evidence.clash(|reason| matches!(reason, ClashReason::TwoFiles { .. })) {
            return Self::KeepOneFile;
        }
        let files = files_beside(matching, adapters);
        if !files.is_empty() {
            return Self::FilesBeside { files };
        }
        let is_nothing_placed = placed_count == 0;
        if let Some(origin) = evidence.origin() {
            return Self::Foreign { origin };
        }
        if let Some((class, library)) = adapters.iter().filter(|_| is_nothing_placed).find_map(foreign_class) {
            return Self::OtherLibrary { class, library };
        }
        let (trained_on, base_name) = names(adapters, base);
        let other_base = |proof| Self::OtherBase { proof, trained_on: trained_on.clone() };
        if evidence.orphan(|reason| matches!(reason, OrphanReason::UnknownFactor | OrphanReason::MultiheadAttention)) {
            Self::OwnRelease
        } else if evidence.clash(|reason| matches!(reason, ClashReason::OpenTask { .. })) {
            Self::NameTask
        } else if evidence.clash(|reason| matches!(reason, ClashReason::Vocabulary { .. })) {
            Self::GrownVocabulary
        } else if evidence.clash(|reason| matches!(reason, ClashReason::NotFloat { .. })) {
            Self::PackedBase
        } else if evidence.clash(has_no_merged_form) {
            Self::NoMergedForm
        } else if evidence.clash(|reason| matches!(reason, ClashReason::Shape { .. })) {
            other_base(BaseProof::Shapes)
        } else if evidence.orphan(|reason| matches!(reason, OrphanReason::OtherPart { base_is_multimodal: false, .. }))
        {
            other_base(BaseProof::Multimodal)
        } else if evidence.orphan(|reason| matches!(reason, OrphanReason::OtherPart { .. })) {
            other_base(BaseProof::Part)
        } else if evidence.orphan(|reason| matches!(reason, OrphanReason::TooFewLayers { .. })) {
            other_base(BaseProof::Depth)
        } else if let Some(is_stated_in_out) = evidence.contradicted_orientation() {
            Self::SayOrientation { is_stated_in_out }
        } else if evidence.clash(|reason| matches!(reason, ClashReason::Nesting { .. })) {
            Self::AskTheLayer
        } else if evidence.orphan(is_other_layout) {
            Self::OtherLayout
        } else if evidence.orphan(|reason| *reason == OrphanReason::TiedHead)
            || evidence.clash(|reason| *reason == ClashReason::SharedWithHead)
        {
            Self::UnknownTie
        } else if adapters.len() > 1 && evidence.clash(|reason| matches!(reason, ClashReason::Taken { .. })) {
            Self::OneAtATime
        } else if let Some(base) = base_name {
            other_base(BaseProof::Name { base })
        } else if is_nothing_placed && evidence.is_all_unlike() {
            Self::OtherKind { trained_on }
        } else {
            Self::SomeUnplaced { trained_on }
        }
    }

    /// Whether another base is what is wanted.
    #[must_use]
    pub fn asks_for_another_base(&self) -> bool {
        matches!(self, Self::OtherBase { .. } | Self::OtherKind { .. } | Self::SomeUnplaced { .. } | Self::PackedBase)
    }
}

/// Whether no weight of the model's class can hold what was trained.
fn has_no_merged_form(reason: &ClashReason) -> bool {
    matches!(reason, ClashReason::GroupedConvolution { .. } | ClashReason::Inseparable { .. })
}

/// Whether the base keeps the same matrix in another tensor.
fn is_other_layout(reason: &OrphanReason) -> bool {
    matches!(
        reason,
        OrphanReason::FusedInBase { .. } | OrphanReason::SplitInBase { .. } | OrphanReason::ExpertsInOneTensor { .. }
    )
}

/// The base that an adapter names, and this base's name where both say a model and differ.
fn names(adapters: &[Adapter], base: &Checkpoint) -> (Option<String>, Option<String>) {
    for adapter in adapters {
        match base_name::finding(base, adapter).evidence {
            Compared::BaseDiffers { trained_on, base, .. } => return (Some(trained_on), Some(base)),
            Compared::BaseNameUntelling { trained_on, .. } if base_name::is_telling(&trained_on) => {
                return (Some(trained_on), None);
            }
            _ => {}
        }
    }
    (None, None)
}

/// The class that `auto_mapping` names, where it is no class of transformers, and its library.
fn foreign_class(adapter: &Adapter) -> Option<(String, String)> {
    let mapping = adapter.config().get("auto_mapping")?;
    let text = |key: &str| mapping.get(key).and_then(Value::as_str);
    let library = text("parent_library")?.split('.').next()?;
    // Code from a model's own folder is loaded below `transformers_modules`.
    let is_foreign = !library.starts_with("transformers") && !library.starts_with("__");
    is_foreign.then_some((text("base_model_class")?.to_owned(), library.to_owned()))
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

impl fmt::Display for MismatchAdvice {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |trained_on: &Option<String>| {
            trained_on.as_ref().map_or_else(String::new, |name| format!(" (its config names `{name}`)"))
        };
        match self {
            Self::Foreign { origin } => write!(out, "it is {origin}; {}", origin.hint()),
            Self::OtherLibrary { class, library } => write!(
                out,
                "the adapter was trained on {class} of the library {library}: merge it there, into such a model"
            ),
            Self::OwnRelease => out.write_str("merge it with the library and release that it was trained with"),
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
            Self::NameTask => out.write_str(
                "write the task that it was trained for into its adapter_config.json: `task_type` SEQ_CLS, TOKEN_CLS or QUESTION_ANS, or the class as `base_model_class` of `auto_mapping`",
            ),
            Self::PackedBase => out.write_str("use the original 16- or 32-bit model of the same name"),
            Self::NoMergedForm => out.write_str("keep it as an adapter at run time; it has no merged form"),
            Self::OtherBase { proof, trained_on } => {
                write!(out, "{proof}")?;
                match (proof, trained_on) {
                    (BaseProof::Name { base }, Some(name)) => {
                        write!(out, ": the adapter names `{name}`, this is `{base}`")
                    }
                    _ => out.write_str(&named(trained_on)),
                }
            }
            Self::OtherLayout => out.write_str(
                "give the model as training had it; the same matrices lie in other tensors here, and the adapter's factors fit only their own",
            ),
            Self::UnknownTie => out.write_str(
                "load the base in transformers, untie it (`tie_word_embeddings=False`), save it and give that",
            ),
            Self::SayOrientation { is_stated_in_out } => {
                let (other, stated) = if *is_stated_in_out { ("Linear", "Conv1D") } else { ("Conv1D", "Linear") };
                write!(
                    out,
                    "if the layer is a {other} in the model that was trained, write `\"fan_in_fan_out\": {}` into adapter_config.json; if it is a {stated}, merge it with PEFT's `merge_and_unload`, which asks the layer itself",
                    !is_stated_in_out
                )
            }
            Self::AskTheLayer => {
                out.write_str("merge it with PEFT's `merge_and_unload`, which sees the order in the model itself")
            }
            Self::KeepOneFile => {
                out.write_str("keep the file that training ended with, and take the other out of the folder")
            }
            Self::OneAtATime => {
                out.write_str("merge the adapters one after another, each into the result of the one before")
            }
            Self::OtherKind { trained_on } => write!(
                out,
                "nothing in this base has such names: the adapter is for another kind of model{}",
                named(trained_on)
            ),
            Self::SomeUnplaced { trained_on } => write!(
                out,
                "compare these names with the model that was trained{}: it has modules that this base lacks, or the file's names were changed",
                named(trained_on)
            ),
        }
    }
}

impl fmt::Display for BaseProof {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Shapes => {
                "these shapes are of another model than this; give the base that the adapter was trained on"
            }
            Self::Depth => "give the deeper model that the adapter was trained on",
            Self::Multimodal => "give the multimodal model that the adapter was trained on",
            Self::Part => "give the model with this part, which the adapter was trained on",
            Self::Name { .. } => "give the base that the adapter was trained on",
        })
    }
}
