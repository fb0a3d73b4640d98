//! LoRA and its layer kinds: Linear, GPT-2's `Conv1D`, embeddings, convolutions and experts (Hu et al. 2021; spec
//! section 2), with trained biases. DoRA wraps the same updates.

mod dora;
mod experts;
mod form;
mod olora;
mod update;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use serde_json::Value;

pub(super) use self::update::LoraUpdate;
use self::{
    dora::Dora,
    form::Form,
    olora::Olora,
    update::{Kind, Times},
};
use super::{
    factors::{misshapen, required},
    vector::VectorDelta,
};
use crate::adapter::{
    AdapterError, Feature, Method, MethodSpec, Part, PartTensors, Parts, PeftConfig, RefusalReason, Target,
    TargetUpdate, WayOut, joined, support,
};

/// `lora_A.weight`, `(r, in)`, or `(r, in, k…)` of a convolution.
const A: Part = Part::weight("lora_A");
/// `lora_B.weight`, `(out, r)`, or `(out, r, 1…)` of a convolution.
const B: Part = Part::weight("lora_B");
/// `lora_B.bias`, `(out,)`.
const B_BIAS: Part = Part::bias("lora_B");
/// `lora_embedding_A`, `(r, num)`.
const EMBEDDING_A: Part = Part::parameter("lora_embedding_A");
/// `lora_embedding_B`, `(dim, r)`.
const EMBEDDING_B: Part = Part::parameter("lora_embedding_B");
/// `lora_magnitude_vector` of DoRA: `(out,)`, `(dim,)` of an embedding, `(1, out, 1…)` of a convolution. PEFT 0.9 to
/// 0.11 and raw dumps of trainers have it with `weight`.
const MAGNITUDE: Part = Part::parameter_or_weight("lora_magnitude_vector");

/// LoRA's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "LORA",
    key_prefix: Some("lora_"),
    factors: &[A, B, B_BIAS, EMBEDDING_A, EMBEDDING_B, MAGNITUDE],
    shared_factors: &[],
    config_keys: &[
        "alora_invocation_tokens",
        "alpha_pattern",
        "arrow_config",
        "corda_config",
        "enable_lora",
        "eva_config",
        "init_lora_weights",
        "kasa_config",
        "layer_replication",
        "loftq_config",
        "lora_alpha",
        "lora_bias",
        "lora_dropout",
        "lora_ga_config",
        "megatron_config",
        "megatron_core",
        "merge_weights",
        "monteclora_config",
        "qalora_group_size",
        "r",
        "rank_pattern",
        "runtime_config",
        "target_parameters",
        "unsloth_fixed",
        "use_bdlora",
        "use_dora",
        "use_qalora",
        "use_rslora",
        "velora_config",
    ],
    build: |config, path| support::lora(config, path),
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
        let is_embedding = [EMBEDDING_A, EMBEDDING_B].iter().any(|part| parts.contains(*part));
        let (a_part, b_part) = if is_embedding { (EMBEDDING_A, EMBEDDING_B) } else { (A, B) };
        let a = required(parts, a_part, module, path)?;
        let b = required(parts, b_part, module, path)?;
        let form = Form::of(&self.config, module, b.shape());
        let linear = if is_embedding { None } else { form.features(a.shape(), b.shape()) };
        let (kind, rank) = match linear {
            Some((rank, out, inner)) => (Some(Kind::Linear { out, inner }), rank),
            None if is_embedding => (Kind::of_embedding(&a, &b), a.shape()[0]),
            None => (Kind::of_convolution(&a, &b), a.shape()[0]),
        };
        let kind = kind.ok_or_else(|| match Kind::groups_of(&a, &b) {
            Some(group_count) => AdapterError::Unsupported {
                feature: Feature::GroupedConvolution { module: module.to_owned(), group_count },
                reason: RefusalReason::AcrossGroups,
                way_out: WayOut::KeepAsAdapter,
                path: path.to_owned(),
            },
            None => misshapen(module, &[&a, &b], path),
        })?;
        let scaling = self.config.scaling_of(module, path)?;
        scaling.check_rank(module, rank, path)?;
        Ok(LoraUpdate { kind, form, scaling, times: Times::Once, factors: [a, b] })
    }

    /// The two projections of PyTorch's `MultiheadAttention`, which PEFT adapts together: `module` is the attention
    /// itself (spec section 2.7). Ranks and alphas of both go by its name.
    fn attention(
        &self,
        module: &str,
        projection: Projection,
        mut parts: Parts,
        path: &Path,
    ) -> Result<Vec<Target>, AdapterError> {
        let bias = if projection == Projection::Output { parts.remove(B_BIAS) } else { None };
        let mut update = self.weight(module, &mut parts, path)?;
        if let Kind::Linear { out, inner } = update.kind {
            update.kind = Kind::Attention { out, inner };
        }
        let scaling = update.scaling;
        if projection == Projection::Inputs {
            return Ok(vec![Target::parameter(module, "in_proj_weight", Arc::new(update))]);
        }
        update.times = if self.config.is_after_peft([0, 21, 2]) { Times::OnceAgain } else { Times::Twice };
        let output = joined(module, "out_proj");
        let mut targets = vec![Target::weight(&output, Arc::new(update))];
        if let Some(bias) = bias {
            targets.push(Target::parameter(&output, "bias", Arc::new(VectorDelta::new(bias, Some(scaling))?)));
        }
        Ok(targets)
    }
}

/// Where PEFT keeps the output projection of an adapted `MultiheadAttention`, beneath its own wrapper.
const OUTPUT_PROJECTION: &str = "base_layer.out_proj";

/// A projection of PyTorch's `MultiheadAttention`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Projection {
    /// `in_proj_weight`: queries, keys and values in one parameter of the module.
    Inputs,
    /// `out_proj`.
    Output,
}

/// Whether the factors are those of a layer, and not token rows alone.
fn is_layer(factors: &PartTensors) -> bool {
    [A, B, EMBEDDING_A, EMBEDDING_B].iter().any(|part| factors.contains_key(part))
}

impl Method for Lora {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        match (self.config.flag("use_dora"), self.is_olora(), self.config.uses_rslora()) {
            (true, _, _) => "DoRA",
            (false, true, _) => "OLoRA",
            (false, false, true) => "rsLoRA",
            (false, false, false) => "LoRA",
        }
    }

    /// PEFT gives every layer of a DoRA run its magnitudes, and with `lora_bias` every layer but embeddings its bias.
    fn check(&self, modules: &BTreeMap<String, PartTensors>, path: &Path) -> Result<(), AdapterError> {
        let is_dora = self.config.flag("use_dora") || modules.values().any(|factors| factors.contains_key(&MAGNITUDE));
        for (module, factors) in modules.iter().filter(|(_, factors)| is_layer(factors)) {
            let is_biased = self.config.flag("lora_bias") && factors.contains_key(&B);
            let absent = match (is_dora, is_biased) {
                (true, _) if !factors.contains_key(&MAGNITUDE) => MAGNITUDE.name(),
                (_, true) if !factors.contains_key(&B_BIAS) => "lora_B.bias",
                _ => continue,
            };
            return Err(AdapterError::Unpaired { module: module.clone(), absent, path: path.to_owned() });
        }
        Ok(())
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        if let Some(target) = experts::target(&self.config, module, &mut parts, path)? {
            return Ok(vec![target]);
        }
        if let Some(attention) = module.strip_suffix(OUTPUT_PROJECTION).and_then(|front| front.strip_suffix('.')) {
            return self.attention(attention, Projection::Output, parts, path);
        }
        if parts.has_below(OUTPUT_PROJECTION) {
            return self.attention(module, Projection::Inputs, parts, path);
        }
        let bias = parts.remove(B_BIAS);
        let magnitude = parts.remove(MAGNITUDE);
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
            targets.push(Target::parameter(module, "bias", Arc::new(VectorDelta::new(bias, Some(scaling))?)));
        }
        Ok(targets)
    }
}
