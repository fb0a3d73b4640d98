//! What is packed by bitsandbytes is what a loader packs, and the config lets it be loaded so.
//!
//! transformers replaces layers by its own rule and `llm_int8_skip_modules` before it looks at the files: a packed
//! weight of a layer that stays plain does not load, and neither does a model whose config does not say that it is packed.

use serde_json::Value;

use super::{Detail, packed::PackedWeight};
use crate::{
    architecture::Architecture,
    checkpoint::{Checkpoint, LogicalTensor, Quantization, QuantizationMethod, QuantizationNote},
};

/// Problems of a folder that bitsandbytes packed in 4 bits, and what is odd about it.
pub(super) fn judge(merged: &Checkpoint) -> (Vec<Detail>, Vec<Detail>) {
    let Some(quantization) = merged.quantization() else { return (Vec::new(), Vec::new()) };
    let mut warnings: Vec<Detail> =
        quantization.notes.iter().cloned().map(|note: QuantizationNote| Detail::PackingNote { note }).collect();
    if !matches!(quantization.method, QuantizationMethod::Nf4 | QuantizationMethod::Fp4) {
        return (Vec::new(), warnings);
    }
    let mut formats: Vec<_> = merged
        .tensors()
        .values()
        .filter_map(|tensor| PackedWeight::of(tensor, merged))
        .map(|weight| (weight.format().block, weight.format().is_double))
        .collect();
    formats.sort_unstable();
    formats.dedup();
    if formats.len() > 1 {
        warnings.push(Detail::MixedPacking { format_count: formats.len() });
    }
    let mut problems = misplaced(merged, quantization);
    problems.extend(config_fault(quantization));
    (problems, warnings)
}

/// Whether bitsandbytes' layers of a loader hold this tensor as codes, where that is known.
pub(super) fn is_packed_by_loader(merged: &Checkpoint, tensor: &LogicalTensor) -> Option<bool> {
    let architecture = Architecture::of(merged);
    let skipped = merged.quantization()?.config.as_ref().and_then(|config| config.get("llm_int8_skip_modules"));
    let skipped = skipped.and_then(Value::as_array);
    let module = tensor.name().strip_suffix(".weight")?;
    let is_skipped = skipped.is_some_and(|skipped| {
        skipped.iter().filter_map(Value::as_str).any(|key| module.starts_with(key) || module.ends_with(key))
    });
    if architecture.output_head().as_deref() == Some(tensor.name()) {
        // A list of exceptions replaces transformers' own, which is the output head.
        return Some(skipped.is_some() && !is_skipped);
    }
    if architecture.input_embedding().as_deref() == Some(tensor.name()) {
        return Some(false);
    }
    // Layers of a class derived from Linear are packed by transformers 4 alone: only what is Linear is decided.
    (architecture.is_packed_layer(tensor.name()) == Some(true)).then_some(!is_skipped)
}

/// Tensors that are packed where a loader's layer is plain, and the other way round.
fn misplaced(merged: &Checkpoint, quantization: &Quantization) -> Vec<Detail> {
    let (mut packed, mut plain) = (Vec::new(), Vec::new());
    for tensor in merged.tensors().values() {
        let is_packed = quantization.parts.contains_key(tensor.stored_name());
        match is_packed_by_loader(merged, tensor) {
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
