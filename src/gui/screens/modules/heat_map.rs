//! The map of layers × modules.

use egui::{Align, CornerRadius, Rect, Stroke, StrokeKind};

use super::command::ModulesCommand;
use crate::{
    gui::{
        design::{
            layout::text::text_ui,
            tokens::{heat, radius},
            widget::heat_cell_ui,
        },
        prelude::*,
    },
    tree::{ChangeCell, ChangeGrid, HeatScale},
};

/// Height of the map with its axis.
pub(in crate::gui) fn heat_map_height(map: &ChangeGrid) -> f32 {
    map.rows.len() as f32 * heat::MAP_ROW + Type::CAPTION.line_height
}

/// Paints it across `rect`; a click on a cell selects its module.
pub(in crate::gui) fn heat_map_ui(
    ui: &mut Ui,
    rect: Rect,
    map: &ChangeGrid,
    scale: HeatScale,
    selected: Option<&str>,
    words: Language,
    commands: &mut Vec<Command>,
) {
    let width = rect.width() - heat::LABELS;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred points")]
    let map = map.pooled((width / heat::LEAST_PITCH) as usize);
    let pitch = width / map.layers.len().max(1) as f32;
    let gap = if pitch < heat::NARROW_PITCH { 1.0 } else { 2.0 };
    for (row, (name, cells)) in map.rows.iter().enumerate() {
        let line = Rect::from_min_size(
            pos2(rect.left(), rect.top() + row as f32 * heat::MAP_ROW),
            vec2(rect.width(), heat::MAP_ROW - 2.0),
        );
        if !ui.is_rect_visible(line) {
            continue;
        }
        let label = line.with_max_x(line.left() + heat::LABELS - space::S4);
        text_ui(ui, label, Align::Min, name, Type::EVIDENCE, Ink::Secondary.color(ui));
        for (column, cell) in cells.iter().enumerate() {
            let Some(cell) = cell else { continue };
            let left = line.left() + heat::LABELS + column as f32 * pitch;
            let area = Rect::from_x_y_ranges(left..=left + pitch - gap, line.y_range());
            if cell_ui(ui, area, cell, scale, selected == Some(&*cell.path)) {
                commands.push(ModulesCommand::Select(cell.path.to_string()).into());
            }
        }
    }
    layer_axis_ui(ui, rect.with_min_y(rect.bottom() - Type::CAPTION.line_height), &map, pitch, words);
}

/// One module of one layer; true where it was clicked.
fn cell_ui(ui: &mut Ui, area: Rect, cell: &ChangeCell, scale: HeatScale, is_selected: bool) -> bool {
    let response = ui.allocate_rect(area, Sense::click());
    let label = || format!("{} {}", cell.path, scale.number(cell.value));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, label()));
    heat_cell_ui(ui, area, cell.value, scale);
    if is_selected || response.has_focus() {
        let stroke = Stroke::new(2.0, Colors::of(ui).accent);
        ui.painter().rect_stroke(area, CornerRadius::same(radius::CELL), stroke, StrokeKind::Inside);
    }
    let is_clicked = response.clicked();
    // A map has hundreds of cells: only the one under the pointer needs its words.
    if response.hovered() {
        response.on_hover_text(label());
    }
    is_clicked
}

fn layer_axis_ui(ui: &mut Ui, rect: Rect, map: &ChangeGrid, pitch: f32, words: Language) {
    let color = Ink::Secondary.color(ui);
    text_ui(ui, rect, Align::Min, words.text("layer"), Type::CAPTION, color);
    // With many layers only some numbers are printed.
    let every = [1, 2, 4, 8, 16, 32].into_iter().find(|every| *every as f32 * pitch >= heat::LAYER).unwrap_or(64);
    for (column, layer) in map.layers.iter().enumerate().step_by(every) {
        let center = rect.left() + heat::LABELS + (column as f32 + 0.5) * pitch - 1.0;
        let place = Rect::from_center_size(pos2(center, rect.center().y), vec2(2.0 * heat::LAYER, rect.height()));
        text_ui(ui, place, Align::Center, &layer.to_string(), Type::MONO_SMALL, color);
    }
}
