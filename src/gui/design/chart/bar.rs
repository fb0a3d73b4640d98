//! A bar of parts that add up, and the legend that explains it.

use egui::{Color32, CornerRadius, Layout, Ui, UiBuilder, vec2};

use crate::gui::design::{
    ink::Ink,
    layout::{
        rule::spot,
        text::{Span, label_ui, spans_ui},
    },
    tokens::{Colors, Type, chart, grid, space},
    widget::text_width,
};

/// A part of a bar, with a text where there is room for it.
#[derive(Clone, Debug)]
pub struct BarPart {
    /// Its width.
    pub width: f32,
    /// Its colour.
    pub fill: Color32,
    /// What stands on it.
    pub text: String,
    /// The text's style.
    pub kind: Type,
    /// The text's colour.
    pub ink: Ink,
}

impl BarPart {
    /// A part without a text.
    #[must_use]
    pub fn bare(width: f32, fill: Color32) -> Self {
        Self { width, fill, text: String::new(), kind: Type::CAPTION, ink: Ink::Primary }
    }
}

/// Parts side by side in a running line.
pub fn bar_ui(ui: &mut Ui, height: f32, parts: impl IntoIterator<Item = BarPart>) {
    for part in parts {
        let area = spot(ui, vec2(part.width, height));
        ui.painter().rect_filled(area.shrink2(vec2(0.5, 0.0)), CornerRadius::ZERO, part.fill);
        if !part.text.is_empty() && area.width() > text_width(ui, &part.text, part.kind) {
            let layout = Layout::centered_and_justified(egui::Direction::LeftToRight);
            let mut place = ui.new_child(UiBuilder::new().max_rect(area.expand2(vec2(2.0, 0.0))).layout(layout));
            label_ui(&mut place, &part.text, part.kind, part.ink);
        }
    }
}

/// The colour of a component's part of a bar; what is left gets the last one.
#[must_use]
pub fn part_color(colors: &Colors, is_merged: bool, index: usize) -> Color32 {
    let parts = if is_merged { &colors.merged_parts } else { &colors.base_parts };
    parts.get(index).copied().unwrap_or(colors.stroke_strong)
}

/// The colours of a part in each bar and its name, which go to the next line together.
pub fn legend_entry_ui(ui: &mut Ui, colors: &[Color32], name: &[Span<'_>]) {
    let words: f32 = name.iter().map(|span| text_width(ui, span.0, span.1)).sum();
    let width = colors.len() as f32 * (chart::SWATCH.x + 1.0) + space::S4 + words + 1.0;
    let layout = Layout::left_to_right(egui::Align::Center);
    ui.allocate_ui_with_layout(vec2(width, grid::CODE_ROW), layout, |ui| {
        ui.spacing_mut().item_spacing.x = 1.0;
        for color in colors {
            let area = spot(ui, chart::SWATCH);
            ui.painter().rect_filled(area, 1.0, *color);
        }
        ui.add_space(space::S4 - 1.0);
        spans_ui(ui, name);
    });
}
