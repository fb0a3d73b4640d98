//! Carries out what is asked of the wells.

use std::path::{Path, PathBuf};

use egui::Context;

use super::{
    command::WellsCommand,
    drop_target,
    fill::{set_path, take_routed},
    well::WellKind,
};
use crate::{
    adapter::{UnknownFolder, is_merge_of},
    checkpoint::entered_path,
    gui::{
        app::{
            dialogs::{self, FolderDialog, TEXT_EXTENSIONS},
            jobs::kind::JobKind,
            state::AppState,
        },
        screens::compare::{command::Texts, jobs::measure},
    },
    job::JobContext,
};

/// Fills wells, or asks what to fill them with.
pub(in crate::gui) fn carry_out(state: &mut AppState, ctx: &Context, command: WellsCommand) {
    match command {
        WellsCommand::Browse(kind) => browse(state, ctx, kind),
        WellsCommand::JudgeFolder => judge_folder(state, ctx),
        WellsCommand::EditPath(kind, text) => state.wells.get_mut(kind).text = text,
        WellsCommand::EnterPath(kind) => {
            let path = entered_path(&state.wells.get(kind).text);
            set_path(state, ctx, kind, path);
        }
        // A text dropped on a finished merge is to be measured.
        WellsCommand::Drop(paths) if state.finished().is_some() && paths.iter().all(|path| is_text(path)) => {
            measure(state, ctx, Texts::Files(paths));
        }
        WellsCommand::Drop(paths) => route(state, ctx, paths, None),
        WellsCommand::DropOn(WellKind::Output, path) => {
            let folder = if path.is_dir() { Some(path) } else { path.parent().map(Path::to_owned) };
            set_path(state, ctx, WellKind::Output, folder);
        }
        WellsCommand::DropOn(kind, path) => route(state, ctx, vec![path], Some(kind)),
        WellsCommand::Empty(kind) => set_path(state, ctx, kind, None),
        WellsCommand::Fill(kind, path) => set_path(state, ctx, kind, Some(path)),
        WellsCommand::ForgetDrop => state.unknown_drop = None,
    }
}

fn is_text(path: &Path) -> bool {
    path.extension().is_some_and(|extension| TEXT_EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

/// Looks what dropped folders are, to put each into its well; what is neither model nor adapter goes into the well that
/// it was dropped `on`, which says what is wrong with it.
fn route(state: &mut AppState, ctx: &Context, paths: Vec<PathBuf>, on: Option<WellKind>) {
    if state.is_locked() {
        return;
    }
    // With both wells filled, one more copy of the base is what came out of a merge.
    let base = state.wells.base.path.clone().filter(|_| state.wells.adapter.path.is_some());
    let is_one = paths.len() == 1;
    let route = move |_: &JobContext| {
        let is_merged = |path: &Path| is_one && base.as_deref().is_some_and(|base| is_merge_of(path, base));
        let judged = |(kind, path): (WellKind, PathBuf)| {
            let kind = if kind == WellKind::Base && is_merged(&path) { WellKind::Output } else { kind };
            (kind, path)
        };
        let meant = |unknown: UnknownFolder| on.map(|kind| (kind, unknown.path.clone())).ok_or(unknown);
        Ok(paths.iter().map(|path| drop_target::route(path).map(judged).or_else(meant)).collect())
    };
    let take = |state: &mut AppState, ctx: &Context, routed: Result<_, _>| {
        take_routed(state, ctx, routed.unwrap_or_default());
    };
    state.jobs.start(JobKind::Route, ctx, route, take);
}

/// Chooses the folder of a well; the output's may be new.
fn browse(state: &mut AppState, ctx: &Context, kind: WellKind) {
    if dialogs::are_missing(state, "no-file-dialog") {
        return;
    }
    let title = dialogs::title(&WellsCommand::Browse(kind), state);
    let start = state.wells.get(kind).path.clone();
    let dialog = FolderDialog { title, start, is_new: kind == WellKind::Output };
    dialog.show(state, ctx, move |state, ctx, path| set_path(state, ctx, kind, Some(path)));
}

/// Chooses a merged folder that is there already.
fn judge_folder(state: &mut AppState, ctx: &Context) {
    if dialogs::are_missing(state, "no-folder-dialog") {
        return;
    }
    let title = dialogs::title(&WellsCommand::JudgeFolder, state);
    let dialog = FolderDialog { title, start: None, is_new: false };
    dialog.show(state, ctx, |state, ctx, path| set_path(state, ctx, WellKind::Output, Some(path)));
}
