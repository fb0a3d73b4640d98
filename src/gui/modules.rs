//! Carries out what is asked of the Modules screen.

use egui::Context;

use super::{
    command::UiCommand,
    module_list::rebuild_rows,
    state::{AppState, Screen},
    view::TreeOrder,
    workers::{self, Workers},
};

/// Folds, selects, sorts, filters.
pub(super) fn carry_out(state: &mut AppState, workers: &mut Workers, ctx: &Context, command: UiCommand) {
    match command {
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
        _ => {}
    }
}
