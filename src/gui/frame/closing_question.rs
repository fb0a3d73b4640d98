//! The question over everything else when the window is to close while a merge runs.

use egui::{Color32, CornerRadius, Frame, Id, Margin, Modal, Stroke};

use crate::gui::{app::closing::Closing, design::tokens::radius, prelude::*};

/// Asks, or says that the merge is being stopped; nothing below it can be clicked.
pub(in crate::gui) fn closing_question_ui(ui: &Ui, state: &AppState, commands: &mut Vec<Command>) {
    let colors = Colors::of(ui);
    let sheet = Frame::new()
        .fill(colors.panel)
        .stroke(Stroke::new(1.0, colors.stroke_strong))
        .corner_radius(CornerRadius::same(radius::POPUP))
        .inner_margin(Margin::same(24));
    let modal = Modal::new(Id::unique("closing question")).backdrop_color(Color32::from_black_alpha(grid::VEIL));
    modal.frame(sheet).show(ui.ctx(), |ui| {
        let words = state.words();
        ui.spacing_mut().item_spacing = vec2(space::S8, 0.0);
        ui.set_width(grid::SHEET);
        let is_stopping = state.closing == Closing::Stopping;
        let what = if is_stopping { words.text("closing-stops") } else { words.text("closing-title") };
        paragraph_ui(ui, what, Type::TITLE, Ink::Primary);
        ui.add_space(space::S4);
        paragraph_ui(ui, words.text("closing-note"), Type::BODY, Ink::Secondary);
        if is_stopping {
            return;
        }
        ui.add_space(space::S24);
        Sides::new().show(
            ui,
            |_| (),
            |ui| {
                let keep = CommandButton::new(AppCommand::KeepMerging, ButtonLook::Primary).height(grid::BUTTON);
                keep.add(ui, words, commands);
                CommandButton::new(AppCommand::StopAndClose, ButtonLook::Plain).add(ui, words, commands);
            },
        );
    });
}
