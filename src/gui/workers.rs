//! Work that a command starts in the background, besides looking at the wells.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use egui::Context;
use poll_promise::Promise;

use super::{
    background::Task,
    command::UiCommand,
    estimate::RelativeChanges,
    evaluation::{self, Evaluation},
    problem::Problem,
    recent::{RecentPair, RecentState},
    run,
    sample_facts::SampleFacts,
    state::{AppState, Job, Running, Screen, WellKind},
    view::ChangeMap,
    wake::Waker,
};
use crate::{
    job::JobContext,
    merge::{
        self,
        device::{self, GpuAdapter},
    },
    plan::MergePlan,
    verify::VerifyReport,
};

/// Work in the background besides the one job.
#[derive(Default)]
pub(super) struct Workers {
    /// Whether the options have changed since the look at the wells that is under way began.
    pub(super) is_question_old: bool,
    pub(super) dialog: Option<(WellKind, Promise<Option<PathBuf>>)>,
    pub(super) text_dialog: Option<Promise<Option<Vec<PathBuf>>>>,
    pub(super) routing: Option<Task<Vec<(WellKind, PathBuf)>>>,
    pub(super) estimating: Option<Task<RelativeChanges>>,
    pub(super) greeting: Option<Task<Greeting>>,
    pub(super) gpus: Option<Task<Vec<GpuAdapter>>>,
    pub(super) verifying: Option<Task<(Result<VerifyReport, Problem>, f64)>>,
    pub(super) exporting: Option<Task<Result<PathBuf, Problem>>>,
    pub(super) discarding: Option<Task<Result<(), Problem>>>,
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Workers").field("has_dialog", &self.dialog.is_some()).finish_non_exhaustive()
    }
}

/// What the welcome screen shows.
pub(super) struct Greeting {
    pub(super) sample: Result<SampleFacts, Problem>,
    pub(super) recent_states: Vec<RecentState>,
}

/// Reads the sample's headers and looks for the folders of earlier pairs.
pub(super) fn greet(state: &AppState, ctx: &Context) -> Task<Greeting> {
    let pairs = state.recent.clone();
    Task::spawn("greeting", ctx, move || Greeting {
        sample: SampleFacts::read(),
        recent_states: pairs.iter().map(RecentPair::look).collect(),
    })
}

/// Asks the drivers for GPUs, which may take seconds.
pub(super) fn look_for_gpus(state: &AppState, ctx: &Context) -> Option<Task<Vec<GpuAdapter>>> {
    state.machine.looks_for_gpus.then(|| Task::spawn("gpus", ctx, device::list_adapters))
}

/// Looks at some rows of the weights that `plan` changes.
pub(super) fn estimate(plan: &Arc<MergePlan>, delta_norms: ChangeMap, ctx: &Context) -> Task<RelativeChanges> {
    let plan = Arc::clone(plan);
    Task::spawn("estimate", ctx, move || RelativeChanges::measure(&plan, &delta_norms))
}

pub(super) fn browse(state: &AppState, workers: &mut Workers, ctx: &Context, kind: WellKind) {
    if workers.dialog.is_some() || state.is_locked() {
        return;
    }
    let start = state.wells.get(kind).path.clone();
    let (title, ctx) = (UiCommand::Browse(kind).tooltip(state.words()), ctx.clone());
    let promise = Promise::spawn_thread("folder dialog", move || {
        let mut dialog = rfd::FileDialog::new().set_title(title);
        if let Some(parent) = start.as_deref().and_then(Path::parent) {
            dialog = dialog.set_directory(parent);
        }
        let chosen = match kind {
            WellKind::Base | WellKind::Adapter => dialog.pick_folder(),
            WellKind::Output => {
                let name = start.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
                dialog.set_file_name(name.unwrap_or_else(|| "merged".to_owned())).save_file()
            }
        };
        ctx.request_repaint();
        chosen
    });
    workers.dialog = Some((kind, promise));
}

pub(super) fn browse_texts(state: &AppState, workers: &mut Workers, ctx: &Context) {
    if workers.text_dialog.is_some() || state.finished().is_none() {
        return;
    }
    let (title, ctx) = (state.words().measure_on_texts, ctx.clone());
    workers.text_dialog = Some(Promise::spawn_thread("text dialog", move || {
        let chosen = rfd::FileDialog::new().set_title(title).add_filter("text", &["txt", "md"]).pick_files();
        ctx.request_repaint();
        chosen
    }));
}

pub(super) fn measure(state: &mut AppState, ctx: &Context, texts: Vec<PathBuf>) {
    let Job::Done(done) = &mut state.job else { return };
    if !matches!(done.evaluation, Evaluation::Running(_)) {
        done.evaluation = evaluation::start(done, texts, ctx);
    }
}

pub(super) fn start_merge(state: &mut AppState, ctx: &Context) {
    let Job::Planned(plan) = &state.job else { return };
    let plan = Arc::clone(plan);
    let waker = Arc::new(Waker::new(ctx));
    let (job, watch) = JobContext::new({
        let waker = Arc::clone(&waker);
        move || waker.wake()
    });
    let task = Task::spawn("merge", ctx, {
        let (plan, device) = (Arc::clone(&plan), state.options.device);
        move || run::merge_and_verify(&plan, device, &job)
    });
    let running = Running::new(plan, watch, waker, task);
    state.job = Job::Running(Box::new(running));
    state.screen = Screen::Merge;
    state.notice = None;
}

pub(super) fn discard_partial(state: &AppState, workers: &mut Workers, ctx: &Context) {
    let Job::Planned(plan) = &state.job else { return };
    let output = plan.output.clone();
    workers.discarding = Some(Task::spawn("discard", ctx, move || {
        merge::discard_partial(&output).map(|_| ()).map_err(|error| Problem::of(&error))
    }));
}

pub(super) fn verify_again(state: &mut AppState, workers: &mut Workers, ctx: &Context) {
    let Job::Done(done) = &mut state.job else { return };
    if workers.verifying.is_some() {
        return;
    }
    done.is_verifying = true;
    let (plan, output) = (Arc::clone(&done.plan), done.receipt.output.clone());
    workers.verifying = Some(Task::spawn("verify", ctx, move || {
        let started = Instant::now();
        let report = run::verify_output(&plan, output, &JobContext::unwatched());
        (report, started.elapsed().as_secs_f64())
    }));
}

pub(super) fn export(state: &AppState, workers: &mut Workers, ctx: &Context) {
    let Job::Done(done) = &state.job else { return };
    if workers.exporting.is_some() {
        return;
    }
    let documents = run::Documents::of(done);
    workers.exporting = Some(Task::spawn("export", ctx, move || documents.write()));
}
