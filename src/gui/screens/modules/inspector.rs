//! The side of the Modules screen: the map, the selected module, and the way on.

use egui::ScrollArea;

use super::{
    command::ModulesCommand,
    heat_map::{heat_map_height, heat_map_ui},
    spectrum::spectrum_ui,
};
use crate::{
    gui::{
        design::widget::{chip_ui, elided_middle, heat_scale_ui},
        frame::next_step::next_step_foot_ui,
        prelude::*,
    },
    tree::{ChangeCell, HeatScale, ModuleDetail, ModuleNumbers, heat_number},
};

/// The whole side.
pub(in crate::gui) fn inspector_ui(
    ui: &mut Ui,
    state: &AppState,
    inspection: &Inspection,
    commands: &mut Vec<Command>,
) {
    if inspection.plan.is_some() {
        next_step_foot_ui(ui, state, commands);
    }
    ScrollArea::vertical().id_salt("inspector").auto_shrink(false).show(ui, |ui| {
        inset_ui(ui, space::S12, space::S12, |ui| map_ui(ui, state, commands));
        rule_ui(ui);
        inset_ui(ui, space::S12, space::S12, |ui| module_ui(ui, state, inspection, commands));
    });
}

/// A line of the side, what `right` adds from its right end.
fn line_ui(ui: &mut Ui, left: impl FnOnce(&mut Ui), right: impl FnOnce(&mut Ui)) {
    Sides::new().height(grid::SMALL_BUTTON).shrink_left().show(ui, left, right);
}

fn map_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    let words = state.words();
    let title = |ui: &mut Ui| _ = paragraph_ui(ui, words.text("change-by-layer"), Type::BODY_STRONG, Ink::Primary);
    let Some(scale) = state.modules.scale else {
        line_ui(ui, title, |_| ());
        ui.add_space(space::S8);
        paragraph_ui(ui, words.text("change-waits"), Type::EVIDENCE, Ink::Secondary);
        return;
    };
    let left = |ui: &mut Ui| {
        title(ui);
        if scale.is_estimate {
            let note = [(words.text("estimated"), Type::CAPTION, Ink::Secondary)];
            hinted_ui(ui, &note, words.text("estimated.tooltip"));
        }
    };
    line_ui(ui, left, |ui| heat_scale_ui(ui, scale));
    ui.add_space(space::S8);
    let (map, selected) = (&state.modules.map, state.modules.selected.as_deref());
    canvas_ui(ui, heat_map_height(map), |ui, area| heat_map_ui(ui, area, map, scale, selected, words, commands));
    if let Some(largest) = &map.largest {
        ui.add_space(space::S4);
        largest_ui(ui, largest, scale, words, commands);
    }
}

/// Which module changes most, in words; a click selects it.
fn largest_ui(ui: &mut Ui, largest: &ChangeCell, scale: HeatScale, words: Language, commands: &mut Vec<Command>) {
    let (name, value) = (words.text("changed-most"), scale.number(largest.value));
    let label = format!("{name}: {}, {value}", largest.path);
    canvas_ui(ui, grid::SMALL_BUTTON, |ui, area| {
        let response = ui.interact(area, ui.scope_id().with("largest"), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
        let ink = if response.hovered() || response.has_focus() { Ink::Accent } else { Ink::Primary };
        let left = |ui: &mut Ui| {
            label_ui(ui, name, Type::EVIDENCE, Ink::Secondary);
            let path = elided_middle(ui, &largest.path, Type::MONO_SMALL, ui.available_width());
            label_ui(ui, &path, Type::MONO_SMALL, ink);
        };
        line_ui(ui, left, |ui| _ = label_ui(ui, &value, Type::MONO_SMALL, Ink::Primary));
        if response.on_hover_text(label).clicked() {
            commands.push(ModulesCommand::Select(largest.path.to_string()).into());
        }
    });
}

fn module_ui(ui: &mut Ui, state: &AppState, inspection: &Inspection, commands: &mut Vec<Command>) {
    let words = state.words();
    label_ui(ui, words.text("selected-module"), Type::BODY_STRONG, Ink::Primary);
    ui.add_space(space::S4);
    let Some(detail) = detail(state, inspection) else {
        paragraph_ui(ui, words.text("select-a-module"), Type::EVIDENCE, Ink::Secondary);
        return;
    };
    name_ui(ui, &detail, words, commands);
    ui.add_space(space::S4);
    pairs_ui(ui, &detail, state);
    let values = state.modules.spectra.get(&detail.path).filter(|values| !values.is_empty());
    if let Some(values) = values {
        ui.add_space(space::S8);
        spectrum_ui(ui, values, words);
    }
    if let Some(scale) = state.modules.scale.filter(|_| detail.is_changed) {
        let note = if scale.is_estimate { "norm-note-before" } else { "norm-note" };
        ui.add_space(space::S4);
        paragraph_ui(ui, words.text(note), Type::CAPTION, Ink::Tertiary);
    }
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

/// Its path and class, and a button that copies the path.
fn name_ui(ui: &mut Ui, detail: &ModuleDetail, words: Language, commands: &mut Vec<Command>) {
    let colors = Colors::of(ui);
    let (ink, fill) =
        if detail.is_changed { (Ink::Adapter, colors.adapter_soft) } else { (Ink::Secondary, colors.sunken) };
    let left = |ui: &mut Ui| {
        let chip_width = text_width(ui, &detail.class, Type::CAPTION_MEDIUM) + space::S24;
        let width = ui.available_width() - chip_width;
        ui.scope(|ui| {
            ui.set_max_width(width);
            path_ui(ui, &detail.path, Type::MONO, Ink::Primary);
        });
        chip_ui(ui, &detail.class, ink, fill);
    };
    let copy = |ui: &mut Ui| {
        let button = CommandButton::new(ModulesCommand::CopyPath, ButtonLook::Ghost);
        button.icon(Icon::Copy).label(words.text("copy")).add_icon_only(ui, words, commands);
    };
    line_ui(ui, left, copy);
}

/// Shapes at the left, norms at the right, or below them where the side is narrow.
fn pairs_ui(ui: &mut Ui, detail: &ModuleDetail, state: &AppState) {
    let shapes = |ui: &mut Ui| {
        for (name, value) in &detail.shapes {
            let ink = if name.starts_with("lora") { Ink::Adapter } else { Ink::Primary };
            pair_ui(ui, name, value, ink);
        }
    };
    let norms = |ui: &mut Ui| {
        if !detail.is_changed {
            return pair_ui(ui, state.words().text("unchanged"), "", Ink::Primary);
        }
        for (name, value) in norms(detail, state) {
            pair_ui(ui, &name, &value, Ink::Primary);
        }
    };
    if ui.available_width() < grid::TWO_COLUMNS {
        shapes(ui);
        return norms(ui);
    }
    beside_ui(ui, grid::ICON, &mut (), |ui, ()| shapes(ui), |ui, ()| norms(ui));
}

fn pair_ui(ui: &mut Ui, name: &str, value: &str, ink: Ink) {
    let name = [(name, Type::EVIDENCE, Ink::Secondary)];
    ends_ui(ui, grid::SMALL_BUTTON, 0.0, &name, &[(value, Type::MONO, ink)]);
}

fn norms(detail: &ModuleDetail, state: &AppState) -> Vec<(String, String)> {
    let unknown = || "—".to_owned();
    let scale = state.modules.scale;
    let about = if scale.is_some_and(|scale| scale.is_estimate) { "≈ " } else { "" };
    let relative = |value: f64| scale.map_or_else(|| heat_number(value), |scale| scale.number(value));
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
