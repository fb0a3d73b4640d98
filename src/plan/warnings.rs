//! What a user should know of a plan that stops nothing.

use super::{Finding, ReplacedTensor, TokenizerChoice, Verdict, Warning, already_merged, layout::Inputs};
use crate::{
    adapter::{Adapter, Note},
    checkpoint::{Checkpoint, LogicalTensor},
    matching::{Applied, Origin},
};

/// Every warning, the adapters' first and what contradicts the base last.
pub(super) fn all(inputs: Inputs<'_>, tokenizer: &TokenizerChoice, findings: &[Vec<Finding>]) -> Vec<Warning> {
    let mut warnings: Vec<Warning> = of_the_base(inputs).into_iter().collect();
    for (index, adapter) in inputs.adapters.iter().enumerate() {
        warnings.extend(of_adapter(adapter, inputs.base));
        let name = || adapter.name();
        if let Some(trace) = already_merged::trace(inputs, index) {
            let (share, tensor_count) = (trace.share, trace.tensor_count);
            warnings.push(Warning::AlreadyMerged { adapter: name(), share, tensor_count });
        }
        if let Some(change) = inputs.matching.prefix_changes.get(index).and_then(Option::as_ref) {
            warnings.push(Warning::Prefix { adapter: name(), change: change.clone() });
        }
        if let Some(count) = inputs.matching.renamed_modules.get(index).filter(|count| **count > 0) {
            warnings.push(Warning::Renamed { adapter: name(), module_count: *count });
        }
        warnings.extend(of_orientations(inputs, index));
    }
    warnings.extend(of_whole_tensors(inputs));
    warnings.extend(of_untied(inputs));
    for set_aside in &inputs.matching.set_aside {
        warnings.push(Warning::SetAside { tensor: set_aside.tensor.clone(), rule: set_aside.rule });
    }
    warnings.extend(of_tokens(inputs, tokenizer));
    for (adapter, findings) in inputs.adapters.iter().zip(findings) {
        let differing = findings.iter().filter(|finding| finding.verdict == Verdict::Differs);
        warnings.extend(
            differing
                .map(|finding| Warning::Contradiction { adapter: adapter.name(), found: finding.evidence.clone() }),
        );
    }
    warnings
}

/// An adapter that lies in the base's folder and is not merged.
fn of_the_base(inputs: Inputs<'_>) -> Option<Warning> {
    let holds_adapter = inputs.base.root().join(crate::adapter::CONFIG_FILE).is_file();
    let is_given = inputs.adapters.iter().any(|adapter| is_same_folder(adapter, inputs.base));
    (holds_adapter && !is_given).then_some(Warning::BaseAdapter)
}

/// Whether an adapter lies in the base's own folder.
fn is_same_folder(adapter: &Adapter, base: &Checkpoint) -> bool {
    match (adapter.root().canonicalize(), base.root().canonicalize()) {
        (Ok(adapter), Ok(base)) => adapter == base,
        _ => false,
    }
}

fn of_adapter(adapter: &Adapter, base: &Checkpoint) -> Vec<Warning> {
    let name = || adapter.name();
    // In the base's own folder, the full model is the base.
    let is_news = |note: &Note| !matches!(note, Note::FullWeights { .. }) || !is_same_folder(adapter, base);
    let notes = adapter.notes().into_iter().filter(is_news);
    let mut warnings: Vec<Warning> = notes.map(|note| Warning::Noted { adapter: name(), note }).collect();
    let unknown = adapter.config().unknown_keys();
    if !unknown.is_empty() {
        let keys = unknown.iter().map(ToString::to_string).collect();
        warnings.push(Warning::UnknownKeys { adapter: name(), keys });
    }
    if adapter.method_name() == "OLoRA" {
        warnings.push(Warning::Olora { adapter: name() });
    }
    warnings
}

/// Tensors that are replaced or added whole.
fn of_whole_tensors(inputs: Inputs<'_>) -> Vec<Warning> {
    let Inputs { base, adapters, matching } = inputs;
    let from_adapters = || matching.applied.iter().filter(|applied| matches!(applied.origin, Origin::Adapter { .. }));
    let replaced = |applied: &Applied| {
        let shape = |tensor: Option<&LogicalTensor>| tensor.map_or_else(Vec::new, |tensor| tensor.shape().to_vec());
        ReplacedTensor {
            name: applied.tensor.clone(),
            old_shape: shape(base.tensor(&applied.tensor)),
            new_shape: shape(applied.source(base, adapters)),
        }
    };
    let (in_place, added): (Vec<&Applied>, Vec<&Applied>) =
        from_adapters().partition(|applied| base.tensor(&applied.tensor).is_some());
    let mut warnings = Vec::new();
    if !in_place.is_empty() {
        warnings.push(Warning::Replaced { tensors: in_place.into_iter().map(replaced).collect() });
    }
    let names: Vec<String> =
        added.iter().map(|applied| &applied.tensor).filter(|name| !was_shared(inputs, name)).cloned().collect();
    if !names.is_empty() {
        warnings.push(Warning::Added { names });
    }
    warnings
}

/// Whether `name` is a parameter that shared another's weight in the base.
fn was_shared(inputs: Inputs<'_>, name: &str) -> bool {
    inputs.matching.untied.iter().any(|untied| untied.others.iter().any(|other| other == name))
}

fn of_untied(inputs: Inputs<'_>) -> impl Iterator<Item = Warning> {
    let apart = inputs.matching.untied.iter().filter(|untied| !untied.is_taken_along);
    apart.map(|untied| Warning::Untied {
        shared: untied.shared.clone(),
        others: untied.others.clone(),
        is_guessed: untied.is_guessed,
        needs_transformers_5: untied.needs_transformers_5,
    })
}

fn of_orientations(inputs: Inputs<'_>, adapter: usize) -> Option<Warning> {
    let stated = inputs.matching.stated_orientations.iter().filter(|stated| stated.adapter == adapter);
    let tensors: Vec<String> = stated.clone().map(|stated| stated.tensor.clone()).collect();
    let orientation = stated.map(|stated| stated.orientation).next()?;
    Some(Warning::StatedOrientation { adapter: inputs.adapters.get(adapter)?.name(), tensors, orientation })
}

fn of_tokens(inputs: Inputs<'_>, tokenizer: &TokenizerChoice) -> Option<Warning> {
    let row_count =
        super::config_edit::vocabulary_rows(inputs).or_else(|| inputs.base.config().integer("vocab_size"))?;
    let token_count = tokenizer.token_count.filter(|tokens| *tokens > row_count)?;
    Some(Warning::TokensBeyondRows { token_count, row_count })
}
