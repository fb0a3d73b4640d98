//! What the inspector says about one module.

use super::ChangeMap;
use crate::{numeric::TileStats, tree::ModuleNode, units};

/// One module.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModuleDetail {
    /// Its path.
    pub path: String,
    /// Its class, `lora.Linear` where an adapter changes it.
    pub class: String,
    /// Whether an adapter changes it.
    pub is_changed: bool,
    /// Names and values of the left column.
    pub shapes: Vec<(&'static str, String)>,
    /// ‖Δ‖, from the factors.
    pub delta_norm: Option<f64>,
    /// ‖W‖, known after the merge.
    pub weight_norm: Option<f64>,
    /// ‖Δ‖/‖W‖, known after the merge.
    pub relative_change: Option<f64>,
    /// The part of Δ that survived rounding, known after the merge.
    pub gain: Option<f64>,
}

impl ModuleDetail {
    /// The module at `path` of `root`.
    #[must_use]
    pub fn new(root: &ModuleNode, path: &str, norms: &ChangeMap, stats: Option<&TileStats>) -> Option<Self> {
        let node = root.walk().find(|node| node.path == path)?;
        let mut shapes = Vec::new();
        if let Some(weight) = node.weight().or_else(|| node.parameters.first()) {
            shapes.push(("base_layer", format!("{} {}", units::shape(&weight.shape), weight.dtype)));
        }
        let layer = node.lora.first();
        if let Some(layer) = layer {
            shapes.push(("lora_A", units::shape(&layer.a_shape)));
            shapes.push(("lora_B", units::shape(&layer.b_shape)));
            if let Some(scaling) = layer.scaling {
                shapes.push(("scale", scaling.to_string()));
            }
        }
        Some(Self {
            path: node.path.clone(),
            class: if layer.is_some() { format!("lora.{}", node.class) } else { node.class.clone() },
            is_changed: layer.is_some(),
            shapes,
            delta_norm: norms.get(path).copied(),
            weight_norm: stats.map(|stats| stats.weight_square_sum.sqrt()),
            relative_change: stats.and_then(TileStats::relative_change),
            gain: stats.and_then(TileStats::gain),
        })
    }
}
