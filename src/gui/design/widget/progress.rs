//! A progress bar.

use egui::{CornerRadius, Rect, Role, Sense, Ui, WidgetInfo, vec2};

use crate::gui::design::{
    layout::rule::spot,
    tokens::{Colors, radius},
};

/// A bar across the available width, filled by `share` between 0 and 1, which a screen reader can read.
pub fn progress_bar_ui(ui: &mut Ui, height: f32, share: f64, label: &str) {
    let area = spot(ui, vec2(ui.available_width(), height));
    progress_in_ui(ui, area, height, share, label);
}

/// The same in the middle of `area`, in a cell of a table.
pub fn progress_in_ui(ui: &mut Ui, area: Rect, height: f32, share: f64, label: &str) {
    let colors = Colors::of(ui);
    let share = share.clamp(0.0, 1.0);
    let rect = Rect::from_center_size(area.center(), vec2(area.width(), height));
    let id = ui.next_auto_id();
    ui.skip_ahead_auto_ids(1);
    let response = ui.interact(rect, id, Sense::hover());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ProgressIndicator, true, label);
        info.value = Some(share * 100.0);
        info
    });
    let corner = CornerRadius::same(radius::CHIP);
    ui.painter().rect_filled(rect, corner, colors.stroke);
    #[expect(clippy::cast_possible_truncation, reason = "a width on screen")]
    let width = rect.width() * share as f32;
    if width >= 1.0 {
        let done = Rect::from_min_size(rect.min, vec2(width, rect.height()));
        ui.painter().rect_filled(done, corner, colors.accent_fill);
    }
}
