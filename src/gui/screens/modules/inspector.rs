//! The side of the Modules screen: the map, the selected module, and the way on.

use egui::{Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::{
    command::ModulesCommand,
    heat::{heat_map_height, heat_map_ui, heat_number, heat_scale_ui, scale_number},
    heat_map::{HeatCell, HeatMap, HeatScale},
    module_detail::{ModuleDetail, ModuleNumbers},
    spectrum::{self, spectrum_ui},
};
use crate::{
    gui::{
        app::{
            command::{Command, of_app::AppCommand},
            inspection::Inspection,
            state::AppState,
        },
        design::{
            ink::Ink,
            layout::rule::placed_ui,
            tokens::{Colors, Type, space},
            widget::{
                Align, ButtonLook, Icon, chip_ui, elided_middle, scrolled_ui, text_ui, text_width, wrapped_text_ui,
            },
        },
        frame::{
            command_button::CommandButton,
            next_step::{self, next_step_ui},
        },
    },
    message::{Language, message},
};

/// Narrowest side in which shapes and norms stand beside each other.
const TWO_COLUMNS: f32 = 360.0;

/// Height of the line about the largest change.
const LARGEST: f32 = 22.0;

/// Height of the words about norms.
const NOTE: f32 = 40.0;

/// Height of a pair of name and value.
const PAIR: f32 = 22.0;

/// The whole side.
pub(in crate::gui) fn inspector_ui(
    ui: &mut Ui,
    rect: Rect,
    state: &AppState,
    inspection: &Inspection,
    commands: &mut Vec<Command>,
) {
    let stroke = Stroke::new(1.0, Colors::of(ui).stroke);
    let has_next_step = inspection.plan.is_some();
    let next_height = if has_next_step { next_step::HEIGHT + 2.0 * space::S12 } else { 0.0 };
    let upper = Rect::from_min_max(rect.min, rect.max - vec2(0.0, next_height));
    let map = state.modules.scale.map(|scale| (scale, state.modules.map.as_ref()));
    let map_height =
        map.map_or(88.0, |(_, map)| 58.0 + heat_map_height(map) + map.largest.as_ref().map_or(0.0, |_| LARGEST));
    let pair_rows = if rect.width() < TWO_COLUMNS { 8.0 } else { 4.0 };
    let spectrum = spectrum_of(state).map_or(0.0, |_| spectrum::HEIGHT + space::S8);
    let needed = map_height + space::S12 + 56.0 + pair_rows * PAIR + spectrum + NOTE;
    scrolled_ui(ui, "inspector", upper, needed, |ui, area| {
        let inner = Rect::from_min_max(area.min + vec2(space::S12, 0.0), area.max - vec2(space::S16, 0.0));
        map_ui(ui, inner, map, state, commands);
        let top = (inner.top() + map_height).round();
        ui.painter().hline(area.x_range(), top + 0.5, stroke);
        let below = Rect::from_min_max(pos2(inner.left(), top + space::S12), inner.max);
        module_ui(ui, below, state, inspection, commands);
    });
    if has_next_step {
        ui.painter().hline(rect.x_range(), upper.bottom().round() + 0.5, stroke);
        let strip = Rect::from_min_max(upper.left_bottom(), rect.max);
        let inner =
            Rect::from_min_max(strip.min + vec2(space::S12, space::S12), strip.max - vec2(space::S16, space::S12));
        placed_ui(ui, inner, |ui| next_step_ui(ui, state, commands));
    }
}

fn map_ui(ui: &mut Ui, rect: Rect, map: Option<(HeatScale, &HeatMap)>, state: &AppState, commands: &mut Vec<Command>) {
    let colors = Colors::of(ui);
    let words = state.words();
    let title = Rect::from_min_size(rect.min + vec2(0.0, space::S12), vec2(rect.width(), 22.0));
    let name = text_ui(ui, title, Align::Left, words.text("change-by-layer"), Type::BODY_STRONG, colors.text);
    let body = Rect::from_min_max(title.left_bottom() + vec2(0.0, space::S8), rect.max);
    let Some((scale, map)) = map else {
        wrapped_text_ui(ui, body, &[(words.text("change-waits"), Type::EVIDENCE, colors.text_secondary)]);
        return;
    };
    let ramp = heat_scale_ui(ui, title, scale);
    if scale.is_estimate {
        let note =
            Rect::from_min_max(pos2(name.rect.right() + space::S8, title.top()), pos2(ramp.left(), title.bottom()));
        text_ui(ui, note, Align::Left, words.text("estimated"), Type::CAPTION, colors.text_secondary)
            .on_hover_text(words.text("estimated.tooltip"));
    }
    heat_map_ui(ui, body, map, scale, state.modules.selected.as_deref(), words, commands);
    if let Some(largest) = &map.largest {
        let line = pos2(body.left(), body.top() + heat_map_height(map) + space::S4);
        let line = Rect::from_min_size(line, vec2(body.width(), LARGEST));
        largest_ui(ui, line, largest, scale, words, commands);
    }
}

/// Which module changes most, in words; a click selects it.
fn largest_ui(
    ui: &mut Ui,
    rect: Rect,
    largest: &HeatCell,
    scale: HeatScale,
    words: Language,
    commands: &mut Vec<Command>,
) {
    let colors = Colors::of(ui);
    let response = ui.allocate_rect(rect, Sense::click());
    let value = scale_number(largest.value, scale);
    let label = format!("{}: {}, {value}", words.text("changed-most"), largest.path);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
    let number = text_ui(ui, rect, Align::Right, &value, Type::MONO_SMALL, colors.text);
    let name = text_ui(ui, rect, Align::Left, words.text("changed-most"), Type::EVIDENCE, colors.text_secondary);
    let place = Rect::from_min_max(
        pos2(name.rect.right() + space::S8, rect.top()),
        pos2(number.rect.left() - space::S8, rect.bottom()),
    );
    let ink = if response.hovered() || response.has_focus() { colors.accent } else { colors.text };
    let path = elided_middle(ui, &largest.path, Type::MONO_SMALL, place.width());
    text_ui(ui, place, Align::Left, &path, Type::MONO_SMALL, ink);
    if response.on_hover_text(label).clicked() {
        commands.push(ModulesCommand::Select(largest.path.to_string()).into());
    }
}

fn module_ui(ui: &mut Ui, rect: Rect, state: &AppState, inspection: &Inspection, commands: &mut Vec<Command>) {
    let colors = Colors::of(ui);
    let words = state.words();
    let title = Rect::from_min_size(rect.min, vec2(rect.width(), 22.0));
    text_ui(ui, title, Align::Left, words.text("selected-module"), Type::BODY_STRONG, colors.text);
    let body = Rect::from_min_max(title.left_bottom() + vec2(0.0, space::S4), rect.max);
    let Some(detail) = detail(state, inspection) else {
        wrapped_text_ui(ui, body, &[(words.text("select-a-module"), Type::EVIDENCE, colors.text_secondary)]);
        return;
    };
    let name_row = Rect::from_min_size(body.min, vec2(body.width(), 22.0));
    name_ui(ui, name_row, &detail, state, commands);
    let pairs = Rect::from_min_max(name_row.left_bottom() + vec2(0.0, space::S8), body.max);
    let bottom = pairs_ui(ui, pairs, &detail, state);
    if let Some(values) = spectrum_of(state) {
        let area = Rect::from_min_max(pos2(rect.left(), bottom + space::S8), rect.max);
        spectrum_ui(ui, area, values, words);
    }
    if detail.is_changed {
        let note = Rect::from_min_max(pos2(rect.left(), rect.bottom() - NOTE + space::S4), rect.max);
        let text = match state.modules.scale {
            Some(scale) if scale.is_estimate => words.text("norm-note-before"),
            Some(_) => words.text("norm-note"),
            None => "",
        };
        wrapped_text_ui(ui, note, &[(text, Type::CAPTION, colors.text_tertiary)]);
    }
}

/// The singular values of the selected module's change, once they are known.
fn spectrum_of(state: &AppState) -> Option<&[f64]> {
    let values = state.modules.spectra.get(state.modules.selected.as_ref()?)?;
    (!values.is_empty()).then_some(values)
}

fn detail(state: &AppState, inspection: &Inspection) -> Option<ModuleDetail> {
    let path = state.modules.selected.as_deref()?;
    let record = state.finished().and_then(|done| {
        let tensor = format!("{path}.weight");
        done.made.as_ref()?.receipt.tensors.iter().find(|record| record.name == tensor)
    });
    let numbers = ModuleNumbers {
        delta_norms: &state.modules.delta_norms,
        changes: &state.modules.changes,
        stats: record.and_then(|record| record.stats.as_ref()),
    };
    ModuleDetail::new(inspection.tree.as_ref()?, path, numbers)
}

fn name_ui(ui: &mut Ui, rect: Rect, detail: &ModuleDetail, state: &AppState, commands: &mut Vec<Command>) {
    let colors = Colors::of(ui);
    let chip_width = text_width(ui, &detail.class, Type::CAPTION_MEDIUM) + space::S24;
    let most = rect.width() - chip_width - 32.0;
    let shown = elided_middle(ui, &detail.path, Type::MONO, most);
    let name = Rect::from_min_size(rect.min, vec2(most, rect.height()));
    let placed = text_ui(ui, name, Align::Left, &shown, Type::MONO, colors.text);
    let right = placed.rect.right();
    if shown != detail.path {
        placed.on_hover_text(&detail.path);
    }
    let (ink, fill) =
        if detail.is_changed { (colors.adapter, colors.adapter_soft) } else { (colors.text_secondary, colors.sunken) };
    let chip = Rect::from_min_size(pos2(right + space::S8, rect.center().y - 9.0), vec2(chip_width, 18.0));
    placed_ui(ui, chip, |ui| _ = chip_ui(ui, &detail.class, Ink::Exactly(ink), fill));
    let copy = Rect::from_min_size(pos2(rect.right() - 24.0, rect.top()), vec2(24.0, rect.height()));
    CommandButton::new(AppCommand::CopyText(detail.path.clone()), ButtonLook::Ghost)
        .icon(Icon::Copy)
        .label(state.words().text("copy"))
        .show_icon_only(ui, copy, state.words(), commands);
}

/// Shapes at the left, norms at the right, or below them where the side is narrow; returns the bottom.
fn pairs_ui(ui: &mut Ui, rect: Rect, detail: &ModuleDetail, state: &AppState) -> f32 {
    let colors = Colors::of(ui);
    let has_two_columns = rect.width() >= TWO_COLUMNS - space::S24 - space::S4;
    let column = if has_two_columns { (rect.width() - 20.0) / 2.0 } else { rect.width() };
    let row =
        |left: f32, index: usize| Rect::from_min_size(pos2(left, rect.top() + index as f32 * PAIR), vec2(column, PAIR));
    for (index, (name, value)) in detail.shapes.iter().enumerate() {
        let area = row(rect.left(), index);
        text_ui(ui, area, Align::Left, name, Type::EVIDENCE, colors.text_secondary);
        let color = if name.starts_with("lora") { colors.adapter } else { colors.text };
        text_ui(ui, area, Align::Right, value, Type::MONO, color);
    }
    let (left, first) = if has_two_columns { (rect.right() - column, 0) } else { (rect.left(), detail.shapes.len()) };
    if !detail.is_changed {
        let words = state.words();
        text_ui(ui, row(left, first), Align::Left, words.text("unchanged"), Type::EVIDENCE, colors.text_secondary);
        return row(left, first.max(detail.shapes.len())).bottom();
    }
    let norms = norms(detail, state);
    let rows = detail.shapes.len().max(first + norms.len());
    for (index, (name, value)) in norms.into_iter().enumerate() {
        let area = row(left, first + index);
        text_ui(ui, area, Align::Left, &name, Type::EVIDENCE, colors.text_secondary);
        text_ui(ui, area, Align::Right, &value, Type::MONO, colors.text);
    }
    row(left, rows).top()
}

fn norms(detail: &ModuleDetail, state: &AppState) -> Vec<(String, String)> {
    let unknown = || "—".to_owned();
    let scale = state.modules.scale;
    let about = if scale.is_some_and(|scale| scale.is_estimate) { "≈ " } else { "" };
    let relative = |value: f64| scale.map_or_else(|| heat_number(value), |scale| scale_number(value, scale));
    let mut pairs = vec![
        ("‖Δ‖".to_owned(), detail.delta_norm.map_or_else(unknown, |norm| format!("{norm:.3}"))),
        ("‖W‖".to_owned(), detail.weight_norm.map_or_else(unknown, |norm| format!("{about}{norm:.3}"))),
        ("‖Δ‖ / ‖W‖".to_owned(), detail.relative_change.map_or_else(unknown, relative)),
    ];
    if let (Some(gain), Some(done)) = (detail.gain, state.finished()) {
        pairs.push((
            state.words().say(&message!("kept-in", dtype: &done.merged.dtype)),
            format!("{:.1} %", gain * 100.0),
        ));
    }
    pairs
}
