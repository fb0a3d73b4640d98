//! The choice of rounding, with what it does to small changes.

use egui::DragValue;

use super::command::MergeCommand;
use crate::{
    gui::{design::widget::segmented_ui, prelude::*},
    plan::Rounding,
};

/// The choice, and below it the seed of rounding by chance.
pub(in crate::gui) fn rounding_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    let words = state.words();
    let rounding = state.options.rounding;
    let is_stochastic = rounding.is_stochastic();
    let note = if is_stochastic { words.text("round-by-chance-note") } else { words.text("round-nearest-note") };
    let row = Row::new(words.text("rounding"), Type::BODY_MEDIUM, Ink::Primary).line(grid::BUTTON).rule();
    row.note(note, Type::CAPTION, Ink::Secondary).show_with(ui, |ui| {
        let labels = [words.text("round-nearest"), words.text("round-by-chance")];
        match segmented_ui(ui, &labels, usize::from(is_stochastic)) {
            Some(0) => commands.push(MergeCommand::ChooseRounding(Rounding::Nearest).into()),
            Some(_) if !is_stochastic => {
                commands.push(MergeCommand::ChooseRounding(Rounding::Stochastic { seed: 0 }).into());
            }
            _ => {}
        }
    });
    let Rounding::Stochastic { mut seed } = rounding else { return };
    let row = Row::new(words.text("seed"), Type::CAPTION, Ink::Secondary).line(grid::BUTTON);
    let [field] = row.show_controls(ui, |ui| {
        let value = DragValue::new(&mut seed).range(0..=u64::from(u32::MAX)).speed(1.0);
        [ui.add_sized(vec2(grid::field::SEED, space::S24), value)]
    });
    if field.changed() {
        commands.push(MergeCommand::ChooseRounding(Rounding::Stochastic { seed }).into());
    }
}
