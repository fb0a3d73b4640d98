//! Work that a command starts in the background, besides looking at the wells.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use egui::Context;
use poll_promise::Promise;

use super::{
    background::Task,
    wake::Waker,
    watched::{Watched, Work},
};
use crate::{
    gui::{
        app::{
            command::face::ScreenCommand,
            notice::{Notice, Tone},
            recent::{RecentPair, RecentState},
            screen::Screen,
            state::{AppState, Job},
        },
        frame::wells::{command::WellsCommand, well::WellKind},
        screens::{
            compare::{
                evaluation::{self, Texts},
                timing,
            },
            merge::{
                command::MergeCommand,
                run::{self, RunOptions},
                run_event::RunEvent,
                running::Running,
            },
            modules::{changes::module_of, estimate::RelativeChanges, module_list::ModuleList},
            report::{
                documents::{Documents, picture},
                manifest::{ManifestRow, Origin, listed},
            },
            welcome::sample_facts::SampleFacts,
        },
        words::{Words, problem::Problem},
    },
    job::JobContext,
    merge::{
        self,
        device::{self, GpuAdapter},
    },
    plan::{MergePlan, SurvivalEstimate},
    platform::FileDialogs,
    tree,
};

/// What a folder that is being chosen is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gui) enum DialogKind {
    /// A well.
    Well(WellKind),
    /// To be merged beside the adapter in the well.
    OneMoreAdapter,
}

/// Work in the background besides the one job.
#[derive(Default)]
pub(in crate::gui) struct Workers {
    /// Whether the options have changed since the look at the wells that is under way began.
    pub(in crate::gui) is_question_old: bool,
    pub(in crate::gui) dialog: Option<(DialogKind, Promise<Option<PathBuf>>)>,
    pub(in crate::gui) text_dialog: Option<Promise<Option<Vec<PathBuf>>>>,
    pub(in crate::gui) routing: Option<Task<Vec<(WellKind, PathBuf)>>>,
    pub(in crate::gui) estimating: Option<Task<RelativeChanges>>,
    pub(in crate::gui) greeting: Option<Task<Greeting>>,
    pub(in crate::gui) gpus: Option<Task<Vec<GpuAdapter>>>,
    pub(in crate::gui) modules: Option<Task<ModuleList>>,
    pub(in crate::gui) spectrum: Option<Task<(String, Vec<f64>)>>,
    pub(in crate::gui) listing: Option<Task<(PathBuf, Vec<ManifestRow>)>>,
    pub(in crate::gui) exporting: Option<Task<Result<PathBuf, Problem>>>,
    pub(in crate::gui) discarding: Option<Task<Result<(), Problem>>>,
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Workers").field("has_dialog", &self.dialog.is_some()).finish_non_exhaustive()
    }
}

/// What the welcome screen shows.
pub(in crate::gui) struct Greeting {
    pub(in crate::gui) sample: Result<SampleFacts, Problem>,
    pub(in crate::gui) recent_states: Vec<RecentState>,
    pub(in crate::gui) file_dialogs: FileDialogs,
}

/// Reads the sample's headers, and looks for the folders of earlier pairs and for what shows dialogs.
pub(in crate::gui) fn greet(state: &AppState, ctx: &Context) -> Task<Greeting> {
    let pairs = state.recent.clone();
    Task::spawn("greeting", ctx, move || Greeting {
        sample: SampleFacts::read(),
        recent_states: pairs.iter().map(RecentPair::look).collect(),
        file_dialogs: FileDialogs::detect(),
    })
}

/// Asks the drivers for GPUs, which may take seconds.
pub(in crate::gui) fn look_for_gpus(state: &AppState, ctx: &Context) -> Option<Task<Vec<GpuAdapter>>> {
    state.machine.looks_for_gpus.then(|| Task::spawn("gpus", ctx, device::list_adapters))
}

/// Reads the factors of `plan`, and some rows of the weights that it changes.
pub(in crate::gui) fn estimate(plan: &Arc<MergePlan>, ctx: &Context) -> Task<RelativeChanges> {
    let plan = Arc::clone(plan);
    Task::spawn("estimate", ctx, move || RelativeChanges::measure(&plan))
}

/// Estimates how much of the adapters `plan` keeps.
pub(in crate::gui) fn estimate_survival(plan: &Arc<MergePlan>, ctx: &Context) -> Work<SurvivalEstimate> {
    let plan = Arc::clone(plan);
    Work::start("survival", ctx, move |job| plan.estimate_survival(job).map_err(|error| Problem::of(&error)))
}

/// Computes the singular values of Δ of the selected module, where they are not known yet.
pub(in crate::gui) fn look_at_spectrum(state: &AppState, workers: &mut Workers, ctx: &Context) {
    let (Some(module), Some(plan)) = (&state.modules.selected, state.plan()) else { return };
    if state.modules.spectra.contains_key(module) {
        return;
    }
    let (module, plan) = (module.clone(), Arc::clone(plan));
    workers.spectrum = Some(Task::spawn("spectrum", ctx, move || {
        let applied = plan.matching.applied.iter().find(|applied| module_of(&applied.tensor) == module);
        let values = applied.map(|applied| tree::singular_values(applied, &plan.adapters, &plan.strengths));
        (module, values.and_then(Result::ok).flatten().unwrap_or_default())
    }));
}

pub(in crate::gui) fn browse(state: &mut AppState, workers: &mut Workers, ctx: &Context, kind: WellKind) {
    if lacks_dialogs(state, |words| words.no_file_dialog) {
        return;
    }
    let start = state.wells.get(kind).path.clone();
    let title = title(&WellsCommand::Browse(kind), state);
    choose_folder(state, workers, ctx, DialogKind::Well(kind), title, start, kind == WellKind::Output);
}

/// Chooses a merged folder that is there already.
pub(in crate::gui) fn judge_folder(state: &mut AppState, workers: &mut Workers, ctx: &Context) {
    if lacks_dialogs(state, |words| words.no_folder_dialog) {
        return;
    }
    let title = title(&WellsCommand::JudgeFolder, state);
    choose_folder(state, workers, ctx, DialogKind::Well(WellKind::Output), title, None, false);
}

pub(in crate::gui) fn add_adapter(state: &mut AppState, workers: &mut Workers, ctx: &Context) {
    if lacks_dialogs(state, |words| words.no_file_dialog) {
        return;
    }
    let title = title(&MergeCommand::AddAdapter, state);
    let start = state.wells.adapter.path.clone();
    choose_folder(state, workers, ctx, DialogKind::OneMoreAdapter, title, start, false);
}

/// Says so where nothing here shows dialogs.
fn lacks_dialogs(state: &mut AppState, advice: impl Fn(&Words) -> &'static str) -> bool {
    let is_missing = state.file_dialogs == Some(FileDialogs::Missing);
    if is_missing {
        state.notice = Some(Notice::new(Tone::Caution, advice(state.words())));
    }
    is_missing
}

/// What a dialog is called: what its command does.
fn title(command: &impl ScreenCommand, state: &AppState) -> &'static str {
    command.face().map_or("", |face| face.tooltip_text(state.words()))
}

fn choose_folder(
    state: &AppState,
    workers: &mut Workers,
    ctx: &Context,
    kind: DialogKind,
    title: &'static str,
    start: Option<PathBuf>,
    is_new: bool,
) {
    if workers.dialog.is_some() || state.is_locked() {
        return;
    }
    let ctx = ctx.clone();
    let promise = Promise::spawn_thread("folder dialog", move || {
        let mut dialog = rfd::FileDialog::new().set_title(title);
        if let Some(parent) = start.as_deref().and_then(Path::parent) {
            dialog = dialog.set_directory(parent);
        }
        let chosen = if is_new {
            let name = start.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
            dialog.set_file_name(name.unwrap_or_else(|| "merged".to_owned())).save_file()
        } else {
            dialog.pick_folder()
        };
        ctx.request_repaint();
        chosen
    });
    workers.dialog = Some((kind, promise));
}

pub(in crate::gui) fn browse_texts(state: &mut AppState, workers: &mut Workers, ctx: &Context) {
    if lacks_dialogs(state, |words| words.no_file_dialog) {
        return;
    }
    if workers.text_dialog.is_some() || state.finished().is_none() {
        return;
    }
    let (title, ctx) = (state.words().measure_on_texts, ctx.clone());
    workers.text_dialog = Some(Promise::spawn_thread("text dialog", move || {
        let chosen = rfd::FileDialog::new().set_title(title).add_filter("text", &["txt", "md", "jsonl"]).pick_files();
        ctx.request_repaint();
        chosen
    }));
}

pub(in crate::gui) fn measure(state: &mut AppState, ctx: &Context, texts: Texts) {
    let Job::Done(done) = &mut state.job else { return };
    if !done.evaluation.is_running() {
        done.evaluation = evaluation::start(done, texts, ctx);
    }
}

pub(in crate::gui) fn measure_time(state: &mut AppState, ctx: &Context) {
    let Some(program) = state.machine.program.clone() else { return };
    let Job::Done(done) = &mut state.job else { return };
    if !done.timing.is_running() {
        done.timing = timing::start(done, program, ctx);
    }
}

pub(in crate::gui) fn seal(state: &mut AppState, ctx: &Context) {
    let Job::Done(done) = &mut state.job else { return };
    if !done.sealing.is_running() {
        let folder = done.sources.merged.clone();
        let seal = move |job: &JobContext| merge::seal(&folder, job).map_err(|error| Problem::of(&error));
        done.sealing = Work::start("seal", ctx, seal);
    }
}

/// Looks what has become of the merged folder's files, and which came into it after it was listed.
pub(in crate::gui) fn list_files(state: &AppState, workers: &mut Workers, ctx: &Context) {
    let Some(done) = state.finished() else { return };
    let (folder, known) = (done.sources.merged.clone(), done.manifest.clone());
    workers.listing = Some(Task::spawn("list files", ctx, move || {
        let manifest = listed(&folder, known, Origin::Added);
        (folder, manifest)
    }));
}

pub(in crate::gui) fn start_merge(state: &mut AppState, ctx: &Context) {
    let Job::Planned(plan) = &state.job else { return };
    let plan = Arc::clone(plan);
    let waker = Arc::new(Waker::new(ctx));
    let (job, watch) = JobContext::new({
        let waker = Arc::clone(&waker);
        move || waker.wake()
    });
    let (tell, told) = crossbeam_channel::bounded(RunEvent::MOST_TOLD);
    let task = Task::spawn("merge", ctx, {
        let plan = Arc::clone(&plan);
        let options = RunOptions {
            device: state.options.device,
            writes_card: state.options.writes_card,
            program: state.machine.program.clone(),
        };
        move || run::merge_and_verify(&plan, &options, &tell, &job)
    });
    let running = Running::new(plan, watch, told, waker, task);
    state.job = Job::Running(Box::new(running));
    state.screen = Screen::Merge;
    state.notice = None;
}

pub(in crate::gui) fn discard_partial(state: &AppState, workers: &mut Workers, ctx: &Context) {
    let Job::Planned(plan) = &state.job else { return };
    let output = plan.output.clone();
    workers.discarding = Some(Task::spawn("discard", ctx, move || {
        merge::discard_partial(&output).map(|_| ()).map_err(|error| Problem::of(&error))
    }));
}

pub(in crate::gui) fn verify_again(state: &mut AppState, ctx: &Context) {
    let program = state.machine.program.clone();
    let Job::Done(done) = &mut state.job else { return };
    if done.verifying.is_none() {
        let sources = done.sources.clone();
        let verify = move |job: &JobContext| Ok(run::timed_verify(&sources, program, job));
        done.verifying = Some(Box::new(Watched::spawn("verify", ctx, verify)));
    }
}

pub(in crate::gui) fn export(state: &AppState, workers: &mut Workers, ctx: &Context) {
    let Job::Done(done) = &state.job else { return };
    if workers.exporting.is_some() {
        return;
    }
    let documents = Documents::of(done, state.words());
    workers.exporting = Some(Task::spawn("export", ctx, move || documents.write()));
}

/// Asks for the next frame as a picture; it is written as soon as it comes.
pub(in crate::gui) fn export_picture(state: &AppState, workers: &mut Workers, ctx: &Context) {
    if workers.exporting.is_some() {
        return;
    }
    let folder = state.machine.home.clone().or_else(|| std::env::current_dir().ok()).unwrap_or_default();
    let merged = state.finished().map(|done| done.sources.merged.clone());
    let name = format!("{:?}.png", state.screen).to_lowercase();
    let place = merged.map_or_else(
        || folder.join(format!("lorafuse-{name}")),
        |merged| {
            let stem = merged.file_name().unwrap_or_default().to_string_lossy().into_owned();
            merged.with_file_name(format!("{stem}-{name}"))
        },
    );
    let (sender, image) = crossbeam_channel::bounded(1);
    ctx.request_screenshot(move |image| {
        sender.try_send(image).ok();
    });
    workers.exporting = Some(Task::spawn("picture", ctx, move || picture(&image, &place)));
}
