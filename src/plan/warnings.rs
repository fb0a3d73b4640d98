//! What a user should know of a plan that stops nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Finding, ReplacedTensor, SideFileStep, SpecialTokens, TokenChange, TokenizerChoice, Verdict, Warning,
    already_merged, layout::Inputs, task_head::TaskHead,
};
use crate::{
    adapter::{Adapter, Note},
    checkpoint::{Checkpoint, LogicalTensor, QuantizationNote, Storage},
    matching::{Applied, Origin},
    numeric::codec::Nf4Format,
};

/// What the plan decided beside the matching.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    pub tokenizer: &'a TokenizerChoice,
    pub special_tokens: &'a SpecialTokens,
    pub head: Option<&'a TaskHead>,
    /// Rows of the merged embedding, where they are known.
    pub row_count: Option<u64>,
    pub side_files: &'a [SideFileStep],
    pub findings: &'a [Vec<Finding>],
    pub is_packed_again: bool,
    pub packing_notes: &'a [QuantizationNote],
}

/// Every warning, the adapters' first and what contradicts the base last.
pub(super) fn all(inputs: Inputs<'_>, facts: &Facts<'_>) -> Vec<Warning> {
    let mut warnings: Vec<Warning> =
        of_the_base(inputs).into_iter().chain(dequantised(inputs.base, facts.is_packed_again)).collect();
    warnings.extend(packed_as_trained(inputs.base, facts.is_packed_again));
    warnings.extend(facts.packing_notes.iter().cloned().map(|note| Warning::Packed { note }));
    let stale = inputs.base.stale_quantization();
    warnings.extend(stale.map(|method| Warning::StaleQuantization { method: method.to_owned() }));
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
        warnings.extend(of_open_experts(inputs, index));
    }
    warnings.extend(of_whole_tensors(inputs, facts.head));
    warnings.extend(facts.head.map(of_task_head).into_iter().flatten());
    warnings.extend(of_untied(inputs));
    for set_aside in &inputs.matching.set_aside {
        warnings.push(Warning::SetAside { tensor: set_aside.tensor.clone(), rule: set_aside.rule });
    }
    warnings.extend(of_special_tokens(inputs, facts));
    warnings.extend(of_tokens(facts));
    warnings.extend(of_code(inputs, facts.side_files));
    for (adapter, findings) in inputs.adapters.iter().zip(facts.findings) {
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
    let holds_adapter = inputs.base.side_root().join(crate::adapter::CONFIG_FILE).is_file();
    let is_given = inputs.adapters.iter().any(|adapter| is_same_folder(adapter, inputs.base));
    (holds_adapter && !is_given).then_some(Warning::BaseAdapter)
}

/// A base whose weights are packed, and are not in the output unless they are packed again.
fn dequantised(base: &Checkpoint, is_packed_again: bool) -> Option<Warning> {
    let quantization = base.quantization()?;
    let is_packed = |tensor: &&LogicalTensor| quantization.parts.contains_key(tensor.stored_name());
    let made = || base.tensors().values().filter(is_packed);
    let packed = quantization.stored.values().filter(|tensor| quantization.parts.contains_key(tensor.name()));
    Some(Warning::Dequantised {
        method: quantization.method.name(),
        tensor_count: made().count(),
        is_packed_again,
        packed_bytes: packed.map(LogicalTensor::byte_count).sum(),
        dtype: quantization.dtype.stored(),
        byte_count: made().map(|tensor| made_bytes(base, tensor)).sum(),
    })
}

/// Bytes of a tensor that was packed, as it is written: those of a GGUF file are made in float32 and written in fewer.
fn made_bytes(base: &Checkpoint, tensor: &LogicalTensor) -> u64 {
    match base.gguf() {
        Some(origin) => (tensor.element_count() * origin.dtype.byte_count()) as u64,
        None => tensor.byte_count(),
    }
}

/// A base whose weights are taken as a trainer saw them.
fn packed_as_trained(base: &Checkpoint, is_packed_again: bool) -> Option<Warning> {
    let Nf4Format { block, is_double } = base.trained_quantization()?;
    let packed = || base.tensors().values().filter(|tensor| matches!(tensor.storage(), Storage::Computed(_)));
    let dtype = packed().next()?.dtype();
    Some(Warning::PackedAsTrained { block, is_double, is_packed_again, tensor_count: packed().count(), dtype })
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
fn of_whole_tensors(inputs: Inputs<'_>, head: Option<&TaskHead>) -> Vec<Warning> {
    let Inputs { base, adapters, matching } = inputs;
    let from_adapters = || matching.applied.iter().filter(|applied| matches!(applied.origin, Origin::Adapter { .. }));
    let replaced = |applied: &Applied| {
        let shape = |tensor: Option<&LogicalTensor>| tensor.map_or_else(Vec::new, |tensor| tensor.shape().to_vec());
        let (old, new) = (shape(base.tensor(&applied.tensor)), shape(applied.source(base, adapters)));
        ReplacedTensor { name: applied.tensor.clone(), old_shape: (old != new).then_some(old), new_shape: new }
    };
    let (in_place, added): (Vec<&Applied>, Vec<&Applied>) =
        from_adapters().partition(|applied| base.tensor(&applied.tensor).is_some());
    let mut warnings = Vec::new();
    if !in_place.is_empty() {
        warnings.push(Warning::Replaced { tensors: in_place.into_iter().map(replaced).collect() });
    }
    let is_told = |name: &String| was_shared(inputs, name) || head.is_some_and(|head| head.tensors.contains(name));
    let names: Vec<String> =
        added.iter().map(|applied| &applied.tensor).filter(|name| !is_told(name)).cloned().collect();
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
        head_factor: untied.head_factor,
    })
}

fn of_open_experts(inputs: Inputs<'_>, adapter: usize) -> Option<Warning> {
    let open = inputs.matching.open_experts.iter().filter(|open| open.adapter == adapter);
    let tensors: Vec<String> = open.map(|open| open.tensor.clone()).collect();
    (!tensors.is_empty()).then(|| Warning::OpenExperts { adapter: inputs.adapters[adapter].name(), tensors })
}

fn of_orientations(inputs: Inputs<'_>, adapter: usize) -> Option<Warning> {
    let stated = inputs.matching.stated_orientations.iter().filter(|stated| stated.adapter == adapter);
    let tensors: Vec<String> = stated.clone().map(|stated| stated.tensor.clone()).collect();
    let orientation = stated.map(|stated| stated.orientation).next()?;
    Some(Warning::StatedOrientation { adapter: inputs.adapters.get(adapter)?.name(), tensors, orientation })
}

fn of_tokens(facts: &Facts<'_>) -> Option<Warning> {
    let row_count = facts.row_count?;
    let token_count = facts.tokenizer.token_count.filter(|tokens| *tokens > row_count)?;
    Some(Warning::TokensBeyondRows { token_count, row_count })
}

/// The class that a head makes of the model, and what that class lacks and looks for.
fn of_task_head(head: &TaskHead) -> Vec<Warning> {
    let class = || head.class.clone();
    let mut warnings = Vec::new();
    if head.is_new_class {
        let label_count = head.labels.as_ref().map(Vec::len);
        let (tensors, renamed_count) = (head.tensors.clone(), head.renamed_count);
        warnings.push(Warning::TaskHead { class: class(), tensors, label_count, renamed_count });
    }
    if !head.left_out.is_empty() {
        warnings.push(Warning::LeftOut { class: class(), names: head.left_out.clone() });
    }
    if !head.missing.is_empty() {
        warnings.push(Warning::MadeAnew { class: class(), names: head.missing.clone() });
    }
    warnings
}

/// Special tokens that training changed, adapter by adapter, and those that are not taken over.
fn of_special_tokens(inputs: Inputs<'_>, facts: &Facts<'_>) -> Vec<Warning> {
    let tokens = facts.special_tokens;
    let mut warnings = Vec::new();
    for (index, adapter) in inputs.adapters.iter().enumerate() {
        let changes: Vec<TokenChange> =
            tokens.changes.iter().filter(|change| change.adapter == index).cloned().collect();
        if !changes.is_empty() {
            warnings.push(Warning::SpecialTokens { adapter: adapter.name(), changes });
        }
        let refused = tokens.refused.iter().filter(|refused| refused.adapter == index);
        warnings.extend(
            refused.map(|refused| Warning::SpecialTokenRefused { adapter: adapter.name(), refused: refused.clone() }),
        );
    }
    warnings
}

/// Code that a config names by `auto_map` and that does not travel along.
fn of_code(inputs: Inputs<'_>, side_files: &[SideFileStep]) -> Vec<Warning> {
    let mut texts = vec![("config.json", inputs.base.config().text().value())];
    let tokenizer = side_files.iter().find(|step| step.relative_path == "tokenizer_config.json");
    texts.extend(tokenizer.and_then(|step| Some(("tokenizer_config.json", step.json()?))));
    let mut warnings = Vec::new();
    for (file, config) in texts {
        let mut modules = BTreeSet::new();
        for name in config.get("auto_map").into_iter().flat_map(strings) {
            // `repository--module.Class` is code on a server.
            let (repository, name) = name.rsplit_once("--").map_or((None, name), |(from, name)| (Some(from), name));
            let module = name.rsplit_once('.').map_or(name, |(module, _)| module);
            let code = format!("{}.py", module.replace('.', "/"));
            if repository.is_some() || !side_files.iter().any(|step| step.relative_path == code) {
                modules.insert((code, repository.map(str::to_owned)));
            }
        }
        warnings.extend(modules.into_iter().map(|(code, repository)| Warning::MissingCode { file, code, repository }));
    }
    warnings
}

/// Every string in a value.
fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(members) => members.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}
