//! What happened, what to do next, the path last, and the buttons that do it.

use std::path::Path;

use egui::{CornerRadius, Frame, Margin};

use crate::{
    gui::{design::tokens::radius, prelude::*},
    message::Problem,
    units::path::display_path,
};

/// A banner across the available width; many buttons take several lines.
pub(in crate::gui) fn error_banner_ui(
    ui: &mut Ui,
    state: &AppState,
    problem: &Problem,
    buttons: Vec<CommandButton<'_>>,
    commands: &mut Vec<Command>,
) {
    let words = state.words();
    let frame = Frame::new()
        .fill(Colors::of(ui).error_soft)
        .corner_radius(CornerRadius::same(radius::PANEL))
        .inner_margin(Margin::symmetric(16, 12));
    frame.show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(space::S12, 0.0);
        ui.set_width(ui.available_width());
        ui.horizontal_top(|ui| {
            let icon = spot(ui, vec2(grid::ICON, Type::TITLE.line_height));
            icon_ui(ui, icon, Icon::Failed, Ink::Error.color(ui));
            ui.vertical(|ui| {
                paragraph_ui(ui, &problem.title(words), Type::TITLE, Ink::Primary);
                if let Some(hint) = problem.advice(words) {
                    ui.add_space(space::S2);
                    paragraph_ui(ui, &hint, Type::BODY, Ink::Primary);
                }
                if let Some(path) = &problem.path {
                    ui.add_space(space::S4);
                    let path = display_path(Path::new(path), state.machine.home.as_deref());
                    paragraph_spans_ui(ui, &[(&path, Type::MONO_SMALL, Ink::Secondary)]);
                }
                if buttons.is_empty() {
                    return;
                }
                ui.add_space(space::S8);
                ui.spacing_mut().item_spacing = vec2(space::S8, space::S8);
                ui.horizontal_wrapped(|ui| {
                    for button in buttons {
                        button.height(grid::BUTTON).add(ui, words, commands);
                    }
                });
            });
        });
    });
}
