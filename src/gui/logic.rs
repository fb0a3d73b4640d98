//! Carries out what the user asks for. With `drain` the only place that changes state.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use egui::Context;

use super::{
    background::Task,
    command::UiCommand,
    drop_target,
    evaluation::Evaluation,
    inspection::{Inspection, Question, free_name},
    problem::Problem,
    state::{AppState, Job, Notice, Screen, Tone, WellKind},
    view::{ChangeMap, HeatMap, HeatScale, TreeQuery, lexically_normal, tree_rows},
    workers::{self, Workers},
};
use crate::{platform::FileDialogs, sample::Sample};

fn is_text(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("txt"))
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
        UiCommand::ClearRecent => state.recent.clear(),
        UiCommand::Browse(_) | UiCommand::BrowseTexts if FileDialogs::detect() == FileDialogs::Missing => {
            state.notice = Some(notice(Tone::Caution, state.words().no_file_dialog.to_owned()));
        }
        UiCommand::Browse(kind) => workers::browse(state, workers, ctx, kind),
        UiCommand::EditPath(kind, text) => state.wells.get_mut(kind).text = text,
        UiCommand::EnterPath(kind) => {
            let path = entered_path(&state.wells.get(kind).text);
            set_path(state, ctx, kind, path);
        }
        // A text dropped on a finished merge is to be measured.
        UiCommand::Drop(paths) if state.finished().is_some() && paths.iter().all(|path| is_text(path)) => {
            workers::measure(state, ctx, paths);
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
                plan_anew(state, workers, ctx);
            }
        }
        UiCommand::ChooseStrength(strength) => {
            if !state.is_locked() && state.options.strength != strength {
                state.options.strength = strength;
                plan_anew(state, workers, ctx);
            }
        }
        UiCommand::ChooseDevice(device) => {
            if !state.is_locked() {
                state.options.device = device;
            }
        }
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
        UiCommand::BrowseTexts => workers::browse_texts(state, workers, ctx),
        UiCommand::MeasurePerplexity(texts) => workers::measure(state, ctx, texts),
        UiCommand::CancelMeasurement => {
            if let Job::Done(done) = &mut state.job {
                done.evaluation = Evaluation::Idle;
            }
        }
        UiCommand::VerifyAgain => workers::verify_again(state, workers, ctx),
        UiCommand::ExportReport => workers::export(state, workers, ctx),
        UiCommand::OpenFolder => open_folder(state),
        UiCommand::SwitchTheme => switch_theme(ctx),
        UiCommand::SwitchLanguage => state.language = state.language.next(),
    }
}

/// Shows other changes everywhere: rows, map and scale.
pub(super) fn show_changes(state: &mut AppState, changes: ChangeMap, are_estimates: bool) {
    let modules = &mut state.modules;
    modules.scale = HeatScale::of(&changes, are_estimates);
    let tree = state.inspection.as_ref().and_then(|inspection| inspection.tree.as_ref());
    let map = tree.map(|tree| HeatMap::new(tree.walk().map(|node| node.path.as_str()), &changes));
    modules.map = Arc::new(map.unwrap_or_default());
    modules.changes = changes;
    rebuild_rows(state);
}

/// Rows of the tree as it is folded and filtered now.
pub(super) fn rebuild_rows(state: &mut AppState) {
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

/// Shows `screen` where it has something to show. The sample's texts are at hand and small: seeing Compare is asking
/// for them.
fn show_screen(state: &mut AppState, ctx: &Context, screen: Screen) {
    if !state.is_reachable(screen) {
        return;
    }
    let is_new = std::mem::replace(&mut state.screen, screen) != screen;
    let texts = match &state.job {
        Job::Done(done) if matches!(done.evaluation, Evaluation::Idle) => done.sample_texts.clone(),
        _ => return,
    };
    if is_new && screen == Screen::Compare && !texts.is_empty() {
        workers::measure(state, ctx, texts);
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
    state.wells.get_mut(kind).set(path);
    inspect(state, ctx);
}

pub(super) fn take_routed(state: &mut AppState, ctx: &Context, routed: Vec<(WellKind, PathBuf)>) {
    if routed.is_empty() {
        state.notice = Some(notice(Tone::Caution, state.words().not_a_model.to_owned()));
    }
    for (kind, path) in routed {
        set_path(state, ctx, kind, Some(path));
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
