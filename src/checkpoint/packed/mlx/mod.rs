//! What mlx-lm packs: words of codes with scales, and biases where the mode is affine, or an 8-bit scale for each group
//! of small floats. Embeddings and heads are packed too.

#[cfg(test)]
mod faults;
mod layout;
mod module;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use self::{
    layout::{Layout, Mode, Said},
    module::Module,
    rows::{Codec, Rows},
};
use super::{PackedError, QuantizationMethod, QuantizationNote, store::Store};
use crate::{
    checkpoint::ModelConfig,
    numeric::{
        Dtype, FloatDtype,
        codec::{Affine, Scale8, ScaledFloat},
    },
};

/// What tables are called, behind the name of their module or of their weight.
pub(super) const TABLES: [&str; 3] = [".scales", ".biases", ".global_scale"];

/// Models whose tensors mlx-lm (0.32) writes under the names and with the values that transformers has. What it does to
/// others (experts stacked, one added to norms, convolutions turned, towers left out) is not undone.
const SAME_IN_TRANSFORMERS: [&str; 12] = [
    "gemma",
    "gemma2",
    "gemma3_text",
    "granite",
    "llama",
    "mistral",
    "olmo2",
    "phi3",
    "qwen2",
    "qwen3",
    "smollm3",
    "starcoder2",
];

/// Takes every module that the config says mlx-lm packed; none of a model that mlx-lm writes otherwise than
/// transformers, so that it is refused as one that is not read.
///
/// # Errors
/// Packed weights of which the config says nothing; tables that are missing, left over, or contradict the codes, the
/// config or the sizes of the model.
pub(super) fn unpack(store: &mut Store<'_>, config: &ModelConfig) -> Result<(), PackedError> {
    let modules = store.names_before(".scales");
    let Some(said) = Said::of(config)? else { return refuse_unexplained(store, &modules) };
    if !SAME_IN_TRANSFORMERS.contains(&config.model_type()) {
        return Ok(());
    }
    let find = |module: &String| Module::find(store, config, &said, module);
    let mut modules = modules.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    if let Some(unusual) = lone(&mut modules) {
        return Err(unusual);
    }
    note_other_layouts(store, &said, &modules);
    for module in &modules {
        take(store, module)?;
    }
    refuse_rest(store, &said)
}

/// Notes modules that the config does not name and that are packed otherwise than it says of all.
fn note_other_layouts(store: &mut Store<'_>, said: &Said, modules: &[Module]) {
    let others = || modules.iter().filter(|module| !module.is_named && module.layout != said.usual);
    let tensor_count = others().count();
    if tensor_count > 0 {
        let found: BTreeSet<String> = others().map(|module| module.layout.to_string()).collect();
        let found = found.into_iter().collect::<Vec<_>>().join(", ");
        store.note(QuantizationNote::LayoutDiffers { tensor_count, said: said.usual.to_string(), found });
    }
}

/// What is unusual about the one module that is so, while all others that the config does not name are as it says: half
/// of the scales of a module look like groups of twice the size.
fn lone(modules: &mut [Module]) -> Option<PackedError> {
    let mut unnamed: Vec<&mut Module> = modules.iter_mut().filter(|module| !module.is_named).collect();
    let usual = unnamed.iter().filter(|module| module.unusual.is_none()).count();
    if usual == 0 || usual + 1 != unnamed.len() {
        return None;
    }
    unnamed.iter_mut().find_map(|module| module.unusual.take())
}

fn take(store: &mut Store<'_>, module: &Module) -> Result<(), PackedError> {
    let Layout { mode, bits, group } = module.layout;
    let [weight, scales, biases, global_scale] =
        ["weight", "scales", "biases", "global_scale"].map(|part| format!("{}.{part}", module.name));
    if store.get(&global_scale).is_some() {
        return Err(PackedError::LoneTable { table: global_scale });
    }
    let codes = store.take_codes(&weight, module.shape.iter().map(|length| *length as u64).product())?;
    let scales = store.take_table(&weight, &scales)?.typed(mode.scale_dtypes())?;
    let dtype = match mode {
        Mode::Affine => FloatDtype::of(scales.dtype),
        _ => store.config_dtype(),
    };
    let dtype = dtype.unwrap_or(FloatDtype::BF16);
    let float = |codec, scale| Codec::Float { codec: Box::new(codec), scale };
    let (method, codec) = match mode {
        Mode::Affine => {
            let biases = store.take_table(&weight, &biases)?.typed(&[scales.dtype])?.shaped(&scales.shape)?;
            (QuantizationMethod::MlxAffine, Codec::Affine { codec: Affine { bits, group, dtype }, biases })
        }
        Mode::Mxfp4 => (QuantizationMethod::MlxMxfp4, float(ScaledFloat::four_bit(group, dtype), Scale8::E8M0)),
        Mode::Mxfp8 => (QuantizationMethod::MlxMxfp8, float(ScaledFloat::eight_bit(group, dtype), Scale8::E8M0)),
        Mode::Nvfp4 => (QuantizationMethod::MlxNvfp4, float(ScaledFloat::four_bit(group, dtype), Scale8::E4M3)),
    };
    let columns = module.shape.last().copied().unwrap_or_default();
    let rows = Rows { columns, codes, scales, codec };
    store.make(method, (&weight, &weight), module.shape.clone(), dtype, rows);
    Ok(())
}

/// Nothing may be left of packed weights, nor of what the config says of them.
fn refuse_rest(store: &Store<'_>, said: &Said) -> Result<(), PackedError> {
    if let Some(module) = store.names_before(".biases").pop() {
        let [weight, scales, biases] = ["weight", "scales", "biases"].map(|part| format!("{module}.{part}"));
        return Err(if store.get(&scales).is_some() || store.get(&weight).is_none() {
            PackedError::LoneTable { table: biases }
        } else {
            PackedError::MissingTable { tensor: weight, table: scales }
        });
    }
    if let Some(module) = store.names_before(".global_scale").pop() {
        return Err(PackedError::LoneTable { table: format!("{module}.global_scale") });
    }
    for name in store.names_before("") {
        if store.get(&name).is_some_and(|tensor| tensor.dtype() == Dtype::U32) {
            let table = format!("{}.scales", name.strip_suffix(".weight").unwrap_or(&name));
            return Err(PackedError::MissingTable { tensor: name, table });
        }
    }
    for (module, layout) in &said.named {
        let weight = format!("{module}.weight");
        if let (Some(layout), true) = (layout, store.get(&weight).is_some_and(|tensor| tensor.dtype() != Dtype::U32)) {
            return Err(module::contradicts(module, &layout.to_string()));
        }
    }
    Ok(())
}

/// Words of codes beside scales are packed, whatever the config does not say.
fn refuse_unexplained(store: &Store<'_>, modules: &[String]) -> Result<(), PackedError> {
    for module in modules {
        let weight = format!("{module}.weight");
        if store.get(&weight).is_some_and(|tensor| tensor.dtype() == Dtype::U32) {
            let table = "quantization (config.json)".to_owned();
            return Err(PackedError::MissingTable { tensor: weight, table });
        }
    }
    Ok(())
}
