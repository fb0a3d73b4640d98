//! What stands between things, rules and margins, and the place of what paints itself.

use std::{fmt::Debug, hash::Hash};

use egui::{
    Align, CornerRadius, Direction, Frame, Layout, Margin, Rect, Response, Stroke, StrokeKind, Ui, UiBuilder, Vec2,
    vec2,
};

use crate::gui::design::tokens::Colors;

/// A hairline across the available width; takes no height, so that rows keep their grid.
pub fn rule_ui(ui: &mut Ui) {
    let area = ui.available_rect_before_wrap();
    ui.painter().hline(area.x_range(), area.top().round() - 0.5, Stroke::new(1.0, Colors::of(ui).stroke));
}

/// The ring inside what has the keyboard.
pub fn focus_ring_ui(ui: &Ui, response: &Response, corner: CornerRadius) {
    if response.has_focus() {
        let stroke = Stroke::new(2.0, Colors::of(ui).accent);
        ui.painter().rect_stroke(response.rect, corner, stroke, StrokeKind::Inside);
    }
}

/// `add` inside a margin at its sides and another above and below.
pub fn inset_ui<R>(ui: &mut Ui, sides: f32, ends: f32, add: impl FnOnce(&mut Ui) -> R) -> R {
    inset(sides, ends).show(ui, add).inner
}

/// The margin itself.
pub(super) fn inset(sides: f32, ends: f32) -> Frame {
    #[expect(clippy::cast_possible_truncation, reason = "margins are tokens: small whole numbers")]
    Frame::new().inner_margin(Margin::symmetric(sides as i8, ends as i8))
}

/// The next place of this size in the running layout, for what is only painted: no widget of egui's.
pub fn spot(ui: &mut Ui, size: Vec2) -> Rect {
    let (_, area) = ui.allocate_space(size);
    ui.layout().align_size_within_rect(size, area)
}

/// `add` in the middle of what is there, no wider than `most` and at least `sides` from the edges.
pub fn centered_ui<R>(ui: &mut Ui, most: f32, sides: f32, add: impl FnOnce(&mut Ui) -> R) -> R {
    let area = ui.available_rect_before_wrap();
    let margin = ((area.width() - most) / 2.0).max(sides).round();
    ui.scope_builder(UiBuilder::new().max_rect(area.shrink2(vec2(margin, 0.0))), add).inner
}

/// `add` in the middle of `area`, over whatever is painted there.
pub fn middle_ui<R>(ui: &mut Ui, area: Rect, add: impl FnOnce(&mut Ui) -> R) -> R {
    let middle = Layout::centered_and_justified(Direction::LeftToRight);
    ui.scope_builder(UiBuilder::new().max_rect(area).layout(middle), add).inner
}

/// A part of exactly this size, next in the running layout, in which `add` goes on from top to bottom.
pub fn sized_ui<R>(ui: &mut Ui, id: impl Hash + Debug, size: Vec2, add: impl FnOnce(&mut Ui) -> R) -> R {
    let area = spot(ui, size);
    let layout = Layout::top_down(Align::Min);
    add(&mut ui.new_child(UiBuilder::new().id_salt(id).max_rect(area).layout(layout)))
}

/// A part of this height in the running layout, in which what fills goes down to its end.
pub fn tall_ui<R>(ui: &mut Ui, height: f32, add: impl FnOnce(&mut Ui) -> R) -> R {
    let area = spot(ui, vec2(ui.available_width(), height));
    part_ui(ui, area, add)
}

/// All of `area`, so that what follows stands below it and not below what is painted in it.
fn part_ui<R>(ui: &mut Ui, area: Rect, add: impl FnOnce(&mut Ui) -> R) -> R {
    let add = |ui: &mut Ui| {
        ui.expand_to_include_rect(area);
        add(ui)
    };
    ui.scope_builder(UiBuilder::new().max_rect(area), add).inner
}

/// A part of this height across the available width that `add` paints by its own rectangles: a chart.
pub fn canvas_ui<R>(ui: &mut Ui, height: f32, add: impl FnOnce(&mut Ui, Rect) -> R) -> R {
    let area = spot(ui, vec2(ui.available_width(), height));
    // In a child, because what is placed by a rectangle moves the cursor there.
    part_ui(ui, area, |ui| add(ui, area))
}
