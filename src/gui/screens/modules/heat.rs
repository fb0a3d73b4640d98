//! Heat cells, strips, the scale and the map of layers × modules.

use egui::{CornerRadius, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::command::ModulesCommand;
use super::heat_map::{HeatMap, HeatScale};
use crate::{
    gui::{
        app::command::Command,
        design::{
            tokens::{Colors, Type, ink_on, radius, space},
            widget::{Align, text_ui},
        },
    },
    message::Language,
};

/// Cells print their number from this width on.
const NUMBER_WIDTH: f32 = 40.0;

/// Cells say that their number is an estimate from this width on; the map's title says it for all.
const ESTIMATE_WIDTH: f32 = 60.0;

/// Height of a row of the map, with the gap.
const MAP_ROW: f32 = 24.0;

/// Layers closer than this share a cell.
const MIN_PITCH: f32 = 6.0;

/// Height of the layer numbers.
const AXIS: f32 = 16.0;

/// Width of the module names.
const LABELS: f32 = 86.0;

/// One value as a cell.
pub(in crate::gui) fn heat_cell_ui(ui: &mut Ui, rect: Rect, value: f64, scale: HeatScale) {
    let fill = Colors::of(ui).heat_at(scale.position(value));
    ui.painter().rect_filled(rect, CornerRadius::same(radius::CELL), fill);
    if rect.width() >= NUMBER_WIDTH {
        let text = if rect.width() >= ESTIMATE_WIDTH { scale_number(value, scale) } else { heat_number(value) };
        text_ui(ui, rect, Align::Center, &text, Type::MONO_SMALL, ink_on(fill));
    }
}

/// Several values as a strip of small squares, right-aligned.
pub(in crate::gui) fn heat_strip_ui(ui: &Ui, rect: Rect, values: &[f64], scale: HeatScale) {
    let side = 12.0;
    let left = rect.right() - values.len() as f32 * side;
    for (index, value) in values.iter().enumerate() {
        let cell = Rect::from_min_size(pos2(left + index as f32 * side, rect.center().y - 6.5), vec2(side - 1.0, 13.0));
        let fill = Colors::of(ui).heat_at(scale.position(*value));
        ui.painter().rect_filled(cell, CornerRadius::same(2), fill);
    }
}

/// `0.184`, and in powers of ten below a thousandth.
pub(in crate::gui) fn heat_number(value: f64) -> String {
    if value != 0.0 && value < 0.001 { format!("{value:.1e}") } else { format!("{value:.3}") }
}

/// The same with `≈` before an estimate.
pub(in crate::gui) fn scale_number(value: f64, scale: HeatScale) -> String {
    let number = heat_number(value);
    if scale.is_estimate { format!("≈ {number}") } else { number }
}

/// The ramp with its two ends, right-aligned in `rect`; returns where it stands.
pub(in crate::gui) fn heat_scale_ui(ui: &mut Ui, rect: Rect, scale: HeatScale) -> Rect {
    let colors = Colors::of(ui);
    let max = if scale.max < 0.01 { format!("{:.0e}", scale.max) } else { format!("{:.2}", scale.max) };
    let end = text_ui(ui, rect, Align::Right, &max, Type::MONO_SMALL, colors.text_secondary);
    let ramp = Rect::from_min_size(pos2(end.rect.left() - 8.0 - 100.0, rect.center().y - 4.0), vec2(100.0, 8.0));
    let steps = 50_u16;
    for step in 0..steps {
        let width = ramp.width() / f32::from(steps);
        let cell = Rect::from_min_size(ramp.min + vec2(f32::from(step) * width, 0.0), vec2(width + 0.5, ramp.height()));
        ui.painter().rect_filled(cell, 0.0, colors.heat_at(f32::from(step) / f32::from(steps - 1)));
    }
    let start = Rect::from_min_max(pos2(rect.left(), rect.top()), pos2(ramp.left() - 8.0, rect.bottom()));
    let start = text_ui(ui, start, Align::Right, "0", Type::MONO_SMALL, colors.text_secondary);
    start.rect.union(end.rect)
}

/// Height of the map with its axis.
pub(in crate::gui) fn heat_map_height(map: &HeatMap) -> f32 {
    map.rows.len() as f32 * MAP_ROW + AXIS
}

/// The map.
pub(in crate::gui) fn heat_map_ui(
    ui: &mut Ui,
    rect: Rect,
    map: &HeatMap,
    scale: HeatScale,
    selected: Option<&str>,
    words: Language,
    commands: &mut Vec<Command>,
) {
    let colors = Colors::of(ui);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred points")]
    let map = map.pooled(((rect.width() - LABELS) / MIN_PITCH) as usize);
    let pitch = (rect.width() - LABELS) / map.layers.len().max(1) as f32;
    let gap = if pitch < 16.0 { 1.0 } else { 2.0 };
    for (row, (name, cells)) in map.rows.iter().enumerate() {
        let top = rect.top() + row as f32 * MAP_ROW;
        let label = Rect::from_min_size(pos2(rect.left(), top), vec2(LABELS - space::S4, 22.0));
        if !ui.is_rect_visible(label) {
            continue;
        }
        text_ui(ui, label, Align::Left, name, Type::EVIDENCE, colors.text_secondary);
        for (column, cell) in cells.iter().enumerate() {
            let Some(cell) = cell else { continue };
            let left = rect.left() + LABELS + column as f32 * pitch;
            let area = Rect::from_min_size(pos2(left, top), vec2(pitch - gap, 22.0));
            let response = ui.allocate_rect(area, Sense::click());
            let label = || format!("{} {}", cell.path, scale_number(cell.value, scale));
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, label()));
            heat_cell_ui(ui, area, cell.value, scale);
            if selected == Some(&*cell.path) || response.has_focus() {
                let stroke = Stroke::new(2.0, colors.accent);
                ui.painter().rect_stroke(area, CornerRadius::same(radius::CELL), stroke, StrokeKind::Inside);
            }
            if response.clicked() {
                commands.push(ModulesCommand::Select(cell.path.to_string()).into());
            }
            // A map has hundreds of cells: only the one under the pointer needs its words.
            if response.hovered() {
                response.on_hover_text(label());
            }
        }
    }
    let top = rect.top() + map.rows.len() as f32 * MAP_ROW;
    layer_axis_ui(ui, Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), AXIS)), &map, pitch, words);
}

fn layer_axis_ui(ui: &mut Ui, rect: Rect, map: &HeatMap, pitch: f32, words: Language) {
    let color = Colors::of(ui).text_secondary;
    text_ui(ui, rect, Align::Left, words.text("layer"), Type::CAPTION, color);
    // Numbers need about 22 px, so with many layers only some are printed.
    let every = [1, 2, 4, 8, 16, 32].into_iter().find(|every| *every as f32 * pitch >= 22.0).unwrap_or(64);
    for (column, layer) in map.layers.iter().enumerate().step_by(every) {
        let center = rect.left() + LABELS + (column as f32 + 0.5) * pitch - 1.0;
        let place = Rect::from_center_size(pos2(center, rect.center().y), vec2(40.0, 16.0));
        text_ui(ui, place, Align::Center, &layer.to_string(), Type::MONO_SMALL, color);
    }
}
