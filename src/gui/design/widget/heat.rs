//! ‖Δ‖/‖W‖ as colours: one cell, a strip of several, and the ramp that they are read by.

use egui::{Align, CornerRadius, Mesh, Rect, Ui, pos2, vec2};

use crate::{
    gui::design::{
        ink::Ink,
        layout::{
            rule::spot,
            text::{label_ui, text_ui},
        },
        tokens::{Colors, Type, heat, ink_on, radius},
    },
    tree::{HeatScale, heat_number},
};

/// One value as a cell; a narrow one leaves its number to the colour.
pub fn heat_cell_ui(ui: &mut Ui, rect: Rect, value: f64, scale: HeatScale) {
    let fill = Colors::of(ui).heat_at(scale.position(value));
    ui.painter().rect_filled(rect, CornerRadius::same(radius::CELL), fill);
    if rect.width() >= heat::NUMBER {
        // What is too narrow to say that it is an estimate stands where a title says it for all.
        let text = if rect.width() >= heat::ESTIMATE { scale.number(value) } else { heat_number(value) };
        text_ui(ui, rect, Align::Center, &text, Type::MONO_SMALL, ink_on(fill));
    }
}

/// Several values as a strip of small squares at the right of `rect`.
pub fn heat_strip_ui(ui: &Ui, rect: Rect, values: &[f64], scale: HeatScale) {
    let left = rect.right() - values.len() as f32 * heat::SQUARE;
    for (index, value) in values.iter().enumerate() {
        let center = pos2(left + (index as f32 + 0.5) * heat::SQUARE, rect.center().y);
        let cell = Rect::from_center_size(center, vec2(heat::SQUARE - 1.0, heat::SQUARE));
        let fill = Colors::of(ui).heat_at(scale.position(*value));
        ui.painter().rect_filled(cell, CornerRadius::same(radius::CELL), fill);
    }
}

/// The ramp between its two ends, for a layout from right to left.
pub fn heat_scale_ui(ui: &mut Ui, scale: HeatScale) {
    label_ui(ui, &scale.end(), Type::MONO_SMALL, Ink::Secondary);
    let ramp = spot(ui, vec2(heat::RAMP, heat::RAMP_HEIGHT));
    let width = ramp.width() / f32::from(heat::RAMP_STEPS);
    // One mesh: as shapes of their own, the steps cost as much as a screen.
    let mut mesh = Mesh::default();
    for step in 0..heat::RAMP_STEPS {
        let min = ramp.min + vec2(f32::from(step) * width, 0.0);
        let fill = Colors::of(ui).heat_at(f32::from(step) / f32::from(heat::RAMP_STEPS - 1));
        mesh.add_colored_rect(Rect::from_min_size(min, vec2(width + 0.5, ramp.height())), fill);
    }
    ui.painter().add(mesh);
    label_ui(ui, "0", Type::MONO_SMALL, Ink::Secondary);
}
