//! What a merge writes as one bar by component, with a line under what the adapter changes.

use egui::Rect;

use crate::{
    gui::{design::chart::bar::part_color, prelude::*},
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
            let (mark, _) = ui.allocate_exact_size(vec2(space::S12, 2.0), Sense::hover());
            ui.painter().rect_filled(mark, 0.0, Colors::of(ui).adapter);
        };
        Sides::new().height(grid::CODE_ROW).shrink_left().show(ui, title, key);
        ui.add_space(space::S4);
        canvas_ui(ui, grid::BAR + space::S4, |ui, area| bar_ui(ui, area.with_max_y(area.top() + grid::BAR), parts));
        ui.add_space(space::S4);
        legend_ui(ui, parts, words);
    });
}

fn bar_ui(ui: &Ui, rect: Rect, parts: &[ComponentBytes; 5]) {
    let colors = Colors::of(ui);
    let total = parts.iter().map(|part| part.written).sum::<u64>().max(1);
    let width_of = |byte_count: u64| rect.width() * (byte_count as f32 / total as f32);
    let mut left = rect.left();
    for (index, part) in parts.iter().enumerate() {
        let cell = Rect::from_min_size(pos2(left, rect.top()), vec2(width_of(part.written), rect.height()));
        // A gap of a point keeps neighbours apart that differ little in their colour.
        let filled = cell.with_max_x((cell.right() - 1.0).max(cell.left()));
        ui.painter().rect_filled(filled, 0.0, part_color(colors, true, index));
        let changed = width_of(part.changed).min(filled.width());
        let mark = Rect::from_min_size(cell.left_bottom() + vec2(0.0, 2.0), vec2(changed, 2.0));
        ui.painter().rect_filled(mark, 0.0, colors.adapter);
        left = cell.right();
    }
}

/// Swatch, name and bytes of each component, one behind the other.
fn legend_ui(ui: &mut Ui, parts: &[ComponentBytes; 5], words: Language) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::S16;
        // What the model does not have has no colour in the bar.
        for (index, part) in parts.iter().enumerate().filter(|(_, part)| part.written > 0) {
            let (name, bytes) = (words.said(&Component::ALL[index]), units::bytes(part.written));
            let width = text_width(ui, &format!("{name}  "), Type::CAPTION) + text_width(ui, &bytes, Type::MONO_SMALL);
            let size = vec2(space::S12 + width + 1.0, grid::CODE_ROW);
            let (area, _) = ui.allocate_exact_size(size, Sense::hover());
            let center = area.left_center() + vec2(space::S4, 0.0);
            let swatch = Rect::from_center_size(center, vec2(space::S8, space::S8));
            ui.painter().rect_filled(swatch, 1.0, part_color(Colors::of(ui), true, index));
            let text = egui::UiBuilder::new().max_rect(area.with_min_x(area.left() + space::S12));
            let gap = ("  ", Type::CAPTION, Ink::Secondary);
            let spans = [(name.as_str(), Type::CAPTION, Ink::Secondary), gap, (&bytes, Type::MONO_SMALL, Ink::Primary)];
            ui.scope_builder(text, |ui| spans_ui(ui, &spans));
        }
    });
}
