//! The config names the task that the head was trained for, and as many labels as the head has rows.

use super::{Detail, Reference};
use crate::{architecture::TaskFamily, checkpoint::Checkpoint};

/// PEFT's `task_type` and the task of the classes that it means.
const TASKS: [(&str, &str); 3] = [
    ("SEQ_CLS", "SequenceClassification"),
    ("TOKEN_CLS", "TokenClassification"),
    ("QUESTION_ANS", "QuestionAnswering"),
];

/// Labels of a config that names none, in transformers.
const DEFAULT_LABEL_COUNT: u64 = 2;

/// A head that has a row for each label, against the labels of the config.
pub(super) fn other_labels(model: &Checkpoint) -> Option<Detail> {
    let config = model.config();
    let class = TaskFamily::of(config.model_type(), config.architecture())?.class(config.architecture()?)?;
    let configured = label_count(model);
    class.labelled().find_map(|name| {
        let rows = *model.tensor(name)?.shape().first()? as u64;
        (rows != configured).then(|| Detail::LabelCount { configured, tensor: name.to_owned(), rows })
    })
}

/// The task that an adapter names, against that of the class which its head made of the base.
pub(super) fn other_task(merged: &Checkpoint, reference: &Reference) -> Option<Detail> {
    let config = merged.config();
    let family = TaskFamily::of(config.model_type(), config.architecture())?;
    let class = family.class(config.architecture()?)?;
    let is_contradicted = |task: &str| {
        let meant = TASKS.iter().find(|(name, _)| *name == task).map(|(_, meant)| *meant);
        meant.is_some_and(|meant| class.task != meant && TASKS.iter().any(|(_, other)| class.task == *other))
    };
    let adapter =
        reference.adapters.iter().find(|adapter| adapter.config().task_type().is_some_and(is_contradicted))?;
    let task = adapter.config().task_type()?.to_owned();
    Some(Detail::OtherTask { adapter: adapter.name(), task, class: class.name.clone() })
}

/// The number of labels that a loader finds in the config.
fn label_count(model: &Checkpoint) -> u64 {
    let named = model.config().get("id2label").and_then(|labels| labels.as_object()).map(|labels| labels.len() as u64);
    named.or_else(|| model.config().get("num_labels")?.as_u64()).unwrap_or(DEFAULT_LABEL_COUNT)
}
