//! What a merge writes as one bar by component, with a line under what the adapter changes.

use egui::{Rect, Ui, pos2, vec2};

use crate::{
    gui::{
        design::{
            tokens::{Colors, Type, space},
            widget::{Align, runs_ui, text_ui, text_width},
        },
        screens::compare::size_chart::part_color,
    },
    message::{Language, message},
    plan::ComponentBytes,
    size::Component,
    units,
};

/// Height of the bar.
const BAR: f32 = 10.0;

/// Height of the line under it, and the room between them.
const MARK: f32 = 2.0;

/// Height of a line of words.
const LINE: f32 = 18.0;

/// Narrower than this the components take two lines.
const TWO_LINES: f32 = 640.0;

/// Side of a swatch.
const SWATCH: f32 = 8.0;

fn legend_lines(width: f32) -> usize {
    if width < TWO_LINES { 2 } else { 1 }
}

/// Height across `width`.
pub(in crate::gui) fn components_height(width: f32) -> f32 {
    space::S8 + LINE + space::S4 + BAR + 2.0 * MARK + space::S4 + legend_lines(width) as f32 * LINE + space::S8
}

/// The strip: a title, the bar, and what its parts are.
pub(in crate::gui) fn components_ui(ui: &mut Ui, rect: Rect, parts: &[ComponentBytes; 5], words: Language) {
    let colors = Colors::of(ui);
    let inner = rect.shrink2(vec2(space::S16, space::S8));
    let title = Rect::from_min_size(inner.min, vec2(inner.width(), LINE));
    text_ui(ui, title, Align::Left, words.text("written-by-component"), Type::CAPTION, colors.text_secondary);
    let changed: u64 = parts.iter().map(|part| part.changed).sum();
    let note = words.say(&message!("changed-by-adapter", bytes: units::bytes(changed)));
    let note = text_ui(ui, title, Align::Right, &note, Type::CAPTION, colors.text_secondary).rect;
    let mark = Rect::from_center_size(pos2(note.left() - space::S12, title.center().y), vec2(space::S12, MARK));
    ui.painter().rect_filled(mark, 0.0, colors.adapter);
    let bar = Rect::from_min_size(title.left_bottom() + vec2(0.0, space::S4), vec2(inner.width(), BAR));
    bar_ui(ui, bar, parts);
    let legend = Rect::from_min_max(bar.left_bottom() + vec2(0.0, 2.0 * MARK + space::S4), inner.max);
    legend_ui(ui, legend, parts, words);
}

fn bar_ui(ui: &Ui, rect: Rect, parts: &[ComponentBytes; 5]) {
    let colors = Colors::of(ui);
    let total = parts.iter().map(|part| part.written).sum::<u64>().max(1);
    let width_of = |byte_count: u64| rect.width() * (byte_count as f32 / total as f32);
    let mut left = rect.left();
    for (index, part) in parts.iter().enumerate() {
        let cell = Rect::from_min_size(pos2(left, rect.top()), vec2(width_of(part.written), rect.height()));
        // A gap of a point keeps neighbours apart that differ little in their colour.
        let filled = Rect::from_min_max(cell.min, pos2((cell.right() - 1.0).max(cell.left()), cell.bottom()));
        ui.painter().rect_filled(filled, 0.0, part_color(colors, true, index));
        let changed = width_of(part.changed).min(filled.width());
        let mark = Rect::from_min_size(cell.left_bottom() + vec2(0.0, MARK), vec2(changed, MARK));
        ui.painter().rect_filled(mark, 0.0, colors.adapter);
        left = cell.right();
    }
}

/// Swatch, name and bytes of each component, one behind the other.
fn legend_ui(ui: &mut Ui, rect: Rect, parts: &[ComponentBytes; 5], words: Language) {
    let colors = Colors::of(ui);
    let mut at = rect.min;
    let written = |index: usize| parts[index].written;
    // What the model does not have has no colour in the bar.
    for (index, component) in Component::ALL.into_iter().enumerate().filter(|(index, _)| written(*index) > 0) {
        let (name, bytes) = (words.said(&component), units::bytes(written(index)));
        let width = text_width(ui, &name, Type::CAPTION) + text_width(ui, &bytes, Type::MONO_SMALL) + 2.0 * space::S4;
        if at.x > rect.left() && at.x + SWATCH + space::S4 + width > rect.right() {
            at = pos2(rect.left(), at.y + LINE);
        }
        let area = Rect::from_min_size(at, vec2(SWATCH + space::S4 + width, LINE));
        let swatch = Rect::from_center_size(pos2(area.left() + SWATCH / 2.0, area.center().y), vec2(SWATCH, SWATCH));
        ui.painter().rect_filled(swatch, 1.0, part_color(colors, true, index));
        let runs = [
            (name.as_str(), Type::CAPTION, colors.text_secondary),
            ("  ", Type::CAPTION, colors.text_secondary),
            (bytes.as_str(), Type::MONO_SMALL, colors.text),
        ];
        let text = Rect::from_min_max(area.min + vec2(SWATCH + space::S4, 0.0), area.max);
        at.x = runs_ui(ui, text, Align::Left, &runs).rect.right().max(area.right()) + space::S16;
    }
}
