//! Adapter tensors that do not fit, and what that suggests.

use serde::Serialize;

use super::{SetAsideRule, fused};
use crate::{
    adapter::{Effect, ExpectedShape, Stray, Target, is_recomputed, is_value_head, is_value_head_file},
    checkpoint::Checkpoint,
    message::{self, said_in_english},
    numeric::Dtype,
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

/// Why the base has no place for a tensor; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

/// Why an update cannot be applied to the tensor of its name; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
        #[serde(serialize_with = "message::shown")]
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

/// Why tensors of an adapter do not fit; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum MisfitReason {
    /// The base has no place for them.
    Orphaned(OrphanReason),
    /// Their place does not fit them.
    Clashing(ClashReason),
}

/// Tensors of an adapter that do not fit; a message: "<names>: <reason> (nearest: <modules>)".
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Misplaced {
    /// A module, or tensors.
    pub names: Vec<String>,
    /// Why.
    pub reason: MisfitReason,
    /// Base modules with similar names.
    pub nearest: Vec<String>,
}

said_in_english!(OrphanReason, ClashReason, MisfitReason, Misplaced);

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::assert_said;

    #[test]
    fn every_reason_is_said_with_its_names_and_numbers() {
        let text = str::to_owned;
        let part = |base_is_multimodal| OrphanReason::OtherPart { segment: "visual".to_owned(), base_is_multimodal };
        let orphans: Vec<(OrphanReason, &[&str])> = vec![
            (OrphanReason::NoSuchModule, &[]),
            (OrphanReason::TiedHead, &[]),
            (part(false), &["`visual`", "멀티모달"]),
            (part(true), &["`visual`"]),
            (OrphanReason::FusedInBase { fused: text("attn.qkv") }, &["attn.qkv"]),
            (OrphanReason::SplitInBase { parts: vec![text("q_proj"), text("k_proj")] }, &["q_proj, k_proj"]),
            (OrphanReason::ExpertsInOneTensor { tensor: text("experts.up") }, &["experts.up"]),
            (OrphanReason::TooFewLayers { layer_count: 24 }, &["24개"]),
            (OrphanReason::NoSuchParameter { parameter: text("bias") }, &["bias"]),
            (OrphanReason::MultiheadAttention, &["MultiheadAttention", "LoRA"]),
            (OrphanReason::UnknownFactor, &[]),
        ];
        for (reason, parts) in orphans {
            assert_said(&reason, parts);
        }
        let expected = ExpectedShape::Exact(vec![8, 16]);
        let clashes: Vec<(ClashReason, &[&str])> = vec![
            (ClashReason::Shape { expected, base_shape: vec![4, 2] }, &["8 × 16", "4 × 2"]),
            (ClashReason::Vocabulary { rows: 32_001, base_rows: 32_000 }, &["32001", "32000"]),
            (ClashReason::GroupedConvolution { group_count: 4 }, &["4개"]),
            (ClashReason::SharedWithHead, &[]),
            (ClashReason::Inseparable { others: vec![text("lm_head.weight")] }, &["lm_head.weight"]),
            (ClashReason::Orientation { is_stated_in_out: true, is_named: true }, &["fan_in_fan_out", "true"]),
            (ClashReason::Orientation { is_stated_in_out: false, is_named: false }, &["fan_in_fan_out", "false"]),
            (ClashReason::NotFloat { dtype: Dtype::U8 }, &["U8"]),
            (ClashReason::TwoFiles { files: [text("x.bin"), text("y.bin")] }, &["x.bin, y.bin"]),
            (ClashReason::Nesting { parameters: vec![text("up"), text("down")] }, &["up, down"]),
            (ClashReason::OpenTask { task: None, classes: vec![text("AModel"), text("BModel")] }, &["AModel, BModel"]),
            (
                ClashReason::OpenTask { task: Some(text("SEQ_CLS")), classes: vec![text("AModel")] },
                &["SEQ_CLS", "AModel"],
            ),
            (ClashReason::Taken { other_module: text("a.q_proj") }, &["a.q_proj"]),
        ];
        for (reason, parts) in clashes {
            assert_said(&reason, parts);
        }
        let shapes: Vec<(ExpectedShape, &[&str])> = vec![
            (ExpectedShape::OutputFeatures(64), &["64개"]),
            (ExpectedShape::InputFeatures(64), &["64개"]),
            (ExpectedShape::MatrixInputs(4_096), &["4,096개"]),
            (ExpectedShape::MatrixInputsMultiple(32), &["32의"]),
            (ExpectedShape::MatrixOutputsMultiple(6), &["6의"]),
            (ExpectedShape::MatrixSides(8_192), &["8,192개"]),
            (ExpectedShape::RowsFrom { rows: 7, columns: 64 }, &["7행", "64"]),
        ];
        for (shape, parts) in shapes {
            assert_said(&shape, parts);
        }
    }
}
