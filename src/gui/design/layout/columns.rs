//! Parts of a screen beside each other.

use egui::{Frame, Panel, Stroke, Ui};

use crate::gui::design::tokens::{Colors, grid};

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
    beside_ui(ui, grid::GAP, shared, left, right);
}

/// The same side by side however narrow the window is, with `gap` between them.
pub fn beside_ui<T: ?Sized>(
    ui: &mut Ui,
    gap: f32,
    shared: &mut T,
    left: impl FnOnce(&mut Ui, &mut T),
    right: impl FnOnce(&mut Ui, &mut T),
) {
    let within = ui.spacing().item_spacing.x;
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        ui.columns_const(|[left_ui, right_ui]| {
            column_ui(left_ui, within, |ui| left(ui, shared));
            column_ui(right_ui, within, |ui| right(ui, shared));
        });
    });
}

/// One of the columns, which egui would space as far as from another and whose text it would justify.
fn column_ui(ui: &mut Ui, spacing: f32, add: impl FnOnce(&mut Ui)) {
    ui.spacing_mut().item_spacing.x = spacing;
    ui.vertical(add);
}

/// A part of exactly `width` at the right edge, from top to bottom, to be painted before what takes the rest.
pub fn side_ui(ui: &mut Ui, id: &str, width: f32, add: impl FnOnce(&mut Ui)) {
    Panel::right(id).exact_size(width).resizable(false).show_separator_line(false).frame(Frame::NONE).show(ui, add);
}

/// A part of exactly `height` at the lower edge, below a hairline, to be painted before what takes the rest.
pub fn foot_ui(ui: &mut Ui, id: &str, height: f32, add: impl FnOnce(&mut Ui)) {
    let part = Panel::bottom(id).exact_size(height).resizable(false).show_separator_line(false).frame(Frame::NONE);
    part.show(ui, |ui| {
        let area = ui.max_rect();
        ui.painter().hline(area.x_range(), area.top() + 0.5, Stroke::new(1.0, Colors::of(ui).stroke));
        add(ui);
    });
}
