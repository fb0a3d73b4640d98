//! Key figures side by side in one panel.

use egui::{Rangef, Rect, Stroke, Ui, Vec2};

use super::{
    ink::Ink,
    layout::{
        panel::Surface,
        rule::{inset_ui, rule_ui},
        text::{label_ui, paragraph_ui, spans_ui},
    },
    tokens::{Colors, Type, space},
};
use crate::units::quantity::split_unit;

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

/// Paints them across the available width.
pub(in crate::gui) fn figures_ui(ui: &mut Ui, figures: &[Figure]) {
    let stroke = Stroke::new(1.0, Colors::of(ui).stroke);
    let columns = columns(ui.available_width(), figures.len());
    Surface::plain().show(ui, |ui| {
        ui.spacing_mut().item_spacing = Vec2::ZERO;
        for (index, row) in figures.chunks(columns).enumerate() {
            if index > 0 {
                rule_ui(ui);
            }
            ui.columns(columns, |cells| {
                for (ui, figure) in cells.iter_mut().zip(row) {
                    // A column justifies its text, which spreads the words of a remark that wraps.
                    ui.vertical(|ui| figure_ui(ui, figure));
                }
                let ends = cells.iter().map(Ui::min_rect).reduce(Rect::union).map(|row| row.y_range());
                for ui in &cells[1..] {
                    ui.painter().vline(ui.max_rect().left().round() + 0.5, ends.unwrap_or(Rangef::NOTHING), stroke);
                }
            });
        }
    });
}

fn figure_ui(ui: &mut Ui, figure: &Figure) {
    let (number, unit) = split_unit(&figure.value);
    let spans =
        [(number, Type::FIGURE, Ink::Primary), (" ", Type::BODY, Ink::Secondary), (unit, Type::BODY, Ink::Secondary)];
    inset_ui(ui, space::S16, space::S12, |ui| {
        label_ui(ui, figure.label, Type::CAPTION_MEDIUM, Ink::Secondary);
        ui.add_space(space::S2);
        spans_ui(ui, &spans[..if unit.is_empty() { 1 } else { 3 }]);
        ui.add_space(space::S2);
        paragraph_ui(ui, &figure.remark, Type::CAPTION, Ink::Secondary);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cramped_figures_break_into_two_rows() {
        assert_eq!([columns(726.0, 4), columns(494.0, 4), columns(494.0, 3)], [4, 2, 3]);
    }
}
