//! Content that keeps its height where the window is too low for it.

use egui::{Rect, ScrollArea, Ui, UiBuilder, vec2};

/// Content that is as high as `add` paints it, which returns its bottom; scrolls where that is more than `rect`.
pub fn flowing_ui(ui: &mut Ui, id: &str, rect: Rect, add: impl FnOnce(&mut Ui, Rect) -> f32) {
    ui.scope_builder(UiBuilder::new().id_salt(id).max_rect(rect), |ui| {
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let min = ui.cursor().min;
            let bottom = add(ui, Rect::from_min_size(min, rect.size()));
            let used = Rect::from_min_max(min, egui::pos2(min.x + rect.width(), bottom));
            ui.allocate_rect(used, egui::Sense::hover());
        });
    });
}

/// Gives `add` all of `rect`, or where that is lower than `min_height`, as much as it needs in a scroll area.
pub fn scrolled_ui(ui: &mut Ui, id: &str, rect: Rect, min_height: f32, add: impl FnOnce(&mut Ui, Rect)) {
    ui.scope_builder(UiBuilder::new().id_salt(id).max_rect(rect), |ui| {
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        if rect.height() >= min_height {
            return add(ui, rect);
        }
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let (_, content) = ui.allocate_space(vec2(rect.width(), min_height));
            add(ui, content);
        });
    });
}
