//! One module, with the numbers that are known about it.

use super::{ModuleNode, norms::ChangeMap};
use crate::{numeric::TileStats, units};

/// One module.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModuleDetail {
    /// Its path.
    pub path: String,
    /// Its class, `lora.Linear` where an adapter changes it.
    pub class: String,
    /// Whether an adapter changes it.
    pub is_changed: bool,
    /// Its shapes and its scale, by PEFT's names.
    pub shapes: Vec<(&'static str, String)>,
    /// ‖Δ‖, from the factors.
    pub delta_norm: Option<f64>,
    /// ‖W‖.
    pub weight_norm: Option<f64>,
    /// ‖Δ‖/‖W‖.
    pub relative_change: Option<f64>,
    /// The part of Δ that survived rounding, known after the merge.
    pub gain: Option<f64>,
}

/// Numbers that are known about modules.
#[derive(Clone, Copy, Debug)]
pub struct ModuleNumbers<'a> {
    /// ‖Δ‖ by module.
    pub delta_norms: &'a ChangeMap,
    /// ‖Δ‖/‖W‖ by module.
    pub changes: &'a ChangeMap,
    /// What the merge saw of this module.
    pub stats: Option<&'a TileStats>,
}

impl ModuleDetail {
    /// The module at `path` of `root`.
    #[must_use]
    pub fn new(root: &ModuleNode, path: &str, numbers: ModuleNumbers<'_>) -> Option<Self> {
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
        let delta_norm = numbers.delta_norms.get(path).copied();
        let relative_change = numbers.changes.get(path).copied().filter(|change| *change > 0.0);
        Some(Self {
            path: node.path.clone(),
            class: if layer.is_some() { format!("lora.{}", node.class) } else { node.class.clone() },
            is_changed: layer.is_some(),
            shapes,
            delta_norm,
            weight_norm: delta_norm.zip(relative_change).map(|(delta, relative)| delta / relative),
            relative_change,
            gain: numbers.stats.and_then(TileStats::gain),
        })
    }
}
