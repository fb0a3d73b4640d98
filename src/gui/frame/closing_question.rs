//! The question over everything else when the window is to close while a merge runs.

use egui::{Color32, CornerRadius, Id, Rect, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use super::command_button::CommandButton;
use crate::gui::{
    app::{
        closing::Closing,
        command::{Command, of_app::AppCommand},
        state::AppState,
    },
    design::{
        tokens::{Colors, Type, grid, radius, space},
        widget::{Align, ButtonLook, prose_ui, text_ui},
    },
};

/// Size of the sheet.
const SHEET: egui::Vec2 = vec2(460.0, 156.0);

/// Asks, or says that the merge is being stopped; nothing below it can be clicked.
pub(in crate::gui) fn closing_question_ui(ui: &Ui, window: Rect, state: &AppState, commands: &mut Vec<Command>) {
    let area = egui::Area::new(Id::unique("closing question")).order(egui::Order::Foreground).fixed_pos(window.min);
    area.show(ui.ctx(), |ui| {
        let colors = Colors::of(ui);
        let words = state.words();
        ui.allocate_rect(window, Sense::click());
        ui.painter().rect_filled(window, 0.0, Color32::from_black_alpha(90));
        let sheet = Rect::from_center_size(window.center().round(), SHEET);
        let stroke = Stroke::new(1.0, colors.stroke_strong);
        ui.painter().rect(sheet, CornerRadius::same(radius::POPUP), colors.panel, stroke, StrokeKind::Inside);
        let inner = sheet.shrink(space::S24);
        let title = Rect::from_min_size(inner.min, vec2(inner.width(), grid::SMALL_BUTTON));
        let is_stopping = state.closing == Closing::Stopping;
        let what = if is_stopping { words.text("closing-stops") } else { words.text("closing-title") };
        text_ui(ui, title, Align::Left, what, Type::TITLE, colors.text);
        let note = Rect::from_min_max(title.left_bottom() + vec2(0.0, space::S4), inner.max);
        prose_ui(ui, note, words.text("closing-note"), Type::BODY, colors.text_secondary);
        if is_stopping {
            return;
        }
        let mut right = inner.right();
        let buttons = [(AppCommand::KeepMerging, ButtonLook::Primary), (AppCommand::StopAndClose, ButtonLook::Plain)];
        for (command, look) in buttons {
            let button = CommandButton::new(command, look);
            let size = vec2(button.width(ui, words), grid::BUTTON);
            let place = Rect::from_min_size(pos2(right - size.x, inner.bottom() - size.y), size);
            button.show(ui, place, words, commands);
            right = place.left() - space::S8;
        }
    });
}
