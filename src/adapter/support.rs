//! Which method a config names, or why this version does not merge it: by name, with the reason and the way out.

use std::path::Path;

use serde_json::Value;

use super::{
    AdaLora, AdapterError, Feature, Ia3, LnTuning, LoHa, LoKr, Lora, Method, Oft, PeftConfig, RefusalReason,
    TrainableTokens, WayOut,
    refusals::{self, Refusal},
};

/// The method behind a config, or the refusal that names it.
pub(super) fn method_for(config: &PeftConfig, path: &Path) -> Result<Box<dyn Method>, AdapterError> {
    let own = config.clone();
    match config.peft_type().as_deref() {
        Some("LORA") => lora(config, path),
        Some("ADALORA") => Ok(Box::new(AdaLora::new(own))),
        Some("LOHA") => Ok(Box::new(LoHa::new(own))),
        Some("LOKR") => Ok(Box::new(LoKr::new(own))),
        Some("IA3") => Ok(Box::new(Ia3::new(own))),
        Some("OFT") => Ok(Box::new(Oft::new(own))),
        Some("LN_TUNING") => Ok(Box::new(LnTuning)),
        Some("TRAINABLE_TOKENS") => Ok(Box::new(TrainableTokens::new(own))),
        Some(name) => Err(unknown_method(name, path)),
        // torchtune and a few scripts write the numbers of LoRA and nothing else.
        None if config.get("r").is_some() && config.get("lora_alpha").is_some() => lora(config, path),
        None if config.get("lora_parameters").is_some() || config.get("fine_tune_type").is_some() => {
            Err(AdapterError::Unsupported {
                feature: Feature::Mlx,
                reason: RefusalReason::OwnKeysAndScale,
                way_out: WayOut::FuseOrConvert,
                path: path.to_owned(),
            })
        }
        None => Err(AdapterError::MissingKey { key: "peft_type", path: path.to_owned() }),
    }
}

/// LoRA, unless an option or an init makes another merge of it.
fn lora(config: &PeftConfig, path: &Path) -> Result<Box<dyn Method>, AdapterError> {
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
    Ok(Box::new(Lora::new(config.clone())))
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
