//! The side of the Modules screen: the map, and the selected module.

use egui::{Rect, Stroke, Ui, pos2, vec2};

use super::{
    command_button::CommandButton,
    heat::{heat_map_ui, heat_number, heat_scale_ui},
};
use crate::gui::{
    command::UiCommand,
    inspection::Inspection,
    state::AppState,
    tokens::{Palette, Type, space},
    view::{HeatMap, HeatScale, ModuleDetail},
    widget::{Align, ButtonLook, Icon, chip_ui, text_ui, text_width, wrapped_text_ui},
};

/// The whole side.
pub(super) fn inspector_ui(
    ui: &mut Ui,
    rect: Rect,
    state: &AppState,
    inspection: &Inspection,
    commands: &mut Vec<UiCommand>,
) {
    let palette = Palette::of(ui);
    let inner = Rect::from_min_max(rect.min + vec2(space::S12, 0.0), rect.max - vec2(space::S16, 0.0));
    let map_height = map_ui(ui, inner, state, inspection, commands);
    let top = inner.top() + map_height + space::S12;
    ui.painter().hline(rect.x_range(), top.round() + 0.5, Stroke::new(1.0, palette.stroke));
    let below = Rect::from_min_max(pos2(inner.left(), top + space::S12), inner.max);
    module_ui(ui, below, state, inspection, commands);
}

fn map_ui(ui: &mut Ui, rect: Rect, state: &AppState, inspection: &Inspection, commands: &mut Vec<UiCommand>) -> f32 {
    let palette = Palette::of(ui);
    let words = state.words();
    let title = Rect::from_min_size(rect.min + vec2(0.0, space::S12), vec2(rect.width(), 22.0));
    text_ui(ui, title, Align::Left, words.change_by_layer, Type::BODY_STRONG, palette.text);
    let body = Rect::from_min_max(title.left_bottom() + vec2(0.0, space::S8), rect.max);
    let changes = &state.modules.changes;
    let (Some(scale), Some(tree)) = (HeatScale::of(changes), &inspection.tree) else {
        let height = wrapped_text_ui(ui, body, &[(words.change_waits, Type::EVIDENCE, palette.text_secondary)]);
        return body.top() + height - rect.top() + space::S4;
    };
    heat_scale_ui(ui, title, scale);
    let map = HeatMap::new(tree.walk().map(|node| node.path.as_str()), changes);
    let height = heat_map_ui(ui, body, &map, scale, state.modules.selected.as_deref(), words, commands);
    body.top() + height - rect.top()
}

fn module_ui(ui: &mut Ui, rect: Rect, state: &AppState, inspection: &Inspection, commands: &mut Vec<UiCommand>) {
    let palette = Palette::of(ui);
    let words = state.words();
    let title = Rect::from_min_size(rect.min, vec2(rect.width(), 22.0));
    text_ui(ui, title, Align::Left, words.selected_module, Type::BODY_STRONG, palette.text);
    let body = Rect::from_min_max(title.left_bottom() + vec2(0.0, space::S4), rect.max);
    let (Some(path), Some(tree)) = (&state.modules.selected, &inspection.tree) else {
        wrapped_text_ui(ui, body, &[(words.select_a_module, Type::EVIDENCE, palette.text_secondary)]);
        return;
    };
    let record = state.finished().and_then(|done| {
        let tensor = format!("{path}.weight");
        done.receipt.tensors.iter().find(|record| record.name == tensor)
    });
    let stats = record.and_then(|record| record.stats.as_ref());
    let Some(detail) = ModuleDetail::new(tree, path, &inspection.delta_norms, stats) else { return };
    let name_row = Rect::from_min_size(body.min, vec2(body.width(), 22.0));
    name_ui(ui, name_row, &detail, state, commands);
    let output_dtype = state.finished().map_or_else(String::new, |done| done.merged.dtype.clone());
    pairs_ui(
        ui,
        Rect::from_min_max(name_row.left_bottom() + vec2(0.0, space::S8), body.max),
        &detail,
        &output_dtype,
        state,
    );
    let note = Rect::from_min_size(pos2(rect.left(), rect.bottom() - 40.0), vec2(rect.width(), 32.0));
    if detail.is_changed {
        wrapped_text_ui(ui, note, &[(words.norm_note, Type::CAPTION, palette.text_tertiary)]);
    }
}

fn name_ui(ui: &mut Ui, rect: Rect, detail: &ModuleDetail, state: &AppState, commands: &mut Vec<UiCommand>) {
    let palette = Palette::of(ui);
    let chip_width = text_width(ui, &detail.class, Type::CAPTION_MEDIUM) + 24.0;
    let most = rect.width() - chip_width - 32.0;
    let shown = crate::gui::widget::elided_middle(ui, &detail.path, Type::MONO, most);
    let name = Rect::from_min_size(rect.min, vec2(most, rect.height()));
    let placed = text_ui(ui, name, Align::Left, &shown, Type::MONO, palette.text);
    let (ink, fill) = if detail.is_changed {
        (palette.adapter, palette.adapter_soft)
    } else {
        (palette.text_secondary, palette.sunken)
    };
    chip_ui(ui, pos2(placed.rect.right() + space::S8, rect.center().y), &detail.class, ink, fill);
    let copy = Rect::from_min_size(pos2(rect.right() - 24.0, rect.top()), vec2(24.0, rect.height()));
    CommandButton::new(UiCommand::CopyText(detail.path.clone()), ButtonLook::Ghost).icon(Icon::Copy).show_icon_only(
        ui,
        copy,
        state.words(),
        commands,
    );
}

/// Shapes at the left, norms at the right.
fn pairs_ui(ui: &mut Ui, rect: Rect, detail: &ModuleDetail, output_dtype: &str, state: &AppState) {
    let palette = Palette::of(ui);
    let words = state.words();
    let column = (rect.width() - 20.0) / 2.0;
    let row = |index: usize, is_right: bool| {
        let left = if is_right { rect.left() + column + 20.0 } else { rect.left() };
        Rect::from_min_size(pos2(left, rect.top() + index as f32 * 22.0), vec2(column, 22.0))
    };
    for (index, (name, value)) in detail.shapes.iter().enumerate() {
        let area = row(index, false);
        text_ui(ui, area, Align::Left, name, Type::EVIDENCE, palette.text_secondary);
        let color = if name.starts_with("lora") { palette.adapter } else { palette.text };
        text_ui(ui, area, Align::Right, value, Type::MONO, color);
    }
    if !detail.is_changed {
        text_ui(ui, row(0, true), Align::Left, words.unchanged, Type::EVIDENCE, palette.text_secondary);
        return;
    }
    let known =
        |value: Option<f64>, digits: usize| value.map_or_else(|| "—".to_owned(), |value| format!("{value:.digits$}"));
    let kept = (words.kept_in)(output_dtype);
    let mut pairs = vec![
        ("‖Δ‖", known(detail.delta_norm, 3)),
        ("‖W‖", known(detail.weight_norm, 3)),
        ("‖Δ‖ / ‖W‖", detail.relative_change.map_or_else(|| "—".to_owned(), heat_number)),
    ];
    if let Some(gain) = detail.gain {
        pairs.push((&kept, format!("{:.1} %", gain * 100.0)));
    }
    for (index, (name, value)) in pairs.iter().enumerate() {
        let area = row(index, true);
        text_ui(ui, area, Align::Left, name, Type::EVIDENCE, palette.text_secondary);
        text_ui(ui, area, Align::Right, value, Type::MONO, palette.text);
    }
}
