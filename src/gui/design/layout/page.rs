//! A screen: its title line, and below it what scrolls.

use egui::{ScrollArea, Sides, Ui};

use super::{
    rule::{inset_ui, rule_ui},
    text::{Span, paragraph_spans_ui},
};
use crate::gui::design::{
    ink::Ink,
    tokens::{Type, grid, space},
};

/// The title line: what the screen is, what is true now, and what can be done from here (right to left).
pub fn page_title_ui(ui: &mut Ui, title: &str, subtitle: &[Span<'_>], tools: impl FnOnce(&mut Ui)) {
    let mut spans = vec![(title, Type::TITLE, Ink::Primary), ("   ", Type::BODY, Ink::Primary)];
    spans.extend(subtitle);
    page_title_line_ui(ui, |ui| _ = paragraph_spans_ui(ui, &spans), tools);
}

/// The same with `add` in place of the words, from left to right.
pub fn page_title_line_ui(ui: &mut Ui, add: impl FnOnce(&mut Ui), tools: impl FnOnce(&mut Ui)) {
    ui.spacing_mut().item_spacing = egui::vec2(space::S8, 0.0);
    inset_ui(ui, space::S16, 0.0, |ui| {
        Sides::new().height(grid::SCREEN_HEADER).shrink_left().show(ui, add, tools);
    });
    rule_ui(ui);
}

/// What stands below the title: inside the margins, scrolling where it is higher than the window.
pub fn page_body_ui(ui: &mut Ui, id: &str, add: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical().id_salt(id).auto_shrink(false).show(ui, |ui| {
        let height = ui.available_height();
        inset_ui(ui, space::S16, space::S16, |ui| {
            ui.set_min_height(height - 2.0 * space::S16);
            add(ui);
        });
    });
}
