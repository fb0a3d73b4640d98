//! One look at the wells, made on a worker: what they hold, how they fit together, and the plan that follows.
//!
//! Everything that the panels show of the inputs is a function of this value, so nothing on screen can be out of step
//! with the folders that were read.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    adapter::{Adapter, AdapterError, BaseSuggestion, is_model, suggested_bases},
    checkpoint::{Checkpoint, CheckpointError},
    gguf::open_model,
    gui::{frame::wells::well::WellKind, screens::merge::merge_options::MergeOptions},
    matching::{Matching, Misfit, TensorCounts, as_trained, misfits},
    merge,
    message::{Message, Problem},
    plan::{
        AdapterRequest, DtypeOption, MergePlan, MergeRequest, PlanError, PlanTotals, Rounding, Subject, proposed_output,
    },
    report::{AdapterFacts, HistoryEntry, MergedFolder, ModelFacts, Provenance},
    tree::{self, ChangeMap, ModuleNode, PrintedDiff, delta_norms},
};

/// What is in the wells when the look begins.
#[derive(Clone, Debug, PartialEq)]
pub struct InspectionRequest {
    /// The base's folder.
    pub base: Option<PathBuf>,
    /// The adapters and their strengths, in the order in which they are added.
    pub adapters: Vec<AdapterRequest>,
    /// The output, where the user chose one.
    pub output: Option<PathBuf>,
    /// Dtype and rounding.
    pub options: MergeOptions,
    /// The user's folder, where an output can go when the folder beside the base takes none.
    pub home: Option<PathBuf>,
    /// The merge of ours that made what lies in the output, where it is known.
    pub recorded: Option<HistoryEntry>,
}

/// What a well holds.
#[derive(Clone, Debug, Default)]
pub enum Slot<T> {
    /// Nothing.
    #[default]
    Empty,
    /// A folder that opened.
    Open(T),
    /// A folder that did not.
    Failed(Problem),
}

impl<T> Slot<T> {
    /// The contents, if there are any.
    pub fn open(&self) -> Option<&T> {
        match self {
            Self::Open(value) => Some(value),
            _ => None,
        }
    }
}

/// A merge that is resolved but for the place it is to go.
#[derive(Clone, Debug)]
pub struct RefusedOutput {
    /// What is wrong with the place.
    pub problem: Problem,
    /// The nearest place that takes it.
    pub other: Option<PathBuf>,
}

/// The answer.
#[derive(Debug, Default)]
pub struct Inspection {
    /// The base and the adapters that were asked about.
    pub inputs: (Option<PathBuf>, Vec<AdapterRequest>),
    /// The base.
    pub base: Slot<ModelFacts>,
    /// The first adapter, or the first that does not open.
    pub adapter: Slot<AdapterFacts>,
    /// The others.
    pub more_adapters: Vec<AdapterFacts>,
    /// Models in the folders below that of the base, where it holds none itself.
    pub base_choices: Vec<PathBuf>,
    /// Adapters in the folders below, as a trainer leaves its checkpoints.
    pub adapter_choices: Vec<PathBuf>,
    /// The base that the adapter names, and the original of a packed one, where this machine has them and the well is
    /// empty.
    pub suggested_bases: Vec<BaseSuggestion>,
    /// A model that lies in the output already, to be judged in place of merging.
    pub found: Option<Result<Box<MergedFolder>, Problem>>,
    /// The output that the plan is for.
    pub output: Option<PathBuf>,
    /// Modules of the base with what the adapter adds; the base alone without one.
    pub tree: Option<ModuleNode>,
    /// Modules of it.
    pub module_count: usize,
    /// Both trees as PyTorch prints them.
    pub printed: Arc<PrintedDiff>,
    /// Counts, once both wells are open.
    pub fit: Option<TensorCounts>,
    /// Adapter tensors without a place, empty when all fits.
    pub misfits: Vec<Misfit>,
    /// What the misfits suggest.
    pub misfit_hint: Option<Message>,
    /// ‖Δ‖ by module where there is no plan; with one, the estimate of changes brings it, after the modules are shown.
    pub delta_norms: ChangeMap,
    /// What each dtype would cost.
    pub dtype_options: Vec<DtypeOption>,
    /// What the plan comes to.
    pub plan_totals: PlanTotals,
    /// Bytes that an interrupted merge into the same output finished; `None` without one.
    pub interrupted_bytes: Option<u64>,
    /// What would be merged, wherever it goes; `None` where the inputs make no merge.
    pub resolved: Option<Arc<MergePlan>>,
    /// Why it cannot go where it is to go.
    pub refused_output: Option<RefusedOutput>,
    /// The plan, or why there is none.
    pub plan: Option<Result<Arc<MergePlan>, Problem>>,
    /// The well whose contents make the plan impossible.
    pub blamed: Option<WellKind>,
}

/// The adapter at `path`, for the base where there is one.
fn open_adapter(path: &Path, base: Option<&Result<Checkpoint, CheckpointError>>) -> Result<Adapter, AdapterError> {
    match base {
        Some(Ok(base)) => Adapter::open_for(path, base),
        _ => Adapter::open(path),
    }
}

impl Inspection {
    /// Opens and compares what `request` names.
    #[must_use]
    pub fn new(request: &InspectionRequest) -> Self {
        let inputs = (request.base.clone(), request.adapters.clone());
        let mut inspection = Self { inputs, ..Self::default() };
        let base = request.base.as_deref().map(open_model);
        let opened: Result<Vec<Adapter>, _> =
            request.adapters.iter().map(|adapter| open_adapter(&adapter.path, base.as_ref())).collect();
        inspection.base = match &base {
            None => Slot::Empty,
            Some(Ok(base)) => Slot::Open(ModelFacts::of(base)),
            Some(Err(error)) => Slot::Failed(Problem::of(error)),
        };
        let below = |path: &Path, names: &[String]| names.iter().map(|name| path.join(name)).collect();
        if let Some(Err(CheckpointError::ModelsBelow { subfolders, path })) = &base {
            inspection.base_choices = below(path, subfolders);
        }
        if let Err(AdapterError::NoConfig { subfolders, path }) = &opened {
            inspection.adapter_choices = below(path, subfolders);
        }
        inspection.take_adapters(&opened.as_deref().map_err(Problem::of));
        let base = base.and_then(Result::ok);
        let adapters = opened.unwrap_or_default();
        if let (None, Some(adapter)) = (&base, adapters.first()) {
            inspection.suggested_bases = suggested_bases(adapter);
        }
        if let Some(merged) = request.output.as_deref().filter(|output| is_model(output)) {
            inspection.output = Some(merged.to_owned());
            inspection.found = Some(found(request, merged, base.as_ref()));
        }
        let Some(base) = base else { return inspection };
        inspection.output =
            Some(request.output.clone().unwrap_or_else(|| proposed_output(base.root(), request.home.as_deref())));
        let base = match as_trained(base, &adapters) {
            Ok((base, _)) => base,
            Err(error) => {
                inspection.base = Slot::Failed(Problem::of(&error));
                return inspection;
            }
        };
        let matching = Matching::new(&base, &adapters);
        inspection.look_at_tree(&base, &matching, &adapters);
        if !adapters.is_empty() {
            inspection.compare(request, &base, &matching, &adapters);
            if inspection.resolved.is_none() {
                let strengths: Vec<f64> = request.adapters.iter().map(|adapter| adapter.strength).collect();
                inspection.delta_norms = delta_norms(&matching, &adapters, &strengths);
            }
        }
        inspection
    }

    fn take_adapters(&mut self, opened: &Result<&[Adapter], Problem>) {
        match opened {
            Ok([]) => {}
            Ok([first, more @ ..]) => {
                self.adapter = Slot::Open(AdapterFacts::of(first));
                self.more_adapters = more.iter().map(AdapterFacts::of).collect();
            }
            Err(problem) => self.adapter = Slot::Failed(problem.clone()),
        }
    }

    fn look_at_tree(&mut self, base: &Checkpoint, matching: &Matching, adapters: &[Adapter]) {
        let tree = ModuleNode::new(base, matching, adapters);
        let plain = tree::print_model(&tree, base.config(), None);
        let adapted = adapters.first().map(|adapter| tree::print_model(&tree, base.config(), Some((0, adapter))));
        self.printed = Arc::new(PrintedDiff::new(&plain, adapted.as_deref().unwrap_or_default()));
        self.module_count = tree.walk().count();
        self.tree = Some(tree);
    }

    /// Takes what follows from the inputs, and from the output where it can be written.
    fn take_plan(&mut self, mut plan: MergePlan, home: Option<&Path>) -> Result<Arc<MergePlan>, Problem> {
        let problem = plan.check_output().err().map(|error| Problem::of(&error));
        self.blamed = problem.as_ref().map(|_| WellKind::Output);
        self.refused_output = problem.clone().map(|problem| RefusedOutput { problem, other: plan.other_place(home) });
        self.dtype_options = DtypeOption::all(&plan);
        self.plan_totals = PlanTotals::of(&plan);
        self.interrupted_bytes = merge::interrupted_bytes(&plan);
        let plan = Arc::new(plan);
        self.resolved = Some(Arc::clone(&plan));
        problem.map_or(Ok(plan), Err)
    }

    fn compare(&mut self, request: &InspectionRequest, base: &Checkpoint, matching: &Matching, adapters: &[Adapter]) {
        self.fit = Some(TensorCounts::of(base, adapters, matching));
        self.misfits = misfits(base, adapters, matching);
        // What lies in the output already is judged, not planned.
        let Some(output) = self.output.clone().filter(|_| self.found.is_none()) else { return };
        let merge = MergeRequest {
            base: base.root().to_owned(),
            adapters: request.adapters.clone(),
            output,
            dtype: request.options.dtype,
            requantize: request.options.requantize,
            accepts_loss: request.options.accepts_loss,
            rounding: request.options.rounding,
            trained_quantization: None,
            max_shard_bytes: None,
        };
        self.plan = Some(match MergePlan::resolved(&merge) {
            Ok(plan) => self.take_plan(plan, request.home.as_deref()),
            Err(error) => {
                let problem = Problem::of(&error);
                self.blamed = blamed(&error, base.root());
                if !self.misfits.is_empty() {
                    self.misfit_hint.clone_from(&problem.hint);
                }
                Err(problem)
            }
        });
    }
}

/// The well that `error` is about.
fn blamed(error: &PlanError, base: &Path) -> Option<WellKind> {
    match error.subject() {
        Some(Subject::Base) => Some(WellKind::Base),
        Some(Subject::Adapter) => Some(WellKind::Adapter),
        Some(Subject::Output) => Some(WellKind::Output),
        Some(Subject::Options) => None,
        None => {
            let is_of_base = error.path().is_some_and(|path| path.starts_with(base));
            Some(if is_of_base { WellKind::Base } else { WellKind::Adapter })
        }
    }
}

/// Opens what lies in the output, as made from what is in the other wells: as the history says, where it was made here.
/// The strengths chosen for a merge of ours say nothing about somebody else's: it is judged as trained, and the check
/// finds another strength where there is one.
fn found(request: &InspectionRequest, merged: &Path, base: Option<&Checkpoint>) -> Result<Box<MergedFolder>, Problem> {
    let whole = |adapter: &AdapterRequest| AdapterRequest { strength: 1.0, ..adapter.clone() };
    let (adapters, rounding) = match &request.recorded {
        Some(made) => (made.adapters.clone(), made.rounding),
        None => (request.adapters.iter().map(whole).collect(), Rounding::Nearest),
    };
    let root = base.map(|base| base.root().to_owned());
    let provenance =
        Provenance { merged: merged.to_owned(), base: root, adapters, rounding, trained_quantization: None };
    MergedFolder::open(provenance, base).map(Box::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample, to be merged into `output`.
    fn sample_into(output: PathBuf) -> InspectionRequest {
        let sample = crate::sample::Sample::find().unwrap();
        InspectionRequest {
            base: Some(sample.base()),
            adapters: vec![AdapterRequest { path: sample.adapter(), strength: 1.0 }],
            output: Some(output),
            options: MergeOptions::default(),
            home: None,
            recorded: None,
        }
    }

    #[test]
    fn a_gguf_file_is_a_base_like_any_other() {
        use crate::{gguf::FileType, job::JobContext, numeric::FloatDtype, plan::DtypePolicy};

        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("sample-Q8_0.gguf");
        let sample = Checkpoint::open(&crate::sample::Sample::find().unwrap().base()).unwrap();
        let place = merge::GgufPlace::of(path.clone());
        let mut plan = merge::GgufPlan::of_model(sample, &[FileType::Q8_0], Some(place)).unwrap();
        plan.check_output().unwrap();
        plan.run(&JobContext::unwatched()).unwrap();
        let request = InspectionRequest { base: Some(path), ..sample_into(root.path().join("merged")) };
        let inspection = Inspection::new(&request);
        let Slot::Open(facts) = &inspection.base else { panic!("{:?}", inspection.base) };
        assert_eq!((facts.name.as_str(), facts.dtype.as_str()), ("sample-Q8_0", "GGUF Q8_0"));
        assert_eq!(facts.kept_dtype, "BF16");
        // Codes are no dtype to keep: everything becomes the one that is said, once.
        let plain = inspection.dtype_options.iter().filter(|option| option.requantize.is_none());
        let written: Vec<DtypePolicy> = plain.map(|option| option.written).collect();
        assert_eq!(written, [FloatDtype::BF16, FloatDtype::F16, FloatDtype::F32].map(DtypePolicy::Convert));
        assert!(matches!(inspection.plan, Some(Ok(_))), "{:?}", inspection.plan);
    }

    #[test]
    fn a_bad_output_costs_nothing_but_the_plan() {
        let root = tempfile::tempdir().unwrap();
        let taken = root.path().join("merged");
        std::fs::create_dir_all(taken.join("notes")).unwrap();
        let mut request = InspectionRequest { home: Some(root.path().to_owned()), ..sample_into(taken) };
        let refused = Inspection::new(&request);
        assert!(matches!(refused.plan, Some(Err(_))) && refused.resolved.is_some());
        let why = refused.refused_output.unwrap();
        assert_eq!(why.other, Some(root.path().join("merged-2")));
        assert!(why.problem.advice(crate::message::Language::English).unwrap().contains("another name"));

        // Inside the base no name is free: the place beside it, or the user's folder, is.
        let base = request.base.clone().unwrap();
        request.output = Some(base.join("merged"));
        let other = Inspection::new(&request).refused_output.unwrap().other.unwrap();
        assert!(!other.starts_with(base), "{}", other.display());

        request.output = Some(root.path().join("merged-2"));
        let planned = Inspection::new(&request);
        assert!(matches!(planned.plan, Some(Ok(_))) && planned.refused_output.is_none());
        assert_eq!(refused.dtype_options, planned.dtype_options);
        assert_eq!(refused.plan_totals.rows, planned.plan_totals.rows);
    }

    #[test]
    fn modules_and_plan_are_there_before_any_factor_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let inspection = Inspection::new(&sample_into(folder.path().join("merged")));
        assert!(inspection.tree.is_some() && matches!(inspection.plan, Some(Ok(_))), "{inspection:?}");
        assert!(inspection.delta_norms.is_empty(), "the norms of an 8B adapter take longer than a person waits");
    }
}
