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
    /// By parent, the names of its layers; `*` stands for an index.
    lists: Vec<HashMap<String, String>>,
    /// By class, its list.
    classes: HashMap<String, usize>,
}

impl Architecture<'_> {
    /// Whether `tensor` (a name on the disk) is the weight of a layer that bitsandbytes gets; `None` where the data does
    /// not say: code of its own, a class without a list, `Conv1D`, a layer that is renamed while it is loaded.
    #[must_use]
    pub fn is_packed_layer(&self, tensor: &str) -> Option<bool> {
        let config = self.checkpoint().config();
        let class = config.architecture().filter(|_| config.get("auto_map").is_none())?;
        let list = &TABLE.lists[*TABLE.classes.get(class)?];
        let Some(module) = tensor.strip_suffix(".weight") else { return Some(false) };
        let parameters = ClassParameters::of(class)?;
        let is_listed = |module: &str| {
            let (parent, layer) = module.rsplit_once('.').unwrap_or(("", module));
            let layers = list.get(&starred(parent));
            layers.is_some_and(|layers| layers.split(' ').any(|one| one == layer || one == starred(layer)))
        };
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

/// A path with `*` in the place of every index.
fn starred(path: &str) -> String {
    let star = |segment| {
        let is_index = |segment: &str| !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
        if is_index(segment) { "*" } else { segment }
    };
    path.split('.').map(star).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_list() {
        assert!(TABLE.classes.len() > 300, "{}", TABLE.classes.len());
        for (class, list) in &TABLE.classes {
            assert!(*list < TABLE.lists.len() && ClassParameters::of(class).is_some(), "{class}");
        }
        assert!(!TABLE.classes.contains_key("GPT2LMHeadModel"), "transformers turns Conv1D layers while it packs them");
    }
}
