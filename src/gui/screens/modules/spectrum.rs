//! The singular values of a module's change as bars, and how few directions hold most of it.

use egui::{CornerRadius, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::{
    gui::design::{
        tokens::{Colors, Type, space},
        widget::{Align, text_ui},
    },
    message::{Language, message},
};

/// Height of the bars.
const BARS: f32 = 34.0;

/// Height of all of it.
pub(in crate::gui) const HEIGHT: f32 = 22.0 + BARS + 20.0;

/// Bars drawn; with more singular values, neighbours share one.
const MOST_BARS: usize = 64;

/// The part of ‖Δ‖² that the sentence is about.
const MOST_ENERGY: f64 = 0.9;

/// Directions that hold most of the energy.
fn directions(values: &[f64]) -> usize {
    let energy: f64 = values.iter().map(|value| value * value).sum();
    let mut held = 0.0;
    let enough = values.iter().position(|value| {
        held += value * value;
        held >= MOST_ENERGY * energy
    });
    enough.map_or(0, |index| index + 1)
}

/// Paints them from the top of `rect`; `values` are sorted, the largest first.
pub(in crate::gui) fn spectrum_ui(ui: &mut Ui, rect: Rect, values: &[f64], words: Language) {
    let colors = Colors::of(ui);
    let title = Rect::from_min_size(rect.min, vec2(rect.width(), 18.0));
    text_ui(ui, title, Align::Left, words.text("spectrum"), Type::EVIDENCE, colors.text_secondary);
    let (Some(largest), Some(smallest)) = (values.first(), values.last()) else { return };
    let ends = format!("{largest:.3} … {smallest:.3}");
    text_ui(ui, title, Align::Right, &ends, Type::MONO_SMALL, colors.text);
    let bars = Rect::from_min_size(pos2(rect.left(), title.bottom() + space::S4), vec2(rect.width(), BARS));
    let count = values.len().min(MOST_BARS);
    let pitch = bars.width() / count as f32;
    let most = directions(values);
    for bar in 0..count {
        let index = bar * values.len() / count;
        #[expect(clippy::cast_possible_truncation, reason = "a height on screen")]
        let height = (values[index] / largest.max(f64::MIN_POSITIVE)) as f32 * (bars.height() - 1.0) + 1.0;
        let left = bars.left() + bar as f32 * pitch;
        let area = Rect::from_min_max(pos2(left, bars.bottom() - height), pos2(left + pitch - 1.0, bars.bottom()));
        // The directions that the sentence counts are set apart.
        let fill = if index < most { colors.adapter } else { colors.stroke_strong };
        ui.painter().rect_filled(area, CornerRadius::same(1), fill);
    }
    let note = words.say(&message!("energy-note", rank: most, total: values.len()));
    ui.allocate_rect(bars, Sense::hover()).widget_info(|| WidgetInfo::labeled(Role::Image, true, &note));
    let line = Rect::from_min_size(pos2(rect.left(), bars.bottom() + space::S4), vec2(rect.width(), 16.0));
    text_ui(ui, line, Align::Left, &note, Type::CAPTION, colors.text_secondary);
}

#[cfg(test)]
mod tests {
    use super::directions;

    #[test]
    fn few_directions_may_hold_most() {
        assert_eq!(directions(&[4.0, 1.0, 0.1]), 1);
        assert_eq!(directions(&[1.0, 1.0, 1.0, 1.0]), 4);
        assert_eq!(directions(&[]), 0);
    }
}
