//! How much of an adapter is merged: a slider and its number, one line for each adapter.

use egui::{DragValue, Rect, Slider, Stroke, Ui, UiBuilder, pos2, vec2};

use super::command::MergeCommand;
use crate::{
    checkpoint::folder_name,
    gui::{
        app::{command::Command, state::AppState},
        design::{
            path_text::composed,
            tokens::{Colors, Type, grid, space},
            widget::{Align, ButtonLook, elided_middle, text_ui, text_width},
        },
        frame::command_button::CommandButton,
    },
};

/// Height of the line of one adapter.
pub(in crate::gui) const STRENGTH: f32 = 50.0;

/// Strengths that can be chosen.
const STRENGTHS: std::ops::RangeInclusive<f64> = 0.0..=2.0;

/// Width of the strength as a number.
const VALUE: f32 = 48.0;

/// The line of the adapter at `index`, 0 being that of the well.
pub(in crate::gui) fn strength_ui(
    ui: &mut Ui,
    rect: Rect,
    index: usize,
    state: &AppState,
    commands: &mut Vec<Command>,
) {
    let colors = Colors::of(ui);
    let words = state.words();
    let adapters = state.adapters();
    let upper = Rect::from_min_size(rect.min + vec2(0.0, 7.0), vec2(rect.width(), 18.0));
    let width = 180.0_f32.min(rect.width() * 0.5);
    let area = Rect::from_min_size(pos2(rect.right() - width, rect.center().y - 12.0), vec2(width, 24.0));
    let room = area.left() - rect.left() - space::S12;
    // One adapter needs no name: the line says what the number is.
    let is_only = adapters.len() < 2;
    let name = adapters.get(index).map(|adapter| composed(&folder_name(&adapter.path))).unwrap_or_default();
    let name = elided_middle(ui, &name, Type::BODY_MEDIUM, room);
    let title = if is_only { words.text("strength") } else { name.as_str() };
    let upper = Rect::from_min_size(upper.min, vec2(room, upper.height()));
    let label = text_ui(ui, upper, Align::Left, title, Type::BODY_MEDIUM, colors.text);
    let lower = upper.translate(vec2(0.0, 18.0));
    if index == 0 {
        text_ui(ui, lower, Align::Left, words.text("strength-note"), Type::CAPTION, colors.text_secondary);
    } else {
        let button =
            CommandButton::new(MergeCommand::RemoveAdapter(index - 1), ButtonLook::Ghost).label(words.text("remove"));
        let size = vec2(button.width(ui, words), grid::SMALL_BUTTON - 2.0);
        // Its word stands below the name, whatever the button keeps free around it.
        let margin = (size.x - text_width(ui, words.text("remove"), Type::EVIDENCE)) / 2.0;
        button.show(ui, Rect::from_min_size(lower.min - vec2(margin, 1.0), size), words, commands);
    }
    let mut strength = adapters.get(index).map_or(state.options.strength, |adapter| adapter.strength);
    let (rail, value) = area.split_left_right_at_x(area.right() - VALUE);
    let number = DragValue::new(&mut strength).range(STRENGTHS).speed(0.01).fixed_decimals(2);
    let number = ui.put(value, number).labelled_by(label.id);
    let slider = |ui: &mut Ui| {
        ui.spacing_mut().slider_width = rail.width() - space::S12;
        slider_look(ui, colors);
        ui.add(Slider::new(&mut strength, STRENGTHS).step_by(0.05).show_value(false))
    };
    let slid = ui
        .scope_builder(UiBuilder::new().id_salt(("strength", index)).max_rect(rail), |ui| {
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), slider).inner
        })
        .inner
        .labelled_by(label.id);
    if number.changed() || slid.changed() {
        let command = match index.checked_sub(1) {
            None => MergeCommand::ChooseStrength(strength),
            Some(more) => MergeCommand::ChooseAdapterStrength(more, strength),
        };
        commands.push(command.into());
    }
}

/// A filled rail and a knob with an accent edge.
fn slider_look(ui: &mut Ui, colors: &Colors) {
    let visuals = ui.visuals_mut();
    visuals.selection.bg_fill = colors.accent_fill;
    let widgets = &mut visuals.widgets;
    // The rail takes its colour from the knob at rest.
    widgets.inactive.bg_fill = colors.stroke;
    for state in [&mut widgets.inactive, &mut widgets.hovered, &mut widgets.active] {
        state.fg_stroke = Stroke::new(2.0, colors.accent_fill);
    }
}
