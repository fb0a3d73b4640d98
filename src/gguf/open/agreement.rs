//! Whether the config that was made of a file says all that the file says: exported again, it must give the same keys.

use super::metadata::{Metadata, shown, whole};
use crate::{
    checkpoint::{
        CheckpointError,
        gguf::{GgufModelError, GgufValue},
    },
    gguf::Family,
};

/// Refuses a key of the architecture that `exported` has not, or has otherwise.
pub(super) fn refuse_unexplained(
    metadata: &Metadata<'_>,
    family: Family,
    exported: &[(String, GgufValue)],
) -> Result<(), CheckpointError> {
    let prefix = metadata.full("");
    for (key, value) in &metadata.file.gguf_header().metadata {
        let Some(name) = key.strip_prefix(&prefix) else { continue };
        let (key, value_text) = (key.clone(), || shown(value));
        match exported.iter().find(|(known, _)| *known == key) {
            Some((_, own)) if is_same(own, value) => {}
            Some(_) => return Err(metadata.file.fault(GgufModelError::BadKey { key, value: value_text() })),
            None if is_implied(metadata, family, name, value) => {}
            None => return Err(metadata.file.fault(GgufModelError::UnknownKey { key, value: value_text() })),
        }
    }
    Ok(())
}

fn is_same(one: &GgufValue, other: &GgufValue) -> bool {
    match (one, other) {
        // What was written as a decimal and read again may be off by the last bit.
        (GgufValue::F32(one), GgufValue::F32(other)) => (one - other).abs() <= one.abs() * 1e-6,
        (GgufValue::String(one), GgufValue::String(other)) => one == other,
        (GgufValue::Bool(one), GgufValue::Bool(other)) => one == other,
        (one, other) => whole(one).is_some_and(|one| whole(other) == Some(one)),
    }
}

/// Whether a key that no export writes says what follows from others, or what llama.cpp does not read.
fn is_implied(metadata: &Metadata<'_>, family: Family, key: &str, value: &GgufValue) -> bool {
    let count = |other: &str| metadata.get(other).and_then(whole);
    let width = || match (count("attention.key_length"), count("embedding_length"), count("attention.head_count")) {
        (Some(width), ..) => Some(width),
        (None, Some(hidden), Some(heads)) => hidden.checked_div(heads),
        _ => None,
    };
    match key {
        // Read into the config and checked there; the last one changes nothing.
        "attention.key_length" | "attention.value_length" | "rope.freq_base" | "rope.scaling.finetuned" => true,
        "rope.dimension_count" => whole(value) == width(),
        "attention.head_count_kv" => whole(value) == count("attention.head_count"),
        "vocab_size" => {
            let rows = metadata.tensor("token_embd.weight").and_then(|tensor| tensor.dims.get(1).copied());
            whole(value) == rows
        }
        "rope.scaling.type" => *value == GgufValue::String("none".to_owned()),
        "tensor_data_layout" => family == Family::Llama,
        // llama.cpp's Llama has no windows.
        "attention.sliding_window" => matches!(family, Family::Llama | Family::Mixtral),
        "attention.causal" => *value == GgufValue::Bool(true),
        _ => false,
    }
}
