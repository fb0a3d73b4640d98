//! Typed reading of a config.

use std::path::PathBuf;

use serde_json::Value;

use crate::{
    checkpoint::Checkpoint,
    evaluate::{
        EvalError, Expected,
        decoder::{Activation, TensorNames},
    },
};

/// Products of two such sizes never overflow.
const MAX_COUNT: usize = (1 << 31) - 1;

/// Far above any decoder, and far below what a damaged config could make us allocate.
const MAX_LAYER_COUNT: usize = 10_000;

/// The keys of a `config.json`.
pub(super) struct Fields<'a> {
    checkpoint: &'a Checkpoint,
}

impl<'a> Fields<'a> {
    pub fn new(checkpoint: &'a Checkpoint) -> Self {
        Self { checkpoint }
    }

    pub fn path(&self) -> PathBuf {
        self.checkpoint.root().join("config.json")
    }

    /// The value of `key`; `None` when it is absent or null.
    pub fn get(&self, key: &str) -> Option<&'a Value> {
        self.checkpoint.config().get(key)
    }

    pub fn has_tensor(&self, name: &str) -> bool {
        self.checkpoint.tensor(name).is_some()
    }

    /// Names below one of `roots`: those of embedding, layers and output head.
    pub fn names(&self, roots: &[&'static str], names: [&'static str; 3]) -> TensorNames {
        TensorNames::new(roots, names, |name| self.has_tensor(name))
    }

    /// A size: whole and above zero.
    pub fn count(&self, key: &'static str) -> Result<usize, EvalError> {
        self.optional_count(key)?.ok_or_else(|| EvalError::MissingKey { key, path: self.path() })
    }

    pub fn optional_count(&self, key: &'static str) -> Result<Option<usize>, EvalError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let count = value
            .as_u64()
            .and_then(|count| usize::try_from(count).ok())
            .filter(|count| (1..=MAX_COUNT).contains(count));
        count.map(Some).ok_or_else(|| self.bad_value(key, value, Expected::PositiveCount))
    }

    /// A number of layers.
    pub fn layer_count(&self, key: &'static str) -> Result<usize, EvalError> {
        let count = self.count(key)?;
        if count > MAX_LAYER_COUNT {
            return Err(self.bad_value(key, &Value::from(count), Expected::LayerCount));
        }
        Ok(count)
    }

    /// A flag, `default` when it is absent.
    pub fn flag(&self, key: &'static str, default: bool) -> Result<bool, EvalError> {
        let Some(value) = self.get(key) else { return Ok(default) };
        value.as_bool().ok_or_else(|| self.bad_value(key, value, Expected::Flag))
    }

    /// Refuses a flag with another value than the only one that is covered, which is also its default.
    pub fn only(&self, key: &'static str, covered: bool) -> Result<(), EvalError> {
        if self.flag(key, covered)? == covered {
            return Ok(());
        }
        let covered_names: &'static [&'static str] = if covered { &["true"] } else { &["false"] };
        Err(self.unsupported(key, &Value::from(!covered), covered_names))
    }

    /// A finite number above zero.
    pub fn positive(&self, key: &'static str, value: &Value) -> Result<f64, EvalError> {
        let number = value.as_f64().filter(|number| number.is_finite() && *number > 0.0);
        number.ok_or_else(|| self.bad_value(key, value, Expected::PositiveNumber))
    }

    /// A finite number above zero of the config itself.
    pub fn optional_positive(&self, key: &'static str) -> Result<Option<f64>, EvalError> {
        self.get(key).map(|value| self.positive(key, value)).transpose()
    }

    pub fn positive_or(&self, key: &'static str, default: f64) -> Result<f64, EvalError> {
        Ok(self.optional_positive(key)?.unwrap_or(default))
    }

    /// The function between the halves of an MLP; `default` where the config names none.
    pub fn activation(&self, key: &'static str, default: Activation) -> Result<Activation, EvalError> {
        let Some(value) = self.get(key) else { return Ok(default) };
        let name = value.as_str().ok_or_else(|| self.bad_value(key, value, Expected::Activation))?;
        Activation::from_name(name).ok_or_else(|| self.unsupported(key, value, &Activation::NAMES))
    }

    /// Whether the embedding is the output head: as the config says, `default` where it is silent, and never where the
    /// head has a tensor of its own.
    pub fn ties_embeddings(&self, names: &TensorNames, default: bool) -> Result<bool, EvalError> {
        Ok(self.flag("tie_word_embeddings", default)? && !self.has_tensor(&format!("{}.weight", names.head)))
    }

    pub fn bad_value(&self, key: &'static str, value: &Value, expected: Expected) -> EvalError {
        EvalError::BadValue { key, value: Some(value.to_string()), expected, path: self.path() }
    }

    pub fn unsupported(&self, key: &'static str, value: &Value, covered: &'static [&'static str]) -> EvalError {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        EvalError::UnsupportedValue { key, value, covered, path: self.path() }
    }
}
