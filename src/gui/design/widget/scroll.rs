//! Content that keeps its height where the window is too low for it.

use egui::{Rect, ScrollArea, Ui, UiBuilder, vec2};

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
