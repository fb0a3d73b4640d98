//! A merge from its plan to a folder that is checked and described, and how it ended.

use std::{path::PathBuf, sync::Arc};

use crossbeam_channel::Sender;

use super::{
    Made, MergedFolder, Origin, Provenance, RunReport, listed, manifest, model_card, updated_tensors, write_card,
};
use crate::{
    checkpoint::Checkpoint,
    job::JobContext,
    matching::module_of,
    merge::{self, RunEvent, device::DeviceChoice},
    message::Problem,
    plan::{AdapterRequest, MergePlan},
    size::SizeFact,
};

/// How a run ended.
pub type RunResult = Result<MergedFolder, RunError>;

/// Why there is no merged folder.
#[derive(Clone, Debug, PartialEq)]
pub enum RunError {
    /// The user stopped it.
    Cancelled,
    /// It failed.
    Failed(MergeFailure),
}

/// A merge that stopped with an error.
#[derive(Clone, Debug, PartialEq)]
pub struct MergeFailure {
    /// Why.
    pub problem: Problem,
    /// What is there under the names of the output, empty where nothing is; `None` where nobody looked or could.
    pub left_behind: Option<Vec<PathBuf>>,
}

/// What is asked of a run besides its plan.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// What computes.
    pub device: DeviceChoice,
    /// Whether the folder gets a model card.
    pub writes_card: bool,
    /// The program itself, for what needs a process of its own.
    pub program: Option<PathBuf>,
}

/// Merges, opens the result as it would any folder, checks it, and tells about it in its model card.
///
/// # Errors
/// The user stopped it or it failed; then it says what was left.
pub fn merge_and_verify(
    plan: &Arc<MergePlan>,
    options: &RunOptions,
    tell: &Sender<RunEvent>,
    job: &JobContext,
) -> RunResult {
    let failed = |problem| RunError::Failed(MergeFailure { problem, left_behind: merge::left_behind(plan) });
    let receipt = merge::run_told(plan, options.device, tell, job)
        .map_err(|error| if error.is_cancelled() { RunError::Cancelled } else { failed(Problem::of(&error)) })?;
    let merged = Checkpoint::open(&receipt.output).map_err(|error| failed(Problem::of(&error)))?;
    let adapters = plan.adapters.iter().zip(&plan.strengths);
    let provenance = Provenance {
        merged: receipt.output.clone(),
        base: Some(plan.base.root().to_owned()),
        adapters: adapters
            .map(|(adapter, strength)| AdapterRequest { path: adapter.root().to_owned(), strength: *strength })
            .collect(),
        rounding: plan.rounding,
        trained_quantization: plan.base.trained_quantization(),
    };
    let mut finished = MergedFolder::opened(provenance, Some(&plan.base), &merged);
    let changes = receipt.updated().filter_map(|record| {
        let change = record.stats.as_ref()?.relative_change()?;
        Some((module_of(&record.name).to_owned(), change))
    });
    finished.changes = changes.collect();
    finished.updated = updated_tensors(&receipt);
    let (tensor_count, byte_count) = receipt.bf16_in_f32();
    if tensor_count > 0 {
        finished.sizes.of_base.push(SizeFact::Bf16InF32 { tensor_count, byte_count });
    }
    let (report, duration_secs) = finished.provenance.verify(options.program.clone(), job);
    let card_problem = options.writes_card.then(|| {
        let verify = report.as_ref().ok().cloned();
        let run = RunReport { merge: Some(receipt.clone()), verify, ..RunReport::new(plan) };
        write_card(&receipt.output, &model_card(&run)).err().map(|error| Problem::of(&error))
    });
    let known = manifest(plan, &receipt.files);
    finished.manifest = listed(&receipt.output, known, Origin::Added);
    finished.verified = Some(report);
    finished.verify_duration_secs = duration_secs;
    finished.made = Some(Made { plan: Arc::clone(plan), receipt, card_problem: card_problem.flatten() });
    Ok(finished)
}
