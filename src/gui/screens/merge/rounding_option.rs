//! The choice of rounding, with what it does to small changes.

use egui::{DragValue, Rect, Ui, pos2, vec2};

use super::command::MergeCommand;
use crate::{
    gui::{
        app::{command::Command, state::AppState},
        design::{
            screen_header::segmented_width,
            tokens::{Colors, Type, grid, space},
            widget::{Align, segmented_ui, text_ui},
        },
    },
    plan::Rounding,
};

/// Height of label, switch and consequence.
pub(in crate::gui) const ROUNDING_HEIGHT: f32 = 56.0;

/// Width of the seed.
const SEED: f32 = 72.0;

/// The choice.
pub(in crate::gui) fn rounding_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<Command>) {
    let colors = Colors::of(ui);
    let words = state.words();
    let rounding = state.options.rounding;
    let upper = Rect::from_min_size(rect.min + vec2(0.0, 4.0), vec2(rect.width(), grid::BUTTON));
    text_ui(ui, upper, Align::Left, words.text("rounding"), Type::BODY_MEDIUM, colors.text);
    let labels = [words.text("round-nearest"), words.text("round-by-chance")];
    let width = segmented_width(ui, &labels);
    let switch = Rect::from_min_max(pos2(upper.right() - width, upper.top()), upper.max);
    let chosen = usize::from(rounding.is_stochastic());
    let place = egui::UiBuilder::new().max_rect(switch);
    match ui.scope_builder(place, |ui| segmented_ui(ui, &labels, chosen)).inner {
        Some(0) => commands.push(MergeCommand::ChooseRounding(Rounding::Nearest).into()),
        Some(_) if !rounding.is_stochastic() => {
            commands.push(MergeCommand::ChooseRounding(Rounding::Stochastic { seed: 0 }).into());
        }
        _ => {}
    }
    let note =
        if rounding.is_stochastic() { words.text("round-by-chance-note") } else { words.text("round-nearest-note") };
    let lower = Rect::from_min_size(upper.left_bottom(), vec2(rect.width(), 18.0));
    text_ui(ui, lower, Align::Left, note, Type::CAPTION, colors.text_secondary);
    if let Rounding::Stochastic { mut seed } = rounding {
        let field = Rect::from_min_size(pos2(switch.left() - space::S12 - SEED, switch.top()), vec2(SEED, 24.0));
        let name = Rect::from_min_max(pos2(rect.left(), upper.top()), pos2(field.left() - space::S8, upper.bottom()));
        let label = text_ui(ui, name, Align::Right, words.text("seed"), Type::CAPTION, colors.text_secondary);
        let value = DragValue::new(&mut seed).range(0..=u64::from(u32::MAX)).speed(1.0);
        if ui.put(field, value).labelled_by(label.id).changed() {
            commands.push(MergeCommand::ChooseRounding(Rounding::Stochastic { seed }).into());
        }
    }
}
