//! Rotary positions in a config: `rope_parameters` (transformers 5) or `rope_theta` and `rope_scaling` (4).

use serde_json::Value;

use super::fields::Fields;
use crate::evaluate::{
    EvalError, Expected,
    decoder::{RopeConfig, RopeScaling},
};

/// The rope types of this file, as configs spell them.
const COVERED: [&str; 5] = ["default", "linear", "llama3", "longrope", "su"];

/// How a family calls what stands outside of `rope_parameters`, and what transformers assumes when it is silent.
#[derive(Clone, Copy)]
pub(super) struct RopeKeys {
    pub theta: &'static str,
    pub default_theta: f64,
    pub fraction: &'static str,
    /// The part of each head that turns; `None` where the family turns all of it.
    pub default_fraction: Option<f64>,
}

impl RopeKeys {
    /// All of each head turns.
    pub const USUAL: Self = Self {
        theta: "rope_theta",
        default_theta: 10_000.0,
        fraction: "partial_rotary_factor",
        default_fraction: None,
    };
}

/// Reads the rotary positions for heads of `head_dim`.
pub(super) fn read(
    fields: &Fields,
    head_dim: usize,
    context_length: usize,
    keys: RopeKeys,
) -> Result<RopeConfig, EvalError> {
    let parameters = fields.get("rope_parameters").or_else(|| fields.get("rope_scaling"));
    // One table for each kind of layer: other families do that.
    let mut parts = parameters.and_then(Value::as_object).into_iter().flat_map(serde_json::Map::values);
    if let Some(value) = parts.find(|value| value.is_object()) {
        return Err(fields.unsupported("rope_parameters", value, &COVERED));
    }
    read_from(&Parameters { fields, values: parameters, keys }, head_dim, context_length)
}

/// The parameters of one kind of layers.
pub(super) struct Parameters<'a> {
    pub fields: &'a Fields<'a>,
    pub values: Option<&'a Value>,
    pub keys: RopeKeys,
}

/// As [`read`], from parameters that were found.
pub(super) fn read_from(
    parameters: &Parameters,
    head_dim: usize,
    context_length: usize,
) -> Result<RopeConfig, EvalError> {
    let Parameters { fields, keys, .. } = parameters;
    let dim = rotary_dim(parameters, head_dim)?;
    if !dim.is_multiple_of(2) {
        return Err(fields.bad_value("head_dim", &Value::from(dim), Expected::Even));
    }
    let theta = match parameters.get("rope_theta").or_else(|| fields.get(keys.theta)) {
        Some(value) => fields.positive(keys.theta, value)?,
        None => keys.default_theta,
    };
    let rope_type = parameters.get("rope_type").or_else(|| parameters.get("type"));
    let scaling = match rope_type.map(|value| value.as_str().unwrap_or_default()) {
        None | Some("default") => RopeScaling::Default,
        Some("linear") => RopeScaling::Linear { factor: parameters.positive("factor")? },
        Some("llama3") => RopeScaling::Llama3 {
            factor: parameters.positive("factor")?,
            low_freq_factor: parameters.positive("low_freq_factor")?,
            high_freq_factor: parameters.positive("high_freq_factor")?,
            original_context: original_context(parameters)?.unwrap_or(context_length) as f64,
        },
        // Phi-3 was published with `su`, the name in the first draft of the paper.
        Some("longrope" | "su") => long(parameters, dim / 2, context_length)?,
        Some(_) => return Err(fields.unsupported("rope_type", rope_type.unwrap_or(&Value::Null), &COVERED)),
    };
    Ok(RopeConfig { dim, theta, scaling })
}

impl Parameters<'_> {
    fn get(&self, key: &str) -> Option<&Value> {
        self.values.and_then(|values| values.get(key)).filter(|value| !value.is_null())
    }

    fn positive(&self, key: &'static str) -> Result<f64, EvalError> {
        let missing = || EvalError::MissingKey { key, path: self.fields.path() };
        self.fields.positive(key, self.get(key).ok_or_else(missing)?)
    }
}

/// The dimensions of a head that turn.
fn rotary_dim(parameters: &Parameters, head_dim: usize) -> Result<usize, EvalError> {
    let Parameters { fields, keys, .. } = parameters;
    let value = parameters.get("partial_rotary_factor").or_else(|| fields.get(keys.fraction));
    let fraction = match (value, keys.default_fraction) {
        (Some(value), None) if value.as_f64() != Some(1.0) => {
            return Err(fields.unsupported(keys.fraction, value, &["1.0"]));
        }
        (Some(value), _) => fields.positive(keys.fraction, value)?,
        (None, default) => default.unwrap_or(1.0),
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded down as transformers does")]
    let dim = (head_dim as f64 * fraction) as usize;
    if dim == 0 || dim > head_dim {
        let expected = Expected::PartOfHead;
        return Err(fields.bad_value(keys.fraction, &Value::from(fraction), expected));
    }
    Ok(dim)
}

/// The context of the first training, which Phi-3 keeps outside of the parameters.
fn original_context(parameters: &Parameters) -> Result<Option<usize>, EvalError> {
    const KEY: &str = "original_max_position_embeddings";
    let own = parameters.fields.optional_count(KEY)?;
    let Some(value) = parameters.get(KEY).filter(|_| own.is_none()) else { return Ok(own) };
    let count = parameters.fields.positive(KEY, value)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive number of tokens")]
    Ok(Some(count as usize))
}

/// `LongRoPE` (Ding et al. 2024): a factor for each pair of dimensions, within and beyond the first context.
fn long(parameters: &Parameters, pair_count: usize, context_length: usize) -> Result<RopeScaling, EvalError> {
    let fields = parameters.fields;
    let factors = |key: &'static str| {
        let value = parameters.get(key).ok_or_else(|| EvalError::MissingKey { key, path: fields.path() })?;
        let list = value.as_array().filter(|list| list.len() == pair_count);
        let list = list.ok_or_else(|| EvalError::BadValue {
            key,
            value: None,
            expected: Expected::RotaryFactorList,
            path: fields.path(),
        })?;
        list.iter().map(|factor| fields.positive(key, factor)).collect::<Result<Vec<_>, _>>()
    };
    let original_context = original_context(parameters)?.unwrap_or(context_length);
    let factor = match parameters.get("factor") {
        Some(value) => fields.positive("factor", value)?,
        None => context_length as f64 / original_context as f64,
    };
    let attention_factor = match parameters.get("attention_factor") {
        Some(value) => fields.positive("attention_factor", value)?,
        None if factor <= 1.0 => 1.0,
        None => (1.0 + factor.ln() / (original_context as f64).ln()).sqrt(),
    };
    let (short, long) = (factors("short_factor")?, factors("long_factor")?);
    Ok(RopeScaling::Long { short, long, original_context, attention_factor })
}
