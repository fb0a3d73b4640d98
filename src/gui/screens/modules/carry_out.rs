//! Carries out what is asked of the Modules screen.

use egui::Context;

use super::{module_list::rebuild_rows, tree_order::TreeOrder};
use crate::gui::app::{
    command::UiCommand,
    jobs::workers::{self, Workers},
    state::{AppState, Screen},
};

/// Folds, selects, sorts, filters.
pub(in crate::gui) fn carry_out(state: &mut AppState, workers: &mut Workers, ctx: &Context, command: UiCommand) {
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
            ctx.memory_mut(|memory| memory.request_focus(super::screen::filter_id()));
        }
        UiCommand::ShowOnlyChanged(only_changed) => {
            state.modules.only_changed = only_changed;
            rebuild_rows(state, workers, ctx);
        }
        UiCommand::ShowModulesAs(view) => state.modules.view = view,
        _ => {}
    }
}
