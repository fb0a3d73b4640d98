//! What keys and drops ask for.

use std::path::PathBuf;

use egui::Context;

use super::{
    command::UiCommand,
    state::{AppState, Job, ModulesView, Screen, WellKind},
};

/// Commands of the keys that were pressed.
pub(in crate::gui) fn shortcuts(state: &AppState, ctx: &Context) -> Vec<UiCommand> {
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
        UiCommand::ExportPicture,
        UiCommand::MeasureTime,
        UiCommand::JudgeFolder,
        UiCommand::SwitchTheme,
        UiCommand::ShowPalette(state.palette.is_none()),
    ]);
    if matches!(state.job, Job::Running(_)) {
        commands.push(UiCommand::CancelMerge);
    }
    commands.retain(|command| {
        command.shortcut().is_some_and(|shortcut| ctx.input_mut(|input| input.consume_shortcut(&shortcut)))
    });
    commands
}

/// The command of folders that were dropped.
pub(in crate::gui) fn drops(state: &mut AppState, ctx: &Context) -> Option<UiCommand> {
    let (is_hovering, mut dropped) = ctx.input(|input| {
        let paths: Vec<PathBuf> = input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect();
        (!input.raw.hovered_files.is_empty(), paths)
    });
    state.is_drop_hovering = is_hovering && !state.is_locked();
    // Where the system says over what a folder was let go, that is what was meant.
    let output_well = crate::gui::frame::wells::header::well_rect(ctx.content_rect(), WellKind::Output);
    let is_on_output = ctx.pointer_latest_pos().is_some_and(|pos| output_well.contains(pos));
    match dropped.len() {
        0 => None,
        1 if is_on_output => dropped.pop().map(UiCommand::DropOnOutput),
        _ => Some(UiCommand::Drop(dropped)),
    }
}
