//! The only place that changes state: what workers report, and what the user asks for.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use egui::Context;
use poll_promise::Promise;

use super::{
    background::{Outcome, Task},
    command::UiCommand,
    drop_target,
    evaluation::{self, Evaluation},
    inspection::{Inspection, Question, free_name},
    problem::Problem,
    run::{self, RunError},
    state::{AppState, Job, ModulesView, Notice, Running, Screen, Tone, WellKind},
    view::{TreeQuery, tree_rows},
};
use crate::{
    job::{JobContext, JobEvent, ProgressSample, RateMeter, Stage},
    plan::MergePlan,
    sample::Sample,
    verify::VerifyReport,
};

/// Live numbers change at most this often.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(250);

/// Throughput is a mean over this time.
const RATE_WINDOW: Duration = Duration::from_secs(3);

/// Facts kept for the list of events.
const EVENTS_KEPT: usize = 200;

/// Work in the background besides the one job.
#[derive(Default)]
pub(super) struct Workers {
    dialog: Option<(WellKind, Promise<Option<PathBuf>>)>,
    text_dialog: Option<Promise<Option<Vec<PathBuf>>>>,
    routing: Option<Task<Vec<(WellKind, PathBuf)>>>,
    verifying: Option<Task<(Result<VerifyReport, Problem>, f64)>>,
    exporting: Option<Task<Result<PathBuf, Problem>>>,
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Workers").field("has_dialog", &self.dialog.is_some()).finish_non_exhaustive()
    }
}

/// Takes what workers have finished since the last frame.
pub(super) fn drain(state: &mut AppState, workers: &mut Workers, ctx: &Context) {
    drain_job(state, ctx);
    if let Some((kind, dialog)) = workers.dialog.take() {
        match dialog.try_take() {
            Ok(Some(path)) => set_path(state, ctx, kind, Some(path)),
            Ok(None) => {}
            Err(dialog) => workers.dialog = Some((kind, dialog)),
        }
    }
    if let Some(dialog) = workers.text_dialog.take() {
        match dialog.try_take() {
            Ok(Some(texts)) => measure(state, ctx, texts),
            Ok(None) => {}
            Err(dialog) => workers.text_dialog = Some(dialog),
        }
    }
    drain_evaluation(state, ctx);
    if let Some(routed) = finished(&mut workers.routing) {
        take_routed(state, ctx, routed.unwrap_or_default());
    }
    let worker_lost = state.words().worker_lost;
    if let Some(verified) = finished(&mut workers.verifying)
        && let Job::Done(done) = &mut state.job
    {
        let (report, duration_secs) = verified.unwrap_or_else(|Lost| (Err(Problem::new(worker_lost)), 0.0));
        done.verified = report;
        done.verify_duration_secs = duration_secs;
        done.is_verifying = false;
    }
    if let Some(exported) = finished(&mut workers.exporting) {
        let words = state.words();
        state.notice = Some(match exported {
            Ok(Ok(path)) => notice(Tone::Good, (words.exported)(&path.display().to_string())),
            Ok(Err(problem)) => problem_notice(&problem),
            Err(Lost) => notice(Tone::Bad, words.worker_lost.to_owned()),
        });
    }
}

/// A worker that ended without its result.
struct Lost;

/// `None` while the task runs or when there is none.
fn finished<T: Send + 'static>(task: &mut Option<Task<T>>) -> Option<Result<T, Lost>> {
    match task.as_ref()?.poll() {
        Outcome::Pending => None,
        Outcome::Ready(value) => {
            *task = None;
            Some(Ok(value))
        }
        Outcome::Lost => {
            *task = None;
            Some(Err(Lost))
        }
    }
}

fn drain_job(state: &mut AppState, ctx: &Context) {
    match &mut state.job {
        Job::Opening(task) => match task.poll() {
            Outcome::Pending => {}
            Outcome::Ready(inspection) => take_inspection(state, inspection),
            Outcome::Lost => {
                state.job = Job::Idle;
                state.notice = Some(notice(Tone::Bad, state.words().worker_lost.to_owned()));
            }
        },
        Job::Running(running) => {
            drain_events(running);
            let result = running.task.as_ref().map_or(Outcome::Pending, Task::poll);
            match result {
                Outcome::Pending => ctx.request_repaint_after(SAMPLE_INTERVAL),
                Outcome::Ready(result) => take_result(state, ctx, result),
                Outcome::Lost => {
                    state.job = Job::Failed(Problem::new(state.words().worker_lost));
                }
            }
        }
        Job::Idle | Job::Planned(_) | Job::Done(_) | Job::Failed(_) => {}
    }
}

fn drain_events(running: &mut Running) {
    while let Ok(event) = running.watch.events.try_recv() {
        let at = running.started.elapsed();
        match event {
            JobEvent::StageStarted(stage) => {
                running.stage = stage;
                running.rate = RateMeter::new(RATE_WINDOW);
                running.sample = ProgressSample::default();
                running.sampled = running.started;
            }
            JobEvent::TensorDone { name } => {
                if running.stage == Stage::Merging {
                    running.tensors_done += 1;
                }
                running.events.push((at, name));
            }
            JobEvent::Warning(text) => running.events.push((at, text)),
        }
    }
    let extra = running.events.len().saturating_sub(EVENTS_KEPT);
    running.events.drain(..extra);
    let now = Instant::now();
    if now.duration_since(running.sampled) >= SAMPLE_INTERVAL {
        running.sampled = now;
        running.sample = running.watch.progress.sample();
        running.rate.observe(now, running.sample.bytes_done);
    }
}

fn drain_evaluation(state: &mut AppState, ctx: &Context) {
    let worker_lost = state.words().worker_lost;
    let Job::Done(done) = &mut state.job else { return };
    let Evaluation::Running(measuring) = &mut done.evaluation else { return };
    match measuring.task.poll() {
        Outcome::Pending => {
            measuring.sample = measuring.watch.progress.sample();
            ctx.request_repaint_after(SAMPLE_INTERVAL);
        }
        Outcome::Ready(Ok(measured)) => done.evaluation = Evaluation::Done(measured),
        Outcome::Ready(Err(problem)) => done.evaluation = Evaluation::Failed(problem),
        Outcome::Lost => done.evaluation = Evaluation::Failed(Problem::new(worker_lost)),
    }
}

fn take_inspection(state: &mut AppState, inspection: Inspection) {
    if state.output_is_proposed {
        state.wells.output.set(inspection.output.clone());
    }
    state.modules.printed = Arc::clone(&inspection.printed);
    state.modules.changes.clear();
    state.job = match &inspection.plan {
        Some(Ok(plan)) => Job::Planned(Arc::clone(plan)),
        Some(Err(_)) | None => Job::Idle,
    };
    let selected_is_gone =
        |path: &String| inspection.tree.as_ref().is_none_or(|tree| tree.walk().all(|node| node.path != *path));
    if state.modules.selected.as_ref().is_none_or(selected_is_gone) {
        let first_changed = inspection.tree.as_ref().and_then(|tree| tree.walk().find(|node| !node.lora.is_empty()));
        state.modules.selected = first_changed.map(|node| node.path.clone());
    }
    state.inspection = Some(Arc::new(inspection));
    rebuild_rows(state);
}

fn take_result(state: &mut AppState, ctx: &Context, result: run::RunResult) {
    match result {
        Ok(finished) => {
            state.modules.changes.clone_from(&finished.changes);
            state.job = Job::Done(Box::new(finished));
            state.notice = None;
            rebuild_rows(state);
        }
        Err(RunError::Cancelled) => {
            inspect(state, ctx);
            state.notice = Some(notice(Tone::Neutral, state.words().cancelled_status.to_owned()));
        }
        Err(RunError::Failed(problem)) => state.job = Job::Failed(problem),
    }
}

fn rebuild_rows(state: &mut AppState) {
    let Some(tree) = state.inspection.as_ref().and_then(|inspection| inspection.tree.as_ref()) else {
        state.modules.rows = Arc::default();
        return;
    };
    let modules = &state.modules;
    let query = TreeQuery {
        toggled: &modules.toggled,
        filter: &modules.filter,
        only_changed: modules.only_changed,
        changes: &modules.changes,
    };
    state.modules.rows = Arc::new(tree_rows(tree, query));
}

/// Commands of the keys that were pressed.
pub(super) fn shortcuts(state: &AppState, ctx: &Context) -> Vec<UiCommand> {
    let other_view = match state.modules.view {
        ModulesView::Table => ModulesView::Printed,
        ModulesView::Printed => ModulesView::Table,
    };
    let mut commands = Screen::ALL.map(UiCommand::ShowScreen).to_vec();
    commands.extend([
        UiCommand::Browse(WellKind::Base),
        UiCommand::Browse(WellKind::Adapter),
        UiCommand::Browse(WellKind::Output),
        UiCommand::StartMerge,
        UiCommand::FocusFilter,
        UiCommand::ShowModulesAs(other_view),
        UiCommand::ExportReport,
        UiCommand::SwitchTheme,
    ]);
    if matches!(state.job, Job::Running(_)) {
        commands.push(UiCommand::CancelMerge);
    }
    commands.retain(|command| {
        command.shortcut().is_some_and(|shortcut| ctx.input_mut(|input| input.consume_shortcut(&shortcut)))
    });
    commands
}

fn is_text(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("txt"))
}

/// The command of folders that were dropped.
pub(super) fn drops(state: &mut AppState, ctx: &Context) -> Option<UiCommand> {
    let (is_hovering, dropped) = ctx.input(|input| {
        let paths: Vec<PathBuf> = input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect();
        (!input.raw.hovered_files.is_empty(), paths)
    });
    state.is_drop_hovering = is_hovering && !state.is_locked();
    (!dropped.is_empty()).then_some(UiCommand::Drop(dropped))
}

/// Does what the user asked for, where it can be done now.
pub(super) fn carry_out(state: &mut AppState, workers: &mut Workers, ctx: &Context, command: UiCommand) {
    match command {
        UiCommand::ShowScreen(screen) => {
            if state.is_reachable(screen) {
                state.screen = screen;
            }
        }
        UiCommand::OpenSample => open_sample(state, ctx),
        UiCommand::Browse(kind) => browse(state, workers, ctx, kind),
        UiCommand::EditPath(kind, text) => state.wells.get_mut(kind).text = text,
        UiCommand::EnterPath(kind) => {
            let path = entered_path(&state.wells.get(kind).text);
            set_path(state, ctx, kind, path);
        }
        // A text dropped on a finished merge is to be measured.
        UiCommand::Drop(paths) if state.finished().is_some() && paths.iter().all(|path| is_text(path)) => {
            measure(state, ctx, paths);
        }
        UiCommand::Drop(paths) => {
            if !state.is_locked() {
                let route = move || paths.iter().filter_map(|path| drop_target::route(path)).collect();
                workers.routing = Some(Task::spawn("drop", ctx, route));
            }
        }
        UiCommand::ChooseDtype(dtype) => {
            if !state.is_locked() && state.options.dtype != dtype {
                state.options.dtype = dtype;
                inspect(state, ctx);
            }
        }
        UiCommand::ChooseStrength(strength) => {
            if !state.is_locked() && state.options.strength != strength {
                state.options.strength = strength;
                inspect(state, ctx);
            }
        }
        UiCommand::StartMerge => start_merge(state, ctx),
        UiCommand::CancelMerge => {
            if let Job::Running(running) = &mut state.job {
                running.watch.cancel();
                running.is_cancelling = true;
            }
        }
        UiCommand::PlanAgain => {
            if !state.is_locked() {
                inspect(state, ctx);
            }
        }
        UiCommand::ToggleModule(path) => {
            if !state.modules.toggled.remove(&path) {
                state.modules.toggled.insert(path);
            }
            rebuild_rows(state);
        }
        UiCommand::SelectModule(path) => state.modules.selected = Some(path),
        UiCommand::FilterModules(text) => {
            state.modules.filter = text;
            rebuild_rows(state);
        }
        UiCommand::FocusFilter => {
            state.screen = Screen::Modules;
            ctx.memory_mut(|memory| memory.request_focus(super::panel::filter_id()));
        }
        UiCommand::ShowOnlyChanged(only_changed) => {
            state.modules.only_changed = only_changed;
            rebuild_rows(state);
        }
        UiCommand::ShowModulesAs(view) => state.modules.view = view,
        UiCommand::CopyText(text) => ctx.copy_text(text),
        UiCommand::BrowseTexts => browse_texts(state, workers, ctx),
        UiCommand::MeasurePerplexity(texts) => measure(state, ctx, texts),
        UiCommand::VerifyAgain => verify_again(state, workers, ctx),
        UiCommand::ExportReport => export(state, workers, ctx),
        UiCommand::OpenFolder => open_folder(state),
        UiCommand::SwitchTheme => switch_theme(ctx),
        UiCommand::SwitchLanguage => state.language = state.language.next(),
    }
}

fn notice(tone: Tone, text: String) -> Notice {
    Notice { tone, text }
}

fn problem_notice(problem: &Problem) -> Notice {
    let parts = [Some(problem.what.clone()), problem.hint.clone(), problem.path.clone()];
    notice(Tone::Bad, parts.into_iter().flatten().collect::<Vec<_>>().join(". "))
}

/// A path as pasted: quotes and spaces around it are no part of it, `~` is the user's folder.
fn entered_path(text: &str) -> Option<PathBuf> {
    let text = text.trim().trim_matches(['"', '\'']).trim();
    let text = text.strip_prefix("file://").unwrap_or(text);
    if text.is_empty() {
        return None;
    }
    let path = Path::new(text);
    match (path.strip_prefix("~"), std::env::home_dir()) {
        (Ok(rest), Some(home)) => Some(home.join(rest)),
        _ => Some(path.to_owned()),
    }
}

fn set_path(state: &mut AppState, ctx: &Context, kind: WellKind, path: Option<PathBuf>) {
    if state.is_locked() || state.wells.get(kind).path == path {
        return;
    }
    match kind {
        WellKind::Output => state.output_is_proposed = path.is_none(),
        WellKind::Base | WellKind::Adapter => state.screen = Screen::Modules,
    }
    state.wells.get_mut(kind).set(path);
    inspect(state, ctx);
}

fn take_routed(state: &mut AppState, ctx: &Context, routed: Vec<(WellKind, PathBuf)>) {
    if routed.is_empty() {
        state.notice = Some(notice(Tone::Caution, state.words().not_a_model.to_owned()));
    }
    for (kind, path) in routed {
        set_path(state, ctx, kind, Some(path));
    }
}

/// Looks at the wells anew; a look that is still under way is dropped with its task.
fn inspect(state: &mut AppState, ctx: &Context) {
    state.notice = None;
    let question = Question {
        base: state.wells.base.path.clone(),
        adapter: state.wells.adapter.path.clone(),
        output: state.wells.output.path.clone().filter(|_| !state.output_is_proposed),
        options: state.options,
    };
    state.job = Job::Opening(Task::spawn("inspect", ctx, move || Inspection::new(&question)));
}

fn open_sample(state: &mut AppState, ctx: &Context) {
    let sample = match Sample::find() {
        Ok(sample) => sample,
        Err(error) => {
            state.notice = Some(problem_notice(&Problem::of(&error)));
            return;
        }
    };
    state.wells.base.set(Some(sample.base()));
    state.wells.adapter.set(Some(sample.adapter()));
    // The sample may lie where nothing can be written, so its output goes to the user's own folder.
    let folder = state.machine.home.clone().or_else(|| std::env::current_dir().ok());
    state.wells.output.set(folder.map(|folder| free_name(&folder.join("lorafuse-sample-merged"))));
    state.output_is_proposed = false;
    state.screen = Screen::Modules;
    inspect(state, ctx);
}

fn browse(state: &AppState, workers: &mut Workers, ctx: &Context, kind: WellKind) {
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

fn browse_texts(state: &AppState, workers: &mut Workers, ctx: &Context) {
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

fn measure(state: &mut AppState, ctx: &Context, texts: Vec<PathBuf>) {
    let Job::Done(done) = &mut state.job else { return };
    if !matches!(done.evaluation, Evaluation::Running(_)) {
        done.evaluation = evaluation::start(done, texts, ctx);
    }
}

fn start_merge(state: &mut AppState, ctx: &Context) {
    let Job::Planned(plan) = &state.job else { return };
    let plan: Arc<MergePlan> = Arc::clone(plan);
    let waker = ctx.clone();
    let (job, watch) = JobContext::new(move || waker.request_repaint());
    let now = Instant::now();
    let running = Running {
        task: Some(Task::spawn("merge", ctx, {
            let plan = Arc::clone(&plan);
            move || run::merge_and_verify(&plan, &job)
        })),
        plan,
        watch,
        stage: Stage::Merging,
        sample: ProgressSample::default(),
        rate: RateMeter::new(RATE_WINDOW),
        started: now,
        sampled: now,
        tensors_done: 0,
        events: Vec::new(),
        is_cancelling: false,
    };
    state.job = Job::Running(Box::new(running));
    state.screen = Screen::Merge;
    state.notice = None;
}

fn verify_again(state: &mut AppState, workers: &mut Workers, ctx: &Context) {
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

fn export(state: &AppState, workers: &mut Workers, ctx: &Context) {
    let Job::Done(done) = &state.job else { return };
    if workers.exporting.is_some() {
        return;
    }
    let documents = run::Documents::of(done);
    workers.exporting = Some(Task::spawn("export", ctx, move || documents.write()));
}

/// Asks the system's file manager; what it answers shows in its own window.
fn open_folder(state: &mut AppState) {
    let Job::Done(done) = &state.job else { return };
    let program = if cfg!(target_os = "windows") {
        "explorer"
    } else if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    if let Err(error) = std::process::Command::new(program).arg(&done.receipt.output).spawn() {
        state.notice = Some(notice(Tone::Bad, format!("{program}: {error}")));
    }
}

fn switch_theme(ctx: &Context) {
    use egui::ThemePreference::{Dark, Light, System};
    let next = match ctx.options(|options| options.theme_preference) {
        System => Light,
        Light => Dark,
        Dark => System,
    };
    ctx.set_theme(next);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_paths_lose_quotes_and_gain_a_home() {
        assert_eq!(entered_path("  \"/data/my models/base\" \n"), Some("/data/my models/base".into()));
        assert_eq!(entered_path("   "), None);
        assert_eq!(entered_path("~/models"), std::env::home_dir().map(|home| home.join("models")));
        assert_eq!(entered_path("file:///data/base"), Some("/data/base".into()));
    }
}
