//! What a merge writes as one bar by component, with a line under what the adapter changes.

use egui::{Align, Color32, Layout};

use crate::{
    gui::{
        design::chart::bar::{BarPart, bar_ui, legend_entry_ui, part_color},
        prelude::*,
    },
    plan::ComponentBytes,
    size::Component,
};

/// The strip: a title, the bar, and what its parts are.
pub(in crate::gui) fn components_ui(ui: &mut Ui, parts: &[ComponentBytes; 5], words: Language) {
    let changed: u64 = parts.iter().map(|part| part.changed).sum();
    let note = words.say(&message!("changed-by-adapter", bytes: units::bytes(changed)));
    inset_ui(ui, space::S12, space::S4, |ui| {
        let title = |ui: &mut Ui| _ = label_ui(ui, words.text("written-by-component"), Type::CAPTION, Ink::Secondary);
        let key = |ui: &mut Ui| {
            label_ui(ui, &note, Type::CAPTION, Ink::Secondary);
            let mark = spot(ui, vec2(space::S12, 2.0));
            ui.painter().rect_filled(mark, 0.0, Colors::of(ui).adapter);
        };
        Sides::new().height(grid::CODE_ROW).shrink_left().show(ui, title, key);
        ui.add_space(space::S4);
        bars_ui(ui, parts);
        ui.add_space(space::S4);
        legend_ui(ui, parts, words);
    });
}

/// What is written, and right below it what of that the adapter changes.
fn bars_ui(ui: &mut Ui, parts: &[ComponentBytes; 5]) {
    let colors = Colors::of(ui);
    let points_per_byte = ui.available_width() / parts.iter().map(|part| part.written).sum::<u64>().max(1) as f32;
    let written = parts.iter().enumerate().map(|(index, part)| (part.written, part_color(colors, true, index)));
    let changed = parts.iter().flat_map(|part| {
        [(part.changed, colors.adapter), (part.written.saturating_sub(part.changed), Color32::TRANSPARENT)]
    });
    let part = |(byte_count, fill): (u64, Color32)| BarPart::bare(byte_count as f32 * points_per_byte, fill);
    line_ui(ui, grid::BAR, written.map(part).collect());
    ui.add_space(space::S2);
    line_ui(ui, space::S2, changed.map(part).collect());
}

fn line_ui(ui: &mut Ui, height: f32, parts: Vec<BarPart>) {
    let size = vec2(ui.available_width(), height);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Min), |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        bar_ui(ui, height, parts);
    });
}

/// Swatch, name and bytes of each component, one behind the other.
fn legend_ui(ui: &mut Ui, parts: &[ComponentBytes; 5], words: Language) {
    let colors = Colors::of(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::S16;
        // What the model does not have has no colour in the bar.
        for (index, part) in parts.iter().enumerate().filter(|(_, part)| part.written > 0) {
            let name = format!("{}  ", words.said(&Component::ALL[index]));
            let bytes = units::bytes(part.written);
            let spans = [(name.as_str(), Type::CAPTION, Ink::Secondary), (&bytes, Type::MONO_SMALL, Ink::Primary)];
            legend_entry_ui(ui, &[part_color(colors, true, index)], &spans);
        }
    });
}
