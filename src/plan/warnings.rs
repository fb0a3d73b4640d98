//! What a user should know of a plan that stops nothing.

use super::{TokenizerChoice, layout::Inputs};
use crate::{
    adapter::Adapter,
    checkpoint::LogicalTensor,
    error::listed,
    matching::{Applied, Origin},
    units,
};

/// Every warning, the adapters' first.
pub(super) fn all(inputs: Inputs<'_>, tokenizer: &TokenizerChoice) -> Vec<String> {
    let mut warnings = Vec::new();
    for (index, adapter) in inputs.adapters.iter().enumerate() {
        warnings.extend(of_adapter(adapter));
        if let Some(change) = inputs.matching.prefix_changes.get(index).and_then(Option::as_ref) {
            warnings.push(format!("{}: {change} to find its tensors in the base", adapter.name()));
        }
        if let Some(count) = inputs.matching.renamed_modules.get(index).filter(|count| **count > 0) {
            warnings.push(format!(
                "{}: {} found under the names that the base has on disk (transformers' table of names)",
                adapter.name(),
                units::plural(*count, "module"),
            ));
        }
    }
    warnings.extend(of_whole_tensors(inputs));
    warnings.extend(of_the_head(inputs));
    for set_aside in &inputs.matching.set_aside {
        warnings.push(format!("{} is not merged: {}", set_aside.tensor, set_aside.rule));
    }
    warnings.extend(of_tokens(inputs, tokenizer));
    warnings
}

fn of_adapter(adapter: &Adapter) -> Vec<String> {
    let notes = adapter.config().notes().iter();
    let mut warnings: Vec<String> = notes.map(|note| format!("{}: {note}", adapter.name())).collect();
    let unknown = adapter.config().unknown_keys();
    if !unknown.is_empty() {
        warnings.push(format!(
            "{}: adapter_config.json has {} that no PEFT release up to 0.21 writes ({}); a newer option may want another merge",
            adapter.name(),
            if unknown.len() == 1 { "a key" } else { "keys" },
            unknown.join(", "),
        ));
    }
    if adapter.method_name() == "OLoRA" {
        warnings.push(format!(
            "{}: OLoRA trained on a base that its init had changed; that base is computed anew from this one, which must be the original",
            adapter.name(),
        ));
    }
    warnings
}

/// Tensors that are replaced or added whole.
fn of_whole_tensors(inputs: Inputs<'_>) -> Vec<String> {
    let Inputs { base, adapters, matching } = inputs;
    let from_adapters = || matching.applied.iter().filter(|applied| matches!(applied.origin, Origin::Adapter { .. }));
    let named = |applied: &Applied| {
        let shape =
            |tensor: Option<&LogicalTensor>| tensor.map_or_else(String::new, |tensor| units::shape(tensor.shape()));
        let (old, new) = (shape(base.tensor(&applied.tensor)), shape(applied.source(base, adapters)));
        if old == new { applied.tensor.clone() } else { format!("{} ({old} becomes {new})", applied.tensor) }
    };
    let (replaced, added): (Vec<&Applied>, Vec<&Applied>) =
        from_adapters().partition(|applied| base.tensor(&applied.tensor).is_some());
    let mut warnings = Vec::new();
    if !replaced.is_empty() {
        let names: Vec<String> = replaced.iter().map(|applied| named(applied)).collect();
        let count = units::plural(names.len(), "tensor");
        warnings.push(format!("the adapter brings {count} whole, in the place of the base's: {}", listed(&names, 4)));
    }
    let names: Vec<&String> =
        added.iter().map(|applied| &applied.tensor).filter(|name| !is_head(inputs, name)).collect();
    if !names.is_empty() {
        warnings.push(format!(
            "the base has no {}; the adapter's is added, and only a class with such a layer loads it",
            listed(&names, 4),
        ));
    }
    warnings
}

fn is_head(inputs: Inputs<'_>, name: &str) -> bool {
    inputs.matching.untied.as_ref().is_some_and(|untied| untied.head == name)
}

fn of_the_head(inputs: Inputs<'_>) -> Option<String> {
    let untied = inputs.matching.untied.as_ref()?;
    // Older releases take names without the model's prefix for the inner model alone.
    let is_bare = untied.embedding.split('.').count() == 2;
    let loader = if is_bare { "; with these names, only transformers 5 or later loads both" } else { "" };
    Some(format!(
        "{} and {} share one tensor in the base, but training took them apart; each gets its own, and tie_word_embeddings becomes false{loader}",
        untied.embedding, untied.head,
    ))
}

fn of_tokens(inputs: Inputs<'_>, tokenizer: &TokenizerChoice) -> Option<String> {
    let rows = super::config_edit::vocabulary_rows(inputs).or_else(|| inputs.base.config().integer("vocab_size"))?;
    let tokens = tokenizer.token_count.filter(|tokens| *tokens > rows)?;
    Some(format!(
        "the tokenizer has {} tokens, the embedding {} rows: ids beyond it will fail",
        units::count(tokens),
        units::count(rows),
    ))
}
