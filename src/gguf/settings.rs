//! `config.json` as an export asks it: both generations of transformers, keys that must be there, defaults that are known.

use serde_json::Value;

use super::{ExportError, Family};
use crate::checkpoint::Checkpoint;

/// How most families call their heads of keys and values.
const KEY_HEADS: &str = "num_key_value_heads";

/// The text model's part of a config.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings<'a> {
    checkpoint: &'a Checkpoint,
    text: Option<&'a Value>,
    family: Family,
}

impl<'a> Settings<'a> {
    pub(super) fn of(checkpoint: &'a Checkpoint, family: Family) -> Self {
        Self { checkpoint, text: checkpoint.config().get("text_config"), family }
    }

    /// `key`, of the text model where that has a config of its own.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        match self.text {
            Some(text) => text.get(key).filter(|value| !value.is_null()),
            None => self.checkpoint.config().get(key),
        }
    }

    /// Whether `key` is there and says "none".
    pub(super) fn is_null(&self, key: &str) -> bool {
        match self.text {
            Some(text) => text.get(key).is_some_and(Value::is_null),
            None => self.checkpoint.config().is_null(key),
        }
    }

    pub(super) fn absent(&self, key: &'static str) -> ExportError {
        ExportError::NoSetting { key, path: self.checkpoint.root().join("config.json") }
    }

    pub(super) fn bad(&self, key: &str, value: &Value) -> ExportError {
        let value = crate::error::shortened(&value.to_string());
        ExportError::BadSetting { key: key.to_owned(), value, path: self.checkpoint.root().join("config.json") }
    }

    pub(super) fn odd_rotations(&self, count: u32, head_dim: u32) -> ExportError {
        ExportError::OddRotations { count, head_dim, path: self.checkpoint.root().join("config.json") }
    }

    /// A count of 32 bits.
    pub(super) fn count(&self, key: &'static str) -> Result<Option<u32>, ExportError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
        count.map(Some).ok_or_else(|| self.bad(key, value))
    }

    /// A count under the first of `keys` that is there.
    pub(super) fn needed_count(&self, keys: &[&'static str], default: Option<u32>) -> Result<u32, ExportError> {
        for key in keys {
            if let Some(count) = self.count(key)? {
                return Ok(count);
            }
        }
        default.ok_or_else(|| self.absent(keys[0]))
    }

    /// A number under the first of `keys` that is there.
    #[expect(clippy::cast_possible_truncation, reason = "GGUF holds f32")]
    pub(super) fn number(&self, keys: &[&'static str], default: f32) -> Result<f32, ExportError> {
        match keys.iter().find_map(|key| Some((key, self.get(key)?))) {
            None => Ok(default),
            Some((key, value)) => value.as_f64().map(|number| number as f32).ok_or_else(|| self.bad(key, value)),
        }
    }

    /// A truth value.
    pub(super) fn flag(&self, key: &'static str, default: bool) -> Result<bool, ExportError> {
        let Some(value) = self.get(key) else { return Ok(default) };
        value.as_bool().ok_or_else(|| self.bad(key, value))
    }

    /// Refuses every value of `key` but those that `is_known` accepts.
    pub(super) fn demand(&self, key: &str, is_known: impl Fn(&Value) -> bool) -> Result<(), ExportError> {
        match self.get(key) {
            Some(value) if !is_known(value) => Err(self.bad(key, value)),
            _ => Ok(()),
        }
    }

    /// What rotations follow, by its key in `rope_parameters`; older releases wrote it at the top and in `rope_scaling`.
    pub(super) fn rope(&self, key: &str) -> Option<&'a Value> {
        let found = |value: &'a Value| value.get(key).filter(|value| !value.is_null());
        if let Some(parameters) = self.get("rope_parameters") {
            let parameters = parameters.get("full_attention").unwrap_or(parameters);
            let by_old_name = || parameters.get("type").filter(|_| key == "rope_type");
            return found(parameters).or_else(by_old_name).or_else(|| self.get(key));
        }
        let scaling = self.get("rope_scaling");
        let old_key = if key == "rope_type" { "type" } else { key };
        let by_old_key = |scaling: &'a Value| scaling.get(old_key).filter(|value| !value.is_null());
        scaling.and_then(|scaling| found(scaling).or_else(|| by_old_key(scaling))).or_else(|| self.get(key))
    }

    /// Whether the rotations' `key` is there and null.
    pub(super) fn is_null_in_rope(&self, key: &str) -> bool {
        let parameters = self.get("rope_parameters").or_else(|| self.get("rope_scaling"));
        let parameters = parameters.map(|parameters| parameters.get("full_attention").unwrap_or(parameters));
        parameters.and_then(|parameters| parameters.get(key)).is_some_and(Value::is_null)
    }

    /// A number of the rotations.
    #[expect(clippy::cast_possible_truncation, reason = "GGUF holds f32")]
    pub(super) fn rope_number(&self, key: &str) -> Result<Option<f32>, ExportError> {
        let Some(value) = self.rope(key) else { return Ok(None) };
        value.as_f64().map(|number| Some(number as f32)).ok_or_else(|| self.bad(key, value))
    }

    /// Whether it is the text part of a model with other senses.
    pub(super) fn is_multimodal(&self) -> bool {
        self.checkpoint.config().architecture() == Some("Gemma3ForConditionalGeneration")
    }

    /// Whether the head is the embedding; what the class takes for granted where the config says nothing.
    pub(super) fn is_tied(&self) -> Result<bool, ExportError> {
        let key = "tie_word_embeddings";
        match self.checkpoint.config().get(key).or_else(|| self.get(key)) {
            Some(value) => value.as_bool().ok_or_else(|| self.bad(key, value)),
            None => Ok(matches!(self.family, Family::Gpt2 | Family::Falcon) || self.family.is_gemma()),
        }
    }

    /// Layers.
    pub(super) fn layers(&self) -> Result<u32, ExportError> {
        self.needed_count(&["num_hidden_layers", "n_layer"], None)
    }

    /// Query heads.
    pub(super) fn heads(&self) -> Result<u32, ExportError> {
        let default = (self.family == Family::Gemma3).then_some(8);
        let heads = self.needed_count(&["num_attention_heads", "n_head"], default)?;
        if heads == 0 { Err(self.absent("num_attention_heads")) } else { Ok(heads) }
    }

    /// Heads of keys and values, each of which goes with as many query heads.
    pub(super) fn key_heads(&self) -> Result<u32, ExportError> {
        let (key, count) = match self.family {
            Family::Falcon => ("num_kv_heads", self.falcon_key_heads()?),
            Family::Gemma3 => (KEY_HEADS, self.needed_count(&[KEY_HEADS], Some(4))?),
            _ => (KEY_HEADS, self.needed_count(&[KEY_HEADS], Some(self.heads()?))?),
        };
        if count == 0 || !self.heads()?.is_multiple_of(count) {
            return Err(self.bad(key, &count.into()));
        }
        Ok(count)
    }

    fn falcon_key_heads(&self) -> Result<u32, ExportError> {
        match (self.flag("new_decoder_architecture", false)?, self.flag("multi_query", true)?) {
            (true, _) => self.needed_count(&["num_kv_heads"], Some(self.heads()?)),
            (false, true) => Ok(1),
            (false, false) => self.heads(),
        }
    }

    /// Columns of an embedding.
    pub(super) fn hidden(&self) -> Result<u32, ExportError> {
        self.needed_count(&["hidden_size", "n_embd"], None)
    }

    /// Values of a head.
    pub(super) fn head_dim(&self) -> Result<u32, ExportError> {
        let default = match self.family {
            family if family.is_gemma() => 256,
            Family::Qwen3 | Family::Qwen3Moe => 128,
            _ => self.hidden()? / self.heads()?,
        };
        self.needed_count(&["head_dim"], Some(default))
    }

    /// Norms side by side of the network and of attention in a layer of Falcon: one for both, or two.
    pub(super) fn parallel_norms(&self) -> Result<u32, ExportError> {
        let default = if self.flag("new_decoder_architecture", false)? { 2 } else { 1 };
        self.needed_count(&["num_ln_in_parallel_attn"], Some(default))
    }

    /// Experts of a layer; 0 where there are none.
    pub(super) fn experts(&self) -> Result<u32, ExportError> {
        if !self.family.has_experts() {
            return Ok(0);
        }
        self.needed_count(&["num_local_experts", "num_experts"], None)
    }

    /// The largest position.
    pub(super) fn context(&self) -> Result<u32, ExportError> {
        let default = match self.family {
            Family::Gemma3 => Some(131_072),
            Family::Falcon => Some(2048),
            _ => None,
        };
        self.needed_count(&["max_position_embeddings", "n_positions", "n_ctx"], default)
    }
}
