//! The class that a merged model is: the base's, or the one that a head of the adapter makes of it.

use super::Clash;
use crate::{
    adapter::{Adapter, Target},
    architecture::{Recast, TaskClass, TaskFamily},
    checkpoint::{Checkpoint, CheckpointError},
    matching::ClashReason,
};

/// PEFT's `task_type`, and transformers' tasks that are meant by it, the first one foremost.
const TASKS: [(&str, &[&str]); 5] = [
    (
        "SEQ_CLS",
        &[
            "SequenceClassification",
            "ImageClassification",
            "AudioClassification",
            "VideoClassification",
            "TimeSeriesClassification",
            "MultipleChoice",
            "NextSentencePrediction",
        ],
    ),
    ("TOKEN_CLS", &["TokenClassification", "AudioFrameClassification"]),
    (
        "QUESTION_ANS",
        &["QuestionAnswering", "DocumentQuestionAnswering", "VisualQuestionAnswering", "TableQuestionAnswering"],
    ),
    ("CAUSAL_LM", &["CausalLM"]),
    ("SEQ_2_SEQ_LM", &["Seq2SeqLM", "SpeechSeq2Seq"]),
];

/// Tasks of a head that has a row for each label: an adapter that names one has no other head.
const LABELLED_TASKS: usize = 3;

/// What adapters make of their base.
enum Decision {
    /// It stays what it is, or nothing is known of it.
    Stays,
    /// It becomes this class.
    Becomes(&'static TaskClass),
    /// The head does not say which class it is for.
    Open(Clash),
}

/// `base` as the adapters were trained on it: as the class whose head they bring, where that is another than the base's.
///
/// # Errors
/// None that a config which was read once can give.
pub fn as_trained(base: Checkpoint, adapters: &[Adapter]) -> Result<(Checkpoint, Option<Recast>), CheckpointError> {
    let Some(family) = family_of(&base) else { return Ok((base, None)) };
    match decide(&base, adapters, family) {
        Decision::Becomes(class) => {
            let (base, recast) = Recast::of(&base, family, class)?;
            Ok((base, Some(recast)))
        }
        Decision::Stays | Decision::Open(_) => Ok((base, None)),
    }
}

/// The head whose class cannot be told, where there is one.
pub(super) fn open_head(base: &Checkpoint, adapters: &[Adapter]) -> Option<Clash> {
    match decide(base, adapters, family_of(base)?) {
        Decision::Open(clash) => Some(clash),
        Decision::Stays | Decision::Becomes(_) => None,
    }
}

/// Whether a class of the base's type has the parameter `name` beside the bare model: then it may be new to the base.
pub(super) fn is_head(base: &Checkpoint, name: &str) -> bool {
    family_of(base).is_some_and(|family| family.is_head(name))
}

fn family_of(base: &Checkpoint) -> Option<&'static TaskFamily> {
    TaskFamily::of(base.config().model_type(), base.config().architecture())
}

/// What all of `adapters` say together; they may not contradict each other.
fn decide(base: &Checkpoint, adapters: &[Adapter], family: &'static TaskFamily) -> Decision {
    let mut decided = Decision::Stays;
    for (index, adapter) in adapters.iter().enumerate() {
        let heads: Vec<&Target> = heads(base, adapter, family);
        if heads.is_empty() {
            continue;
        }
        match (decide_for(base, (index, adapter), &heads, family), &decided) {
            (Decision::Stays, _) => {}
            (Decision::Becomes(class), Decision::Becomes(other)) if class != *other => {
                return open(index, &heads, ClashReason::OpenTask { task: None, classes: names(&[class, other]) });
            }
            (decision @ Decision::Open(_), _) => return decision,
            (decision, _) => decided = decision,
        }
    }
    decided
}

/// Parameters that the adapter saved whole and that some class has as its head: those that the base lacks, and those
/// with a row for each label.
fn heads<'a>(base: &Checkpoint, adapter: &'a Adapter, family: &TaskFamily) -> Vec<&'a Target> {
    let is_head = |target: &&Target| {
        let name = target.name();
        let is_saved_whole = target.replacement().is_some_and(|replacement| replacement.is_saved_whole);
        is_saved_whole && family.is_head(&name) && (base.tensor(&name).is_none() || family.is_labelled(&name))
    };
    adapter.targets().iter().filter(is_head).collect()
}

/// By the class that the adapter names, by its task, then by what the head holds.
fn decide_for(
    base: &Checkpoint,
    (index, adapter): (usize, &Adapter),
    heads: &[&Target],
    family: &'static TaskFamily,
) -> Decision {
    let own = base.config().architecture().and_then(|name| family.class(name));
    let is_own = |class: &TaskClass| own == Some(class);
    let fits = |class: &&'static TaskClass| {
        let has = |name: &str| heads.iter().any(|head| head.name() == name);
        let is_labelled_whole =
            class.labelled().all(|name| has(name) || (is_own(class) && base.tensor(name).is_some()));
        is_labelled_whole && heads.iter().all(|head| class.head_parameter(&head.name()).is_some())
    };
    let fitting: Vec<&'static TaskClass> = family.classes().iter().filter(fits).collect();
    if fitting.is_empty() {
        return Decision::Stays;
    }
    let becomes = |class: &'static TaskClass| if is_own(class) { Decision::Stays } else { Decision::Becomes(class) };
    let mapping = adapter.config().get("auto_mapping");
    let named = mapping.and_then(|mapping| mapping.get("base_model_class")?.as_str());
    if let Some(class) = named.and_then(|named| fitting.iter().find(|class| class.name == named)) {
        return becomes(class);
    }
    let task = adapter.config().task_type();
    let position = task.and_then(|task| TASKS.iter().position(|(name, _)| *name == task));
    let meant = position.map_or(&[][..], |position| TASKS[position].1);
    let of_task: Vec<&'static TaskClass> =
        fitting.iter().copied().filter(|class| meant.contains(&class.task.as_str())).collect();
    let is_contradicted = of_task.is_empty() && position.is_some_and(|position| position < LABELLED_TASKS);
    let choice = if of_task.is_empty() { &fitting } else { &of_task };
    let foremost = || choice.iter().find(|class| meant.first().is_some_and(|task| class.task == *task));
    match (choice.iter().find(|class| is_own(class)), foremost(), choice.as_slice()) {
        _ if is_contradicted => {}
        (Some(class), _, _) | (None, Some(class), _) | (None, None, [class]) => return becomes(class),
        _ => {}
    }
    let task = task.filter(|_| is_contradicted).map(str::to_owned);
    open(index, heads, ClashReason::OpenTask { task, classes: names(&fitting) })
}

fn names(classes: &[&TaskClass]) -> Vec<String> {
    classes.iter().map(|class| class.name.clone()).collect()
}

fn open(adapter: usize, heads: &[&Target], reason: ClashReason) -> Decision {
    let names: Vec<String> = heads.iter().map(|head| head.name()).collect();
    let tensors = heads.iter().flat_map(|head| head.tensors()).map(|tensor| tensor.name().to_owned()).collect();
    let module = heads.first().map(|head| head.module.clone()).unwrap_or_default();
    Decision::Open(Clash { adapter, tensors, module, base_tensor: names.join(", "), reason })
}
