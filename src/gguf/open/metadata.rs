//! The metadata of a file as its opening asks it: keys of the architecture, numbers of any type, what must be there.

use std::sync::Arc;

use serde_json::Value;

use crate::checkpoint::{
    CheckpointError,
    gguf::{GgufFile, GgufModelError, GgufTensor, GgufValue},
};

/// Counts that no model comes near: more are refused before anything is computed with them.
const MOST: u32 = 1 << 24;

/// The keys and tensors of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metadata<'a> {
    pub(super) file: &'a Arc<GgufFile>,
    /// `general.architecture`.
    pub(super) architecture: &'a str,
}

impl<'a> Metadata<'a> {
    /// The metadata of `file`.
    pub(super) fn of(file: &'a Arc<GgufFile>) -> Result<Self, CheckpointError> {
        match file.gguf_header().get("general.architecture") {
            Some(GgufValue::String(architecture)) => Ok(Self { file, architecture }),
            _ => Err(file.fault(GgufModelError::NoKey { key: "general.architecture".to_owned() })),
        }
    }

    /// A key with its prefix.
    pub(super) fn full(&self, key: &str) -> String {
        format!("{}.{key}", self.architecture)
    }

    /// The value of a key of the architecture.
    pub(super) fn get(&self, key: &str) -> Option<&'a GgufValue> {
        self.file.gguf_header().get(&self.full(key))
    }

    fn absent(&self, key: &str) -> CheckpointError {
        self.file.fault(GgufModelError::NoKey { key: self.full(key) })
    }

    /// What is wrong with the value of `key`.
    pub(super) fn bad(&self, key: &str) -> CheckpointError {
        let value = self.get(key).map(shown).unwrap_or_default();
        self.file.fault(GgufModelError::BadKey { key: self.full(key), value })
    }

    /// A count, where it is there.
    pub(super) fn count(&self, key: &str) -> Result<Option<u32>, CheckpointError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let count = whole(value).and_then(|count| u32::try_from(count).ok()).filter(|count| *count <= MOST);
        count.map(Some).ok_or_else(|| self.bad(key))
    }

    /// A count that must be there, and not be zero.
    pub(super) fn needed(&self, key: &str) -> Result<u32, CheckpointError> {
        match self.count(key)? {
            Some(0) => Err(self.bad(key)),
            Some(count) => Ok(count),
            None => Err(self.absent(key)),
        }
    }

    /// A number, where it is there.
    pub(super) fn number(&self, key: &str) -> Result<Option<f32>, CheckpointError> {
        match self.get(key) {
            None => Ok(None),
            Some(GgufValue::F32(number)) if number.is_finite() => Ok(Some(*number)),
            Some(_) => Err(self.bad(key)),
        }
    }

    /// A number that must be there.
    pub(super) fn needed_number(&self, key: &str) -> Result<f32, CheckpointError> {
        self.number(key)?.ok_or_else(|| self.absent(key))
    }

    /// A truth value, where it is there.
    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, CheckpointError> {
        match self.get(key) {
            None => Ok(None),
            Some(GgufValue::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.bad(key)),
        }
    }

    /// A text, where it is there.
    pub(super) fn text(&self, key: &str) -> Result<Option<&'a str>, CheckpointError> {
        match self.get(key) {
            None => Ok(None),
            Some(GgufValue::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.bad(key)),
        }
    }

    /// The tensor of this name.
    pub(super) fn tensor(&self, name: &str) -> Option<&'a GgufTensor> {
        self.file.gguf_header().tensors.iter().find(|tensor| tensor.name == name)
    }

    /// Whether the first layer has the tensor.
    pub(super) fn has_in_layer(&self, name: &str) -> bool {
        self.tensor(&format!("blk.0.{name}")).is_some()
    }

    /// The id of a token with a role.
    pub(super) fn token_id(&self, role: &str) -> Option<u64> {
        whole(self.file.gguf_header().get(&format!("tokenizer.ggml.{role}_token_id"))?)
    }
}

/// A whole number of any type.
pub(super) fn whole(value: &GgufValue) -> Option<u64> {
    match value {
        GgufValue::U8(value) => Some(u64::from(*value)),
        GgufValue::U16(value) => Some(u64::from(*value)),
        GgufValue::U32(value) => Some(u64::from(*value)),
        GgufValue::U64(value) => Some(*value),
        GgufValue::I8(value) => u64::try_from(*value).ok(),
        GgufValue::I16(value) => u64::try_from(*value).ok(),
        GgufValue::I32(value) => u64::try_from(*value).ok(),
        GgufValue::I64(value) => u64::try_from(*value).ok(),
        _ => None,
    }
}

/// A value as a message tells it.
pub(super) fn shown(value: &GgufValue) -> String {
    match value {
        GgufValue::String(text) => crate::error::shortened(text).clone(),
        GgufValue::Array(array) => format!("[{}]", array.len()),
        GgufValue::F32(number) => number.to_string(),
        GgufValue::F64(number) => number.to_string(),
        GgufValue::Bool(flag) => flag.to_string(),
        value => whole(value).map_or_else(|| format!("{value:?}"), |number| number.to_string()),
    }
}

/// The decimal that a person would have written for `number`.
pub(super) fn decimal(number: f32) -> Value {
    number.to_string().parse::<f64>().map_or(Value::Null, Value::from)
}
