//! Adapter tensors that do not fit, and what that suggests.

use std::fmt;

use super::{SetAsideRule, fused};
use crate::{
    adapter::{Effect, ExpectedShape, Stray, Target, is_recomputed, is_value_head, is_value_head_file},
    checkpoint::Checkpoint,
    numeric::Dtype,
    units,
};

/// Adapter tensors of one module for which the base has no place.
#[derive(Clone, Debug, PartialEq)]
pub struct Orphan {
    /// Index into the list of adapters.
    pub adapter: usize,
    /// The tensors, as the file names them.
    pub tensors: Vec<String>,
    /// The module (or parameter) that they are for.
    pub module: String,
    /// Base modules with similar names.
    pub nearest: Vec<String>,
    /// Why there is no place.
    pub reason: OrphanReason,
}

/// Why the base has no place for a tensor.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub enum OrphanReason {
    /// No module of that name.
    NoSuchModule,
    /// The output head shares the embedding's tensor, so it has none of its own.
    TiedHead,
    /// The module exists under this name as the text part of a larger model, or the reverse.
    OtherPart {
        /// First segment that one side has and the other lacks.
        segment: String,
        /// Whether the base is a multimodal model itself, so that only this part of it is missing.
        base_is_multimodal: bool,
    },
    /// The base has one matrix in place of this and others (`qkv_proj` for `q_proj`).
    FusedInBase {
        /// The base's module.
        fused: String,
    },
    /// The base has several matrices in place of this one.
    SplitInBase {
        /// The base's modules.
        parts: Vec<String>,
    },
    /// The base keeps its experts as one tensor of three dimensions.
    ExpertsInOneTensor {
        /// That tensor.
        tensor: String,
    },
    /// The layer exists in name only: the base has fewer layers.
    TooFewLayers {
        /// Layers that the base has.
        layer_count: u64,
    },
    /// The layer has no parameter of that name, such as a bias.
    NoSuchParameter {
        /// The parameter.
        parameter: String,
    },
    /// A layer of PyTorch's `nn.MultiheadAttention`.
    MultiheadAttention,
    /// A tensor that the adapter's method does not have.
    UnknownFactor,
}

impl fmt::Display for OrphanReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchModule => formatter.write_str("the base has no such module"),
            Self::TiedHead => {
                formatter.write_str("the base's output head shares the embedding's tensor, and which of its embeddings that is cannot be told")
            }
            Self::OtherPart { segment, base_is_multimodal: false } => {
                write!(formatter, "these keys go through `{segment}`: the adapter is for the multimodal model, the base is the text-only one")
            }
            Self::OtherPart { segment, base_is_multimodal: true } => {
                write!(formatter, "these keys go through `{segment}`, a part that this base does not have")
            }
            Self::FusedInBase { fused } => {
                write!(formatter, "the base has this matrix as a part of {fused}: it was converted, or the adapter was made with another implementation of the model")
            }
            Self::SplitInBase { parts } => {
                write!(formatter, "the base has {} in place of this matrix: it was converted, or the adapter was made with another implementation of the model", parts.join(", "))
            }
            Self::ExpertsInOneTensor { tensor } => {
                write!(formatter, "the base keeps all experts in one tensor, {tensor}")
            }
            Self::TooFewLayers { layer_count } => {
                write!(formatter, "the base has only {layer_count} layers: it is a smaller model than the one trained on")
            }
            Self::NoSuchParameter { parameter } => {
                write!(formatter, "the base has the module, but no {parameter} in it")
            }
            Self::MultiheadAttention => formatter.write_str(
                "this is PyTorch's MultiheadAttention, whose two projections PEFT adapts together and with plain LoRA only",
            ),
            Self::UnknownFactor => formatter.write_str("a tensor that is unknown to the adapter's method"),
        }
    }
}

/// Adapter tensors of one module whose place does not fit them.
#[derive(Clone, Debug, PartialEq)]
pub struct Clash {
    /// Index into the list of adapters.
    pub adapter: usize,
    /// The tensors, as the file names them.
    pub tensors: Vec<String>,
    /// The adapter's module.
    pub module: String,
    /// The base tensor of that name.
    pub base_tensor: String,
    /// Why they do not fit.
    pub reason: ClashReason,
}

/// Why an update cannot be applied to the tensor of its name.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub enum ClashReason {
    /// The shapes differ, in every orientation that the layer may have.
    Shape {
        /// What the update is for.
        expected: ExpectedShape,
        /// Shape of the base tensor.
        base_shape: Vec<usize>,
    },
    /// A convolution in groups, whose update in training went across them.
    GroupedConvolution {
        /// Its groups.
        group_count: usize,
    },
    /// Training resized the vocabulary, and the file holds no copy of the weight that it made.
    Vocabulary {
        /// Rows in training.
        rows: usize,
        /// Rows of the base.
        base_rows: usize,
    },
    /// An output head shares the tensor, and the name of one of its own cannot be told.
    SharedWithHead,
    /// Training took apart what the class can only have as one weight.
    Inseparable {
        /// The other names of the weight.
        others: Vec<String>,
    },
    /// The weight is square, its class unknown, and the adapter's config contradicts what else speaks of it.
    Orientation {
        /// Whether the config says (in, out).
        is_stated_in_out: bool,
        /// Whether it is the module's name that contradicts, and not the shapes of other layers.
        is_named: bool,
    },
    /// The base tensor holds no floats that can be merged into.
    NotFloat {
        /// What it holds.
        dtype: Dtype,
    },
    /// Two files of the adapter hold the tensor, with other values.
    TwoFiles {
        /// The files.
        files: [String; 2],
    },
    /// PEFT nests several parameters of one module in the order in which the module registers them, which is not known,
    /// and the factors fit in more than one.
    Nesting {
        /// The parameters.
        parameters: Vec<String>,
    },
    /// A head that several classes have, or none for the adapter's task.
    OpenTask {
        /// The adapter's task, where no class for it has this head.
        task: Option<String>,
        /// The classes that have it.
        classes: Vec<String>,
    },
    /// Another module of the same adapter lands on the same tensor.
    Taken {
        /// That module.
        other_module: String,
    },
}

impl fmt::Display for ClashReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape { expected, base_shape } => {
                write!(formatter, "the adapter is for {expected}, the base has {}", units::shape(base_shape))
            }
            Self::GroupedConvolution { group_count } => write!(
                formatter,
                "the base's convolution has {group_count} groups, the adapter's goes across them, and the weight has no place for that",
            ),
            Self::Vocabulary { rows, base_rows } => write!(
                formatter,
                "training resized the vocabulary to {rows} rows, the base has {base_rows}, and the adapter holds no copy of the resized weight",
            ),
            Self::SharedWithHead => formatter.write_str(
                "the base's output head shares this embedding's tensor, training took them apart, and the name of a tensor for the head cannot be told in this layout",
            ),
            Self::Inseparable { others } => write!(
                formatter,
                "training took this weight apart from {}, but the model's class has them as one: taken apart, it would compute another thing, or an earlier release of transformers would join them again",
                others.join(", "),
            ),
            Self::Orientation { is_stated_in_out, is_named } => write!(
                formatter,
                "the weight is square, transformers does not know its class, and whether it is stored (out, in) or (in, out) cannot be told: the adapter's fan_in_fan_out is {is_stated_in_out}, but {}",
                if *is_named { "the module's name says otherwise" } else { "other layers of the adapter lie the other way" },
            ),
            Self::NotFloat { dtype } => write!(formatter, "the base holds {dtype}, into which nothing can be merged"),
            Self::TwoFiles { files } => write!(
                formatter,
                "two files of the adapter hold it with other values ({} and {}), and which counts is not said",
                files[0], files[1]
            ),
            Self::Nesting { parameters } => write!(
                formatter,
                "which of the parameters {} each level of the adapter's nesting is for cannot be told: they fit in more than one order, and the order in which this module registers them is not known",
                parameters.join(", ")
            ),
            Self::OpenTask { task: None, classes } => {
                write!(formatter, "this head may be that of {}, and the adapter does not say which", classes.join(" or "))
            }
            Self::OpenTask { task: Some(task), classes } => {
                write!(formatter, "the adapter says {task}, but this head is that of {}", classes.join(" or "))
            }
            Self::Taken { other_module } => write!(formatter, "{other_module} lands on the same base tensor"),
        }
    }
}

/// Why tensors of an adapter do not fit.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub enum MisfitReason {
    /// The base has no place for them.
    Orphaned(OrphanReason),
    /// Their place does not fit them.
    Clashing(ClashReason),
}

impl fmt::Display for MisfitReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Orphaned(reason) => reason.fmt(formatter),
            Self::Clashing(reason) => reason.fmt(formatter),
        }
    }
}

/// Tensors of an adapter that do not fit; says itself in English: "<names>: <reason> (nearest: <modules>)".
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Misplaced {
    /// A module, or tensors.
    pub names: Vec<String>,
    /// Why.
    pub reason: MisfitReason,
    /// Base modules with similar names.
    pub nearest: Vec<String>,
}

impl fmt::Display for Misplaced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.names.join(", "), self.reason)?;
        if self.nearest.is_empty() { Ok(()) } else { write!(formatter, " (nearest: {})", self.nearest.join(", ")) }
    }
}

/// Segments that only a multimodal model has.
const PARTS: [&str; 6] =
    ["language_model", "vision_tower", "vision_model", "visual", "audio_tower", "multi_modal_projector"];

/// What a missing module suggests.
pub(super) fn orphan_reason(base: &Checkpoint, module: &str, target: &Target) -> OrphanReason {
    let has = |parameter: &str| base.tensor(&format!("{module}.{parameter}")).is_some();
    if has("in_proj_weight") {
        return OrphanReason::MultiheadAttention;
    }
    if target.parameter != "weight" && has("weight") && matches!(target.effect, Effect::Update(_)) {
        return OrphanReason::NoSuchParameter { parameter: target.parameter.clone() };
    }
    let last = module.rsplit('.').next().unwrap_or(module);
    if ["lm_head", "embed_out"].contains(&last) && base.config().has_tied_embeddings() {
        return OrphanReason::TiedHead;
    }
    let has_segment = |segment: &str| base.tensors().keys().any(|name| name.split('.').any(|part| part == segment));
    if let Some(segment) = module.split('.').find(|part| PARTS.contains(part) && !has_segment(part)) {
        let base_is_multimodal = PARTS.iter().any(|part| has_segment(part));
        return OrphanReason::OtherPart { segment: segment.to_owned(), base_is_multimodal };
    }
    if let Some(reason) = fused::reason(base, module) {
        return reason;
    }
    let layer_index = module.split('.').find_map(|segment| segment.parse::<u64>().ok());
    let layer_count = ["num_hidden_layers", "n_layer", "num_layers"].iter().find_map(|key| base.config().integer(key));
    match (layer_index, layer_count) {
        (Some(index), Some(layer_count)) if index >= layer_count => OrphanReason::TooFewLayers { layer_count },
        _ => OrphanReason::NoSuchModule,
    }
}

/// The rule that leaves out a whole tensor for which the base has no place, from the file `file`, if there is one.
pub(super) fn rule_without_place(target: &Target, file: &str) -> Option<SetAsideRule> {
    if is_value_head(&target.name()) || is_value_head_file(file) {
        Some(SetAsideRule::ValueHead)
    } else if is_recomputed(&target.name()) {
        Some(SetAsideRule::Recomputed)
    } else {
        None
    }
}

/// The rule that leaves a stray tensor out of the merge, if there is one.
pub(super) fn set_aside_rule(stray: &Stray) -> Option<SetAsideRule> {
    let has = |part: &str| stray.tensor.name().split('.').any(|segment| segment.starts_with(part));
    if stray.is_second_copy {
        Some(SetAsideRule::SecondCopy)
    } else if has("original_module") {
        Some(SetAsideRule::UntrainedCopy)
    } else if has("lora_velora_embed") || has("lora_monteclora_sampler") {
        Some(SetAsideRule::TrainingOnly)
    } else {
        None
    }
}
