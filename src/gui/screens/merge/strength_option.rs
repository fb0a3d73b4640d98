//! How much of an adapter is merged: a slider and its number, one line for each adapter.

use egui::{DragValue, Slider, Stroke};

use super::command::MergeCommand;
use crate::units::path::composed;
use crate::{checkpoint::folder_name, gui::prelude::*};

/// Strengths that can be chosen.
const STRENGTHS: std::ops::RangeInclusive<f64> = 0.0..=2.0;

/// Stops of the slider from 0 to 1.
const STOPS: u8 = 20;

/// The line of the adapter at `index`, 0 being that of the well.
pub(in crate::gui) fn strength_ui(ui: &mut Ui, index: usize, state: &AppState, commands: &mut Vec<Command>) {
    let words = state.words();
    let adapters = state.adapters();
    // One adapter needs no name: the line says what the number is.
    let name = adapters.get(index).filter(|_| adapters.len() > 1);
    let name = name.map(|adapter| composed(&folder_name(&adapter.path)));
    let title = name.as_deref().unwrap_or(words.text("strength"));
    let mut strength = adapters.get(index).map_or(state.options.strength, |adapter| adapter.strength);
    let mut row = Row::new(title, Type::BODY_MEDIUM, Ink::Primary).line(grid::BUTTON);
    if index == 0 {
        row = row.note(words.text("strength-note"), Type::CAPTION, Ink::Secondary).rule();
    }
    let controls = row.show_controls(ui, |ui| {
        if index > 0 {
            CommandButton::new(MergeCommand::RemoveAdapter(index - 1), ButtonLook::Ghost)
                .icon(Icon::Remove)
                .label(words.text("remove"))
                .add_icon_only(ui, words, commands);
        }
        let number = DragValue::new(&mut strength).range(STRENGTHS).speed(1.0 / 100.0).fixed_decimals(2);
        let number = ui.add_sized(vec2(grid::field::STRENGTH, space::S24), number);
        slider_look(ui);
        [number, ui.add(Slider::new(&mut strength, STRENGTHS).step_by(1.0 / f64::from(STOPS)).show_value(false))]
    });
    if controls.iter().any(Response::changed) {
        let command = match index.checked_sub(1) {
            None => MergeCommand::ChooseStrength(strength),
            Some(more) => MergeCommand::ChooseAdapterStrength(more, strength),
        };
        commands.push(command.into());
    }
}

/// A filled rail and a knob with an accent edge.
fn slider_look(ui: &mut Ui) {
    let colors = Colors::of(ui);
    let visuals = ui.visuals_mut();
    visuals.selection.bg_fill = colors.accent_fill;
    let widgets = &mut visuals.widgets;
    // The rail takes its colour from the knob at rest.
    widgets.inactive.bg_fill = colors.stroke;
    for state in [&mut widgets.inactive, &mut widgets.hovered, &mut widgets.active] {
        state.fg_stroke = Stroke::new(2.0, colors.accent_fill);
    }
}
