//! What all charts share: no frame, no background, nothing to drag.

use egui::{Rect, Sense, Ui, UiBuilder};
use egui_plot::{GridMark, Plot, PlotBounds, PlotTransform, PlotUi};

use crate::gui::design::tokens::Colors;

/// A chart of exactly `bounds` across `rect`, with grid lines at `marks` (x, then y); axes are labelled by the caller,
/// who gets the transform for it.
pub fn chart_ui(
    ui: &mut Ui,
    id: &str,
    rect: Rect,
    bounds: PlotBounds,
    marks: [&[f64]; 2],
    add: impl FnOnce(&mut PlotUi<'_>),
) -> PlotTransform {
    let colors = Colors::of(ui);
    // A step as wide as the chart: every line is drawn at full strength.
    let grid = |values: &[f64], step_size: f64| -> Vec<GridMark> {
        values.iter().map(|value| GridMark { value: *value, step_size }).collect()
    };
    let (x_marks, y_marks) = (grid(marks[0], bounds.width()), grid(marks[1], bounds.height()));
    ui.scope_builder(UiBuilder::new().id_salt(id).max_rect(rect), |ui| {
        Plot::new(id)
            .show_axes(false)
            .show_grid([!x_marks.is_empty(), !y_marks.is_empty()])
            .x_grid_spacer(move |_| x_marks.clone())
            .y_grid_spacer(move |_| y_marks.clone())
            .grid_spacing(1.0..=2.0)
            .grid_color(colors.grid)
            .show_background(false)
            .show_x(false)
            .show_y(false)
            .sense(Sense::hover())
            .allow_zoom(false)
            .allow_drag(false)
            .allow_scroll(false)
            .allow_boxed_zoom(false)
            .allow_double_click_reset(false)
            .width(rect.width())
            .height(rect.height())
            .set_margin_fraction(egui::Vec2::ZERO)
            .show(ui, |plot| {
                plot.set_plot_bounds(bounds);
                add(plot);
            })
            .transform
    })
    .inner
}
