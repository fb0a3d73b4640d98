//! A short word on a soft colour.

use egui::{Color32, CornerRadius, Frame, Margin, Response, Ui};

use crate::gui::design::{
    ink::Ink,
    layout::text::label_ui,
    tokens::{Type, radius},
};

/// A chip as wide as its word.
pub fn chip_ui(ui: &mut Ui, text: &str, ink: Ink, fill: Color32) -> Response {
    let frame =
        Frame::new().fill(fill).corner_radius(CornerRadius::same(radius::CHIP)).inner_margin(Margin::symmetric(6, 1));
    frame.show(ui, |ui| label_ui(ui, text, Type::CAPTION_MEDIUM, ink)).response
}
