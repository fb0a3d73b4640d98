//! Panels: one level, one edge, no shadow.

use egui::{CornerRadius, Rect, Stroke, StrokeKind, Ui, vec2};

use super::{Align, text_ui, wrapped_text_ui};
use crate::gui::design::tokens::{Colors, Type, grid, radius, space};

/// The surface and edge of a panel.
pub fn panel_frame(ui: &Ui, rect: Rect) {
    let colors = Colors::of(ui);
    let stroke = Stroke::new(1.0, colors.stroke);
    ui.painter().rect(rect, CornerRadius::same(radius::PANEL), colors.panel, stroke, StrokeKind::Inside);
}

/// A row rule from edge to edge of `rect` at `y`.
pub fn hairline(ui: &Ui, rect: Rect, y: f32) {
    ui.painter().hline(rect.x_range().shrink(1.0), y.round() - 0.5, Stroke::new(1.0, Colors::of(ui).stroke));
}

/// A panel with its title at the left and a remark at the right; returns the space below the title.
pub fn panel_title_ui(ui: &mut Ui, rect: Rect, title: &str, remark: &str) -> Rect {
    panel_frame(ui, rect);
    title_bar_ui(ui, rect, title, remark)
}

fn title_bar_ui(ui: &mut Ui, rect: Rect, title: &str, remark: &str) -> Rect {
    let colors = Colors::of(ui);
    let bar = Rect::from_min_size(rect.min, vec2(rect.width(), grid::PANEL_TITLE)).shrink2(vec2(space::S12, 0.0));
    text_ui(ui, bar, Align::Left, title, Type::BODY_STRONG, colors.text);
    if !remark.is_empty() {
        text_ui(ui, bar, Align::Right, remark, Type::CAPTION, colors.text_secondary);
    }
    Rect::from_min_max(egui::pos2(rect.left(), bar.bottom()), rect.max)
}

/// The band for the column titles of a table that fills `body`, the space below a panel's title.
pub fn table_header(ui: &Ui, body: Rect) -> Rect {
    let header = Rect::from_min_size(body.min, vec2(body.width(), grid::PANEL_TABLE_HEADER));
    ui.painter().rect_filled(header.shrink2(vec2(1.0, 0.0)), 0.0, Colors::of(ui).app);
    hairline(ui, body, header.top());
    hairline(ui, body, header.bottom());
    header
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
