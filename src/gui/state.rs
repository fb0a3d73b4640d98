//! What the window knows. Only `logic` changes it; panels read it.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    background::Task,
    inspection::Inspection,
    problem::Problem,
    run::Finished,
    view::{ChangeMap, PrintedDiff, TreeRow},
    words::{Language, Words},
};
use crate::{
    job::{JobWatch, ProgressSample, RateMeter, Stage},
    plan::{DtypePolicy, MergePlan},
};

/// The four screens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Screen {
    /// The diff.
    #[default]
    Modules,
    /// The plan and the run.
    Merge,
    /// Size and quality of the result.
    Compare,
    /// The checks of the result.
    Report,
}

impl Screen {
    /// In the order of the navigation.
    pub const ALL: [Self; 4] = [Self::Modules, Self::Merge, Self::Compare, Self::Report];

    /// Its name.
    #[must_use]
    pub fn title(self, words: &Words) -> &'static str {
        match self {
            Self::Modules => words.modules,
            Self::Merge => words.merge,
            Self::Compare => words.compare,
            Self::Report => words.report,
        }
    }

    /// The question that it answers.
    #[must_use]
    pub fn tooltip(self, words: &Words) -> &'static str {
        match self {
            Self::Modules => words.modules_tooltip,
            Self::Merge => words.merge_screen_tooltip,
            Self::Compare => words.compare_tooltip,
            Self::Report => words.report_tooltip,
        }
    }
}

/// The three wells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WellKind {
    /// The model that was fine-tuned.
    Base,
    /// What training wrote.
    Adapter,
    /// Where the merged model goes.
    Output,
}

/// One well: what stands in its field, and the path that counts.
#[derive(Clone, Debug, Default)]
pub struct Well {
    /// The field's text while it is edited.
    pub text: String,
    /// The path that was last entered, chosen or dropped.
    pub path: Option<PathBuf>,
}

impl Well {
    /// Takes `path` as entered.
    pub fn set(&mut self, path: Option<PathBuf>) {
        self.text = path.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        self.path = path;
    }
}

/// All wells.
#[derive(Clone, Debug, Default)]
pub struct Wells {
    /// Base model.
    pub base: Well,
    /// Adapter.
    pub adapter: Well,
    /// Output.
    pub output: Well,
}

impl Wells {
    /// One of them.
    #[must_use]
    pub fn get(&self, kind: WellKind) -> &Well {
        match kind {
            WellKind::Base => &self.base,
            WellKind::Adapter => &self.adapter,
            WellKind::Output => &self.output,
        }
    }

    /// One of them, to change.
    pub fn get_mut(&mut self, kind: WellKind) -> &mut Well {
        match kind {
            WellKind::Base => &mut self.base,
            WellKind::Adapter => &mut self.adapter,
            WellKind::Output => &mut self.output,
        }
    }
}

/// What the user chose on the Merge screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MergeOptions {
    /// Output dtype.
    pub dtype: DtypePolicy,
    /// Factor on the adapter.
    pub strength: f64,
}

impl Default for MergeOptions {
    fn default() -> Self {
        Self { dtype: DtypePolicy::Keep, strength: 1.0 }
    }
}

/// The one job, as a value: what can be shown and asked follows from it.
#[derive(Debug, Default)]
pub enum Job {
    /// The wells do not name a merge yet, or it does not fit.
    #[default]
    Idle,
    /// Headers are being read on a worker.
    Opening(Task<Inspection>),
    /// Ready to merge.
    Planned(Arc<MergePlan>),
    /// A worker merges.
    Running(Box<Running>),
    /// The merged folder exists.
    Done(Box<Finished>),
    /// The merge stopped with an error; its output does not exist.
    Failed(Problem),
}

/// A merge at work.
pub struct Running {
    /// The plan that it follows.
    pub plan: Arc<MergePlan>,
    /// Counters, facts and the way to cancel.
    pub watch: JobWatch,
    /// The result, once there is one.
    pub task: Option<Task<super::run::RunResult>>,
    /// The part of the work that runs.
    pub stage: Stage,
    /// The latest look at the counters.
    pub sample: ProgressSample,
    /// Throughput of the stage.
    pub rate: RateMeter,
    /// When it began.
    pub started: Instant,
    /// When the counters were last looked at.
    pub sampled: Instant,
    /// Tensors written.
    pub tensors_done: usize,
    /// Facts for the list, newest last, with the time since the start.
    pub events: Vec<(Duration, String)>,
    /// The user asked to stop.
    pub is_cancelling: bool,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Running")
            .field("stage", &self.stage)
            .field("sample", &self.sample)
            .finish_non_exhaustive()
    }
}

/// How the Modules screen shows the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ModulesView {
    /// The tree table.
    #[default]
    Table,
    /// Both trees as PyTorch prints them.
    Printed,
}

/// State of the Modules screen.
#[derive(Debug, Default)]
pub struct ModulesState {
    /// Part of a path that rows must contain.
    pub filter: String,
    /// Whether unchanged modules are left out.
    pub only_changed: bool,
    /// Modules whose folding differs from the default.
    pub toggled: BTreeSet<String>,
    /// The module in the inspector.
    pub selected: Option<String>,
    /// Table or printed.
    pub view: ModulesView,
    /// Rows as filtered and folded; rebuilt when any of the above or the tree changes.
    pub rows: Arc<Vec<TreeRow>>,
    /// ‖Δ‖/‖W‖ by module, known after a merge.
    pub changes: ChangeMap,
    /// Both printed trees, aligned.
    pub printed: Arc<PrintedDiff>,
}

/// A line in the status bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How it went.
    pub tone: Tone,
    /// One sentence.
    pub text: String,
}

/// How something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Neither good nor bad.
    Neutral,
    /// Passed.
    Good,
    /// Done, but look.
    Caution,
    /// Failed.
    Bad,
}

/// What the window takes from the machine; tests fix it so that pictures repeat.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The user's folder, shown as `~`.
    pub home: Option<PathBuf>,
    /// Threads that a merge uses.
    pub thread_count: usize,
    /// Whether seconds, rates and free space are shown as measured or left out.
    pub shows_measurements: bool,
}

impl Machine {
    /// This machine.
    #[must_use]
    pub fn detect() -> Self {
        Self {
            home: std::env::home_dir(),
            thread_count: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            shows_measurements: true,
        }
    }
}

/// All of it.
#[derive(Debug)]
pub struct AppState {
    /// The screen that is shown once a well is filled.
    pub screen: Screen,
    /// Base, adapter, output.
    pub wells: Wells,
    /// Whether the output was proposed by us and may be proposed anew.
    pub output_is_proposed: bool,
    /// Choices for the next plan.
    pub options: MergeOptions,
    /// The last finished look at the wells.
    pub inspection: Option<Arc<Inspection>>,
    /// The one job.
    pub job: Job,
    /// The Modules screen.
    pub modules: ModulesState,
    /// The last thing worth saying in the status line.
    pub notice: Option<Notice>,
    /// Whether a folder is dragged over the window.
    pub is_drop_hovering: bool,
    /// Language of all words.
    pub language: Language,
    /// The machine.
    pub machine: Machine,
}

impl AppState {
    /// An empty window.
    #[must_use]
    pub fn new(machine: Machine) -> Self {
        Self {
            screen: Screen::default(),
            wells: Wells::default(),
            output_is_proposed: true,
            options: MergeOptions::default(),
            inspection: None,
            job: Job::default(),
            modules: ModulesState::default(),
            notice: None,
            is_drop_hovering: false,
            language: Language::default(),
            machine,
        }
    }

    /// The words of the chosen language.
    #[must_use]
    pub fn words(&self) -> &'static Words {
        self.language.words()
    }

    /// Whether nothing was opened yet.
    #[must_use]
    pub fn is_welcome(&self) -> bool {
        self.wells.base.path.is_none() && self.wells.adapter.path.is_none()
    }

    /// Whether inputs may not change now.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(self.job, Job::Running(_))
    }

    /// The finished merge, if there is one.
    #[must_use]
    pub fn finished(&self) -> Option<&Finished> {
        match &self.job {
            Job::Done(finished) => Some(finished),
            _ => None,
        }
    }

    /// Whether a screen has something to show.
    #[must_use]
    pub fn is_reachable(&self, screen: Screen) -> bool {
        match screen {
            Screen::Modules => self.inspection.as_ref().is_some_and(|inspection| inspection.tree.is_some()),
            Screen::Merge => {
                matches!(self.job, Job::Planned(_) | Job::Running(_) | Job::Done(_) | Job::Failed(_))
                    || self
                        .inspection
                        .as_ref()
                        .is_some_and(|inspection| inspection.plan.is_some() && inspection.misfits.is_empty())
            }
            Screen::Compare | Screen::Report => self.finished().is_some(),
        }
    }
}
