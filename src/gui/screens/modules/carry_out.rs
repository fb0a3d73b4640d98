//! Carries out what is asked of the Modules screen.

use egui::Context;

use super::{
    command::{ModulesCommand, PrintedSide},
    jobs::look_at_spectrum,
    module_list::rebuild_rows,
};
use crate::gui::app::{screen::Screen, state::AppState};
use crate::tree::TreeOrder;

/// Folds, selects, sorts, filters, copies.
pub(in crate::gui) fn carry_out(state: &mut AppState, ctx: &Context, command: ModulesCommand) {
    match command {
        ModulesCommand::Toggle(path) => {
            if !state.modules.toggled.remove(&path) {
                state.modules.toggled.insert(path);
            }
            rebuild_rows(state, ctx);
        }
        ModulesCommand::Select(path) => {
            state.modules.selected = Some(path);
            look_at_spectrum(state, ctx);
        }
        ModulesCommand::Sort(column) => {
            state.modules.order = TreeOrder::after(state.modules.order, column);
            rebuild_rows(state, ctx);
        }
        ModulesCommand::Filter(text) => {
            state.modules.filter = text;
            rebuild_rows(state, ctx);
        }
        ModulesCommand::FocusFilter => {
            state.screen = Screen::Modules;
            ctx.memory_mut(|memory| memory.request_focus(super::screen::filter_id()));
        }
        ModulesCommand::ShowOnlyChanged(only_changed) => {
            state.modules.only_changed = only_changed;
            rebuild_rows(state, ctx);
        }
        ModulesCommand::ShowAs(view) => state.modules.view = view,
        ModulesCommand::CopyPath => ctx.copy_text(state.modules.selected.clone().unwrap_or_default()),
        ModulesCommand::CopyPrinted(PrintedSide::Base) => ctx.copy_text(state.modules.printed.left_text()),
        ModulesCommand::CopyPrinted(PrintedSide::Adapted) => ctx.copy_text(state.modules.printed.right_text()),
    }
}
