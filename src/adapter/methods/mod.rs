//! The methods that are merged, one file or folder each. A method declares its names here, in its [`MethodSpec`], and
//! what it does to the base behind the [`Method`] trait; a new one adds its file and a line to [`METHODS`].

mod activation;
mod adalora;
mod beft;
mod boft;
mod c3a;
mod deft;
mod delora;
mod drawn;
mod factors;
mod fourierft;
mod gathered;
mod glora;
mod gralora;
mod hira;
mod hra;
mod ia3;
mod indices;
mod ln_tuning;
mod loha;
mod lokr;
mod lora;
mod miss;
mod oft;
mod peanut;
mod product;
mod randlora;
mod road;
mod rotation;
mod shira;
mod supertuning;
mod tinylora;
mod trainable_tokens;
mod tucker;
mod unilora;
mod vblora;
mod vector;
mod vera;
mod waveft;
mod wavelet;

use std::path::Path;

pub(super) use self::trainable_tokens::TRAINABLE_TOKENS;
pub use self::{
    adalora::AdaLora, ia3::Ia3, ln_tuning::LnTuning, loha::LoHa, lokr::LoKr, lora::Lora, oft::Oft,
    trainable_tokens::TrainableTokens,
};
use super::{AdapterError, Method, Part, PeftConfig};

/// What a method is called in configs and files.
#[derive(Debug)]
pub struct MethodSpec {
    /// `peft_type`, in capitals.
    pub peft_type: &'static str,
    /// How segments of its keys begin, where no other thing in a model does: `lora_`.
    pub key_prefix: Option<&'static str>,
    /// The factors that it keeps for each module.
    pub factors: &'static [Part],
    /// The factors that one file keeps once for all modules (`base_model.vera_A`); a file that repeats one for each
    /// module has it among the module's own.
    pub shared_factors: &'static [Part],
    /// Keys of its config, all PEFT releases up to 0.21, that a merge reads or may ignore knowingly; those that every
    /// method has stand in [`COMMON_KEYS`].
    pub config_keys: &'static [&'static str],
    /// The method as a config describes it; `path` is the config, for messages.
    pub build: Build,
}

/// Makes a method of a config; the path is for messages.
type Build = fn(PeftConfig, &Path) -> Result<Box<dyn Method>, AdapterError>;

/// All methods that are merged.
pub(super) const METHODS: [&MethodSpec; 31] = [
    &lora::SPEC,
    &adalora::SPEC,
    &loha::SPEC,
    &lokr::SPEC,
    &ia3::SPEC,
    &oft::SPEC,
    &vera::SPEC,
    &vera::P_SPEC,
    &vblora::SPEC,
    &gralora::SPEC,
    &delora::SPEC,
    &hira::SPEC,
    &hra::SPEC,
    &road::SPEC,
    &miss::SPEC,
    &miss::BONE_SPEC,
    &c3a::SPEC,
    &shira::SPEC,
    &beft::SPEC,
    &ln_tuning::SPEC,
    &trainable_tokens::SPEC,
    &boft::SPEC,
    &deft::SPEC,
    &fourierft::SPEC,
    &glora::SPEC,
    &peanut::SPEC,
    &randlora::SPEC,
    &supertuning::SPEC,
    &tinylora::SPEC,
    &unilora::SPEC,
    &waveft::SPEC,
];

/// Keys that the configs of all methods share.
pub(super) const COMMON_KEYS: [&str; 17] = [
    "auto_mapping",
    "base_model_class",
    "base_model_name_or_path",
    "bias",
    "ensure_weight_tying",
    "exclude_modules",
    "fan_in_fan_out",
    "inference_mode",
    "init_weights",
    "layers_pattern",
    "layers_to_transform",
    "modules_to_save",
    "peft_type",
    "peft_version",
    "revision",
    "target_modules",
    "task_type",
];

/// The method of this `peft_type`.
pub(super) fn spec_of(peft_type: &str) -> Option<&'static MethodSpec> {
    METHODS.into_iter().find(|spec| spec.peft_type == peft_type)
}

/// Every factor of every method, shared ones too.
pub(super) fn all_parts() -> impl Iterator<Item = Part> {
    METHODS.into_iter().flat_map(|spec| spec.factors.iter().chain(spec.shared_factors).copied())
}

/// Whether any method's config has this key.
pub(super) fn knows_key(key: &str) -> bool {
    COMMON_KEYS.contains(&key) || METHODS.into_iter().any(|spec| spec.config_keys.contains(&key))
}

/// Whether a segment of a key begins as the factors of some method do.
pub(super) fn is_factor_like(segment: &str) -> bool {
    METHODS.into_iter().filter_map(|spec| spec.key_prefix).any(|prefix| segment.starts_with(prefix))
}

/// Whether some method keeps this factor once for all modules.
pub(super) fn is_shared(part: Part) -> bool {
    METHODS.into_iter().any(|spec| spec.shared_factors.contains(&part.declared()))
}
