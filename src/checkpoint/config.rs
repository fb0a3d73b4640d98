//! `config.json`: the few keys that a merge must know, and the text that it must keep.

use std::path::Path;

use serde_json::Value;

use super::{CheckpointError, JsonProblem, JsonText, read_text};
use crate::{error::IoAction, numeric::FloatDtype};

/// Keys that hold the dtype: transformers 5 writes the first, earlier releases the second; both read the second.
pub const DTYPE_KEYS: [&str; 2] = ["dtype", "torch_dtype"];

/// What says that weights are packed: transformers, old Neural Magic, mlx-lm, what transformers keeps of a cast.
const QUANTIZATION_KEYS: [&str; 4] =
    ["quantization_config", "compression_config", "quantization", "_pre_quantization_dtype"];

/// A model's `config.json`.
#[derive(Clone, Debug)]
pub struct ModelConfig {
    text: JsonText,
    value: Value,
}

impl ModelConfig {
    /// Reads `path`.
    ///
    /// # Errors
    /// A file that cannot be read or is no JSON object (Python's NaN and Infinity are accepted).
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        Self::parse(&read_text(path, IoAction::ReadConfig)?, path)
    }

    /// Takes `text`, which stands in `path`.
    ///
    /// # Errors
    /// A text that is no JSON object.
    pub(super) fn parse(text: &str, path: &Path) -> Result<Self, CheckpointError> {
        let parsed = JsonText::parse(text.to_owned());
        let text = parsed.map_err(|error| CheckpointError::BadJson {
            problem: JsonProblem::new(text, &error),
            path: path.to_owned(),
        })?;
        Ok(Self { value: text.value(), text })
    }

    /// The config of the same model without a word of packed weights, with `dtype` where those were unpacked to it.
    ///
    /// # Errors
    /// None that a config which was read before can have.
    pub(super) fn dequantised(&self, dtype: Option<FloatDtype>, path: &Path) -> Result<Self, CheckpointError> {
        let mut text = self.text.clone();
        let levels = |text: &JsonText| text.object_paths().into_iter().filter(|path| path.len() <= 1);
        for level in levels(&text) {
            for key in QUANTIZATION_KEYS {
                text.remove(&level.iter().map(String::as_str).chain([key]).collect::<Vec<_>>());
            }
        }
        let Some(dtype) = dtype else { return Self::parse(text.as_str(), path) };
        let mut has_dtype = false;
        for level in levels(&text) {
            let value = level.iter().fold(text.value(), |value, key| value[key.as_str()].clone());
            for key in DTYPE_KEYS.into_iter().filter(|key| value.get(key).is_some_and(Value::is_string)) {
                let path: Vec<&str> = level.iter().map(String::as_str).chain([key]).collect();
                text.set(&path, &dtype.config_name().into());
                has_dtype |= level.is_empty();
            }
        }
        if !has_dtype {
            text.set(&["torch_dtype"], &dtype.config_name().into());
        }
        Self::parse(text.as_str(), path)
    }

    /// The text, for edits that keep everything else.
    #[must_use]
    pub fn text(&self) -> &JsonText {
        &self.text
    }

    /// Any key of the outermost object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.value.get(key).filter(|value| !value.is_null())
    }

    /// Whether `key` is there and null, which for some keys is another thing than to be missing.
    #[must_use]
    pub fn is_null(&self, key: &str) -> bool {
        self.value.get(key).is_some_and(Value::is_null)
    }

    /// `model_type`, empty when absent.
    #[must_use]
    pub fn model_type(&self) -> &str {
        self.get("model_type").and_then(Value::as_str).unwrap_or_default()
    }

    /// The class that transformers would build: `architectures[0]`.
    #[must_use]
    pub fn architecture(&self) -> Option<&str> {
        self.get("architectures")?.get(0)?.as_str()
    }

    /// A number of the config or of its `text_config` (multimodal models keep the decoder's there).
    #[must_use]
    pub fn integer(&self, key: &str) -> Option<u64> {
        let nested = || self.get("text_config")?.get(key);
        self.get(key).or_else(nested)?.as_u64()
    }

    /// Whether input embedding and output head share one tensor.
    #[must_use]
    pub fn has_tied_embeddings(&self) -> bool {
        self.get("tie_word_embeddings").and_then(Value::as_bool).unwrap_or(false)
    }

    /// `quantization_config`, of the model or of its text part; old Neural Magic calls it otherwise.
    pub(super) fn quantization_config(&self) -> Option<&Value> {
        let of_part = |part: &str| self.get(part).and_then(|part| part.get("quantization_config"));
        let own = self.get("quantization_config").or_else(|| self.get("compression_config"));
        own.or_else(|| ["text_config", "llm_config"].into_iter().find_map(of_part)).filter(|value| !value.is_null())
    }

    /// `quantization_config.quant_method` where the weights are packed ("gptq", "bitsandbytes", …), or what it calls the
    /// layout, where a method has many; mlx-lm names none.
    #[must_use]
    pub fn quantization(&self) -> Option<&str> {
        let quantization = self.quantization_config().or_else(|| self.get("quantization"))?;
        let is_mlx = quantization.get("group_size").is_some() && quantization.get("bits").is_some();
        let unnamed = if is_mlx { "mlx-lm" } else { "an unnamed method" };
        let method = quantization.get("quant_method").and_then(Value::as_str).unwrap_or(unnamed);
        let is_rotated = quantization["transform_config"].as_object().is_some_and(|transforms| !transforms.is_empty());
        let layout = match method {
            "compressed-tensors" if is_rotated => return Some("compressed-tensors with a transform_config"),
            "compressed-tensors" => [&quantization["sparsity_config"]["format"], &quantization["format"]],
            "modelopt" => [&quantization["quant_algo"], &Value::Null],
            _ => return Some(method),
        };
        Some(layout.into_iter().filter_map(Value::as_str).find(|layout| *layout != "dense").unwrap_or(method))
    }
}
