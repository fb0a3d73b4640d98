//! Text in the running layout: one line that elides, spans of several styles, or a paragraph. And a line on a canvas.

use egui::{
    Color32, Direction, Label, Layout, Rect, Response, Ui, UiBuilder,
    text::{LayoutJob, TextFormat},
};

use crate::gui::design::{
    ink::Ink,
    tokens::{Face, Type},
    widget::elided_middle,
};

/// A piece of a text in one style.
pub type Span<'a> = (&'a str, Type, Ink);

/// One line; where there is no room its end is left out, and all of it is said on hover.
pub fn label_ui(ui: &mut Ui, text: &str, kind: Type, ink: Ink) -> Response {
    spans_ui(ui, &[(text, kind, ink)])
}

/// How small a line gets before its end is left out: words of some languages are longer than their place.
const LEAST_SCALE: f32 = 0.75;

/// One line of several styles, a little smaller where that lets it fit.
pub fn spans_ui(ui: &mut Ui, spans: &[Span<'_>]) -> Response {
    let job = job_of(ui, spans);
    let available = ui.available_width();
    // No letter is wider than its size: most lines need no measuring.
    let most: f32 = spans.iter().map(|(text, kind, _)| text.chars().count() as f32 * kind.size).sum();
    let scale = if most <= available { 1.0 } else { available / ui.painter().layout_job(job.clone()).size().x };
    if !(LEAST_SCALE..1.0).contains(&scale) {
        return ui.add(Label::new(job).truncate());
    }
    let smaller = |kind: Type| Type { size: kind.size * scale, ..kind };
    let spans: Vec<Span<'_>> = spans.iter().map(|(text, kind, ink)| (*text, smaller(*kind), *ink)).collect();
    ui.add(Label::new(job_of(ui, &spans)).truncate())
}

/// One line in which names between backticks stand in the mono face.
pub fn prose_line_ui(ui: &mut Ui, text: &str, kind: Type, ink: Ink) -> Response {
    spans_ui(ui, &prose(text, kind, ink))
}

/// A paragraph across the available width; names between backticks stand in the mono face.
pub fn paragraph_ui(ui: &mut Ui, text: &str, kind: Type, ink: Ink) -> Response {
    paragraph_spans_ui(ui, &prose(text, kind, ink))
}

/// Every second part between backticks is a name.
pub(super) fn prose(text: &str, kind: Type, ink: Ink) -> Vec<Span<'_>> {
    let mono = Type { size: kind.size - 1.0, face: Face::Mono, ..kind };
    let parts = text.split('`').enumerate();
    parts.map(|(index, part)| (part, if index % 2 == 1 { mono } else { kind }, ink)).collect()
}

/// A paragraph of several styles.
pub fn paragraph_spans_ui(ui: &mut Ui, spans: &[Span<'_>]) -> Response {
    let job = job_of(ui, spans);
    ui.add(Label::new(job).wrap())
}

/// One line that loses its middle where there is no room: a path or a module, whose end says most.
pub fn path_ui(ui: &mut Ui, path: &str, kind: Type, ink: Ink) -> Response {
    let shown = elided_middle(ui, path, kind, ui.available_width());
    let response = label_ui(ui, &shown, kind, ink);
    if shown == path { response } else { response.on_hover_text(path) }
}

/// Where a line stands in its rectangle on a canvas; always centred vertically.
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
    fn layout(self) -> Layout {
        match self {
            Self::Left => Layout::left_to_right(egui::Align::Center),
            Self::Center => Layout::centered_and_justified(Direction::LeftToRight),
            Self::Right => Layout::right_to_left(egui::Align::Center),
        }
    }
}

/// One line on a canvas.
pub fn text_ui(ui: &mut Ui, rect: Rect, align: Align, text: &str, kind: Type, color: Color32) {
    canvas_spans_ui(ui, rect, align, &[(text, kind, Ink::Exactly(color))]);
}

/// One line of several styles on a canvas.
pub fn canvas_spans_ui(ui: &mut Ui, rect: Rect, align: Align, spans: &[Span<'_>]) {
    spans_ui(&mut ui.new_child(UiBuilder::new().max_rect(rect).layout(align.layout())), spans);
}

fn job_of(ui: &Ui, spans: &[Span<'_>]) -> LayoutJob {
    let mut job = LayoutJob::default();
    for (text, kind, ink) in spans {
        let format = TextFormat {
            font_id: kind.font_id(),
            color: ink.color(ui),
            line_height: Some(kind.line_height),
            valign: egui::Align::Center,
            ..TextFormat::default()
        };
        job.append(text, 0.0, format);
    }
    job
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_between_backticks_are_set_in_mono() {
        let spans = prose("`model.` becomes `base.`", Type::BODY, Ink::Primary);
        let text: String = spans.iter().map(|span| span.0).collect();
        assert_eq!(text, "model. becomes base.");
        let faces: Vec<Face> = spans.iter().filter(|span| !span.0.is_empty()).map(|span| span.1.face).collect();
        assert_eq!(faces, [Face::Mono, Face::Regular, Face::Mono]);
    }
}
