//! What the merge worker does from start to end, and what it hands back.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use super::{
    evaluation::Evaluation,
    problem::Problem,
    view::{ChangeMap, ManifestRow, ModelFacts, SizeBar, UpdatedTensor, manifest, module_of, updated_tensors},
};
use crate::{
    checkpoint::Checkpoint,
    error::IoContext as _,
    job::{JobContext, JobEvent},
    merge::{
        self, IoMode, MergeError, MergeReceipt,
        device::{self, DeviceChoice},
    },
    plan::{AdapterRequest, DtypePolicy, MergePlan},
    report::RunReport,
    sample::Sample,
    verify::{self, VerifyReport, VerifyRequest},
};

/// How a run ended.
pub type RunResult = Result<Finished, RunError>;

/// Why there is no merged folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunError {
    /// The user stopped it.
    Cancelled,
    /// It failed.
    Failed(Problem),
}

/// A finished merge, with all that the Compare and Report screens show.
#[derive(Debug)]
pub struct Finished {
    /// The plan that was carried out.
    pub plan: Arc<MergePlan>,
    /// What the merge did.
    pub receipt: MergeReceipt,
    /// The merged folder, opened again.
    pub merged: ModelFacts,
    /// ‖Δ‖/‖W‖ by module.
    pub changes: ChangeMap,
    /// Every file that was written.
    pub manifest: Vec<ManifestRow>,
    /// What was done to each target.
    pub updated: Vec<UpdatedTensor>,
    /// Base as stored, base in the output dtype, merged.
    pub sizes: Sizes,
    /// The checks, or why they could not be made.
    pub verified: Result<VerifyReport, Problem>,
    /// Seconds that the checks took.
    pub verify_duration_secs: f64,
    /// Whether the checks are being made again.
    pub is_verifying: bool,
    /// Perplexities, where they were asked for.
    pub evaluation: Evaluation,
    /// The sample's texts, where the base is the sample's.
    pub sample_texts: Vec<PathBuf>,
}

/// The bars of the size chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The base on disk.
    pub stored: SizeBar,
    /// The base in the output dtype; `None` when the dtype was kept.
    pub cast: Option<SizeBar>,
    /// The merged folder on disk.
    pub merged: SizeBar,
}

/// Merges, opens the result as a stranger would, and checks it.
///
/// # Errors
/// The user stopped it or it failed; the output does not exist then.
pub fn merge_and_verify(plan: &Arc<MergePlan>, device: DeviceChoice, job: &JobContext) -> RunResult {
    let receipt = merged(plan, device, job).map_err(|error| {
        if error.is_cancelled() { RunError::Cancelled } else { RunError::Failed(Problem::of(&error)) }
    })?;
    let merged = Checkpoint::open(&receipt.output).map_err(|error| RunError::Failed(Problem::of(&error)))?;
    let cast = match plan.dtype {
        DtypePolicy::Keep => None,
        DtypePolicy::Convert(dtype) => Some(SizeBar::cast(&plan.base, dtype)),
    };
    let sizes = Sizes { stored: SizeBar::stored(&plan.base), cast, merged: SizeBar::stored(&merged) };
    let started = Instant::now();
    let verified = verify_output(plan, receipt.output.clone(), job);
    let changes = receipt.updated().filter_map(|record| {
        let change = record.stats.as_ref()?.relative_change()?;
        Some((module_of(&record.name).to_owned(), change))
    });
    Ok(Finished {
        changes: changes.collect(),
        updated: updated_tensors(&receipt),
        manifest: manifest(plan, &receipt.files),
        merged: ModelFacts::of(&merged),
        sizes,
        verified,
        verify_duration_secs: started.elapsed().as_secs_f64(),
        is_verifying: false,
        evaluation: Evaluation::default(),
        sample_texts: sample_texts(plan),
        plan: Arc::clone(plan),
        receipt,
    })
}

fn merged(plan: &MergePlan, device: DeviceChoice, job: &JobContext) -> Result<MergeReceipt, MergeError> {
    let (mut kernel, chosen) = device::open(device, plan)?;
    job.send(JobEvent::Note(chosen.reason));
    let receipt = merge::run_with(&mut *kernel, plan, IoMode::Auto, job)?;
    if let Some(tally) = &chosen.tally {
        job.send(JobEvent::Note(tally.sentence()));
    }
    Ok(receipt)
}

/// The texts that belong to the built-in sample, when it is what was merged.
fn sample_texts(plan: &MergePlan) -> Vec<PathBuf> {
    let Ok(sample) = Sample::find() else { return Vec::new() };
    let is_sample = matches!((sample.base().canonicalize(), plan.base.root().canonicalize()), (Ok(a), Ok(b)) if a == b);
    if !is_sample {
        return Vec::new();
    }
    let entries = std::fs::read_dir(sample.texts()).into_iter().flatten().flatten();
    let mut texts: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    texts.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    texts.sort();
    texts
}

/// Recomputes what the merge had to be and compares it with what lies on disk.
///
/// # Errors
/// Inputs that cannot be read any more, or a cancelled job.
pub fn verify_output(plan: &MergePlan, merged: PathBuf, job: &JobContext) -> Result<VerifyReport, Problem> {
    let adapters = plan.adapters.iter().zip(&plan.strengths);
    let request = VerifyRequest {
        merged,
        base: Some(plan.base.root().to_owned()),
        adapters: adapters
            .map(|(adapter, strength)| AdapterRequest { path: adapter.root().to_owned(), strength: *strength })
            .collect(),
    };
    verify::run(&request, job).map_err(|error| Problem::of(&error))
}

/// A report, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Documents {
    json: String,
    markdown: String,
    output: PathBuf,
}

impl Documents {
    /// The report on `finished`.
    #[must_use]
    pub fn of(finished: &Finished) -> Self {
        let verified = finished.verified.as_ref().ok().cloned();
        let evaluate = match &finished.evaluation {
            Evaluation::Done(measured) => Some(measured.report.clone()),
            _ => None,
        };
        let report = RunReport {
            evaluate,
            merge: Some(finished.receipt.clone()),
            verify: verified,
            ..RunReport::new(&finished.plan)
        };
        Self { json: report.to_json(), markdown: report.to_markdown(), output: finished.receipt.output.clone() }
    }

    /// Writes `<output>-report.json` and `.md` beside the output, numbered where they exist; returns the Markdown's
    /// path.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn write(&self) -> Result<PathBuf, Problem> {
        let name = self.output.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let place = |number: usize, extension: &str| {
            let number = if number < 2 { String::new() } else { format!("-{number}") };
            self.output.with_file_name(format!("{name}-report{number}.{extension}"))
        };
        let is_free = |number: &usize| !place(*number, "json").exists() && !place(*number, "md").exists();
        let number = (1..1000).find(is_free).unwrap_or(1);
        write_new(&place(number, "json"), &self.json)?;
        let markdown = place(number, "md");
        write_new(&markdown, &self.markdown)?;
        Ok(markdown)
    }
}

fn write_new(path: &Path, text: &str) -> Result<(), Problem> {
    let created = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    let written = created.and_then(|mut file| file.write_all(text.as_bytes()));
    written.at("write the report", path).map_err(|error| Problem::of(&error))
}
