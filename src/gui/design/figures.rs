//! Key figures side by side in one panel.

use egui::{Rect, Stroke, Ui, pos2, vec2};

use super::{
    layout::rule::canvas_ui,
    tokens::{Colors, Type, space},
    widget::{Align, panel_frame, runs_ui, text_ui},
};
use crate::units::quantity::split_unit;

/// Height of one row of figures.
const ROW: f32 = 88.0;

/// Narrowest a figure gets before the row breaks in two.
const NARROWEST: f32 = 164.0;

/// One key figure: label, number, unit, remark.
pub(in crate::gui) struct Figure {
    pub label: &'static str,
    pub value: String,
    pub remark: String,
}

/// Figures in a row, in two rows where they would be cramped.
fn columns(width: f32, count: usize) -> usize {
    if width / count as f32 >= NARROWEST { count.max(1) } else { count.div_ceil(2) }
}

/// Height of `count` figures across `width`.
pub(in crate::gui) fn figures_height(width: f32, count: usize) -> f32 {
    count.div_ceil(columns(width, count)) as f32 * ROW
}

/// Paints them across the available width.
pub(in crate::gui) fn figures_ui(ui: &mut Ui, figures: &[Figure]) {
    let stroke = Stroke::new(1.0, Colors::of(ui).stroke);
    let columns = columns(ui.available_width(), figures.len());
    canvas_ui(ui, figures_height(ui.available_width(), figures.len()), |ui, area| {
        panel_frame(ui, area);
        let width = area.width() / columns as f32;
        for (index, figure) in figures.iter().enumerate() {
            let (row, column) = (index / columns, index % columns);
            let min = area.min + vec2(column as f32 * width, row as f32 * ROW);
            let cell = Rect::from_min_size(min, vec2(width, ROW));
            if column > 0 {
                ui.painter().vline(cell.left().round() + 0.5, cell.y_range().shrink(1.0), stroke);
            }
            if row > 0 && column == 0 {
                ui.painter().hline(area.x_range().shrink(1.0), cell.top().round() + 0.5, stroke);
            }
            figure_ui(ui, cell, figure);
        }
    });
}

fn figure_ui(ui: &mut Ui, cell: Rect, figure: &Figure) {
    let colors = Colors::of(ui);
    let inner = Rect::from_min_max(cell.min + vec2(space::S16, 12.0), cell.max - vec2(space::S8, 8.0));
    let line =
        |top: f32, height: f32| Rect::from_min_size(pos2(inner.left(), inner.top() + top), vec2(inner.width(), height));
    text_ui(ui, line(0.0, 16.0), Align::Left, figure.label, Type::CAPTION_MEDIUM, colors.text_secondary);
    let (number, unit) = split_unit(&figure.value);
    let runs = [
        (number, Type::FIGURE, colors.text),
        (" ", Type::BODY, colors.text_secondary),
        (unit, Type::BODY, colors.text_secondary),
    ];
    runs_ui(ui, line(17.0, 28.0), Align::Left, &runs[..if unit.is_empty() { 1 } else { 3 }]);
    text_ui(ui, line(46.0, 16.0), Align::Left, &figure.remark, Type::CAPTION, colors.text_secondary);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cramped_figures_break_into_two_rows() {
        assert_eq!(figures_height(726.0, 4), ROW);
        assert_eq!(figures_height(494.0, 4), 2.0 * ROW);
        assert_eq!(figures_height(494.0, 3), ROW);
    }
}
