//! Rotary positions in a config: `rope_parameters` (transformers 5) or `rope_theta` and `rope_scaling` (4).

use serde_json::Value;

use super::fields::Fields;
use crate::evaluate::{
    EvalError,
    decoder::{RopeConfig, RopeScaling},
};

/// What transformers assumes when the config is silent.
const DEFAULT_THETA: f64 = 10_000.0;

/// The rope types of this file, as configs spell them.
const COVERED: [&str; 3] = ["default", "linear", "llama3"];

/// Reads the rotary positions for heads of `head_dim`.
pub(super) fn read(fields: &Fields, head_dim: usize, context_length: usize) -> Result<RopeConfig, EvalError> {
    let parameters = fields.get("rope_parameters").or_else(|| fields.get("rope_scaling"));
    let parameter = |key: &str| parameters.and_then(|parameters| parameters.get(key)).filter(|value| !value.is_null());
    // A part of each head only, or one table for each kind of layer: other families do that.
    if let Some(value) = parameter("partial_rotary_factor").or_else(|| fields.get("partial_rotary_factor"))
        && value.as_f64() != Some(1.0)
    {
        return Err(unsupported(fields, "partial_rotary_factor", value, &["1.0"]));
    }
    if let Some(value) =
        parameters.and_then(Value::as_object).and_then(|map| map.values().find(|value| value.is_object()))
    {
        return Err(unsupported(fields, "rope_parameters", value, &COVERED));
    }
    let theta = match parameter("rope_theta").or_else(|| fields.get("rope_theta")) {
        Some(value) => fields.positive("rope_theta", Some(value))?,
        None => DEFAULT_THETA,
    };
    let rope_type = parameter("rope_type").or_else(|| parameter("type"));
    let scaling = match rope_type.map(|value| value.as_str().unwrap_or_default()) {
        None | Some("default") => RopeScaling::Default,
        Some("linear") => RopeScaling::Linear { factor: fields.positive("factor", parameter("factor"))? },
        Some("llama3") => RopeScaling::Llama3 {
            factor: fields.positive("factor", parameter("factor"))?,
            low_freq_factor: fields.positive("low_freq_factor", parameter("low_freq_factor"))?,
            high_freq_factor: fields.positive("high_freq_factor", parameter("high_freq_factor"))?,
            original_context: match parameter("original_max_position_embeddings") {
                Some(value) => fields.positive("original_max_position_embeddings", Some(value))?,
                None => context_length as f64,
            },
        },
        Some(_) => return Err(unsupported(fields, "rope_type", rope_type.unwrap_or(&Value::Null), &COVERED)),
    };
    Ok(RopeConfig { head_dim, theta, scaling })
}

fn unsupported(fields: &Fields, key: &'static str, value: &Value, covered: &'static [&'static str]) -> EvalError {
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    EvalError::UnsupportedValue { key, value, covered, path: fields.path() }
}
