//! How wide a text is, and what is left of it where there is less room.

use egui::{Color32, Response, Ui};

use crate::{gui::design::tokens::Type, units::path::elide_middle};

/// `text` with as much of its middle left out as it takes to fit `width`.
pub fn elided_middle(ui: &Ui, text: &str, kind: Type, width: f32) -> String {
    let mut most_chars = text.chars().count();
    let mut elided = text.to_owned();
    while most_chars > 4 && text_width(ui, &elided, kind) > width {
        // One step goes most of the way, for wide and narrow characters are mixed.
        let ratio = width / text_width(ui, &elided, kind);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "fewer characters than before")]
        let scaled = (most_chars as f32 * ratio) as usize;
        most_chars = scaled.clamp(4, most_chars - 1);
        elided = elide_middle(text, most_chars);
    }
    elided
}

/// Width of a line.
pub fn text_width(ui: &Ui, text: &str, kind: Type) -> f32 {
    ui.painter().layout_no_wrap(text.to_owned(), kind.font_id(), Color32::BLACK).size().x
}

/// `response` with what `explain` says on hover, if anything: asked for only where it is shown or read aloud, because
/// most of a window is neither.
pub fn explained(response: Response, explain: impl FnOnce() -> String) -> Response {
    let is_read_aloud = response.ctx.has_accesskit_node(response.id);
    if !is_read_aloud && !response.contains_pointer() && !response.is_tooltip_open() {
        return response;
    }
    let words = explain();
    if words.is_empty() { response } else { response.on_hover_text(words) }
}
