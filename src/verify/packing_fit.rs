//! What is packed by bitsandbytes is what a loader packs, and the config lets it be loaded so.
//!
//! transformers replaces layers by its own rule and `llm_int8_skip_modules` before it looks at the files: a packed
//! weight of a layer that stays plain does not load, and neither does a model whose config does not say that it is packed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Detail, Reference, packed::PackedWeight};
use crate::{
    architecture::Architecture,
    checkpoint::{Checkpoint, Quantization, QuantizationMethod, QuantizationNote},
};

/// Signs by which a key of a list of exceptions is an expression and not a path.
const EXPRESSION_SIGNS: &str = "*+?()[]{}|^$\\";

/// Problems of a folder that bitsandbytes packed in 4 bits, and what is odd about it, what the base has wrong in the same
/// way among it.
pub(super) fn judge(merged: &Checkpoint, reference: Option<&Reference>) -> (Vec<Detail>, Vec<Detail>) {
    let Some(quantization) = merged.quantization() else { return (Vec::new(), Vec::new()) };
    let mut warnings: Vec<Detail> =
        quantization.notes.iter().cloned().map(|note: QuantizationNote| Detail::PackingNote { note }).collect();
    warnings.extend(mixed_formats(merged));
    let own = reference.map(|reference| problems(&reference.base)).unwrap_or_default();
    let (old, new): (Vec<Detail>, Vec<Detail>) =
        problems(merged).into_iter().partition(|problem| own.contains(problem));
    warnings.extend(old);
    (new, warnings)
}

/// What a loader trips over in a folder that bitsandbytes packed in 4 bits.
fn problems(model: &Checkpoint) -> Vec<Detail> {
    let is_of_four_bits =
        |quantization: &&Quantization| matches!(quantization.method, QuantizationMethod::Nf4 | QuantizationMethod::Fp4);
    let Some(quantization) = model.quantization().filter(is_of_four_bits) else { return Vec::new() };
    let mut problems = misplaced(model, quantization);
    problems.extend(config_fault(quantization));
    problems
}

/// Weights that are packed in different ways; the config says one for all.
fn mixed_formats(merged: &Checkpoint) -> Option<Detail> {
    let packed = merged.tensors().values().filter_map(|tensor| PackedWeight::of(tensor, merged));
    let formats: BTreeSet<(usize, bool)> =
        packed.map(|weight| (weight.format().block, weight.format().is_double)).collect();
    (formats.len() > 1).then_some(Detail::MixedPacking { format_count: formats.len() })
}

/// Which layers a loader replaces by bitsandbytes' own before it looks at the files.
pub(super) struct LoaderRule<'a> {
    architecture: Architecture<'a>,
    /// `llm_int8_skip_modules`; a list replaces transformers' own exceptions, which are the output head and what is tied.
    skipped: Option<&'a [Value]>,
    input_embedding: Option<String>,
    output_head: Option<String>,
}

impl<'a> LoaderRule<'a> {
    /// The rule for `model`; `None` for one that is not quantised.
    pub fn of(model: &'a Checkpoint) -> Option<Self> {
        let skipped = model.quantization()?.config.as_ref().and_then(|config| config.get("llm_int8_skip_modules"));
        let architecture = Architecture::of(model);
        let (input_embedding, output_head) = (architecture.input_embedding(), architecture.output_head());
        Some(Self {
            skipped: skipped.and_then(Value::as_array).map(Vec::as_slice),
            architecture,
            input_embedding,
            output_head,
        })
    }

    /// Whether a loader's layer holds `tensor` as codes, where that is known.
    pub fn packs(&self, tensor: &str) -> Option<bool> {
        let module = tensor.strip_suffix(".weight")?;
        if self.input_embedding.as_deref() == Some(module) {
            return Some(false);
        }
        match self.architecture.is_packed_layer(tensor)? {
            true => self.is_skipped(module).map(|is_skipped| !is_skipped),
            false if self.output_head.as_deref() == Some(module) => {
                Some(self.skipped.is_some() && !self.is_skipped(module)?)
            }
            // A list of exceptions replaces transformers' own, of which the table tells the head alone; layers of a class
            // made from Linear are packed by transformers 4 alone.
            false if self.skipped.is_none() && !self.architecture.is_made_from_linear(tensor) => Some(false),
            false => None,
        }
    }

    /// Whether the list of exceptions names `module`; `None` where an expression may.
    fn is_skipped(&self, module: &str) -> Option<bool> {
        let keys = || self.skipped.into_iter().flatten().filter_map(Value::as_str);
        if keys().any(|key| is_named(key, module)) {
            return Some(true);
        }
        (!keys().any(|key| key.contains(|sign| EXPRESSION_SIGNS.contains(sign)))).then_some(false)
    }
}

/// Whether `key` names `module` as transformers reads it: a module above it, or the end of its path.
fn is_named(key: &str, module: &str) -> bool {
    let is_above = module.strip_prefix(key).is_some_and(|rest| rest.starts_with('.') || key.ends_with('.'));
    is_above || module.ends_with(key)
}

/// Tensors that are packed where a loader's layer is plain, and the other way round.
fn misplaced(model: &Checkpoint, quantization: &Quantization) -> Vec<Detail> {
    let Some(rule) = LoaderRule::of(model) else { return Vec::new() };
    let (mut packed, mut plain) = (Vec::new(), Vec::new());
    for tensor in model.tensors().values() {
        let is_packed = quantization.parts.contains_key(tensor.stored_name());
        match rule.packs(tensor.name()) {
            Some(false) if is_packed => packed.push(tensor.name().to_owned()),
            Some(true) if !is_packed => plain.push(tensor.name().to_owned()),
            _ => {}
        }
    }
    let packed = (!packed.is_empty()).then_some(Detail::PackedPlain { names: packed });
    packed.into_iter().chain((!plain.is_empty()).then_some(Detail::PlainPacked { names: plain })).collect()
}

/// A config by which a loader does not build bitsandbytes' 4-bit layers.
fn config_fault(quantization: &Quantization) -> Option<Detail> {
    let Some(config) = &quantization.config else { return Some(Detail::NoPackingConfig) };
    let is_set = |key: &str| config.get(key).and_then(Value::as_bool) == Some(true);
    let is_four_bits = is_set("load_in_4bit") || is_set("_load_in_4bit");
    let is_eight_bits = is_set("load_in_8bit") || is_set("_load_in_8bit");
    (!is_four_bits || is_eight_bits).then_some(Detail::OtherPackingConfig)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_whole_modules_and_the_ends_of_paths() {
        for (key, module, is_meant) in [
            ("model.layers.1", "model.layers.1.mlp.up_proj", true),
            ("model.layers.1", "model.layers.11.mlp.up_proj", false),
            ("model.layers.1.", "model.layers.1.mlp.up_proj", true),
            ("mlp.gate", "mlp.gate_proj", false),
            ("q_proj", "model.layers.1.self_attn.q_proj", true),
            ("self_attn", "model.layers.1.self_attn.q_proj", false),
            ("lm_head", "lm_head", true),
        ] {
            assert_eq!(is_named(key, module), is_meant, "{key}: {module}");
        }
    }
}
