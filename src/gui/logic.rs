//! Carries out what the user asks for. With `drain` the only place that changes state.

use std::path::{Path, PathBuf};

use egui::Context;

use super::{
    background::Task,
    command::UiCommand,
    documents::comparison_markdown,
    drop_target,
    evaluation::{Evaluation, Texts},
    inspection::{Inspection, Question, free_name},
    module_list::rebuild_rows,
    palette::Palette,
    problem::Problem,
    state::{AppState, Job, Notice, Screen, Tone, WellKind},
    view::{TreeOrder, lexically_normal},
    watched::Work,
    workers::{self, Workers},
};
use crate::{plan::AdapterRequest, sample::Sample};

fn is_text(path: &Path) -> bool {
    let is_one =
        |extension: &std::ffi::OsStr| ["txt", "md", "jsonl"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    path.extension().is_some_and(is_one)
}

/// Does what the user asked for, where it can be done now.
pub(super) fn carry_out(state: &mut AppState, workers: &mut Workers, ctx: &Context, command: UiCommand) {
    match command {
        UiCommand::ShowScreen(screen) => show_screen(state, ctx, screen),
        UiCommand::OpenSample => open_sample(state, ctx),
        UiCommand::OpenPair { base, adapter } => {
            set_path(state, ctx, WellKind::Base, Some(base));
            set_path(state, ctx, WellKind::Adapter, Some(adapter));
        }
        UiCommand::TakeBase(path) => set_path(state, ctx, WellKind::Base, Some(path)),
        UiCommand::ClearRecent => state.recent.clear(),
        UiCommand::Browse(kind) => workers::browse(state, workers, ctx, kind),
        UiCommand::EditPath(kind, text) => state.wells.get_mut(kind).text = text,
        UiCommand::EnterPath(kind) => {
            let path = entered_path(&state.wells.get(kind).text);
            set_path(state, ctx, kind, path);
        }
        // A text dropped on a finished merge is to be measured.
        UiCommand::Drop(paths) if state.finished().is_some() && paths.iter().all(|path| is_text(path)) => {
            workers::measure(state, ctx, Texts::Files(paths));
        }
        UiCommand::Drop(paths) => {
            if !state.is_locked() {
                // With both wells filled, one more copy of the base is what came out of a merge.
                let base = state.wells.base.path.clone().filter(|_| state.wells.adapter.path.is_some());
                let is_one = paths.len() == 1;
                let route = move || {
                    let routed = paths.iter().filter_map(|path| drop_target::route(path));
                    let is_merged = |path: &Path| {
                        is_one && base.as_deref().is_some_and(|base| drop_target::is_merge_of(path, base))
                    };
                    let judged = |(kind, path): (WellKind, PathBuf)| {
                        let kind = if kind == WellKind::Base && is_merged(&path) { WellKind::Output } else { kind };
                        (kind, path)
                    };
                    routed.map(judged).collect()
                };
                workers.routing = Some(Task::spawn("drop", ctx, route));
            }
        }
        UiCommand::DropOnOutput(path) => {
            let folder = if path.is_dir() { Some(path) } else { path.parent().map(Path::to_owned) };
            set_path(state, ctx, WellKind::Output, folder);
        }
        UiCommand::ChooseDtype(dtype) => {
            if !state.is_locked() && state.options.dtype != dtype {
                state.options.dtype = dtype;
                plan_anew(state, workers, ctx);
            }
        }
        UiCommand::ChooseStrength(strength) => {
            if !state.is_locked() && state.options.strength != strength {
                state.options.strength = strength;
                plan_anew(state, workers, ctx);
            }
        }
        UiCommand::ChooseRounding(rounding) => {
            if !state.is_locked() && state.options.rounding != rounding {
                state.options.rounding = rounding;
                plan_anew(state, workers, ctx);
            }
        }
        UiCommand::WriteCard(writes_card) => state.options.writes_card = writes_card,
        UiCommand::ChooseDevice(device) => {
            if !state.is_locked() {
                state.options.device = device;
            }
        }
        UiCommand::AddAdapter => workers::add_adapter(state, workers, ctx),
        UiCommand::RemoveAdapter(index) => {
            if !state.is_locked() && index < state.more_adapters.len() {
                state.more_adapters.remove(index);
                inspect(state, ctx);
            }
        }
        UiCommand::ChooseAdapterStrength(index, strength) => {
            if let Some(adapter) = state.more_adapters.get_mut(index)
                && adapter.strength != strength
            {
                adapter.strength = strength;
                plan_anew(state, workers, ctx);
            }
        }
        UiCommand::JudgeFolder => workers::judge_folder(state, workers, ctx),
        UiCommand::StartMerge => workers::start_merge(state, ctx),
        UiCommand::CancelMerge => {
            if let Job::Running(running) = &mut state.job {
                running.watch.cancel();
                running.is_cancelling = true;
            }
        }
        UiCommand::DiscardPartial => workers::discard_partial(state, workers, ctx),
        UiCommand::PlanAgain => {
            if !state.is_locked() {
                inspect(state, ctx);
            }
        }
        UiCommand::ToggleModule(path) => {
            if !state.modules.toggled.remove(&path) {
                state.modules.toggled.insert(path);
            }
            rebuild_rows(state, workers, ctx);
        }
        UiCommand::SelectModule(path) => {
            state.modules.selected = Some(path);
            workers::look_at_spectrum(state, workers, ctx);
        }
        UiCommand::SortModules(column) => {
            state.modules.order = TreeOrder::after(state.modules.order, column);
            rebuild_rows(state, workers, ctx);
        }
        UiCommand::FilterModules(text) => {
            state.modules.filter = text;
            rebuild_rows(state, workers, ctx);
        }
        UiCommand::FocusFilter => {
            state.screen = Screen::Modules;
            ctx.memory_mut(|memory| memory.request_focus(super::panel::filter_id()));
        }
        UiCommand::ShowOnlyChanged(only_changed) => {
            state.modules.only_changed = only_changed;
            rebuild_rows(state, workers, ctx);
        }
        UiCommand::ShowModulesAs(view) => state.modules.view = view,
        UiCommand::CopyText(text) => ctx.copy_text(text),
        UiCommand::BrowseTexts => workers::browse_texts(state, workers, ctx),
        UiCommand::MeasurePerplexity(texts) => workers::measure(state, ctx, texts),
        UiCommand::MeasureTime => workers::measure_time(state, ctx),
        UiCommand::CopyComparison => {
            if let Some(done) = state.finished() {
                ctx.copy_text(comparison_markdown(done, state.words()));
                state.notice = Some(notice(Tone::Neutral, state.words().copied_table.to_owned()));
            }
        }
        UiCommand::VerifyAgain => workers::verify_again(state, ctx),
        UiCommand::Seal => workers::seal(state, ctx),
        UiCommand::CancelMeasurement
        | UiCommand::EditPrompt(_)
        | UiCommand::CancelTiming
        | UiCommand::CancelVerification
        | UiCommand::CancelSeal => change_result(state, command),
        UiCommand::ExportReport => workers::export(state, workers, ctx),
        UiCommand::ExportPicture => workers::export_picture(state, workers, ctx),
        UiCommand::OpenFolder => open_folder(state),
        UiCommand::SwitchTheme => switch_theme(ctx),
        UiCommand::SwitchLanguage => state.language = state.language.next(),
        UiCommand::ShowPalette(is_open) => {
            state.palette = is_open.then(Palette::default);
            if is_open {
                ctx.memory_mut(|memory| memory.request_focus(super::panel::palette_id()));
            }
        }
        UiCommand::SearchCommands(query) => state.palette = Some(Palette { query, pointed: 0 }),
        UiCommand::PointAtCommand(pointed) => {
            if let Some(palette) = &mut state.palette {
                palette.pointed = pointed;
            }
        }
    }
}

/// What changes the merged folder's state and starts nothing.
fn change_result(state: &mut AppState, command: UiCommand) {
    let cancelled = Problem::new(state.words().check_cancelled);
    let Some(done) = state.finished_mut() else { return };
    match command {
        UiCommand::CancelMeasurement => done.evaluation = Evaluation::Idle,
        UiCommand::EditPrompt(prompt) => done.prompt = prompt,
        UiCommand::CancelTiming => done.timing = Work::Idle,
        UiCommand::CancelSeal => done.sealing = Work::Idle,
        UiCommand::CancelVerification => {
            done.verifying = None;
            done.verified.get_or_insert(Err(cancelled));
        }
        _ => {}
    }
}

/// Shows `screen` where it has something to show. The sample's texts are at hand and small: seeing Compare is asking
/// for them.
fn show_screen(state: &mut AppState, ctx: &Context, screen: Screen) {
    if !state.is_reachable(screen) {
        return;
    }
    let is_new = std::mem::replace(&mut state.screen, screen) != screen;
    let texts = match &state.job {
        Job::Done(done) if matches!(done.evaluation, Evaluation::Idle) => &done.sample_texts,
        _ => return,
    };
    if is_new && screen == Screen::Compare && !texts.is_empty() {
        workers::measure(state, ctx, Texts::Sample);
    }
}

pub(super) fn notice(tone: Tone, text: String) -> Notice {
    Notice { tone, text }
}

pub(super) fn problem_notice(problem: &Problem) -> Notice {
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

pub(super) fn set_path(state: &mut AppState, ctx: &Context, kind: WellKind, path: Option<PathBuf>) {
    if state.is_locked() || state.wells.get(kind).path == path {
        return;
    }
    match kind {
        WellKind::Output => state.output_is_proposed = path.is_none(),
        WellKind::Base | WellKind::Adapter => state.screen = Screen::Modules,
    }
    if kind == WellKind::Adapter {
        // Another adapter begins another merge.
        state.more_adapters.clear();
        state.options.strength = 1.0;
    }
    state.wells.get_mut(kind).set(path);
    inspect(state, ctx);
}

pub(super) fn take_routed(state: &mut AppState, ctx: &Context, routed: Vec<(WellKind, PathBuf)>) {
    if routed.is_empty() {
        state.notice = Some(notice(Tone::Caution, state.words().not_a_model.to_owned()));
    }
    let mut has_adapter = false;
    for (kind, path) in routed {
        // Of several adapters dropped together, the first fills the well and the others join it.
        if kind == WellKind::Adapter && std::mem::replace(&mut has_adapter, true) {
            add_adapter(state, ctx, path);
        } else {
            set_path(state, ctx, kind, Some(path));
        }
    }
}

/// One more adapter beside that of the well, which it fills while that is empty.
pub(super) fn add_adapter(state: &mut AppState, ctx: &Context, path: PathBuf) {
    if state.wells.adapter.path.is_none() {
        set_path(state, ctx, WellKind::Adapter, Some(path));
    } else if state.adapters().iter().all(|adapter| adapter.path != path) && !state.is_locked() {
        state.more_adapters.push(AdapterRequest { path, strength: 1.0 });
        inspect(state, ctx);
    }
}

/// Plans with other options. A slider asks in every frame, so while one look is under way the next waits for it.
fn plan_anew(state: &mut AppState, workers: &mut Workers, ctx: &Context) {
    if matches!(state.job, Job::Opening(_)) {
        workers.is_question_old = true;
    } else {
        inspect(state, ctx);
    }
}

/// Looks at the wells anew; a look that is still under way is dropped with its task.
pub(super) fn inspect(state: &mut AppState, ctx: &Context) {
    state.notice = None;
    let question = Question {
        base: state.wells.base.path.clone(),
        adapters: state.adapters(),
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
    // Where the program lies was resolved by the system, so its folders are no links.
    state.wells.base.set(Some(lexically_normal(&sample.base())));
    state.wells.adapter.set(Some(lexically_normal(&sample.adapter())));
    // The sample may lie where nothing can be written, so its output goes to the user's own folder.
    let folder = state.machine.home.clone().or_else(|| std::env::current_dir().ok());
    state.wells.output.set(folder.map(|folder| free_name(&folder.join("lorafuse-sample-merged"))));
    state.output_is_proposed = false;
    state.screen = Screen::Modules;
    inspect(state, ctx);
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
    if let Err(error) = std::process::Command::new(program).arg(&done.sources.merged).spawn() {
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
