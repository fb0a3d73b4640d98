//! The parameters that each class of transformers looks for, as data: their names in memory and on the disk, and what
//! they depend on in the config.
//!
//! The table is written by `tests/tools/make_parameters.py`, which builds every class. A class is a tree of name
//! segments in which `*` stands for an index; equal trees are stored once.

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use fancy_regex::Regex;
use serde::Deserialize;
use serde_json::Value;

/// The table, parsed once; trees are read segment by segment when they are asked.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let text = include_str!("parameters.json");
    serde_json::from_str(text).unwrap_or_else(|error| unreachable!("parameters.json: {error}"))
});

#[derive(Deserialize)]
struct Table {
    leaves: Vec<String>,
    nodes: Vec<String>,
    /// By name in memory: what the disk has in its place.
    spelled: Vec<BTreeMap<String, Vec<String>>>,
    classes: HashMap<String, ClassParameters>,
}

/// The parameters of one class.
#[derive(Debug, Deserialize)]
pub(super) struct ClassParameters {
    tree: usize,
    /// `base_model_prefix`, which a loader adds or takes away.
    #[serde(default)]
    pub prefix: String,
    /// Patterns of names that the class ignores without a word.
    #[serde(default)]
    ignored: Vec<String>,
    spelled: Option<usize>,
    /// By path of a list: the key of the config that counts it.
    #[serde(default)]
    pub counted: BTreeMap<String, String>,
    /// By key of the config: the parameters that have as many rows.
    #[serde(default)]
    pub rows: BTreeMap<String, Vec<String>>,
    /// By key of the config: the types that the list was made with of parts that may be any model.
    #[serde(default)]
    parts: BTreeMap<String, String>,
}

/// What a class wants with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// It must be there.
    Required,
    /// It is taken where it is there.
    Taken,
    /// The config leaves it out.
    LeftOut,
}

impl ClassParameters {
    /// The list of the class `name`.
    pub fn of(name: &str) -> Option<&'static Self> {
        TABLE.classes.get(name)
    }

    /// What the class wants with `name` under `config`; `None` where it has no such parameter.
    pub fn want(&self, name: &str, config: &Value) -> Option<Want> {
        let segments: Vec<&str> = name.split('.').collect();
        leaf_of(self.tree, &segments).map(|leaf| want(leaf, config))
    }

    /// Whether the class has `name` with the config that it comes with, so that it is known what it belongs to.
    pub fn is_built(&self, name: &str) -> bool {
        let segments: Vec<&str> = name.split('.').collect();
        leaf_of(self.tree, &segments).is_some_and(|leaf| !leaf.starts_with("any "))
    }

    /// `name`, and the same with the prefix of the bare model added or taken away, as a loader does.
    pub fn with_and_without_prefix(&self, name: &str) -> Vec<String> {
        let mut found = vec![name.to_owned()];
        let prefix = self.prefix.as_str();
        if !prefix.is_empty() {
            let shorter = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.'));
            found.push(shorter.map_or_else(|| format!("{prefix}.{name}"), str::to_owned));
        }
        found
    }

    /// Whether a part of the model is of another type than the list was made with, so that its names may be others.
    pub fn has_other_parts(&self, config: &Value) -> bool {
        self.parts.iter().any(|(key, model_type)| {
            let stated = value_at(config, key).and_then(|part| part.get("model_type")?.as_str());
            stated.is_some_and(|stated| stated != model_type)
        })
    }

    /// Whether the class ignores `name` without a word.
    pub fn ignores(&self, name: &str) -> bool {
        let is_match = |pattern: &String| Regex::new(pattern).ok().and_then(|regex| regex.is_match(name).ok());
        self.ignored.iter().any(|pattern| is_match(pattern) == Some(true))
    }

    /// What the disk has in the place of a parameter that memory calls by the pattern `name`; empty where it is the same.
    pub fn spelled(&self, name: &str) -> &'static [String] {
        let table = self.spelled.and_then(|table| TABLE.spelled.get(table));
        table.and_then(|table| table.get(name)).map_or(&[], Vec::as_slice)
    }

    /// Patterns of the names in memory that must be there under `config`.
    pub fn required(&self, config: &Value) -> Vec<String> {
        let mut found = Vec::new();
        collect(self.tree, "", config, &mut found);
        found
    }
}

/// The entries of a node: a segment and what lies below it.
fn entries(node: usize) -> impl Iterator<Item = (&'static str, Below)> {
    let text = TABLE.nodes.get(node).map_or("", String::as_str);
    text.split(' ').filter_map(|entry| {
        let at = entry.find(['>', '='])?;
        let (segment, rest) = entry.split_at(at);
        let (kind, number) = rest.split_at(1);
        let number = number.parse().ok()?;
        Some((segment, if kind == ">" { Below::Node(number) } else { Below::Leaf(number) }))
    })
}

/// What lies below a segment.
#[derive(Clone, Copy)]
enum Below {
    Node(usize),
    Leaf(usize),
}

fn leaf_of(node: usize, segments: &[&str]) -> Option<&'static str> {
    let (first, rest) = segments.split_first()?;
    let is_index = first.bytes().all(|byte| byte.is_ascii_digit());
    entries(node).filter(|(segment, _)| segment == first || (is_index && *segment == "*")).find_map(
        |(_, below)| match (below, rest.is_empty()) {
            (Below::Leaf(leaf), true) => TABLE.leaves.get(leaf).map(String::as_str),
            (Below::Node(node), false) => leaf_of(node, rest),
            _ => None,
        },
    )
}

fn collect(node: usize, path: &str, config: &Value, found: &mut Vec<String>) {
    for (segment, below) in entries(node) {
        let name = if path.is_empty() { segment.to_owned() } else { format!("{path}.{segment}") };
        match below {
            Below::Node(node) => collect(node, &name, config, found),
            Below::Leaf(leaf) => {
                let leaf = TABLE.leaves.get(leaf).map_or("", String::as_str);
                // A parameter that one key adds may need another too, so only what a default has is asked for.
                let is_sure = leaf == "required" || leaf.starts_with("all ");
                if is_sure && want(leaf, config) == Want::Required {
                    found.push(name);
                }
            }
        }
    }
}

/// `required`, `optional`, `tied`, `saved`, or what it needs: `all key !other` of a default, `any key` of others. A key
/// after `!` must be off; one before `+` is on where the config leaves it out.
fn want(leaf: &str, config: &Value) -> Want {
    let mut words = leaf.split(' ');
    match words.next() {
        Some("required") => Want::Required,
        Some("all") if words.all(|need| holds(need, config)) => Want::Required,
        Some("any") if words.any(|need| holds(need, config)) => Want::Taken,
        Some("all" | "any") => Want::LeftOut,
        _ => Want::Taken,
    }
}

fn holds(need: &str, config: &Value) -> bool {
    let (key, is_wanted) = need.strip_prefix('!').map_or((need, true), |key| (key, false));
    let (key, is_on_by_default) = key.strip_suffix('+').map_or((key, false), |key| (key, true));
    value_at(config, key).map_or(is_on_by_default, is_on) == is_wanted
}

/// As Python takes a value for true.
fn is_on(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(values) => !values.is_empty(),
    }
}

/// The value of a key of the config, `text_config.num_hidden_layers` for one of a part of it.
pub(super) fn value_at<'a>(config: &'a Value, key: &str) -> Option<&'a Value> {
    key.split('.').try_fold(config, |value, step| value.get(step))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_class_knows_its_parameters() {
        let llama = ClassParameters::of("LlamaForCausalLM").unwrap();
        let config = json!({"num_hidden_layers": 2, "attention_bias": false});
        let want = |name| llama.want(name, &config);
        assert_eq!(want("model.layers.1.self_attn.q_proj.weight"), Some(Want::Required));
        assert_eq!(want("model.layers.1.self_attn.q_proj.bias"), Some(Want::LeftOut));
        assert_eq!(want("lm_head.weight"), Some(Want::Taken), "it may be tied");
        assert_eq!(want("model.layers.1.self_attn.w_proj.weight"), None);
        let biased = json!({"attention_bias": true});
        assert_eq!(llama.want("model.layers.1.self_attn.q_proj.bias", &biased), Some(Want::Taken));
        assert!(llama.ignores("model.layers.0.self_attn.rotary_emb.inv_freq"));
        assert!(llama.required(&config).contains(&"model.layers.*.mlp.up_proj.weight".to_owned()));
        assert_eq!(llama.counted["model.layers.*"], "num_hidden_layers");
        assert_eq!(llama.rows["vocab_size"], ["lm_head.weight", "model.embed_tokens.weight"]);
    }

    #[test]
    fn a_list_holds_for_the_parts_that_it_was_made_with() {
        let class = ClassParameters::of("VisionEncoderDecoderModel").unwrap();
        let has_other = |encoder: &str, decoder: &str| {
            class.has_other_parts(&json!({"encoder": {"model_type": encoder}, "decoder": {"model_type": decoder}}))
        };
        assert!(!has_other("vit", "bert") && has_other("vit", "trocr") && has_other("donut-swin", "bert"));
        assert!(!class.has_other_parts(&json!({})));
    }

    #[test]
    fn both_spellings_of_a_mixture_are_known() {
        let mixtral = ClassParameters::of("MixtralForCausalLM").unwrap();
        let known = |name| mixtral.want(name, &json!({})).is_some();
        assert!(known("model.layers.0.mlp.experts.gate_up_proj"));
        assert!(known("model.layers.0.block_sparse_moe.experts.7.w1.weight"));
        assert!(!known("model.layers.0.block_sparse_moe.experts.7.w4.weight"));
    }

    #[test]
    fn every_tree_can_be_read() {
        assert!(TABLE.classes.len() > 400, "{}", TABLE.classes.len());
        for (name, class) in &TABLE.classes {
            assert!(!class.required(&json!({})).is_empty() || entries(class.tree).next().is_some(), "{name}");
            assert!(class.ignored.iter().all(|pattern| Regex::new(pattern).is_ok()), "{name}: {:?}", class.ignored);
        }
    }
}
