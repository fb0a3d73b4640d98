//! Which method a config names, or why this version does not merge it: by name, with the reason and the way out.

use std::path::Path;

use serde_json::Value;

use super::{
    AdapterError, Feature, Lora, Method, PeftConfig, RefusalReason, WayOut, methods,
    refusals::{self, Refusal},
};

/// The method behind a config, or the refusal that names it.
pub(super) fn method_for(config: &PeftConfig, path: &Path) -> Result<Box<dyn Method>, AdapterError> {
    match config.peft_type().as_deref() {
        // What some trainers write of a run without an adapter.
        Some("NONE" | "NULL" | "") => Err(AdapterError::NoMethod { peft_type: None, path: path.to_owned() }),
        Some(name) => match methods::spec_of(name) {
            Some(spec) => (spec.build)(config.clone(), path),
            None => Err(unknown_method(name, path)),
        },
        // torchtune and a few scripts write the numbers of LoRA and nothing else.
        None if config.get("r").is_some() && config.get("lora_alpha").is_some() => lora(config.clone(), path),
        None if config.get("lora_parameters").is_some() || config.get("fine_tune_type").is_some() => {
            Err(AdapterError::Unsupported {
                feature: Feature::Mlx,
                reason: RefusalReason::OwnKeysAndScale,
                way_out: WayOut::FuseOrConvert,
                path: path.to_owned(),
            })
        }
        None => Err(AdapterError::NoMethod { peft_type: None, path: path.to_owned() }),
    }
}

/// LoRA, unless an option or an init makes another merge of it.
pub(super) fn lora(config: PeftConfig, path: &Path) -> Result<Box<dyn Method>, AdapterError> {
    if let Some(refusal) = refusals::OPTIONS.iter().find(|refusal| config.meaningful(refusal.key).is_some()) {
        let feature = Feature::Option { name: refusal.feature, key: refusal.key };
        return Err(refused(refusal, feature, path));
    }
    let init = config.get("init_lora_weights").and_then(Value::as_str).unwrap_or_default();
    let lower = init.to_ascii_lowercase();
    if let Some(refusal) = refusals::INITS.iter().find(|refusal| lower.starts_with(refusal.key)) {
        let feature = Feature::Init { name: refusal.feature, init: init.to_owned() };
        return Err(refused(refusal, feature, path));
    }
    if lower == "olora" && config.flag("use_dora") {
        return Err(AdapterError::Unsupported {
            feature: Feature::DoraOnOlora,
            reason: RefusalReason::ForeignMagnitudes,
            way_out: WayOut::MergeWithPeft,
            path: path.to_owned(),
        });
    }
    Ok(Box::new(Lora::new(config)))
}

fn unknown_method(name: &str, path: &Path) -> AdapterError {
    match refusals::METHODS.iter().find(|refusal| refusal.key == name) {
        Some(refusal) => {
            let feature = Feature::Method { name: refusal.feature, peft_type: refusal.key };
            refused(refusal, feature, path)
        }
        None => AdapterError::Unsupported {
            feature: Feature::UnknownMethod { name: name.to_owned() },
            reason: RefusalReason::NotInPeft,
            way_out: WayOut::MergeWithOwnLibrary,
            path: path.to_owned(),
        },
    }
}

fn refused(refusal: &Refusal, feature: Feature, path: &Path) -> AdapterError {
    let Refusal { reason, way_out, .. } = *refusal;
    AdapterError::Unsupported { feature, reason, way_out, path: path.to_owned() }
}
