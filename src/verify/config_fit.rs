//! The config describes the weights that lie beside it: as many layers, every tensor in its shape.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{ConfigFault, Detail, Reference, task_fit};
use crate::{
    checkpoint::{Checkpoint, ModelConfig},
    evaluate::{self, EvalError},
};

/// Names of lists of layers.
const LISTS: [&str; 4] = ["layers", "h", "blocks", "block"];

/// Keys for the number of layers.
const LAYER_KEYS: [&str; 3] = ["num_hidden_layers", "n_layer", "num_layers"];

/// What the config and the weights do not agree on; what the base has wrong already is worth a warning only.
pub(super) fn judge(merged: &Checkpoint, reference: Option<&Reference>) -> (Vec<Detail>, Vec<Detail>) {
    let found = disagreements(merged);
    let own = reference.map(|reference| disagreements(&reference.base)).unwrap_or_default();
    let (warnings, mut problems): (Vec<Detail>, Vec<Detail>) =
        found.into_iter().partition(|problem| own.contains(problem));
    problems.extend(reference.and_then(|reference| task_fit::other_task(merged, reference)));
    (problems, warnings)
}

fn disagreements(model: &Checkpoint) -> Vec<Detail> {
    let mut problems = Vec::new();
    problems.extend(layers(model));
    problems.extend(task_fit::other_labels(model));
    match evaluate::unread_tensors(model.root()) {
        Ok(names) if !names.is_empty() => problems.push(Detail::UnreadTensors { names }),
        // The layers are named above where they are the reason, the vocabulary where a loader's view is judged.
        Err(
            error @ (EvalError::MissingTensor { .. } | EvalError::TensorShape { .. } | EvalError::TensorDtype { .. }),
        ) => {
            problems.push(Detail::ConfigMismatch(ConfigFault::new(error)));
        }
        // What our decoder does not cover is checked by names alone.
        Ok(_) | Err(_) => {}
    }
    problems
}

/// Layers by name against the config's number, where the model has one list of them.
fn layers(model: &Checkpoint) -> Option<Detail> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for name in model.tensors().keys() {
        let segments: Vec<&str> = name.split('.').collect();
        let place = segments.windows(2).position(|pair| LISTS.contains(&pair[0]) && pair[1].parse::<u64>().is_ok());
        let Some(place) = place else { continue };
        let index: u64 = segments[place + 1].parse().ok()?;
        let count = counts.entry(segments[..=place].join(".")).or_insert(0);
        *count = (*count).max(index + 1);
    }
    if counts.len() > 1 {
        return None;
    }
    let (_, held) = counts.pop_first()?;
    let config = model.config();
    let configured = LAYER_KEYS.iter().find_map(|key| integer(config, key))?;
    // Multi-token prediction has layers of its own behind the others.
    let extra = integer(config, "num_nextn_predict_layers").unwrap_or(0);
    (held != configured && held != configured + extra).then_some(Detail::LayerCount { configured, held })
}

/// A number of the config, or of its part on text.
pub(super) fn integer(config: &ModelConfig, key: &str) -> Option<u64> {
    let nested = || config.get("text_config").and_then(|text| text.get(key)).and_then(Value::as_u64);
    config.integer(key).or_else(nested)
}
