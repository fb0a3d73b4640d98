//! What keys and drops ask for.

use std::path::PathBuf;

use egui::Context;

use super::{
    command::{Command, face::Face},
    state::AppState,
};
use crate::gui::frame::wells::{command::WellsCommand, header::well_rect, well::WellKind};

/// Commands of the keys that were pressed, where they do something now.
pub(in crate::gui) fn keys(state: &AppState, ctx: &Context) -> Vec<Command> {
    let is_open = state.palette.is_some();
    let is_pressed = |face: &Face| {
        // A key without Ctrl is meant for the list while that is open.
        let key = face.key.filter(|key| !is_open || key.modifiers.any());
        key.is_some_and(|key| ctx.input_mut(|input| input.consume_shortcut(&key)))
    };
    let asked = Command::listed().filter(|(_, face)| face.is_available(state) && is_pressed(face));
    asked.map(|(command, _)| command).collect()
}

/// The command of folders that were dropped.
pub(in crate::gui) fn drops(state: &mut AppState, ctx: &Context) -> Option<Command> {
    let (is_hovering, mut dropped) = ctx.input(|input| {
        let paths: Vec<PathBuf> = input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect();
        (!input.raw.hovered_files.is_empty(), paths)
    });
    state.is_drop_hovering = is_hovering && !state.is_locked();
    // Where the system says over what a folder was let go, that is what was meant.
    let output_well = well_rect(ctx.content_rect(), WellKind::Output);
    let is_on_output = ctx.pointer_latest_pos().is_some_and(|pos| output_well.contains(pos));
    match dropped.len() {
        0 => None,
        1 if is_on_output => dropped.pop().map(|path| WellsCommand::DropOnOutput(path).into()),
        _ => Some(WellsCommand::Drop(dropped).into()),
    }
}
