//! transformers' classes as data: where a class has its input embedding and its output head, which parameters it ties,
//! and which modules of a model type are `Conv1D`.
//!
//! The table is written by `tests/tools/make_class_table.py` from transformers 5.24 and 4.57. Names are those in memory;
//! `*` stands for a layer's number.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::LazyLock,
};

use serde::Deserialize;

/// The table, parsed once.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let text = include_str!("class_table.json");
    serde_json::from_str(text).unwrap_or_else(|error| unreachable!("class_table.json: {error}"))
});

#[derive(Deserialize)]
struct Table {
    /// By model type: endings of the paths of its `Conv1D` modules.
    conv1d: HashMap<String, Vec<String>>,
    /// By model type: the classes that transformers has for it.
    models: BTreeMap<String, BTreeSet<String>>,
    /// Classes with an embedding, a head or ties, by name.
    classes: BTreeMap<String, Class>,
}

/// One class with an input embedding, an output head or tied parameters.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Class {
    /// The model type of its config.
    #[serde(rename = "type")]
    pub model_type: String,
    /// `base_model_prefix`: the segment below which a headed class has the bare model; empty where there is none.
    pub prefix: String,
    /// `tie_word_embeddings` where a config does not say it.
    pub ties_by_default: bool,
    /// The module of the input embedding.
    pub input: Option<String>,
    /// The module of the output head.
    pub output: Option<String>,
    /// Whether the config's switch ties layers too, as many as it has.
    #[serde(default)]
    pub ties_layers: bool,
    /// Parameters that are tied where the config says so, each with the one that it shares.
    #[serde(default)]
    pub ties: BTreeMap<String, String>,
}

/// The class of that name, where it has an embedding, a head or ties.
#[must_use]
pub fn class(name: &str) -> Option<&'static Class> {
    TABLE.classes.get(name)
}

/// The classes with ties whose config is of `model_type`, by name.
pub fn classes_of(model_type: &str) -> impl Iterator<Item = (&'static str, &'static Class)> {
    let classes = TABLE.classes.iter().map(|(name, class)| (name.as_str(), class));
    classes.filter(move |(_, class)| class.model_type == model_type)
}

/// Whether transformers itself has the class `name`.
#[must_use]
pub fn is_known_class(name: &str) -> bool {
    TABLE.classes.contains_key(name) || TABLE.models.values().any(|classes| classes.contains(name))
}

/// Whether transformers itself has models of `model_type`.
#[must_use]
pub fn is_known_type(model_type: &str) -> bool {
    TABLE.models.contains_key(model_type)
}

/// The model type whose class `name` is, where transformers has it.
#[must_use]
pub fn type_of_class(name: &str) -> Option<&'static str> {
    let of_table = TABLE.classes.get(name).map(|class| class.model_type.as_str());
    // A type may borrow another's classes (`code_llama` has Llama's): the one that they are named after is theirs.
    let plain = |name: &str| name.replace(['-', '_'], "").to_ascii_lowercase();
    let has_class = |(model_type, classes): (&'static String, &BTreeSet<String>)| {
        classes.contains(name).then_some(model_type.as_str())
    };
    let mut owners: Vec<&'static str> = TABLE.models.iter().filter_map(has_class).collect();
    owners.sort_by_key(|model_type| !plain(name).starts_with(&plain(model_type)));
    of_table.or_else(|| owners.first().copied())
}

/// Whether models of `model_type` have a `Conv1D` at `module`, wherever in a larger model they lie.
#[must_use]
pub fn has_conv1d(model_type: &str, module: &str) -> bool {
    TABLE.conv1d.get(model_type).is_some_and(|patterns| patterns.iter().any(|pattern| ends_with(module, pattern)))
}

/// Whether any model type has a `Conv1D` under that name.
#[must_use]
pub fn is_conv1d_anywhere(module: &str) -> bool {
    TABLE.conv1d.keys().any(|model_type| has_conv1d(model_type, module))
}

/// Whether `module` is `pattern` or ends with it, segment by segment.
fn ends_with(module: &str, pattern: &str) -> bool {
    let mut segments = module.rsplit('.');
    pattern.rsplit('.').all(|wanted| {
        segments.next().is_some_and(|segment| {
            if wanted == "*" { segment.bytes().all(|byte| byte.is_ascii_digit()) } else { segment == wanted }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_transformers_classes_are() {
        let whisper = class("WhisperForConditionalGeneration").unwrap();
        assert_eq!(whisper.output.as_deref(), Some("proj_out"));
        assert_eq!(whisper.ties["proj_out.weight"], "model.decoder.embed_tokens.weight");
        assert!(whisper.ties_by_default);
        assert_eq!(class("BertForMaskedLM").unwrap().ties["cls.predictions.decoder.bias"], "cls.predictions.bias");
        assert_eq!(class("GPT2LMHeadModel").unwrap().model_type, "gpt2");
        assert!(TABLE.classes.len() > 350 && TABLE.models.len() > 400);
        assert!(is_known_class("BertForSequenceClassification") && !is_known_class("MyForCausalLM"));
        assert_eq!(type_of_class("LlamaForSequenceClassification"), Some("llama"));
    }

    #[test]
    fn conv1d_is_told_by_type_and_place() {
        for module in ["h.0.attn.c_proj", "transformer.h.11.mlp.c_fc", "decoder.transformer.h.1.crossattention.q_attn"]
        {
            assert!(has_conv1d("gpt2", module), "{module}");
        }
        for module in ["lm_head", "score", "h.x.attn.c_proj", "attn.c_proj", "transformer.h.0.attn.q_proj"] {
            assert!(!has_conv1d("gpt2", module), "{module}");
        }
        assert!(has_conv1d("clvp_decoder", "model.decoder.layers.1.mlp.c_proj"));
        assert!(!has_conv1d("clvp_decoder", "model.decoder.layers.1.attn.out_proj"));
        assert!(!has_conv1d("gpt_neo", "transformer.h.0.mlp.c_fc"), "the same name, but Linear");
        assert!(is_conv1d_anywhere("transformer.h.0.mlp.c_fc") && !is_conv1d_anywhere("model.layers.0.mlp.up_proj"));
    }
}
