//! Parts of a screen beside each other.

use egui::{Frame, Panel, Ui};

use crate::gui::design::tokens::grid;

/// Two columns of equal width, each as high as it needs; below one another where the window is narrow.
pub fn columns_ui<T: ?Sized>(
    ui: &mut Ui,
    shared: &mut T,
    left: impl FnOnce(&mut Ui, &mut T),
    right: impl FnOnce(&mut Ui, &mut T),
) {
    if ui.available_width() < grid::NARROW {
        left(ui, shared);
        ui.add_space(grid::GAP);
        return right(ui, shared);
    }
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.x = grid::GAP;
        ui.columns_const(|[left_ui, right_ui]| {
            left(left_ui, shared);
            right(right_ui, shared);
        });
    });
}

/// A part of exactly `width` at the right edge, from top to bottom, to be painted before what takes the rest.
pub fn side_ui(ui: &mut Ui, id: &str, width: f32, add: impl FnOnce(&mut Ui)) {
    Panel::right(id).exact_size(width).resizable(false).show_separator_line(false).frame(Frame::NONE).show(ui, add);
}

/// A part of exactly `height` at the lower edge, to be painted before what takes the rest.
pub fn foot_ui(ui: &mut Ui, id: &str, height: f32, add: impl FnOnce(&mut Ui)) {
    Panel::bottom(id).exact_size(height).resizable(false).show_separator_line(false).frame(Frame::NONE).show(ui, add);
}
