//! The tied output head of a class that transformers does not have, told by names alone.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Applied,
    tied::{self, Shared},
};
use crate::{
    adapter::Adapter,
    architecture::{Member, Vocabulary},
    checkpoint::Checkpoint,
};

/// Names of input embeddings, with the head that goes with each.
const EMBEDDINGS: [(&str, &str); 4] =
    [("embed_tokens", "lm_head"), ("wte", "lm_head"), ("word_embeddings", "lm_head"), ("embed_in", "embed_out")];

/// Endings of architectures that have an output head.
const HEADED: [&str; 3] = ["ForCausalLM", "LMHeadModel", "ForConditionalGeneration"];

/// The tied head of `base`, where it has one that can be told apart by name.
pub(super) fn of(base: &Checkpoint, vocabulary: &Vocabulary) -> Option<Shared> {
    if !has_tied_head(base, vocabulary) {
        return None;
    }
    let mut modules = base.tensors().keys().filter_map(|name| name.strip_suffix(".weight"));
    let embedding_of = |module: &str| {
        let (path, name) = module.rsplit_once('.').unwrap_or(("", module));
        let (_, head) = EMBEDDINGS.iter().find(|(embedding, _)| *embedding == name)?;
        // The head stands beside the decoder: `language_model.model.embed_tokens` → `language_model.lm_head`.
        let outer = path.rsplit_once('.').filter(|(outer, _)| *outer != "model").map_or("", |(outer, _)| outer);
        let head = if outer.is_empty() { format!("{head}.weight") } else { format!("{outer}.{head}.weight") };
        Some((format!("{module}.weight"), head))
    };
    let (embedding, head) = modules.by_ref().find_map(embedding_of)?;
    // Encoder and decoder may both have one, and then which is shared is not to be seen.
    if modules.find_map(embedding_of).is_some() {
        return None;
    }
    let member = |disk: String| Member { memory: disk.clone(), disk };
    let nested = base.config().text().object_paths().into_iter();
    let nested = nested.filter(|path| !path.is_empty() && is_stated(base, path));
    Some(Shared {
        stored: embedding.clone(),
        members: vec![member(embedding), member(head)],
        is_guessed: true,
        is_inseparable: false,
        one_module_before_5: Vec::new(),
        separable_head: None,
        is_first_never_run: false,
        config_paths: std::iter::once(Vec::new()).chain(nested).collect(),
    })
}

/// Whether the object of config.json at `path` says of its own whether embeddings are tied.
fn is_stated(base: &Checkpoint, path: &[String]) -> bool {
    let value = base.config().text().value();
    path.iter().fold(&value, |value, key| &value[key.as_str()]).get("tie_word_embeddings").is_some()
}

/// Whether `base` has an output head without a tensor of its own.
fn has_tied_head(base: &Checkpoint, vocabulary: &Vocabulary) -> bool {
    let config = base.config();
    let is_headed = config.architecture().is_some_and(|name| HEADED.iter().any(|end| name.ends_with(end)));
    let is_untied = config.get("tie_word_embeddings").and_then(Value::as_bool) == Some(false);
    let modules = || base.tensors().keys().filter_map(|name| name.strip_suffix(".weight"));
    is_headed && !is_untied && !modules().any(|module| vocabulary.is_head(module))
}

/// The embedding that training took apart from a tied head of which the name cannot be told, if there is one.
pub(super) fn hidden(
    base: &Checkpoint,
    adapters: &[Adapter],
    vocabulary: &Vocabulary,
    applied: &BTreeMap<String, Applied>,
) -> Option<String> {
    let holds = |name: &str| name.strip_suffix(".weight").is_some_and(|module| vocabulary.holds(module));
    let mut touched = applied.values().filter(|entry| holds(&entry.tensor) && !tied::stays_shared(entry, adapters));
    touched.find(|_| has_tied_head(base, vocabulary)).map(|entry| entry.tensor.clone())
}
