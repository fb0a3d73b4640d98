//! Which adapters this version merges, and why it refuses the others: by name, with the reason and the way out.

use std::path::Path;

use serde_json::Value;

use super::{AdapterError, Lora, Method, PeftConfig, TrainableTokens};

const CONVERT_WITH_PEFT: &str = "merge it with PEFT's `merge_and_unload`, or convert it there to plain LoRA first";
const NEEDS_RESIDUAL: &str =
    "save it again in PEFT with `path_initial_model_for_weight_conversion`, which makes it a plain LoRA";
const INPUT_DEPENDENT: &str = "keep it as an adapter at run time; it has no merged form";

/// A LoRA option that changes what a merge must do.
struct Refusal {
    key: &'static str,
    feature: &'static str,
    reason: &'static str,
    way_out: &'static str,
}

/// LoRA options by config key, refused when they are set.
const REFUSED_OPTIONS: [Refusal; 8] = [
    Refusal {
        key: "target_parameters",
        feature: "LoRA on expert parameters",
        reason: "its factors are laid out by expert",
        way_out: CONVERT_WITH_PEFT,
    },
    Refusal {
        key: "use_bdlora",
        feature: "BD-LoRA",
        reason: "its factors are block-diagonal",
        way_out: CONVERT_WITH_PEFT,
    },
    Refusal {
        key: "kasa_config",
        feature: "KaSA",
        reason: "it changes the base's singular values",
        way_out: CONVERT_WITH_PEFT,
    },
    Refusal {
        key: "layer_replication",
        feature: "layer replication",
        reason: "it makes a deeper model out of repeated layers",
        way_out: "build the deeper base first and merge into that",
    },
    Refusal {
        key: "enable_lora",
        feature: "the grouped LoRA of PEFT 0.1 to 0.3",
        reason: "its factors cover only some thirds of a fused projection",
        way_out: CONVERT_WITH_PEFT,
    },
    Refusal {
        key: "alora_invocation_tokens",
        feature: "activated LoRA (aLoRA)",
        reason: "its effect depends on the prompt",
        way_out: INPUT_DEPENDENT,
    },
    Refusal {
        key: "arrow_config",
        feature: "Arrow routing",
        reason: "its effect depends on the input",
        way_out: INPUT_DEPENDENT,
    },
    Refusal {
        key: "use_qalora",
        feature: "QA-LoRA",
        reason: "its input is pooled by groups before lora_A",
        way_out: CONVERT_WITH_PEFT,
    },
];

/// Inits after which the base is no longer the original one (spec section 1.6).
const BASE_CHANGING_INITS: [(&str, &str); 5] =
    [("pissa", "PiSSA"), ("olora", "OLoRA"), ("corda", "CorDA"), ("loftq", "LoftQ"), ("lora_ga", "LoRA-GA")];

/// The method behind a config, or the refusal that names it.
pub(super) fn method_for(config: &PeftConfig, path: &Path) -> Result<Box<dyn Method>, AdapterError> {
    let unsupported = |feature: String, reason, way_out| {
        Err(AdapterError::Unsupported { feature, reason, way_out, path: path.to_owned() })
    };
    match config.peft_type().as_deref() {
        Some("LORA") => {}
        // torchtune and a few scripts write the numbers of LoRA and nothing else.
        None if config.get("r").is_some() && config.get("lora_alpha").is_some() => {}
        None if config.get("lora_parameters").is_some() || config.get("fine_tune_type").is_some() => {
            return unsupported(
                "an mlx-lm adapter".to_owned(),
                "it has its own key names and scale",
                "fuse it with mlx-lm's `fuse`, or convert it to PEFT's format",
            );
        }
        None => return Err(AdapterError::MissingKey { key: "peft_type", path: path.to_owned() }),
        Some("TRAINABLE_TOKENS") => return Ok(Box::new(TrainableTokens::new(config.clone()))),
        Some(method) => {
            return unsupported(
                format!("the method {method}"),
                "this version merges LoRA and rsLoRA",
                CONVERT_WITH_PEFT,
            );
        }
    }
    if let Some(refusal) = REFUSED_OPTIONS.iter().find(|refusal| config.meaningful(refusal.key).is_some()) {
        return unsupported(format!("{} ({})", refusal.feature, refusal.key), refusal.reason, refusal.way_out);
    }
    if let Some(init) = config.get("init_lora_weights").and_then(Value::as_str) {
        let lower = init.to_ascii_lowercase();
        if let Some((_, name)) = BASE_CHANGING_INITS.iter().find(|(prefix, _)| lower.starts_with(prefix)) {
            return unsupported(
                format!("{name} initialisation (init_lora_weights {init:?})"),
                "training began from a changed base, so the factors do not fit the original one",
                NEEDS_RESIDUAL,
            );
        }
    }
    Ok(Box::new(Lora::new(config.clone())))
}
