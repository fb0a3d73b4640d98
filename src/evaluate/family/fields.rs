//! Typed reading of a config, and what all families of the Llama kind share.

use std::path::PathBuf;

use serde_json::Value;

use super::rope;
use crate::{
    checkpoint::Checkpoint,
    evaluate::{
        EvalError,
        decoder::{Activation, AttentionConfig, DecoderConfig, MlpConfig},
    },
};

const COUNT: &str = "a positive whole number below 2^31";

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
        count.map(Some).ok_or_else(|| self.bad_value(key, value, COUNT))
    }

    pub fn flag(&self, key: &'static str) -> Result<bool, EvalError> {
        let Some(value) = self.get(key) else { return Ok(false) };
        value.as_bool().ok_or_else(|| self.bad_value(key, value, "true or false"))
    }

    /// A finite number above zero, in `object` (the config or a part of it).
    pub fn positive(&self, key: &'static str, value: Option<&Value>) -> Result<f64, EvalError> {
        let value = value.ok_or_else(|| EvalError::MissingKey { key, path: self.path() })?;
        let number = value.as_f64().filter(|number| number.is_finite() && *number > 0.0);
        number.ok_or_else(|| self.bad_value(key, value, "a positive number"))
    }

    pub fn bad_value(&self, key: &'static str, value: &Value, expected: &'static str) -> EvalError {
        EvalError::BadValue { key, value: value.to_string(), expected, path: self.path() }
    }

    /// A decoder with the keys that all families of the Llama kind share: no biases, no head norms, full attention.
    pub fn llama_like(&self) -> Result<DecoderConfig, EvalError> {
        let hidden_size = self.count("hidden_size")?;
        let layer_count = self.count("num_hidden_layers")?;
        if layer_count > MAX_LAYER_COUNT {
            return Err(self.bad_value("num_hidden_layers", &Value::from(layer_count), "a number of layers"));
        }
        let attention = self.attention(hidden_size)?;
        let context_length = self.count("max_position_embeddings")?;
        let norm_eps = match self.get("rms_norm_eps") {
            Some(value) => self.positive("rms_norm_eps", Some(value))?,
            None => 1e-6,
        };
        Ok(DecoderConfig {
            hidden_size,
            vocab_size: self.count("vocab_size")?,
            context_length,
            norm_eps,
            rope: rope::read(self, attention.head_dim, context_length)?,
            attention,
            mlp: MlpConfig {
                intermediate_size: self.count("intermediate_size")?,
                activation: self.activation("hidden_act")?,
                has_bias: false,
            },
            sliding_windows: vec![None; layer_count],
            ties_embeddings: self.flag("tie_word_embeddings")?,
        })
    }

    fn attention(&self, hidden_size: usize) -> Result<AttentionConfig, EvalError> {
        let head_count = self.count("num_attention_heads")?;
        let kv_head_count = self.optional_count("num_key_value_heads")?.unwrap_or(head_count);
        if !head_count.is_multiple_of(kv_head_count) {
            let value = Value::from(kv_head_count);
            return Err(self.bad_value("num_key_value_heads", &value, "a divisor of num_attention_heads"));
        }
        let head_dim = match self.optional_count("head_dim")? {
            Some(head_dim) => head_dim,
            None if hidden_size.is_multiple_of(head_count) => hidden_size / head_count,
            None => {
                return Err(self.bad_value(
                    "num_attention_heads",
                    &Value::from(head_count),
                    "a divisor of hidden_size, and head_dim is not given",
                ));
            }
        };
        if !head_dim.is_multiple_of(2) {
            return Err(self.bad_value("head_dim", &Value::from(head_dim), "even, which rotary positions need"));
        }
        Ok(AttentionConfig {
            head_count,
            kv_head_count,
            head_dim,
            has_qkv_bias: false,
            has_output_bias: false,
            has_head_norms: false,
        })
    }

    fn activation(&self, key: &'static str) -> Result<Activation, EvalError> {
        let Some(value) = self.get(key) else { return Ok(Activation::Silu) };
        let name = value.as_str().ok_or_else(|| self.bad_value(key, value, "the name of a function"))?;
        Activation::from_name(name).ok_or_else(|| EvalError::UnsupportedValue {
            key,
            value: name.to_owned(),
            covered: &Activation::NAMES,
            path: self.path(),
        })
    }

    /// The window of each layer where `layer_types` names them, else that of every layer from `first_layer` on.
    pub fn sliding_windows(
        &self,
        window: Option<usize>,
        layer_count: usize,
        first_layer: usize,
    ) -> Result<Vec<Option<usize>>, EvalError> {
        let Some(types) = self.get("layer_types") else {
            return Ok((0..layer_count).map(|layer| window.filter(|_| layer >= first_layer)).collect());
        };
        let expected = "a list with one layer type for each layer";
        let types = types.as_array().filter(|types| types.len() == layer_count);
        let Some(types) = types else {
            return Err(EvalError::BadValue {
                key: "layer_types",
                value: "another list".to_owned(),
                expected,
                path: self.path(),
            });
        };
        let window_of = |layer_type: &Value| match layer_type.as_str() {
            Some("full_attention") => Ok(None),
            Some("sliding_attention") => Ok(window),
            _ => Err(EvalError::UnsupportedValue {
                key: "layer_types",
                value: layer_type.to_string(),
                covered: &["full_attention", "sliding_attention"],
                path: self.path(),
            }),
        };
        types.iter().map(window_of).collect()
    }
}
