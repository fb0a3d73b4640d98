//! The kind of model: the class that the adapter was trained on, against the base's.

use super::{Compared, Finding, Verdict};
use crate::{adapter::Adapter, checkpoint::Checkpoint};

/// PEFT's `task_type`, and how the classes of such models end.
const TASKS: [(&str, &[&str]); 6] = [
    ("CAUSAL_LM", &["ForCausalLM", "LMHeadModel", "ForConditionalGeneration", "Model"]),
    ("SEQ_2_SEQ_LM", &["ForConditionalGeneration", "ForSeq2SeqLM", "Model"]),
    ("SEQ_CLS", &["ForSequenceClassification"]),
    ("TOKEN_CLS", &["ForTokenClassification"]),
    ("QUESTION_ANS", &["ForQuestionAnswering"]),
    ("FEATURE_EXTRACTION", &["Model"]),
];

/// The class (`auto_mapping.base_model_class`) and the task (`task_type`), where the adapter names them.
pub(super) fn findings(base: &Checkpoint, adapter: &Adapter) -> Vec<Finding> {
    let config = adapter.config();
    let Some(architecture) = base.config().architecture() else { return Vec::new() };
    let class = config.get("auto_mapping").and_then(|mapping| mapping.get("base_model_class")?.as_str());
    let task = config.get("task_type").and_then(serde_json::Value::as_str);
    [class.map(|class| by_class(class, architecture)), task.and_then(|task| by_task(task, architecture))]
        .into_iter()
        .flatten()
        .collect()
}

fn by_class(class: &str, architecture: &str) -> Finding {
    let evidence = Compared::Class { trained_on: class.to_owned(), base: architecture.to_owned() };
    let verdict = if family(class) == family(architecture) { Verdict::Agrees } else { Verdict::Differs };
    Finding::new(verdict, evidence)
}

fn by_task(task: &str, architecture: &str) -> Option<Finding> {
    let (_, endings) = TASKS.iter().find(|(known, _)| *known == task)?;
    let (task, base) = (task.to_owned(), architecture.to_owned());
    Some(if endings.iter().any(|ending| architecture.ends_with(ending)) {
        Finding::new(Verdict::Agrees, Compared::TaskFits { task, base })
    } else {
        Finding::new(Verdict::Differs, Compared::TaskDiffers { task, base })
    })
}

/// `Llama` of `LlamaForCausalLM`.
fn family(class: &str) -> &str {
    let cut = class.find("For").or_else(|| class.find("LMHeadModel")).or_else(|| class.find("Model"));
    &class[..cut.unwrap_or(class.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_and_tasks_are_told_apart() {
        assert_eq!(by_class("LlamaModel", "LlamaForCausalLM").verdict, Verdict::Agrees);
        assert_eq!(by_class("GPT2LMHeadModel", "GPT2Model").verdict, Verdict::Agrees);
        assert_eq!(by_class("MistralForCausalLM", "LlamaForCausalLM").verdict, Verdict::Differs);
        assert_eq!(by_task("CAUSAL_LM", "Qwen2VLForConditionalGeneration").unwrap().verdict, Verdict::Agrees);
        assert_eq!(by_task("SEQ_CLS", "LlamaForCausalLM").unwrap().verdict, Verdict::Differs);
        assert_eq!(by_task("SOMETHING_NEW", "LlamaForCausalLM"), None);
    }
}
