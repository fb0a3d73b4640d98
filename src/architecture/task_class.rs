//! The classes of a model type by task: where each has the bare model, what of it the class lacks, and which parameters
//! it has beside it.
//!
//! The table is written by `tests/tools/make_task_classes.py` from transformers 5.24 and 4.57. Names are those in memory;
//! `*` stands for a layer's number.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::LazyLock,
};

use serde::Deserialize;

/// The table, parsed once.
static TABLE: LazyLock<HashMap<String, TaskFamily>> = LazyLock::new(|| {
    let text = include_str!("task_classes.json");
    let table: Table = serde_json::from_str(text).unwrap_or_else(|error| unreachable!("task_classes.json: {error}"));
    table.types.into_iter().map(|(name, classes)| (name, TaskFamily::new(classes))).collect()
});

#[derive(Deserialize)]
struct Table {
    types: BTreeMap<String, BTreeMap<String, TaskClass>>,
}

/// The classes of one model type.
#[derive(Debug)]
pub struct TaskFamily {
    classes: Vec<TaskClass>,
}

/// One class of transformers.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct TaskClass {
    /// Its name.
    #[serde(skip)]
    pub name: String,
    /// What it is for, as transformers' mapping is called: `SequenceClassification`, `CausalLM`, `Bare`.
    pub task: String,
    /// The segment below which it has the bare model; empty where there is none.
    pub prefix: String,
    /// Parameters beside the bare model.
    pub head: BTreeMap<String, HeadParameter>,
    /// Paths in the bare model that this class lacks, such as a pooler.
    #[serde(default)]
    pub lacks: BTreeSet<String>,
    /// First segments of the bare model's parameters.
    modules: BTreeSet<String>,
}

/// What a parameter of a head is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeadParameter {
    /// It has a row for each label.
    Labels,
    /// It may share the tensor of another parameter, or is a buffer with a value of its own.
    Tied,
    /// Neither.
    Fixed,
}

/// Where a class has a tensor of another class of its model type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Under this name.
    At(String),
    /// Nowhere.
    LeftOut,
    /// The table does not say.
    Unknown,
}

impl TaskFamily {
    fn new(classes: BTreeMap<String, TaskClass>) -> Self {
        Self { classes: classes.into_iter().map(|(name, class)| TaskClass { name, ..class }).collect() }
    }

    /// The family of a model type, or where it is unknown the one that has the class `class_name`.
    #[must_use]
    pub fn of(model_type: &str, class_name: Option<&str>) -> Option<&'static Self> {
        let by_class = || TABLE.values().find(|family| class_name.is_some_and(|name| family.class(name).is_some()));
        TABLE.get(model_type).or_else(by_class)
    }

    /// All of its classes, by name.
    #[must_use]
    pub fn classes(&self) -> &[TaskClass] {
        &self.classes
    }

    /// One class.
    #[must_use]
    pub fn class(&self, name: &str) -> Option<&TaskClass> {
        self.classes.iter().find(|class| class.name == name)
    }

    /// Whether any class has the parameter `name` beside the bare model.
    #[must_use]
    pub fn is_head(&self, name: &str) -> bool {
        let pattern = starred(name);
        self.classes.iter().any(|class| class.head.contains_key(&pattern))
    }

    /// Whether any class has a row for each label in the parameter `name`.
    #[must_use]
    pub fn is_labelled(&self, name: &str) -> bool {
        self.classes.iter().any(|class| class.head_parameter(name) == Some(HeadParameter::Labels))
    }

    /// The prefix of a class below which `name` lies, without its dot.
    #[must_use]
    pub fn prefix_of<'n>(&self, name: &'n str) -> Option<&'n str> {
        let (first, _) = name.split_once('.')?;
        let is_prefix = self.classes.iter().any(|class| class.prefix == first);
        (is_prefix && !self.is_head(name)).then_some(first)
    }

    /// Where `class` has the parameter that some class of this family calls `name`.
    #[must_use]
    pub fn place(&self, name: &str, class: &TaskClass) -> Place {
        if class.head_parameter(name).is_some() {
            return Place::At(name.to_owned());
        }
        let prefix = self.prefix_of(name);
        if prefix.is_none() && self.is_head(name) {
            return Place::LeftOut;
        }
        let core = prefix.map_or(name, |prefix| &name[prefix.len() + 1..]);
        let first = core.split('.').next().unwrap_or(core);
        let is_known = self.classes.iter().any(|class| class.modules.contains(first));
        if class.is_without(core) || (is_known && !class.modules.contains(first)) {
            Place::LeftOut
        } else if is_known || prefix.is_some() {
            Place::At(class.in_model(core))
        } else {
            Place::Unknown
        }
    }
}

impl TaskClass {
    /// What the parameter `name` is to its head; `None` where it is not of the head.
    #[must_use]
    pub fn head_parameter(&self, name: &str) -> Option<HeadParameter> {
        self.head.get(&starred(name)).copied()
    }

    /// Whether `pattern` of the table stands for the parameter `name`.
    #[must_use]
    pub fn is_named_by(pattern: &str, name: &str) -> bool {
        pattern == name || (pattern.contains('*') && pattern == starred(name))
    }

    /// The parameters with a row for each label.
    pub fn labelled(&self) -> impl Iterator<Item = &str> {
        let labelled = self.head.iter().filter(|(_, parameter)| **parameter == HeadParameter::Labels);
        labelled.map(|(name, _)| name.as_str())
    }

    /// The name that this class gives to a parameter of the bare model.
    #[must_use]
    pub fn in_model(&self, core: &str) -> String {
        if self.prefix.is_empty() { core.to_owned() } else { format!("{}.{core}", self.prefix) }
    }

    /// First segments of the bare model's parameters.
    #[must_use]
    pub fn modules(&self) -> &BTreeSet<String> {
        &self.modules
    }

    /// Whether the class leaves the bare model's `core` out.
    fn is_without(&self, core: &str) -> bool {
        let core = starred(core);
        self.lacks
            .iter()
            .any(|path| core.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    }
}

/// `name` with `*` for every number.
fn starred(name: &str) -> String {
    let is_number = |segment: &str| segment.bytes().all(|byte| byte.is_ascii_digit());
    name.split('.').map(|segment| if is_number(segment) { "*" } else { segment }).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(model_type: &str, class: &str, name: &str) -> Place {
        let family = TaskFamily::of(model_type, None).unwrap();
        family.place(name, family.class(class).unwrap())
    }

    fn at(name: &str) -> Place {
        Place::At(name.to_owned())
    }

    #[test]
    fn a_class_has_the_bare_model_below_its_prefix() {
        let query = "encoder.layer.0.attention.self.query.weight";
        let prefixed = format!("bert.{query}");
        for name in [query, &prefixed] {
            assert_eq!(place("bert", "BertForSequenceClassification", name), at(&prefixed));
            assert_eq!(place("bert", "BertModel", name), at(query));
        }
        let names = ["model.layers.0.mlp.up_proj.weight", "transformer.layers.0.mlp.up_proj.weight"];
        assert_eq!(place("llama", "LlamaForQuestionAnswering", names[0]), at(names[1]));
        assert_eq!(place("llama", "LlamaForSequenceClassification", names[1]), at(names[0]));
        assert_eq!(place("t5", "T5ForSequenceClassification", "shared.weight"), at("transformer.shared.weight"));
        assert_eq!(place("t5", "T5ForConditionalGeneration", "shared.weight"), at("shared.weight"));
        assert_eq!(
            place("distilbert", "DistilBertModel", "transformer.layer.0.ffn.lin1.bias"),
            at("transformer.layer.0.ffn.lin1.bias")
        );
    }

    #[test]
    fn what_a_class_lacks_is_left_out() {
        for (model_type, class, name) in [
            ("llama", "LlamaForSequenceClassification", "lm_head.weight"),
            ("bert", "BertForSequenceClassification", "cls.predictions.transform.dense.weight"),
            ("bert", "BertForTokenClassification", "bert.pooler.dense.weight"),
            ("bert", "BertForTokenClassification", "pooler.dense.weight"),
            ("t5", "T5ForTokenClassification", "decoder.block.0.layer.0.SelfAttention.q.weight"),
            ("roberta", "RobertaForSequenceClassification", "classifier.weight"),
        ] {
            assert_eq!(place(model_type, class, name), Place::LeftOut, "{class} {name}");
        }
        assert_eq!(
            place("bert", "BertForSequenceClassification", "bert.pooler.dense.weight"),
            at("bert.pooler.dense.weight")
        );
        assert_eq!(
            place("deberta-v2", "DebertaV2ForSequenceClassification", "pooler.dense.weight"),
            at("pooler.dense.weight")
        );
        assert_eq!(place("bert", "BertForSequenceClassification", "extra.weight"), Place::Unknown);
    }

    #[test]
    fn heads_say_which_parameters_have_a_row_for_each_label() {
        let class = |model_type: &str, name: &str| {
            let family = TaskFamily::of(model_type, None).unwrap();
            family.class(name).unwrap().labelled().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(class("gpt2", "GPT2ForSequenceClassification"), "score.weight");
        assert_eq!(
            class("roberta", "RobertaForSequenceClassification"),
            "classifier.out_proj.bias classifier.out_proj.weight"
        );
        assert_eq!(class("llama", "LlamaForTokenClassification"), "score.bias score.weight");
        assert_eq!(class("bert", "BertForMultipleChoice"), "");
        assert!(TaskFamily::of("", Some("LlamaForSequenceClassification")).is_some());
        assert!(TaskFamily::of("mine", Some("MineForCausalLM")).is_none());
    }
}
