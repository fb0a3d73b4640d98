//! Carries out what is asked of the wells.

use std::path::{Path, PathBuf};

use egui::Context;

use super::{command::WellsCommand, drop_target, fill::set_path, well::WellKind};
use crate::gui::{
    app::{
        jobs::{
            background::Task,
            workers::{self, Workers},
        },
        state::AppState,
    },
    screens::compare::evaluation::Texts,
};

/// Fills wells, or asks what to fill them with.
pub(in crate::gui) fn carry_out(state: &mut AppState, workers: &mut Workers, ctx: &Context, command: WellsCommand) {
    match command {
        WellsCommand::Browse(kind) => workers::browse(state, workers, ctx, kind),
        WellsCommand::JudgeFolder => workers::judge_folder(state, workers, ctx),
        WellsCommand::EditPath(kind, text) => state.wells.get_mut(kind).text = text,
        WellsCommand::EnterPath(kind) => {
            let path = entered_path(&state.wells.get(kind).text);
            set_path(state, ctx, kind, path);
        }
        // A text dropped on a finished merge is to be measured.
        WellsCommand::Drop(paths) if state.finished().is_some() && paths.iter().all(|path| is_text(path)) => {
            workers::measure(state, ctx, Texts::Files(paths));
        }
        WellsCommand::Drop(paths) => {
            if !state.is_locked() {
                route(state, workers, ctx, paths);
            }
        }
        WellsCommand::DropOnOutput(path) => {
            let folder = if path.is_dir() { Some(path) } else { path.parent().map(Path::to_owned) };
            set_path(state, ctx, WellKind::Output, folder);
        }
        WellsCommand::TakeBase(path) => set_path(state, ctx, WellKind::Base, Some(path)),
    }
}

fn is_text(path: &Path) -> bool {
    let is_one =
        |extension: &std::ffi::OsStr| ["txt", "md", "jsonl"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    path.extension().is_some_and(is_one)
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
