//! What keys and drops ask for.

use std::path::PathBuf;

use egui::Context;

use super::{
    command::UiCommand,
    state::{AppState, Job, ModulesView, Screen, WellKind},
};

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

/// The command of folders that were dropped.
pub(super) fn drops(state: &mut AppState, ctx: &Context) -> Option<UiCommand> {
    let (is_hovering, dropped) = ctx.input(|input| {
        let paths: Vec<PathBuf> = input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect();
        (!input.raw.hovered_files.is_empty(), paths)
    });
    state.is_drop_hovering = is_hovering && !state.is_locked();
    (!dropped.is_empty()).then_some(UiCommand::Drop(dropped))
}
