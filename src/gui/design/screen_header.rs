//! The title line of a screen.

use egui::{Rect, Ui, pos2, vec2};

use super::{
    tokens::{Colors, Type, grid, space},
    widget::{Align, Run, hairline, runs_ui, text_ui, text_width},
};

/// Title and what is true now; returns the line (for buttons at its right) and the space below it.
pub(in crate::gui) fn screen_header_ui(ui: &mut Ui, rect: Rect, title: &str, subtitle: &[Run<'_>]) -> (Rect, Rect) {
    let colors = Colors::of(ui);
    let bar = Rect::from_min_size(rect.min, vec2(rect.width(), grid::SCREEN_HEADER));
    let line = bar.shrink2(vec2(space::S16, 0.0));
    text_ui(ui, line, Align::Left, title, Type::TITLE, colors.text);
    let title_width = text_width(ui, title, Type::TITLE);
    if !subtitle.is_empty() {
        let rest = Rect::from_min_max(line.min + vec2(title_width + space::S12, 0.0), line.max);
        runs_ui(ui, rest, Align::Left, subtitle);
    }
    hairline(ui, bar.expand2(vec2(1.0, 0.0)), bar.bottom());
    (line, Rect::from_min_max(pos2(rect.left(), bar.bottom()), rect.max))
}

/// The content below a header, inside the margins.
pub(in crate::gui) fn inside(rect: Rect) -> Rect {
    rect.shrink(space::S16)
}

/// Width of a segmented switch with these labels.
pub(in crate::gui) fn segmented_width(ui: &Ui, labels: &[&str]) -> f32 {
    labels.iter().map(|label| text_width(ui, label, Type::BODY_MEDIUM) + space::S24).sum()
}

/// Where a control of this size stands at the right end of a header's line.
pub(in crate::gui) fn at_right(line: Rect, size: egui::Vec2) -> Rect {
    Rect::from_min_size(pos2(line.right() - size.x, line.center().y - size.y / 2.0), size)
}
