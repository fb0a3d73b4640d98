//! Carries out what the user asks for. With `drain` the only place that changes state.

use std::path::{Path, PathBuf};

use egui::Context;

use super::{
    command::UiCommand,
    inspection::{Inspection, Question, free_name},
    jobs::{
        background::Task,
        workers::{self, Workers},
    },
    state::{AppState, Job, MergeOptions, Notice, Screen, Tone, WellKind},
};
use crate::{
    gui::{
        design::path_text::lexically_normal,
        frame::wells::drop_target,
        screens::{
            compare::evaluation::{Evaluation, Texts},
            merge, modules,
            palette::list::Palette,
            report,
        },
        words::{Words, problem::Problem},
    },
    numeric::FloatDtype,
    plan::{AdapterRequest, DtypePolicy},
    platform::FileDialogs,
    sample::Sample,
};

fn is_text(path: &Path) -> bool {
    let is_one =
        |extension: &std::ffi::OsStr| ["txt", "md", "jsonl"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    path.extension().is_some_and(is_one)
}

/// Does what the user asked for, where it can be done now.
pub(in crate::gui) fn carry_out(state: &mut AppState, workers: &mut Workers, ctx: &Context, command: UiCommand) {
    match command {
        UiCommand::ShowScreen(screen) => show_screen(state, ctx, screen),
        UiCommand::OpenSample => open_sample(state, ctx),
        UiCommand::OpenPair { base, adapter } => {
            set_path(state, ctx, WellKind::Base, Some(base));
            set_path(state, ctx, WellKind::Adapter, Some(adapter));
        }
        UiCommand::TakeBase(path) => set_path(state, ctx, WellKind::Base, Some(path)),
        UiCommand::ClearRecent => state.recent.clear(),
        UiCommand::JudgeFolder if state.file_dialogs == Some(FileDialogs::Missing) => {
            state.notice = Some(notice(Tone::Caution, state.words().no_folder_dialog.to_owned()));
        }
        UiCommand::Browse(_) | UiCommand::BrowseTexts | UiCommand::AddAdapter
            if state.file_dialogs == Some(FileDialogs::Missing) =>
        {
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
            workers::measure(state, ctx, Texts::Files(paths));
        }
        UiCommand::Drop(paths) => {
            if !state.is_locked() {
                route(state, workers, ctx, paths);
            }
        }
        UiCommand::DropOnOutput(path) => {
            let folder = if path.is_dir() { Some(path) } else { path.parent().map(Path::to_owned) };
            set_path(state, ctx, WellKind::Output, folder);
        }
        UiCommand::ChooseDtype(_)
        | UiCommand::ChooseStrength(_)
        | UiCommand::ChooseRounding(_)
        | UiCommand::WriteCard(_)
        | UiCommand::ChooseDevice(_)
        | UiCommand::AddAdapter
        | UiCommand::RemoveAdapter(_)
        | UiCommand::ChooseAdapterStrength(..) => merge::carry_out::carry_out(state, workers, ctx, &command),
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
        UiCommand::MergeAgain => merge_again(state, ctx),
        UiCommand::ToggleModule(_)
        | UiCommand::SelectModule(_)
        | UiCommand::SortModules(_)
        | UiCommand::FilterModules(_)
        | UiCommand::FocusFilter
        | UiCommand::ShowOnlyChanged(_)
        | UiCommand::ShowModulesAs(_) => modules::carry_out::carry_out(state, workers, ctx, command),
        UiCommand::CopyText(text) => ctx.copy_text(text),
        UiCommand::BrowseTexts
        | UiCommand::MeasurePerplexity(_)
        | UiCommand::CancelMeasurement
        | UiCommand::EditPrompt(_)
        | UiCommand::MeasureTime
        | UiCommand::CancelTiming
        | UiCommand::CopyComparison
        | UiCommand::VerifyAgain
        | UiCommand::CancelVerification
        | UiCommand::Seal
        | UiCommand::CancelSeal
        | UiCommand::ExportReport
        | UiCommand::ExportPicture
        | UiCommand::OpenFolder => report::carry_out::carry_out(state, workers, ctx, command),
        UiCommand::SwitchTheme => switch_theme(ctx),
        UiCommand::SwitchLanguage => {
            state.language = state.language.next();
            // It was said in the other one.
            state.notice = None;
        }
        UiCommand::ShowPalette(is_open) => {
            state.palette = is_open.then(Palette::default);
            if is_open {
                ctx.memory_mut(|memory| memory.request_focus(crate::gui::screens::palette::screen::palette_id()));
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

/// Looks what dropped folders are, to put each into its well.
fn route(state: &AppState, workers: &mut Workers, ctx: &Context, paths: Vec<PathBuf>) {
    // With both wells filled, one more copy of the base is what came out of a merge.
    let base = state.wells.base.path.clone().filter(|_| state.wells.adapter.path.is_some());
    let is_one = paths.len() == 1;
    workers.routing = Some(Task::spawn("drop", ctx, move || {
        let routed = paths.iter().filter_map(|path| drop_target::route(path));
        let is_merged =
            |path: &Path| is_one && base.as_deref().is_some_and(|base| drop_target::is_merge_of(path, base));
        let judged = |(kind, path): (WellKind, PathBuf)| {
            let kind = if kind == WellKind::Base && is_merged(&path) { WellKind::Output } else { kind };
            (kind, path)
        };
        routed.map(judged).collect()
    }));
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

pub(in crate::gui) fn notice(tone: Tone, text: String) -> Notice {
    Notice { tone, text }
}

pub(in crate::gui) fn problem_notice(problem: &Problem, words: &Words) -> Notice {
    let hint = problem.hint.as_ref().map(|hint| hint.text(words));
    let parts = [Some(problem.what.text(words)), hint, problem.path.as_deref()];
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

pub(in crate::gui) fn set_path(state: &mut AppState, ctx: &Context, kind: WellKind, path: Option<PathBuf>) {
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
    if kind == WellKind::Base {
        // The dtype was chosen for another model.
        state.options.dtype = DtypePolicy::Keep;
    }
    state.wells.get_mut(kind).set(path);
    inspect(state, ctx);
}

pub(in crate::gui) fn take_routed(state: &mut AppState, ctx: &Context, routed: Vec<(WellKind, PathBuf)>) {
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
pub(in crate::gui) fn add_adapter(state: &mut AppState, ctx: &Context, path: PathBuf) {
    if state.wells.adapter.path.is_none() {
        set_path(state, ctx, WellKind::Adapter, Some(path));
    } else if state.adapters().iter().all(|adapter| adapter.path != path) && !state.is_locked() {
        state.more_adapters.push(AdapterRequest { path, strength: 1.0 });
        inspect(state, ctx);
    }
}

/// Looks at the wells anew; a look that is still under way is dropped with its task.
pub(in crate::gui) fn inspect(state: &mut AppState, ctx: &Context) {
    state.notice = None;
    let question = Question {
        base: state.wells.base.path.clone(),
        adapters: state.adapters(),
        output: state.wells.output.path.clone().filter(|_| !state.output_is_proposed),
        options: state.options,
    };
    state.job = Job::Opening(Task::spawn("inspect", ctx, move || Inspection::new(&question)));
}

/// Back to the plan, for the first name beside the folder that is there now.
fn merge_again(state: &mut AppState, ctx: &Context) {
    let Some(done) = state.finished().filter(|done| done.made.is_some()) else { return };
    let output = free_name(&done.sources.merged);
    state.wells.output.set(Some(output));
    state.output_is_proposed = false;
    state.screen = Screen::Merge;
    inspect(state, ctx);
}

fn open_sample(state: &mut AppState, ctx: &Context) {
    let sample = match Sample::find() {
        Ok(sample) => sample,
        Err(error) => {
            state.notice = Some(problem_notice(&Problem::of(&error), state.words()));
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
    state.more_adapters.clear();
    // What the welcome screen promises: half the file, so that the question why has its answer.
    state.options = MergeOptions { dtype: DtypePolicy::Convert(FloatDtype::BF16), strength: 1.0, ..state.options };
    inspect(state, ctx);
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
