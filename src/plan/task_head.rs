//! The head that an adapter brings, and what the merged model's config says of it.

use serde_json::{Map, Value};

use super::layout::Inputs;
use crate::{
    adapter::Adapter,
    architecture::{HeadParameter, Recast, TaskClass, TaskFamily},
    checkpoint::{JsonText, read_text},
    error::IoAction,
    matching::Origin,
};

/// A head that an adapter brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TaskHead {
    /// The class that has it.
    pub class: String,
    /// Whether the base is of another class.
    pub is_new_class: bool,
    /// The tensors that the adapter brings.
    pub tensors: Vec<String>,
    /// The labels by row, where the head has a row for each.
    pub labels: Option<Vec<String>>,
    /// Tensors of the base that the class lacks.
    pub left_out: Vec<String>,
    /// Tensors that the class has under another name.
    pub renamed_count: usize,
    /// Parameters of the class that are in neither file.
    pub missing: Vec<String>,
}

impl TaskHead {
    /// The head of the merged model, where an adapter brings it; `recast` is what that made of the base.
    pub fn of(inputs: Inputs<'_>, recast: Option<&Recast>) -> Option<Self> {
        let Inputs { base, adapters, matching } = inputs;
        let family = TaskFamily::of(base.config().model_type(), base.config().architecture())?;
        let class = family.class(base.config().architecture()?)?;
        let brought = matching.applied.iter().filter(|applied| {
            matches!(applied.origin, Origin::Adapter { .. }) && class.head_parameter(&applied.tensor).is_some()
        });
        let is_labelled = |name: &str| class.head_parameter(name) == Some(HeadParameter::Labels);
        let (mut tensors, mut label_count) = (Vec::new(), None);
        for applied in brought {
            tensors.push(applied.tensor.clone());
            let rows = applied.source(base, adapters).and_then(|source| source.shape().first());
            label_count = label_count.or(rows.filter(|_| is_labelled(&applied.tensor)).copied());
        }
        let is_new_class = recast.is_some();
        if !is_new_class && label_count.is_none() {
            return None;
        }
        Some(Self {
            class: class.name.clone(),
            is_new_class,
            labels: label_count.map(|count| labels(base.config().text(), adapters, count)),
            tensors,
            left_out: recast.map(|recast| recast.left_out.clone()).unwrap_or_default(),
            renamed_count: recast.map_or(0, |recast| recast.renamed_count),
            missing: missing(inputs, family, class),
        })
    }

    /// Writes the labels; those of the base stay where there are as many.
    pub fn edit(&self, text: &mut JsonText) {
        let Some(labels) = &self.labels else { return };
        if text.value().get("num_labels").and_then(Value::as_u64) != Some(labels.len() as u64) {
            text.set(&["num_labels"], &labels.len().into());
        }
        if labels_of(&text.value()).is_some_and(|held| held == *labels) {
            return;
        }
        let by_id: Map<String, Value> =
            labels.iter().enumerate().map(|(id, label)| (id.to_string(), label.as_str().into())).collect();
        let by_label: Map<String, Value> =
            labels.iter().enumerate().map(|(id, label)| (label.clone(), id.into())).collect();
        text.set(&["label2id"], &by_label.into());
        text.set(&["id2label"], &by_id.into());
    }
}

/// The names of `count` labels: the base's, else those in a config beside an adapter, else transformers' own.
fn labels(base: &JsonText, adapters: &[Adapter], count: usize) -> Vec<String> {
    let beside = |adapter: &Adapter| {
        let path = adapter.root().join("config.json");
        let text = path.is_file().then(|| read_text(&path, IoAction::ReadLabels).ok())??;
        labels_of(&JsonText::parse(text).ok()?.value())
    };
    let own = labels_of(&base.value());
    let named = own.into_iter().chain(adapters.iter().filter_map(beside)).find(|labels| labels.len() == count);
    named.unwrap_or_else(|| (0..count).map(|id| format!("LABEL_{id}")).collect())
}

/// `id2label` by id, where it names every id once.
fn labels_of(config: &Value) -> Option<Vec<String>> {
    let by_id = config.get("id2label")?.as_object()?;
    let label = |id: usize| by_id.get(&id.to_string())?.as_str().map(str::to_owned);
    (0..by_id.len()).map(label).collect()
}

/// Parameters that `class` looks for and no file holds, so that every load makes them anew at random.
fn missing(inputs: Inputs<'_>, family: &TaskFamily, class: &TaskClass) -> Vec<String> {
    let Inputs { base, matching, .. } = inputs;
    let held = || base.tensors().keys().chain(matching.applied.iter().map(|applied| &applied.tensor));
    let is_held = |pattern: &str| held().any(|name| TaskClass::is_named_by(pattern, name));
    let needed = class.head.iter().filter(|(_, parameter)| **parameter != HeadParameter::Tied);
    let mut names: Vec<String> =
        needed.map(|(pattern, _)| pattern).filter(|pattern| !is_held(pattern)).cloned().collect();
    // Only what some class of the type does without may be missing; the rest goes by other names.
    let is_spared = |module: &&String| family.classes().iter().any(|other| other.lacks.contains(*module));
    for module in class.modules().iter().filter(is_spared) {
        let below = class.in_model(module) + ".";
        if !held().any(|name| name.starts_with(&below)) {
            names.push(class.in_model(module));
        }
    }
    names
}
