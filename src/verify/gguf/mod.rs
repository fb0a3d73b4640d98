//! Is this GGUF file the merge that it claims to be? Keys, names and shapes against those of the model that base and
//! adapter give; blocks of untouched tensors against a fresh encoding, to the bit; blocks of targets by how near they are
//! to values recomputed in f64.

mod blocks;
mod exact_rows;
mod header;

use std::{collections::BTreeMap, fs::File, sync::Arc};

use self::{
    blocks::{Allowed, Blocks, Held},
    exact_rows::ExactRows,
};
use super::{
    Check, Detail, Evidence, Inputs, Question, Reference, VerifyError, VerifyOptions, VerifyReport, VerifyRequest,
    audit,
};
use crate::{
    checkpoint::{
        Checkpoint,
        gguf::{GgufHeader, GgufValue},
    },
    error::{IoAction, IoContext as _},
    gguf::{FileType, GgufExport},
    job::{JobContext, JobEvent, Stage},
    merge::{GgufPlan, MergeError},
    plan::{MergePlan, MergeRequest},
};

/// Judges the file against what `inputs` give.
pub(super) fn judge(
    request: &VerifyRequest,
    inputs: Inputs,
    options: &VerifyOptions,
    job: &JobContext,
) -> Result<VerifyReport, VerifyError> {
    let path = &request.merged;
    let header = GgufHeader::open(path)?;
    let file_type = file_type(&header).ok_or_else(|| VerifyError::UnknownFileType { path: path.clone() })?;
    let model = expected_model(request, &inputs, options)?;
    let reference = Arc::new(inputs.matched(&model)?);
    let audit = audit::audit(&model, &reference)?;
    let merged = GgufExport::new(&model, file_type).map_err(MergeError::from)?;
    let (model, targets) = exact_model(&model, &reference)?;
    let expected = GgufExport::new(&model, file_type).map_err(MergeError::from)?;
    let mut report = VerifyReport::default();
    report.checks.push(header::check(&header, &expected));

    job.start_stage(Stage::Verifying, header.tensors.iter().map(|tensor| tensor.byte_count).sum());
    let file = File::open(path).at(IoAction::OpenFile, path)?;
    let held = Held { file: &file, path, header: &header };
    let (mut problems, warnings) = (audit.problems, audit.warnings);
    let (mut of_targets, mut counts) = (Blocks::default(), [0_usize; 4]);
    for (tensor, merged) in expected.tensors.iter().zip(&merged.tensors) {
        let is_held = |held: &&crate::checkpoint::gguf::GgufTensor| {
            held.name == tensor.stored.name && held.dims == tensor.stored.dims
        };
        // What is not there, or has another shape, was told.
        let Some(stored) = header.tensors.iter().find(is_held) else { continue };
        job.set_current(stored.name.as_str());
        let rows: Vec<&Arc<ExactRows>> =
            tensor.source.tensors().filter_map(|source| targets.get(source.name())).collect();
        let tolerance = || rows.iter().map(|rows| rows.tolerance()).fold(0.0, f64::max);
        let is_target = !rows.is_empty();
        let allowed = Allowed { tolerance: &tolerance, merged };
        let blocks = held.compare(stored, tensor, is_target.then_some(&allowed), job)?;
        let is_right = blocks.wrong_count == 0;
        counts[2 * usize::from(!is_target)] += usize::from(is_right);
        counts[2 * usize::from(!is_target) + 1] += 1;
        if is_target {
            of_targets = of_targets.add(blocks);
        }
        if !is_right {
            let (tensor, block_count, wrong_count) = (stored.name.clone(), blocks.count, blocks.wrong_count);
            problems.push(if is_target {
                Detail::FartherBlocks { tensor, wrong_count, block_count }
            } else {
                Detail::OtherBlocks { tensor, wrong_count, block_count }
            });
        }
        job.send(JobEvent::TensorDone { name: stored.name.clone() });
    }
    let [equal_count, target_count, unchanged_count, other_count] = counts;
    let evidence = Evidence::Encoded {
        equal_count,
        target_count,
        block_count: of_targets.count,
        exact_share: of_targets.equal_count as f64 / of_targets.count.max(1) as f64,
        unchanged_count,
        other_count,
    };
    report.checks.push(Check::judged(Question::ChangedTargets, evidence, problems, warnings));
    Ok(report)
}

/// The type that the file is said to have.
fn file_type(header: &GgufHeader) -> Option<FileType> {
    let Some(GgufValue::U32(number)) = header.get("general.file_type") else { return None };
    FileType::ALL.into_iter().find(|file_type| file_type.number() == *number)
}

/// The model that the file should be, with the config and the tokenizer that a merge gives it.
fn expected_model(
    request: &VerifyRequest,
    inputs: &Inputs,
    options: &VerifyOptions,
) -> Result<Checkpoint, VerifyError> {
    if request.adapters.is_empty() {
        return Ok(inputs
            .base
            .with_tensors(inputs.base.config().text().as_str(), inputs.base.tensors().values().cloned().collect())?);
    }
    let merge = MergeRequest {
        base: request.base.clone().unwrap_or_default(),
        adapters: request.adapters.clone(),
        trained_quantization: options.trained_quantization,
        ..MergeRequest::new("", "", &request.merged)
    };
    let plan = MergePlan::resolved(&merge).map_err(MergeError::from)?;
    Ok(GgufPlan::of_merge(Arc::new(plan), &[], None)?.model)
}

/// `model` with every target as f64 gives it and everything else as the base has it, and the targets by name.
fn exact_model(
    model: &Checkpoint,
    reference: &Arc<Reference>,
) -> Result<(Checkpoint, BTreeMap<String, Arc<ExactRows>>), VerifyError> {
    let mut targets = BTreeMap::new();
    let mut tensors = Vec::new();
    for tensor in model.tensors().values() {
        if reference.matching.applied_to(tensor.name()).is_none() {
            tensors.extend(reference.source_of(tensor).map(|source| source.renamed(tensor.name())));
        } else if let Some(rows) = ExactRows::new(tensor, reference) {
            tensors.push(rows.tensor());
            targets.insert(tensor.name().to_owned(), rows);
        }
    }
    Ok((model.with_tensors(model.config().text().as_str(), tensors)?, targets))
}
