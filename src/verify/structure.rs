//! Complete: every tensor present with its shape, index and files in agreement, nothing of an adapter left.

use super::{Check, Evidence, Question, Reference, config_fit, tokenizer};
use crate::{
    checkpoint::{Checkpoint, FileRole},
    units,
};

/// Parts of tensor names that only an unmerged model has.
const ADAPTER_MARKS: [&str; 4] = [".lora_", ".base_layer.", "base_model.model.", ".modules_to_save."];

/// Looks at names, shapes, index and file list.
pub(super) fn check(merged: &Checkpoint, reference: Option<&Reference>) -> Check {
    let mut problems = index_problems(merged);
    problems.extend(adapter_residue(merged));
    if let Some(reference) = reference {
        problems.extend(shape_problems(merged, reference));
    }
    let mut warnings = stale_weights(merged);
    for (wrong, odd) in [config_fit::judge(merged, reference), tokenizer::judge(merged, reference)] {
        problems.extend(wrong);
        warnings.extend(odd);
    }
    let evidence = Evidence::Held {
        tensor_count: merged.tensors().len(),
        parameter_count: merged.parameter_count(),
        byte_count: merged.byte_count(),
        file_count: merged.files().len(),
    };
    Check::judged(Question::Complete, evidence, problems, warnings)
}

fn index_problems(merged: &Checkpoint) -> Vec<String> {
    let Some(index) = merged.index() else { return Vec::new() };
    let held = merged.byte_count();
    let mut problems = Vec::new();
    if let Some(total) = index.total_size().filter(|total| *total != held) {
        let (total, held) = (units::count(total), units::count(held));
        problems.push(format!("the index says total_size {total}, the tensors have {held} bytes"));
    }
    let forgotten: Vec<&String> = merged.tensors().keys().filter(|name| index.shard_of(name).is_none()).collect();
    if !forgotten.is_empty() {
        problems.push(format!(
            "the index does not name {} of its shards: {}",
            units::plural(forgotten.len(), "tensor"),
            crate::error::listed(&forgotten, 3),
        ));
    }
    problems
}

fn adapter_residue(merged: &Checkpoint) -> Vec<String> {
    let is_residue = |name: &&String| ADAPTER_MARKS.iter().any(|mark| name.contains(mark));
    let tensors: Vec<&String> = merged.tensors().keys().filter(is_residue).collect();
    let mut problems = Vec::new();
    if !tensors.is_empty() {
        problems.push(format!(
            "not merged: {} of an adapter among the weights: {}",
            units::plural(tensors.len(), "tensor"),
            crate::error::listed(&tensors, 3),
        ));
    }
    for file in merged.side_files().iter().filter(|file| file.role == FileRole::Adapter) {
        problems.push(format!("{} would be loaded again on top of the merge", file.relative_path));
    }
    problems
}

fn shape_problems(merged: &Checkpoint, reference: &Reference) -> Vec<String> {
    merged
        .tensors()
        .values()
        .filter_map(|tensor| {
            let expected = match reference.matching.applied_to(tensor.name()) {
                Some(applied) => applied.source(&reference.base, &reference.adapters)?.shape(),
                None => reference.base.tensor(tensor.name())?.shape(),
            };
            (tensor.shape() != expected).then(|| {
                format!(
                    "{}: {} where base and adapter have {}",
                    tensor.name(),
                    units::shape(tensor.shape()),
                    units::shape(expected)
                )
            })
        })
        .collect()
}

/// Weights that no loader reads: another set of shards, another format.
fn stale_weights(merged: &Checkpoint) -> Vec<String> {
    let is_used = |path: &str| path.ends_with(".index.json") || merged.files().iter().any(|used| used.name() == path);
    merged
        .side_files()
        .iter()
        .filter(|file| file.role == FileRole::Weights && !is_used(&file.relative_path))
        .map(|file| format!("{} ({}) is not part of the model", file.relative_path, units::bytes(file.byte_count)))
        .collect()
}
