//! The arrow keys on the table: up and down along the rows, right opens a module, left folds it or goes to the one around
//! it.

use egui::{FocusDirection, Key, Modifiers, Ui};

use super::{command::ModulesCommand, row::row_id};
use crate::{
    gui::app::state::AppState,
    tree::{Direction, RowStep, TreeRow},
};

const KEYS: [(Key, Direction); 4] = [
    (Key::ArrowDown, Direction::Down),
    (Key::ArrowUp, Direction::Up),
    (Key::ArrowRight, Direction::In),
    (Key::ArrowLeft, Direction::Out),
];

/// What an arrow key asks for, and the row that is to be seen then. The keys are the table's while nothing else has the
/// focus.
pub(in crate::gui) fn walk(ui: &Ui, state: &AppState, rows: &[TreeRow]) -> Option<(ModulesCommand, usize)> {
    let focused = ui.memory(egui::Memory::focused);
    let is_pressed = |key| ui.input(|input| input.key_pressed(key) && input.modifiers.is_none());
    let (key, direction) = KEYS.into_iter().find(|(key, _)| is_pressed(*key))?;
    let is_ours = focused.is_none_or(|focused| rows.iter().any(|row| row_id(&row.path) == focused));
    if state.palette.is_some() || !is_ours {
        return None;
    }
    ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let selected = state.modules.selected.as_deref();
    let at = rows.iter().position(|row| Some(row.path.as_str()) == selected);
    let path = |row: usize| rows[row].path.clone();
    let (command, row) = match RowStep::from(rows, at, direction)? {
        RowStep::Select(row) => (ModulesCommand::Select(path(row)), row),
        RowStep::Toggle(row) => (ModulesCommand::Toggle(path(row)), row),
    };
    ui.memory_mut(|memory| {
        // Else egui would move on from there in the same direction.
        memory.move_focus(FocusDirection::None);
        memory.request_focus(row_id(&rows[row].path));
    });
    Some((command, row))
}
