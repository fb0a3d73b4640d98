//! What the window knows. Only `logic` changes it; panels read it.

use std::sync::Arc;

use super::{
    closing::Closing,
    inspection::Inspection,
    jobs::{Jobs, kind::JobKind},
    machine::Machine,
    notice::Notice,
    screen::Screen,
};
use crate::{
    adapter::UnknownFolder,
    gui::{
        frame::wells::{hover::DropHover, well::Wells},
        screens::{
            merge::merge_options::MergeOptions,
            modules::state::{ModulesState, ModulesView},
            palette::search::Search,
        },
    },
    merge::{Running, device::GpuAdapter},
    message::{Language, Problem},
    plan::{AdapterRequest, MergePlan, SurvivalEstimate},
    platform::FileDialogs,
    report::{History, HistoryEntry, MergeFailure, MergedFolder, RecentState, SampleFacts},
    verify::Standing,
};

/// Entries of the history that the welcome screen shows.
const MOST_SHOWN: usize = 5;

/// How far a merge is, as a value: what can be shown and asked follows from it.
#[derive(Debug, Default)]
pub enum Phase {
    /// The wells do not name a merge yet, or it does not fit.
    #[default]
    Idle,
    /// Headers are being read.
    Opening,
    /// Ready to merge.
    Planned(Arc<MergePlan>),
    /// A worker merges.
    Running(Box<Running>),
    /// The merged folder exists.
    Done(Box<MergedFolder>),
    /// The merge stopped with an error.
    Failed(MergeFailure),
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
    /// Adapters beside the one in the well, with their strengths.
    pub more_adapters: Vec<AdapterRequest>,
    /// Choices for the next plan.
    pub options: MergeOptions,
    /// Whether options have changed since the look at the wells that is under way began.
    pub is_question_old: bool,
    /// The last finished look at the wells.
    pub inspection: Option<Arc<Inspection>>,
    /// How far the merge is.
    pub phase: Phase,
    /// All work in the background.
    pub jobs: Jobs<Self>,
    /// How much of the adapters the planned rounding leaves.
    pub survival: Option<Result<SurvivalEstimate, Problem>>,
    /// The Modules screen.
    pub modules: ModulesState,
    /// The list of all commands, while it is open.
    pub palette: Option<Search>,
    /// The last thing worth saying in the status line.
    pub notice: Option<Notice>,
    /// The built-in sample, once its headers are read.
    pub sample: Option<Result<SampleFacts, Problem>>,
    /// GPUs that a merge may run on; `None` until the drivers have answered.
    pub gpus: Option<Vec<GpuAdapter>>,
    /// What shows dialogs here; `None` until that is known.
    pub file_dialogs: Option<FileDialogs>,
    /// What was opened and merged before.
    pub history: History,
    /// What has become of the latest of it, once that is known.
    pub recent_states: Vec<RecentState>,
    /// What was dropped and has no well of its own.
    pub unknown_drop: Option<UnknownFolder>,
    /// Whether the numbers behind the chart of changes are shown.
    pub shows_change_numbers: bool,
    /// What is dragged over the window.
    pub hover: Option<DropHover>,
    /// Whether the window is to close while a merge runs.
    pub closing: Closing,
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
            more_adapters: Vec::new(),
            options: MergeOptions::default(),
            is_question_old: false,
            inspection: None,
            phase: Phase::default(),
            jobs: Jobs::default(),
            survival: None,
            modules: ModulesState::default(),
            palette: None,
            notice: None,
            sample: None,
            gpus: None,
            file_dialogs: None,
            history: History::open(machine.history.clone()),
            recent_states: Vec::new(),
            unknown_drop: None,
            shows_change_numbers: false,
            hover: None,
            closing: Closing::No,
            language: Language::default(),
            machine,
        }
    }

    /// The words of the chosen language.
    #[must_use]
    pub fn words(&self) -> Language {
        self.language
    }

    /// Whether nothing was opened yet.
    #[must_use]
    pub fn is_welcome(&self) -> bool {
        self.wells.base.path.is_none() && self.wells.adapter.path.is_none() && self.finished().is_none()
    }

    /// Whether a filter hides modules on the screen that is shown.
    #[must_use]
    pub fn has_filter(&self) -> bool {
        let is_shown = self.screen == Screen::Modules && self.modules.view == ModulesView::Table;
        is_shown && !self.is_welcome() && !self.modules.filter.is_empty()
    }

    /// What the welcome screen shows of what was done before.
    #[must_use]
    pub fn recent(&self) -> &[HistoryEntry] {
        let entries = self.history.entries();
        &entries[..entries.len().min(MOST_SHOWN)]
    }

    /// Whether inputs may not change now.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(self.phase, Phase::Running(_))
    }

    /// The finished merge, if there is one.
    #[must_use]
    pub fn finished(&self) -> Option<&MergedFolder> {
        match &self.phase {
            Phase::Done(finished) => Some(finished),
            _ => None,
        }
    }

    /// How `done` stands; while it is being checked, what was known before is no longer said.
    #[must_use]
    pub fn standing<'a>(&self, done: &'a MergedFolder) -> Standing<'a> {
        let is_checking = self.jobs.is_running(JobKind::Verify);
        if is_checking { Standing::Checking } else { Standing::of(done.verified.as_ref()) }
    }

    /// The plan that is shown, runs or was carried out; it may lack a place to go.
    #[must_use]
    pub fn plan(&self) -> Option<&Arc<MergePlan>> {
        match &self.phase {
            Phase::Planned(plan) => Some(plan),
            Phase::Running(running) => Some(&running.plan),
            Phase::Done(done) => Some(&done.made.as_ref()?.plan),
            Phase::Idle => self.inspection.as_ref()?.resolved.as_ref(),
            Phase::Opening | Phase::Failed(_) => None,
        }
    }

    /// The finished merge, to be changed.
    pub fn finished_mut(&mut self) -> Option<&mut MergedFolder> {
        match &mut self.phase {
            Phase::Done(finished) => Some(finished),
            _ => None,
        }
    }

    /// The adapters and their strengths, that of the well first.
    #[must_use]
    pub fn adapters(&self) -> Vec<AdapterRequest> {
        let first = self.wells.adapter.path.clone();
        let first = first.map(|path| AdapterRequest { path, strength: self.options.strength });
        // Others are held back until the well has one, for that is the first to be added.
        let more = if first.is_some() { self.more_adapters.clone() } else { Vec::new() };
        first.into_iter().chain(more).collect()
    }

    /// Whether a screen has something to show.
    #[must_use]
    pub fn is_reachable(&self, screen: Screen) -> bool {
        match screen {
            Screen::Modules => self.inspection.as_ref().is_some_and(|inspection| inspection.tree.is_some()),
            // A folder that was opened as it is has no merge to show.
            Screen::Merge if self.finished().is_some() => self.finished().is_some_and(|done| done.made.is_some()),
            Screen::Merge => {
                matches!(self.phase, Phase::Planned(_) | Phase::Running(_) | Phase::Failed(_))
                    || self
                        .inspection
                        .as_ref()
                        .is_some_and(|inspection| inspection.plan.is_some() && inspection.misfits.is_empty())
            }
            Screen::Compare | Screen::Report => self.finished().is_some(),
        }
    }
}
