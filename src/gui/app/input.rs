//! What keys and drops ask for.

use std::path::PathBuf;

use egui::Context;

use super::{
    command::{Command, face::Face},
    jobs::kind::JobKind,
    state::AppState,
};
use crate::{
    gui::frame::wells::{
        command::WellsCommand,
        drop_target::{self, Route},
        header::well_at,
        hover::DropHover,
    },
    job::JobContext,
    message::Problem,
};

/// Commands of the keys that were pressed, where they do something now.
pub(in crate::gui) fn keys(state: &AppState, ctx: &Context) -> Vec<Command> {
    // A key without Ctrl is meant for what is typed into, and Escape for what it closes or clears first.
    let is_taken = state.palette.is_some() || ctx.text_edit_focused() || state.has_filter();
    let is_pressed = |face: &Face| {
        let key = face.key.filter(|key| !is_taken || key.modifiers.any());
        key.is_some_and(|key| ctx.input_mut(|input| input.consume_shortcut(&key)))
    };
    let asked = Command::listed().filter(|(_, face)| face.is_available(state) && is_pressed(face));
    asked.map(|(command, _)| command).collect()
}

/// The command of folders that were dropped; those that hover are looked at meanwhile.
pub(in crate::gui) fn drops(state: &mut AppState, ctx: &Context) -> Option<Command> {
    let (hovered, mut dropped) = ctx.input(|input| {
        let dropped: Vec<PathBuf> = input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect();
        let hovered = input.raw.hovered_files.iter().map(|file| file.path.clone()).collect::<Vec<_>>();
        (hovered, dropped)
    });
    // Where the system says over what a folder was let go, that is what was meant.
    let pointer = ctx.pointer_latest_pos();
    let over = pointer.and_then(|place| well_at(ctx.content_rect(), place));
    if hovered.is_empty() || state.is_locked() {
        state.hover = None;
        state.jobs.forget(JobKind::Hover);
    } else {
        let paths: Vec<PathBuf> = hovered.into_iter().flatten().collect();
        if state.hover.as_ref().is_none_or(|hover| hover.paths != paths) {
            let looked_at = paths.clone();
            let look = move |_: &JobContext| Ok(looked_at.iter().map(|path| drop_target::route(path)).collect());
            state.jobs.start(JobKind::Hover, ctx, look, take_look);
            state.hover = Some(DropHover { paths, ..DropHover::default() });
        }
        state.hover.iter_mut().for_each(|hover| hover.over = over);
    }
    match (dropped.len(), over) {
        (0, _) => None,
        (1, Some(well)) => dropped.pop().map(|path| WellsCommand::DropOn(well, path).into()),
        _ => Some(WellsCommand::Drop(dropped).into()),
    }
}

fn take_look(state: &mut AppState, _: &Context, routes: Result<Vec<Route>, Problem>) {
    if let (Some(hover), Ok(routes)) = (&mut state.hover, routes) {
        hover.take(routes);
    }
}
