//! What to do about an adapter that does not fit, said only as far as shapes and names prove it.

use std::{collections::BTreeSet, sync::Arc};

use serde::Serialize;
use serde_json::Value;

use crate::{
    adapter::{Adapter, ForeignAdapter},
    checkpoint::{Checkpoint, WeightFile},
    matching::{ClashReason, Matching, OrphanReason},
    message::said_in_english,
    plan::compatibility::{Compared, base_name},
};

/// What to do about a mismatch; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    /// Adapter and base both name a model, and another one.
    OtherName {
        /// The base that the adapter names.
        trained_on: String,
        /// This base.
        base: String,
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

/// What proves that a base is not the one of the training; a message that says which is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum BaseProof {
    /// Tensors of the same names have other shapes.
    Shapes,
    /// Layers that the base does not have.
    Depth,
    /// A part that only a multimodal model has.
    Multimodal,
    /// A part that this multimodal model does not have.
    Part,
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
        let (trained_on, other_name) = names(adapters, base);
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
        } else if let Some(other_name) = other_name {
            other_name
        } else if is_nothing_placed && evidence.is_all_unlike() {
            Self::OtherKind { trained_on }
        } else {
            Self::SomeUnplaced { trained_on }
        }
    }

    /// Whether another base is what is wanted.
    #[must_use]
    pub fn asks_for_another_base(&self) -> bool {
        matches!(
            self,
            Self::OtherBase { .. }
                | Self::OtherName { .. }
                | Self::OtherKind { .. }
                | Self::SomeUnplaced { .. }
                | Self::PackedBase
        )
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

/// The base that an adapter names, and what to do where this base names another.
fn names(adapters: &[Adapter], base: &Checkpoint) -> (Option<String>, Option<MismatchAdvice>) {
    for adapter in adapters {
        match base_name::finding(base, adapter).evidence {
            Compared::BaseDiffers { trained_on, base, .. } => {
                return (Some(trained_on.clone()), Some(MismatchAdvice::OtherName { trained_on, base }));
            }
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

said_in_english!(MismatchAdvice, BaseProof);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::assert_said;

    #[test]
    fn every_advice_is_said_in_korean() {
        let text = str::to_owned;
        let name = || Some(text("org/Toy"));
        let other = |proof| MismatchAdvice::OtherBase { proof, trained_on: Some("org/Toy".to_owned()) };
        let other_name = MismatchAdvice::OtherName { trained_on: text("org/Toy"), base: text("Bear") };
        let unet = MismatchAdvice::OtherLibrary { class: text("UNet2DConditionModel"), library: text("diffusers") };
        let advices: Vec<(MismatchAdvice, &[&str])> = vec![
            (MismatchAdvice::Foreign { origin: ForeignAdapter::Kohya }, &["kohya", "세요"]),
            (unet, &["UNet2DConditionModel", "diffusers"]),
            (MismatchAdvice::OwnRelease, &["세요"]),
            (MismatchAdvice::FilesBeside { files: vec![text("vit.bin"), text("head.bin")] }, &["vit.bin, head.bin"]),
            (MismatchAdvice::NameTask, &["task_type", "base_model_class"]),
            (MismatchAdvice::GrownVocabulary, &["save_embedding_layers"]),
            (MismatchAdvice::PackedBase, &["16비트"]),
            (MismatchAdvice::NoMergedForm, &["세요"]),
            (other(BaseProof::Shapes), &["`org/Toy`", "크기"]),
            (other(BaseProof::Depth), &["`org/Toy`", "레이어"]),
            (other(BaseProof::Multimodal), &["`org/Toy`", "멀티모달"]),
            (other(BaseProof::Part), &["`org/Toy`", "부분"]),
            (other_name, &["`org/Toy`", "`Bear`"]),
            (MismatchAdvice::OtherLayout, &["세요"]),
            (MismatchAdvice::UnknownTie, &["tie_word_embeddings"]),
            (MismatchAdvice::SayOrientation { is_stated_in_out: true }, &["Linear", "fan_in_fan_out", "false"]),
            (MismatchAdvice::SayOrientation { is_stated_in_out: false }, &["Conv1D", "fan_in_fan_out", "true"]),
            (MismatchAdvice::AskTheLayer, &["merge_and_unload"]),
            (MismatchAdvice::KeepOneFile, &["파일"]),
            (MismatchAdvice::OneAtATime, &["세요"]),
            (MismatchAdvice::OtherKind { trained_on: name() }, &["`org/Toy`"]),
            (MismatchAdvice::SomeUnplaced { trained_on: None }, &["세요"]),
            (MismatchAdvice::SomeUnplaced { trained_on: name() }, &["`org/Toy`"]),
        ];
        for (value, parts) in advices {
            assert_said(&value, parts);
        }
    }

    #[test]
    fn advice_names_what_proves_it() {
        let trained_on = || Some("org/Toy".to_owned());
        let other = MismatchAdvice::OtherBase { proof: BaseProof::Depth, trained_on: trained_on() };
        assert_eq!(
            other.to_string(),
            "give the deeper model that the adapter was trained on (its config names `org/Toy`)"
        );
        let foreign = MismatchAdvice::Foreign { origin: ForeignAdapter::Torchtune };
        assert!(
            foreign.to_string().starts_with("it is a LoRA under torchtune's own names; give the folder that torchtune")
        );
    }
}
