//! Layers of a class that is made from PyTorch's `Linear` and is not it, as data: transformers 4 packs them while it loads
//! a model, transformers 5 does not.
//!
//! The table is written by `tests/tools/make_from_linear_table.py`, which builds every class.

use std::{collections::HashMap, sync::LazyLock};

use serde::Deserialize;

use super::Architecture;

/// The names of such layers, by class.
static LAYERS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let text = include_str!("from_linear_table.json");
    let table: Table =
        serde_json::from_str(text).unwrap_or_else(|error| unreachable!("from_linear_table.json: {error}"));
    table
        .classes
        .into_iter()
        .flat_map(|(layers, classes)| classes.split(' ').map(move |class| (class, layers)))
        .collect()
});

#[derive(Deserialize)]
struct Table {
    /// The last parts of the layers' names, and the classes that have these.
    #[serde(borrow)]
    classes: HashMap<&'static str, &'static str>,
}

impl Architecture<'_> {
    /// Whether `tensor` (a name on the disk) is the weight of a layer that is made from `Linear`; so is the output of
    /// PyTorch's own attention, whose inputs are one parameter beside it, whatever the class.
    #[must_use]
    pub fn is_made_from_linear(&self, tensor: &str) -> bool {
        let Some(module) = tensor.strip_suffix(".weight") else { return false };
        let (parent, layer) = module.rsplit_once('.').unwrap_or(("", module));
        let has_own_attention = || self.checkpoint().tensor(&format!("{parent}.in_proj_weight")).is_some();
        let class = self.checkpoint().config().architecture();
        let layers = class.and_then(|class| LAYERS.get(class)).copied().unwrap_or_default();
        layer == "out_proj" && has_own_attention() || layers.split(' ').any(|name| name == layer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_their_own_are_known_by_the_names_of_their_layers() {
        let has =
            |class: &str, layer: &str| LAYERS.get(class).is_some_and(|layers| layers.split(' ').any(|it| it == layer));
        for (class, layers) in [
            ("FalconForCausalLM", &["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"][..]),
            ("Llama4ForCausalLM", &["router"]),
            ("Llama4ForConditionalGeneration", &["router"]),
            ("PhimoeForCausalLM", &["router"]),
            ("DeepseekV4ForCausalLM", &["o_a_proj"]),
        ] {
            for layer in layers {
                assert!(has(class, layer), "{class}: {layer}");
            }
        }
        assert!(!LAYERS.contains_key("LlamaForCausalLM") && !LAYERS.contains_key("Qwen3ForCausalLM"));
    }
}
