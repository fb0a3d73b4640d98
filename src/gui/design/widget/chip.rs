//! A short word on a soft colour.

use egui::{Color32, CornerRadius, Pos2, Rect, Ui, vec2};

use super::{Align, text_ui, text_width};
use crate::gui::design::tokens::{Type, radius, space};

/// A chip whose left edge is centred on `left_center`; returns its rectangle.
pub fn chip_ui(ui: &mut Ui, left_center: Pos2, text: &str, ink: Color32, fill: Color32) -> Rect {
    let width = text_width(ui, text, Type::CAPTION_MEDIUM) + 2.0 * (space::S4 + 2.0);
    let rect = Rect::from_min_size(egui::pos2(left_center.x, left_center.y - 9.0), vec2(width, 18.0));
    ui.painter().rect_filled(rect, CornerRadius::same(radius::CHIP), fill);
    text_ui(ui, rect, Align::Center, text, Type::CAPTION_MEDIUM, ink);
    rect
}
