//! The arrow keys on the table: up and down along the rows, right opens a module, left folds it or goes to the one around
//! it.

use egui::{FocusDirection, Key, Modifiers, Ui};

use super::{command::ModulesCommand, row::row_id};
use crate::gui::app::state::AppState;
use crate::tree::{Folding, TreeRow};

/// What an arrow key asks for, and the row that is to be seen then. The keys are the table's while nothing else has the
/// focus.
pub(in crate::gui) fn walk(ui: &Ui, state: &AppState, rows: &[TreeRow]) -> Option<(ModulesCommand, usize)> {
    let focused = ui.memory(egui::Memory::focused);
    let is_pressed = |key| ui.input(|input| input.key_pressed(key) && input.modifiers.is_none());
    let key = KEYS.into_iter().find(|key| is_pressed(*key))?;
    let is_ours = focused.is_none_or(|focused| rows.iter().any(|row| row_id(&row.path) == focused));
    if state.palette.is_some() || !is_ours {
        return None;
    }
    ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let selected = state.modules.selected.as_deref();
    let at = rows.iter().position(|row| Some(row.path.as_str()) == selected);
    let (command, row) = step(rows, at, key)?;
    ui.memory_mut(|memory| {
        // Else egui would move on from there in the same direction.
        memory.move_focus(FocusDirection::None);
        memory.request_focus(row_id(&rows[row].path));
    });
    Some((command, row))
}

const KEYS: [Key; 4] = [Key::ArrowDown, Key::ArrowUp, Key::ArrowRight, Key::ArrowLeft];

/// What `key` asks for where the row `at` is selected; without one the first row is.
fn step(rows: &[TreeRow], at: Option<usize>, key: Key) -> Option<(ModulesCommand, usize)> {
    let select = |index: usize| rows.get(index).map(|row| (ModulesCommand::Select(row.path.clone()), index));
    let Some(at) = at else { return select(0) };
    let row = rows.get(at)?;
    let toggle = || Some((ModulesCommand::Toggle(row.path.clone()), at));
    match (key, row.folding) {
        (Key::ArrowDown, _) | (Key::ArrowRight, Folding::Open) => select(at + 1),
        (Key::ArrowUp, _) => select(at.checked_sub(1)?),
        (Key::ArrowRight, Folding::Folded) | (Key::ArrowLeft, Folding::Open) => toggle(),
        (Key::ArrowLeft, _) => select(rows[..at].iter().rposition(|above| above.depth < row.depth)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Heat;

    fn row(path: &str, depth: usize, folding: Folding) -> TreeRow {
        TreeRow {
            path: path.to_owned(),
            label: String::new(),
            class: String::new(),
            depth,
            folding,
            element_count: 0,
            base_shape: String::new(),
            dtype: String::new(),
            a_shape: String::new(),
            b_shape: String::new(),
            rank: String::new(),
            scale: String::new(),
            is_changed: false,
            heat: Heat::Empty,
        }
    }

    #[test]
    fn arrows_walk_the_rows_and_open_and_fold_them() {
        let rows = [
            row("model", 0, Folding::Open),
            row("model.layers", 1, Folding::Folded),
            row("model.norm", 1, Folding::Leaf),
        ];
        let select = |path: &str, at| Some((ModulesCommand::Select(path.to_owned()), at));
        let toggle = |path: &str, at| Some((ModulesCommand::Toggle(path.to_owned()), at));
        assert_eq!(step(&rows, None, Key::ArrowDown), select("model", 0));
        assert_eq!(step(&rows, Some(0), Key::ArrowDown), select("model.layers", 1));
        assert_eq!(step(&rows, Some(2), Key::ArrowDown), None, "the last");
        assert_eq!(step(&rows, Some(0), Key::ArrowUp), None, "the first");
        assert_eq!(step(&rows, Some(1), Key::ArrowRight), toggle("model.layers", 1));
        assert_eq!(step(&rows, Some(0), Key::ArrowRight), select("model.layers", 1));
        assert_eq!(step(&rows, Some(0), Key::ArrowLeft), toggle("model", 0));
        assert_eq!(step(&rows, Some(2), Key::ArrowLeft), select("model", 0), "the one around it");
        assert_eq!(step(&rows, Some(2), Key::ArrowRight), None);
    }
}
