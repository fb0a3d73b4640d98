//! Text at a place: one line that elides, runs of several styles, or a wrapped paragraph. All of it is readable by a
//! screen reader.

use std::sync::Arc;

use egui::{
    Align2, Color32, Galley, Rect, Response, Role, Sense, Ui, WidgetInfo,
    text::{LayoutJob, TextFormat, TextWrapping},
};

use crate::gui::design::tokens::{Face, Type};
use crate::units::path::elide_middle;

/// Where a line stands in its rectangle; always centred vertically.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Headings over centred cells.
    Center,
    /// Numbers.
    Right,
}

impl Align {
    fn align2(self) -> Align2 {
        match self {
            Self::Left => Align2::LEFT_CENTER,
            Self::Center => Align2::CENTER_CENTER,
            Self::Right => Align2::RIGHT_CENTER,
        }
    }
}

/// A piece of a line in one style.
pub type Run<'a> = (&'a str, Type, Color32);

/// One line of text, its end elided where the rectangle is too narrow.
pub fn text_ui(ui: &mut Ui, rect: Rect, align: Align, text: &str, kind: Type, color: Color32) -> Response {
    runs_ui(ui, rect, align, &[(text, kind, color)])
}

/// One line of several styles.
pub fn runs_ui(ui: &mut Ui, rect: Rect, align: Align, runs: &[Run<'_>]) -> Response {
    let mut job = job_of(runs);
    job.wrap = TextWrapping::truncate_at_width(rect.width().max(1.0));
    let galley = ui.painter().layout_job(job);
    let is_elided = galley.elided;
    let response = place(ui, rect, align, &galley, runs);
    if is_elided {
        let text: String = runs.iter().map(|run| run.0).collect();
        return response.on_hover_text(text);
    }
    response
}

/// A paragraph from the top of `rect`; returns the height that it took.
pub fn wrapped_text_ui(ui: &mut Ui, rect: Rect, runs: &[Run<'_>]) -> f32 {
    let mut job = job_of(runs);
    job.wrap = TextWrapping::wrap_at_width(rect.width().max(1.0));
    let galley = ui.painter().layout_job(job);
    let height = galley.size().y;
    let area = Rect::from_min_size(rect.min, egui::vec2(rect.width(), height));
    place(ui, area, Align::Left, &galley, runs);
    height
}

/// A paragraph in which names between backticks stand in the mono face; returns the height that it took.
pub fn prose_ui(ui: &mut Ui, rect: Rect, text: &str, kind: Type, color: Color32) -> f32 {
    wrapped_text_ui(ui, rect, &prose_runs(text, kind, color))
}

/// Every second part between backticks is a name.
fn prose_runs(text: &str, kind: Type, color: Color32) -> Vec<Run<'_>> {
    let mono = Type { size: kind.size - 1.0, face: Face::Mono, ..kind };
    let parts = text.split('`').enumerate();
    parts.map(|(index, part)| (part, if index % 2 == 1 { mono } else { kind }, color)).collect()
}

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

fn job_of(runs: &[Run<'_>]) -> LayoutJob {
    let mut job = LayoutJob::default();
    for (text, kind, color) in runs {
        let format = TextFormat {
            font_id: kind.font_id(),
            color: *color,
            line_height: Some(kind.line_height),
            valign: egui::Align::Center,
            ..TextFormat::default()
        };
        job.append(text, 0.0, format);
    }
    job
}

fn place(ui: &mut Ui, rect: Rect, align: Align, galley: &Arc<Galley>, runs: &[Run<'_>]) -> Response {
    let text_rect = align.align2().align_size_within_rect(galley.size(), rect);
    let response = ui.allocate_rect(text_rect, Sense::hover());
    response.widget_info(|| {
        let text: String = runs.iter().map(|run| run.0).collect();
        WidgetInfo::labeled(Role::Label, true, text)
    });
    if ui.is_rect_visible(text_rect) {
        let color = runs.first().map_or(Color32::PLACEHOLDER, |run| run.2);
        ui.painter().galley(text_rect.min, Arc::clone(galley), color);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_between_backticks_are_set_in_mono() {
        let runs = prose_runs("`model.` becomes `base.`", Type::BODY, Color32::BLACK);
        let text: String = runs.iter().map(|run| run.0).collect();
        assert_eq!(text, "model. becomes base.");
        let faces: Vec<Face> = runs.iter().filter(|run| !run.0.is_empty()).map(|run| run.1.face).collect();
        assert_eq!(faces, [Face::Mono, Face::Regular, Face::Mono]);
    }
}
