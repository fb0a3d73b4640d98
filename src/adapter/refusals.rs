//! What is not merged: methods, options and inits by name, each with its reason and the way out.

/// A method or an option that is not merged.
pub(super) struct Refusal {
    /// The `peft_type`, or the config key that turns it on.
    pub key: &'static str,
    /// Its name.
    pub feature: &'static str,
    /// Why it is not merged.
    pub reason: &'static str,
    /// What to do instead.
    pub way_out: &'static str,
}

const MERGE_WITH_PEFT: &str =
    "merge it with PEFT's `merge_and_unload`, or turn it into a LoRA with PEFT's `convert_to_lora`";
const NEEDS_RESIDUAL: &str =
    "save it again in PEFT with `path_initial_model_for_weight_conversion`, which makes it a plain LoRA";
const INPUT_DEPENDENT: &str = "keep it as an adapter at run time; it has no merged form";

const fn refusal(key: &'static str, feature: &'static str, reason: &'static str, way_out: &'static str) -> Refusal {
    Refusal { key, feature, reason, way_out }
}

/// Why a soft prompt has no merged form.
const PROMPTS: &str = "it adds learned vectors to the input or to the attention's cache, and no weight can hold them";

/// Why methods with drawn positions or projections are left to PEFT.
const DRAWN: &str = "its file may leave out what PyTorch's random generator drew for it";

/// Methods by `peft_type`.
pub(super) const METHODS: [Refusal; 38] = [
    refusal("PROMPT_TUNING", "prompt tuning", PROMPTS, INPUT_DEPENDENT),
    refusal("MULTITASK_PROMPT_TUNING", "multitask prompt tuning", PROMPTS, INPUT_DEPENDENT),
    refusal("P_TUNING", "p-tuning", PROMPTS, INPUT_DEPENDENT),
    refusal("PREFIX_TUNING", "prefix tuning", PROMPTS, INPUT_DEPENDENT),
    refusal("CPT", "context-aware prompt tuning", PROMPTS, INPUT_DEPENDENT),
    refusal("CARTRIDGE", "Cartridge", PROMPTS, INPUT_DEPENDENT),
    refusal("ADAPTION_PROMPT", "LLaMA-Adapter", PROMPTS, INPUT_DEPENDENT),
    refusal("XLORA", "X-LoRA", "it weighs several LoRAs anew for every token", INPUT_DEPENDENT),
    refusal("POLY", "Poly", "it routes every task through another mixture of LoRAs", INPUT_DEPENDENT),
    refusal("LILY", "Lily", "it routes every input through another mixture of its factors", INPUT_DEPENDENT),
    refusal("SHADOW", "Shadow", "it runs a second network beside the base", INPUT_DEPENDENT),
    refusal("BOFT", "BOFT", "it multiplies weights by a butterfly of rotations", MERGE_WITH_PEFT),
    refusal("HRA", "HRA", "it multiplies weights by Householder reflections", MERGE_WITH_PEFT),
    refusal("VERA", "VeRA", DRAWN, MERGE_WITH_PEFT),
    refusal("PVERA", "PVeRA", DRAWN, MERGE_WITH_PEFT),
    refusal("FOURIERFT", "FourierFT", DRAWN, MERGE_WITH_PEFT),
    refusal("WAVEFT", "WaveFT", DRAWN, MERGE_WITH_PEFT),
    refusal("RANDLORA", "RandLoRA", DRAWN, MERGE_WITH_PEFT),
    refusal("UNILORA", "Uni-LoRA", DRAWN, MERGE_WITH_PEFT),
    refusal("TINYLORA", "TinyLoRA", DRAWN, MERGE_WITH_PEFT),
    refusal("SHIRA", "SHiRA", "it changes single elements, listed by index", MERGE_WITH_PEFT),
    refusal("MISS", "MiSS", "it shares one block over all output features", MERGE_WITH_PEFT),
    refusal(
        "BONE",
        "Bone",
        "it shares one block over all output features, and newer PEFT has renamed it",
        MERGE_WITH_PEFT,
    ),
    refusal("VBLORA", "VB-LoRA", "it composes its factors of a bank of vectors", MERGE_WITH_PEFT),
    refusal("HIRA", "HiRA", "it multiplies weights element by element by a low-rank matrix", MERGE_WITH_PEFT),
    refusal("GRALORA", "GraLoRA", "its factors form a grid of blocks", MERGE_WITH_PEFT),
    refusal("DELORA", "DeLoRA", "it normalises every rank of its update", MERGE_WITH_PEFT),
    refusal("C3A", "C³A", "its update is a grid of circular convolutions", MERGE_WITH_PEFT),
    refusal(
        "ROAD",
        "RoAd",
        "it rotates pairs of output features, and PEFT merges it in the base's dtype",
        MERGE_WITH_PEFT,
    ),
    refusal("OSF", "OSF", "it holds singular vectors of a decomposed base", MERGE_WITH_PEFT),
    refusal("PSOFT", "PSOFT", "it needs a singular value decomposition of the base", MERGE_WITH_PEFT),
    refusal("ADAMSS", "AdaMSS", "it needs a singular value decomposition of the base", MERGE_WITH_PEFT),
    refusal("FROD", "FRoD", "it needs a joint decomposition of the base's layers", MERGE_WITH_PEFT),
    refusal("BEFT", "BEFT", "it adds to biases under names of its own", MERGE_WITH_PEFT),
    refusal("GLORA", "GLoRA", "it scales and shifts weights and biases by several small matrices", MERGE_WITH_PEFT),
    refusal("SUPERTUNING", "Super tuning", "its formula has not been checked against PEFT here", MERGE_WITH_PEFT),
    refusal("DEFT", "DEFT", "its formula has not been checked against PEFT here", MERGE_WITH_PEFT),
    refusal("PEANUT", "PEANuT", "its formula has not been checked against PEFT here", MERGE_WITH_PEFT),
];

/// LoRA options by config key, refused when they are set.
pub(super) const OPTIONS: [Refusal; 7] = [
    refusal("use_bdlora", "BD-LoRA", "its factors are block-diagonal", MERGE_WITH_PEFT),
    refusal("kasa_config", "KaSA", "it changes the base's singular values", MERGE_WITH_PEFT),
    refusal(
        "layer_replication",
        "layer replication",
        "it makes a deeper model out of repeated layers",
        "build the deeper base first and merge into that",
    ),
    refusal(
        "enable_lora",
        "the grouped LoRA of PEFT 0.1 to 0.3",
        "its factors cover only some thirds of a fused projection",
        MERGE_WITH_PEFT,
    ),
    refusal("alora_invocation_tokens", "activated LoRA (aLoRA)", "its effect depends on the prompt", INPUT_DEPENDENT),
    refusal("arrow_config", "Arrow routing", "its effect depends on the input", INPUT_DEPENDENT),
    refusal(
        "use_qalora",
        "QA-LoRA",
        "its input is pooled by groups before lora_A, and PEFT has no merge for it",
        INPUT_DEPENDENT,
    ),
];

/// Inits after which the base is no longer the original one (spec section 1.6), by the beginning of
/// `init_lora_weights`. OLoRA's is recomputed.
pub(super) const INITS: [Refusal; 4] = [
    refusal("pissa", "PiSSA", "training began from a base without its largest singular components", NEEDS_RESIDUAL),
    refusal(
        "corda",
        "CorDA",
        "training began from a base changed by what its calibration texts showed",
        NEEDS_RESIDUAL,
    ),
    refusal("loftq", "LoftQ", "training began from a quantised approximation of the base", NEEDS_RESIDUAL),
    refusal("lora_ga", "LoRA-GA", "training began from a base changed by its first gradients", NEEDS_RESIDUAL),
];
