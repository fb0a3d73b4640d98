//! Which layers see everything and which only a window.

use super::fields::Fields;
use crate::evaluate::{EvalError, Expected};

/// What a layer sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LayerType {
    Full,
    Sliding,
}

/// `layer_types`, where the config has them.
pub(super) fn read(fields: &Fields, layer_count: usize) -> Result<Option<Vec<LayerType>>, EvalError> {
    let Some(types) = fields.get("layer_types") else { return Ok(None) };
    let types = types.as_array().filter(|types| types.len() == layer_count);
    let types = types.ok_or_else(|| EvalError::BadValue {
        key: "layer_types",
        value: None,
        expected: Expected::LayerTypeList,
        path: fields.path(),
    })?;
    let layer_type = |value: &serde_json::Value| match value.as_str() {
        Some("full_attention") => Ok(LayerType::Full),
        Some("sliding_attention") => Ok(LayerType::Sliding),
        _ => Err(fields.unsupported("layer_types", value, &["full_attention", "sliding_attention"])),
    };
    types.iter().map(layer_type).collect::<Result<_, _>>().map(Some)
}

/// `layer_types`, or what `default` makes of each layer's index.
pub(super) fn read_or(
    fields: &Fields,
    layer_count: usize,
    default: impl Fn(usize) -> LayerType,
) -> Result<Vec<LayerType>, EvalError> {
    Ok(read(fields, layer_count)?.unwrap_or_else(|| (0..layer_count).map(default).collect()))
}

/// The window of each layer.
pub(super) fn windows(types: &[LayerType], window: Option<usize>) -> Vec<Option<usize>> {
    types.iter().map(|layer_type| window.filter(|_| *layer_type == LayerType::Sliding)).collect()
}
