//! Panels: one level, one edge, no shadow.

use egui::{CornerRadius, Rect, Stroke, StrokeKind, Ui, vec2};

use super::wrapped_text_ui;
use crate::gui::design::tokens::{Colors, Type, radius, space};

/// The surface and edge of a panel.
pub fn panel_frame(ui: &Ui, rect: Rect) {
    let colors = Colors::of(ui);
    let stroke = Stroke::new(1.0, colors.stroke);
    ui.painter().rect(rect, CornerRadius::same(radius::PANEL), colors.panel, stroke, StrokeKind::Inside);
}

/// The honest sentence under a chart; returns its rectangle.
pub fn sunken_text_ui(ui: &mut Ui, rect: Rect, text: &str) -> Rect {
    let colors = Colors::of(ui);
    let inner = rect.shrink2(vec2(space::S12, space::S8));
    let background = ui.painter().add(egui::Shape::Noop);
    let height = wrapped_text_ui(ui, inner, &[(text, Type::BODY, colors.text)]);
    let area = Rect::from_min_size(rect.min, vec2(rect.width(), height + 2.0 * space::S8));
    let shape = egui::epaint::RectShape::filled(area, CornerRadius::same(radius::CHIP), colors.sunken);
    ui.painter().set(background, shape);
    area
}
