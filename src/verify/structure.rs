//! Complete: every tensor present with its shape, index and files in agreement, nothing of an adapter left.

use super::{
    Check, Detail, Evidence, Question, Reference, VerifyError, config_change, config_fit, loader, packing_fit,
    tokenizer,
};
use crate::checkpoint::{Checkpoint, FileRole, LogicalTensor};

/// Parts of tensor names that only an unmerged model has.
const ADAPTER_MARKS: [&str; 4] = [".lora_", ".base_layer.", "base_model.model.", ".modules_to_save."];

/// Looks at names, shapes, index and file list.
pub(super) fn check(merged: &Checkpoint, reference: Option<&Reference>) -> Result<Check, VerifyError> {
    let mut problems = index_problems(merged);
    problems.extend(adapter_residue(merged));
    if let Some(reference) = reference {
        problems.extend(shape_problems(merged, reference));
    }
    let mut warnings = stale_weights(merged);
    warnings.extend(still_packed(merged));
    let fits = [
        config_change::judge(merged, reference),
        config_fit::judge(merged, reference),
        packing_fit::judge(merged, reference),
        tokenizer::judge(merged, reference),
    ];
    for (wrong, odd) in fits {
        problems.extend(wrong);
        warnings.extend(odd);
    }
    let found = loader::judge(merged, reference)?;
    problems.extend(found.problems);
    warnings.extend(found.warnings);
    let evidence = Evidence::Held {
        tensor_count: merged.tensors().len(),
        parameter_count: merged.parameter_count(),
        byte_count: merged.byte_count(),
        file_count: merged.files().len(),
        unlisted_class: found.unlisted_class,
    };
    Ok(Check::judged(Question::Complete, evidence, problems, warnings))
}

fn index_problems(merged: &Checkpoint) -> Vec<Detail> {
    let Some(index) = merged.index() else { return Vec::new() };
    let held = merged.byte_count();
    let mut problems = Vec::new();
    if let Some(stated) = index.total_size().filter(|total| *total != held) {
        problems.push(Detail::TotalSize { stated, held });
    }
    let is_forgotten = |name: &&String| index.shard_of(name).is_none();
    let names: Vec<String> = merged.tensors().keys().filter(is_forgotten).cloned().collect();
    if !names.is_empty() {
        problems.push(Detail::NotInIndex { names });
    }
    problems
}

fn adapter_residue(merged: &Checkpoint) -> Vec<Detail> {
    let is_residue = |name: &&String| ADAPTER_MARKS.iter().any(|mark| name.contains(mark));
    let names: Vec<String> = merged.tensors().keys().filter(is_residue).cloned().collect();
    let mut problems = Vec::new();
    if !names.is_empty() {
        problems.push(Detail::AdapterTensors { names });
    }
    for file in merged.side_files().iter().filter(|file| file.role == FileRole::Adapter) {
        problems.push(Detail::AdapterFile { file: file.relative_path.clone() });
    }
    problems
}

fn shape_problems(merged: &Checkpoint, reference: &Reference) -> Vec<Detail> {
    merged
        .tensors()
        .values()
        .filter_map(|tensor| {
            let expected = match reference.matching.applied_to(tensor.name()) {
                Some(applied) => applied.source(&reference.base, &reference.adapters)?.shape(),
                None => reference.base.tensor(tensor.name())?.shape(),
            };
            (tensor.shape() != expected).then(|| Detail::OtherShape {
                tensor: tensor.name().to_owned(),
                held: tensor.shape().to_vec(),
                expected: expected.to_vec(),
            })
        })
        .collect()
}

/// A folder whose weights are packed: it is read, but it is not what a merge here writes.
fn still_packed(merged: &Checkpoint) -> Option<Detail> {
    let quantization = merged.quantization()?;
    let is_packed = |tensor: &&LogicalTensor| quantization.parts.contains_key(tensor.stored_name());
    let tensor_count = merged.tensors().values().filter(is_packed).count();
    Some(Detail::StillPacked { method: quantization.method.name(), tensor_count })
}

/// Weights that no loader reads: another set of shards, another format.
fn stale_weights(merged: &Checkpoint) -> Vec<Detail> {
    let is_used = |path: &str| path.ends_with(".index.json") || merged.files().iter().any(|used| used.name() == path);
    merged
        .side_files()
        .iter()
        .filter(|file| file.role == FileRole::Weights && !is_used(&file.relative_path))
        .map(|file| Detail::UnusedWeights { file: file.relative_path.clone(), byte_count: file.byte_count })
        .collect()
}
