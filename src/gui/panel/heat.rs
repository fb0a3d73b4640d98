//! Heat cells, strips, the scale and the map of layers × modules.

use egui::{CornerRadius, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use crate::gui::{
    command::UiCommand,
    tokens::{Palette, Type, ink_on, radius, space},
    view::{HeatMap, HeatScale},
    widget::{Align, text_ui},
    words::Words,
};

/// Cells print their number from this width on.
const NUMBER_WIDTH: f32 = 40.0;

/// Height of a row of the map, with the gap.
const MAP_ROW: f32 = 24.0;

/// One value as a cell.
pub(super) fn heat_cell_ui(ui: &mut Ui, rect: Rect, value: f64, scale: HeatScale) {
    let fill = Palette::of(ui).heat_at(scale.position(value));
    ui.painter().rect_filled(rect, CornerRadius::same(radius::CELL), fill);
    if rect.width() >= NUMBER_WIDTH {
        text_ui(ui, rect, Align::Center, &heat_number(value), Type::MONO_SMALL, ink_on(fill));
    }
}

/// Several values as a strip of small squares, right-aligned.
pub(super) fn heat_strip_ui(ui: &Ui, rect: Rect, values: &[f64], scale: HeatScale) {
    let side = 12.0;
    let left = rect.right() - values.len() as f32 * side;
    for (index, value) in values.iter().enumerate() {
        let cell = Rect::from_min_size(pos2(left + index as f32 * side, rect.center().y - 6.5), vec2(side - 1.0, 13.0));
        let fill = Palette::of(ui).heat_at(scale.position(*value));
        ui.painter().rect_filled(cell, CornerRadius::same(2), fill);
    }
}

/// `0.184`, and in powers of ten below a thousandth.
pub(super) fn heat_number(value: f64) -> String {
    if value != 0.0 && value < 0.001 { format!("{value:.1e}") } else { format!("{value:.3}") }
}

/// The ramp with its two ends, right-aligned in `rect`.
pub(super) fn heat_scale_ui(ui: &mut Ui, rect: Rect, scale: HeatScale) {
    let palette = Palette::of(ui);
    let max = if scale.max < 0.01 { format!("{:.0e}", scale.max) } else { format!("{:.2}", scale.max) };
    let end = text_ui(ui, rect, Align::Right, &max, Type::MONO_SMALL, palette.text_secondary);
    let ramp = Rect::from_min_size(pos2(end.rect.left() - 8.0 - 100.0, rect.center().y - 4.0), vec2(100.0, 8.0));
    let steps = 50_u16;
    for step in 0..steps {
        let width = ramp.width() / f32::from(steps);
        let cell = Rect::from_min_size(ramp.min + vec2(f32::from(step) * width, 0.0), vec2(width + 0.5, ramp.height()));
        ui.painter().rect_filled(cell, 0.0, palette.heat_at(f32::from(step) / f32::from(steps - 1)));
    }
    let start = Rect::from_min_max(pos2(rect.left(), rect.top()), pos2(ramp.left() - 8.0, rect.bottom()));
    text_ui(ui, start, Align::Right, "0", Type::MONO_SMALL, palette.text_secondary);
}

/// The map; returns the height that it took.
pub(super) fn heat_map_ui(
    ui: &mut Ui,
    rect: Rect,
    map: &HeatMap,
    scale: HeatScale,
    selected: Option<&str>,
    words: &Words,
    commands: &mut Vec<UiCommand>,
) -> f32 {
    let palette = Palette::of(ui);
    let labels = 86.0;
    let columns = map.layers.len().max(1) as f32;
    let pitch = (rect.width() - labels) / columns;
    let gap = if pitch < 16.0 { 1.0 } else { 2.0 };
    for (row, (name, cells)) in map.rows.iter().enumerate() {
        let top = rect.top() + row as f32 * MAP_ROW;
        let label = Rect::from_min_size(pos2(rect.left(), top), vec2(labels - space::S4, 22.0));
        text_ui(ui, label, Align::Left, name, Type::EVIDENCE, palette.text_secondary);
        for (column, cell) in cells.iter().enumerate() {
            let Some(cell) = cell else { continue };
            let left = rect.left() + labels + column as f32 * pitch;
            let area = Rect::from_min_size(pos2(left, top), vec2(pitch - gap, 22.0));
            let response = ui.allocate_rect(area, Sense::click());
            let label = format!("{} {}", cell.path, heat_number(cell.value));
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
            heat_cell_ui(ui, area, cell.value, scale);
            if selected == Some(cell.path.as_str()) || response.has_focus() {
                let stroke = Stroke::new(2.0, palette.accent);
                ui.painter().rect_stroke(area, CornerRadius::same(radius::CELL), stroke, StrokeKind::Inside);
            }
            if response.on_hover_text(label).clicked() {
                commands.push(UiCommand::SelectModule(cell.path.clone()));
            }
        }
    }
    let top = rect.top() + map.rows.len() as f32 * MAP_ROW;
    layer_axis_ui(ui, Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), 16.0)), map, pitch, words);
    map.rows.len() as f32 * MAP_ROW + 16.0
}

fn layer_axis_ui(ui: &mut Ui, rect: Rect, map: &HeatMap, pitch: f32, words: &Words) {
    let color = Palette::of(ui).text_secondary;
    text_ui(ui, rect, Align::Left, words.layer, Type::CAPTION, color);
    // Numbers need about 22 px, so with many layers only some are printed.
    let every = [1, 2, 4, 8, 16, 32].into_iter().find(|every| *every as f32 * pitch >= 22.0).unwrap_or(64);
    for (column, layer) in map.layers.iter().enumerate().step_by(every) {
        let center = rect.left() + 86.0 + (column as f32 + 0.5) * pitch - 1.0;
        let place = Rect::from_center_size(pos2(center, rect.center().y), vec2(40.0, 16.0));
        text_ui(ui, place, Align::Center, &layer.to_string(), Type::MONO_SMALL, color);
    }
}
