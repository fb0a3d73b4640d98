//! What is not merged: methods, options and inits by name, each with its reason and the way out.

use super::{RefusalReason, WayOut};

/// A method or an option that is not merged.
pub(super) struct Refusal {
    /// The `peft_type`, or the config key that turns it on.
    pub key: &'static str,
    /// Its name.
    pub feature: &'static str,
    /// Why it is not merged.
    pub reason: RefusalReason,
    /// What to do instead.
    pub way_out: WayOut,
}

const MERGE_WITH_PEFT: WayOut = WayOut::MergeOrConvert;
const NEEDS_RESIDUAL: WayOut = WayOut::SaveAsPlainLora;
const INPUT_DEPENDENT: WayOut = WayOut::KeepAsAdapter;

const fn refusal(key: &'static str, feature: &'static str, reason: RefusalReason, way_out: WayOut) -> Refusal {
    Refusal { key, feature, reason, way_out }
}

/// Why a soft prompt has no merged form.
const PROMPTS: RefusalReason = RefusalReason::Prompts;

/// Methods by `peft_type`.
pub(super) const METHODS: [Refusal; 15] = [
    refusal("PROMPT_TUNING", "prompt tuning", PROMPTS, INPUT_DEPENDENT),
    refusal("MULTITASK_PROMPT_TUNING", "multitask prompt tuning", PROMPTS, INPUT_DEPENDENT),
    refusal("P_TUNING", "p-tuning", PROMPTS, INPUT_DEPENDENT),
    refusal("PREFIX_TUNING", "prefix tuning", PROMPTS, INPUT_DEPENDENT),
    refusal("CPT", "context-aware prompt tuning", PROMPTS, INPUT_DEPENDENT),
    refusal("CARTRIDGE", "Cartridge", PROMPTS, INPUT_DEPENDENT),
    refusal("ADAPTION_PROMPT", "LLaMA-Adapter", PROMPTS, INPUT_DEPENDENT),
    refusal("XLORA", "X-LoRA", RefusalReason::WeighedPerToken, INPUT_DEPENDENT),
    refusal("POLY", "Poly", RefusalReason::RoutedTasks, INPUT_DEPENDENT),
    refusal("LILY", "Lily", RefusalReason::RoutedInputs, INPUT_DEPENDENT),
    refusal("SHADOW", "Shadow", RefusalReason::SecondNetwork, INPUT_DEPENDENT),
    refusal("OSF", "OSF", RefusalReason::NeedsDecomposition, WayOut::MergeWithPeft),
    refusal("PSOFT", "PSOFT", RefusalReason::UnsavedSigns, MERGE_WITH_PEFT),
    refusal("ADAMSS", "AdaMSS", RefusalReason::UnsavedClusters, WayOut::MergeWithPeft),
    refusal("FROD", "FRoD", RefusalReason::NeedsJointDecomposition, WayOut::MergeWithPeft),
];

/// LoRA options by config key, refused when they are set.
pub(super) const OPTIONS: [Refusal; 4] = [
    refusal("kasa_config", "KaSA", RefusalReason::SingularValues, WayOut::MergeWithPeft),
    refusal("layer_replication", "layer replication", RefusalReason::RepeatedLayers, WayOut::BuildDeeperBase),
    refusal("alora_invocation_tokens", "activated LoRA (aLoRA)", RefusalReason::PromptDependent, INPUT_DEPENDENT),
    refusal("arrow_config", "Arrow routing", RefusalReason::InputDependent, INPUT_DEPENDENT),
];

/// Inits after which the base is no longer the original one (spec section 1.6), by the beginning of
/// `init_lora_weights`. OLoRA's is recomputed.
pub(super) const INITS: [Refusal; 4] = [
    refusal("pissa", "PiSSA", RefusalReason::WithoutLargestComponents, NEEDS_RESIDUAL),
    refusal("corda", "CorDA", RefusalReason::CalibratedBase, NEEDS_RESIDUAL),
    refusal("loftq", "LoftQ", RefusalReason::ApproximatedBase, NEEDS_RESIDUAL),
    refusal("lora_ga", "LoRA-GA", RefusalReason::GradientBase, NEEDS_RESIDUAL),
];

/// Every refusal of the tables, as an error names it.
#[cfg(test)]
pub(crate) fn all() -> Vec<(super::Feature, RefusalReason, WayOut)> {
    use super::Feature;
    let of = |refusal: &Refusal, feature| (feature, refusal.reason, refusal.way_out);
    let methods = METHODS.iter().map(|it| of(it, Feature::Method { name: it.feature, peft_type: it.key }));
    let options = OPTIONS.iter().map(|it| of(it, Feature::Option { name: it.feature, key: it.key }));
    let inits = INITS.iter().map(|it| of(it, Feature::Init { name: it.feature, init: it.key.to_owned() }));
    methods.chain(options).chain(inits).collect()
}
