//! What happened, what to do next, the path last, and the buttons that do it.

use std::path::Path;

use egui::{CornerRadius, Rect, Ui, pos2, vec2};

use super::command_button::CommandButton;
use crate::{
    gui::{
        app::command::Command,
        design::{
            path_text::display_path,
            tokens::{Colors, Face, Type, grid, radius, space},
            widget::{Icon, icon_ui, prose_ui, wrapped_text_ui},
        },
        words::problem::Problem,
    },
    message::Language,
};

/// A banner at the top of `rect`; returns where it is.
pub(in crate::gui) fn error_banner_ui(
    ui: &mut Ui,
    rect: Rect,
    problem: &Problem,
    home: Option<&Path>,
    words: Language,
) -> Rect {
    banner_ui(ui, rect, problem, home, words, |_, _| 0.0)
}

/// The same with `buttons` below the words.
pub(in crate::gui) fn error_banner_with_buttons_ui(
    ui: &mut Ui,
    rect: Rect,
    problem: &Problem,
    home: Option<&Path>,
    buttons: Vec<CommandButton<'_>>,
    words: Language,
    commands: &mut Vec<Command>,
) -> Rect {
    banner_ui(ui, rect, problem, home, words, |ui, area| {
        let mut next = area.min + vec2(0.0, space::S8);
        for button in buttons {
            let size = vec2(button.width(ui, words), grid::BUTTON);
            // Many of them take several lines.
            if next.x > area.left() && next.x + size.x > area.right() {
                next = pos2(area.left(), next.y + grid::BUTTON + space::S8);
            }
            let place = Rect::from_min_size(next, size);
            button.show(ui, place, words, commands);
            next.x = place.right() + space::S8;
        }
        next.y + grid::BUTTON + space::S4 - area.top()
    })
}

/// Paints the words, then `add` below them, which returns the height that it took.
fn banner_ui(
    ui: &mut Ui,
    rect: Rect,
    problem: &Problem,
    home: Option<&Path>,
    words: Language,
    add: impl FnOnce(&mut Ui, Rect) -> f32,
) -> Rect {
    let colors = Colors::of(ui);
    let background = ui.painter().add(egui::Shape::Noop);
    let icon = Rect::from_min_size(rect.min + vec2(space::S16, space::S16), vec2(20.0, 20.0));
    icon_ui(ui, icon, Icon::Failed, colors.error);
    let text = Rect::from_min_max(rect.min + vec2(48.0, space::S16 - 2.0), rect.max - vec2(space::S16, 0.0));
    let mut top = text.top();
    let from = |top: f32| Rect::from_min_max(pos2(text.left(), top), text.max);
    let title = Type { face: Face::SemiBold, ..Type::TITLE };
    top += prose_ui(ui, from(top), &problem.title(words), title, colors.text) + 2.0;
    if let Some(hint) = problem.advice(words) {
        top += prose_ui(ui, from(top), &hint, Type::BODY, colors.text) + space::S4;
    }
    if let Some(path) = &problem.path {
        let path = display_path(Path::new(path), home);
        top += wrapped_text_ui(ui, from(top), &[(&path, Type::MONO_SMALL, colors.text_secondary)]) + 2.0;
    }
    top += add(ui, from(top));
    let area = Rect::from_min_max(rect.min, pos2(rect.right(), top + space::S12));
    let shape = egui::epaint::RectShape::filled(area, CornerRadius::same(radius::PANEL), colors.error_soft);
    ui.painter().set(background, shape);
    area
}
