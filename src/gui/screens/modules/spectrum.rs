//! The singular values of a module's change as bars, and how few directions hold most of it.

use egui::{CornerRadius, Rect};

use crate::{
    gui::{design::tokens::heat, prelude::*},
    tree::main_directions,
};

/// Bars drawn; with more singular values, neighbours share one.
const MOST_BARS: usize = 64;

/// Paints them across the available width; `values` are sorted, the largest first.
pub(in crate::gui) fn spectrum_ui(ui: &mut Ui, values: &[f64], words: Language) {
    let (Some(largest), Some(smallest)) = (values.first(), values.last()) else { return };
    let ends = format!("{largest:.3} … {smallest:.3}");
    Row::new(words.text("spectrum"), Type::EVIDENCE, Ink::Secondary)
        .value(&ends, Type::MONO_SMALL, Ink::Primary)
        .margins(0.0, 0.0)
        .show(ui);
    ui.add_space(space::S4);
    let most = main_directions(values);
    let note = words.say(&message!("energy-note", rank: most, total: values.len()));
    canvas_ui(ui, heat::BARS, |ui, area| {
        bars_ui(ui, area, values, most);
        ui.allocate_rect(area, Sense::hover()).widget_info(|| WidgetInfo::labeled(Role::Image, true, &note));
    });
    ui.add_space(space::S4);
    paragraph_ui(ui, &note, Type::CAPTION, Ink::Secondary);
}

fn bars_ui(ui: &Ui, area: Rect, values: &[f64], most: usize) {
    let colors = Colors::of(ui);
    let largest = values.first().copied().unwrap_or_default().max(f64::MIN_POSITIVE);
    let count = values.len().min(MOST_BARS);
    let pitch = area.width() / count as f32;
    for bar in 0..count {
        let index = bar * values.len() / count;
        #[expect(clippy::cast_possible_truncation, reason = "a height on screen")]
        let height = (values[index] / largest) as f32 * (area.height() - 1.0) + 1.0;
        let left = area.left() + bar as f32 * pitch;
        let bar = Rect::from_min_max(pos2(left, area.bottom() - height), pos2(left + pitch - 1.0, area.bottom()));
        // The directions that the sentence counts are set apart.
        let fill = if index < most { colors.adapter } else { colors.stroke_strong };
        ui.painter().rect_filled(bar, CornerRadius::same(1), fill);
    }
}
