//! LoRA and its layer kinds: Linear, GPT-2's `Conv1D`, embeddings, convolutions and experts (Hu et al. 2021; spec
//! section 2), with trained biases. DoRA wraps the same updates.

mod dora;
mod experts;
mod olora;
mod update;

use std::{path::Path, sync::Arc};

use serde_json::Value;

use self::{
    dora::Dora,
    olora::Olora,
    update::{Kind, LoraUpdate},
};
use super::{
    AdapterError, Method, Part, Parts, PeftConfig, Target, TargetUpdate,
    factors::{misshapen, required},
    vector::VectorDelta,
};

/// LoRA, rsLoRA and DoRA included, with per-module ranks and alphas.
#[derive(Debug)]
pub struct Lora {
    config: PeftConfig,
}

impl Lora {
    /// LoRA as `config` describes it.
    #[must_use]
    pub fn new(config: PeftConfig) -> Self {
        Self { config }
    }

    /// Whether training began from a base that the init had changed.
    fn is_olora(&self) -> bool {
        let init = self.config.get("init_lora_weights").and_then(Value::as_str);
        init.is_some_and(|init| init.eq_ignore_ascii_case("olora"))
    }

    /// The update of a layer's weight from the factors in `parts`.
    fn weight(&self, module: &str, parts: &mut Parts, path: &Path) -> Result<LoraUpdate, AdapterError> {
        let is_embedding = [Part::LoraEmbeddingA, Part::LoraEmbeddingB].iter().any(|part| parts.contains_key(part));
        let (a_part, b_part) =
            if is_embedding { (Part::LoraEmbeddingA, Part::LoraEmbeddingB) } else { (Part::LoraA, Part::LoraB) };
        let a = required(parts, a_part, module, path)?;
        let b = required(parts, b_part, module, path)?;
        let kind = if is_embedding { Kind::of_embedding(&a, &b) } else { Kind::of_layer(&a, &b) };
        let kind = kind.ok_or_else(|| misshapen(module, &[&a, &b], path))?;
        let scaling = self.config.scaling_of(module, path)?;
        scaling.check_rank(module, a.shape()[0], path)?;
        Ok(LoraUpdate { kind, scaling, factors: [a, b] })
    }
}

impl Method for Lora {
    fn name(&self) -> &'static str {
        match (self.config.flag("use_dora"), self.is_olora(), self.config.uses_rslora()) {
            (true, _, _) => "DoRA",
            (false, true, _) => "OLoRA",
            (false, false, true) => "rsLoRA",
            (false, false, false) => "LoRA",
        }
    }

    fn owns(&self, part: Part) -> bool {
        matches!(
            part,
            Part::LoraA
                | Part::LoraB
                | Part::LoraBBias
                | Part::LoraEmbeddingA
                | Part::LoraEmbeddingB
                | Part::LoraMagnitude
        )
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        if let Some(target) = experts::parameter_of(&self.config, module, path)? {
            let update = experts::update(&self.config, &target, &mut parts, path)?;
            return Ok(vec![Target::parameter(&target.module, &target.parameter, Arc::new(update))]);
        }
        let bias = parts.remove(&Part::LoraBBias);
        let magnitude = parts.remove(&Part::LoraMagnitude);
        let update = self.weight(module, &mut parts, path)?;
        let scaling = update.scaling;
        let update: Arc<dyn TargetUpdate> = match magnitude {
            Some(magnitude) => {
                let [a, b] = update.factors.clone();
                let dora = Dora::new(update, magnitude.clone());
                Arc::new(dora.ok_or_else(|| misshapen(module, &[&a, &b, &magnitude], path))?)
            }
            None if self.is_olora() && Olora::is_initialized(&update) => Arc::new(Olora::new(update)),
            None => Arc::new(update),
        };
        let mut targets = vec![Target::weight(module, update)];
        if let Some(bias) = bias {
            targets.push(Target::parameter(module, "bias", Arc::new(VectorDelta::new(bias, scaling)?)));
        }
        Ok(targets)
    }
}
