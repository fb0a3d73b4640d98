//! Which layers transformers hands to bitsandbytes when it quantises a class, as data.
//!
//! The table is written by `tests/tools/make_linear_table.py`, which builds every class and asks transformers' own rule.

use std::{collections::HashMap, sync::LazyLock};

use serde::Deserialize;

use super::{Architecture, parameters::ClassParameters};

/// The table, parsed once.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let text = include_str!("linear_table.json");
    serde_json::from_str(text).unwrap_or_else(|error| unreachable!("linear_table.json: {error}"))
});

#[derive(Deserialize)]
struct Table {
    /// What lies below a place: layers by their names, `name>node` for what lies deeper; `*` stands for an index.
    nodes: Vec<String>,
    /// By node, the classes whose root it is.
    classes: HashMap<String, String>,
}

/// The roots of the classes, by name.
static ROOTS: LazyLock<HashMap<&'static str, usize>> = LazyLock::new(|| {
    let roots = TABLE.classes.iter().filter_map(|(node, names)| Some((node.parse().ok()?, names)));
    roots.flat_map(|(node, names)| names.split(' ').map(move |name| (name, node))).collect()
});

/// Whether `module` is a layer below `node`.
fn is_listed(node: usize, module: &str) -> bool {
    let (segment, rest) = module.split_once('.').map_or((module, None), |(segment, rest)| (segment, Some(rest)));
    let is_index = !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
    let is_here = |name: &str| name == segment || is_index && name == "*";
    let entries = TABLE.nodes.get(node).map_or("", String::as_str).split(' ');
    entries.map(|entry| entry.split_once('>').map_or((entry, None), |(name, node)| (name, Some(node)))).any(
        |(name, below)| match (below, rest) {
            (None, None) => is_here(name),
            (Some(node), Some(rest)) => is_here(name) && node.parse().is_ok_and(|node| is_listed(node, rest)),
            _ => false,
        },
    )
}

impl Architecture<'_> {
    /// Whether `tensor` (a name on the disk) is the weight of a layer that bitsandbytes gets; `None` where the data does
    /// not say: code of its own, a class without a list, `Conv1D`, a layer that is renamed while it is loaded.
    #[must_use]
    pub fn is_packed_layer(&self, tensor: &str) -> Option<bool> {
        let config = self.checkpoint().config();
        let class = config.architecture().filter(|_| config.get("auto_map").is_none())?;
        let root = *ROOTS.get(class)?;
        let Some(module) = tensor.strip_suffix(".weight") else { return Some(false) };
        let parameters = ClassParameters::of(class)?;
        let is_listed = |module: &str| is_listed(root, module);
        if parameters.with_and_without_prefix(module).iter().any(|module| is_listed(module)) {
            return Some(true);
        }
        let in_memory = self.names().names_in_memory(tensor);
        let other_names = in_memory.iter().filter_map(|name| name.strip_suffix(".weight"));
        let is_renamed =
            other_names.flat_map(|module| parameters.with_and_without_prefix(module)).any(|module| is_listed(&module));
        let is_built = || parameters.with_and_without_prefix(tensor).iter().any(|name| parameters.is_built(name));
        (!is_renamed && is_built()).then_some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_list() {
        assert!(ROOTS.len() > 1_400, "{}", ROOTS.len());
        for (class, root) in ROOTS.iter() {
            assert!(*root < TABLE.nodes.len(), "{class}");
        }
        let has = |class: &str, module: &str| is_listed(ROOTS[class], module);
        assert!(has("LlamaForCausalLM", "model.layers.17.mlp.up_proj"));
        assert!(has("Qwen2VLForConditionalGeneration", "model.visual.merger.mlp.2"));
        assert!(has("T5ForConditionalGeneration", "encoder.block.3.layer.0.SelfAttention.q"));
        for (class, module) in [
            ("LlamaForCausalLM", "lm_head"),
            ("LlamaForCausalLM", "model.embed_tokens"),
            ("LlamaForCausalLM", "model.layers.x.mlp.up_proj"),
            ("MixtralForCausalLM", "model.layers.0.mlp.experts.gate_up_proj"),
            // Kept in float32.
            ("T5ForConditionalGeneration", "encoder.block.3.layer.1.DenseReluDense.wo"),
        ] {
            assert!(!has(class, module), "{class}: {module}");
        }
        assert!(!ROOTS.contains_key("GPT2LMHeadModel"), "transformers turns Conv1D layers while it packs them");
    }
}
