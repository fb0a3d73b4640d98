//! Text in the running layout: one line that elides, spans of several styles, or a paragraph. And a line on a canvas.

use std::sync::Arc;

use egui::{
    Align, Align2, Color32, Galley, Id, Label, Rect, Response, Role, Sense, Ui, WidgetInfo,
    emath::GuiRounding as _,
    text::{LayoutJob, TextFormat, TextWrapping},
    vec2,
};

use crate::gui::design::{
    ink::Ink,
    tokens::{Face, Type},
    widget::elided_middle,
};

/// A piece of a text in one style.
pub type Span<'a> = (&'a str, Type, Ink);

/// One line, and where it stands; where there is no room its end is left out, and all of it is said on hover.
pub fn label_ui(ui: &mut Ui, text: &str, kind: Type, ink: Ink) -> Rect {
    spans_ui(ui, &[(text, kind, ink)])
}

/// How small a line gets before its end is left out: words of some languages are longer than their place.
const LEAST_SCALE: f32 = 0.75;

/// One line of several styles, a little smaller where that lets it fit.
pub fn spans_ui(ui: &mut Ui, spans: &[Span<'_>]) -> Rect {
    hinted_ui(ui, spans, "")
}

/// The same with more that is said on hover.
pub fn hinted_ui(ui: &mut Ui, spans: &[Span<'_>], hint: &str) -> Rect {
    let line = line(ui, spans, ui.available_width());
    let (id, area) = ui.allocate_space(line.size());
    let place = ui.layout().align_size_within_rect(line.size(), area);
    line_ui(ui, &line, place, id, hint);
    area
}

/// Paints `line`. It is a widget of egui's only where it is read aloud or says more on hover: few lines do either, and
/// what is no widget costs half.
fn line_ui(ui: &Ui, line: &Arc<Galley>, place: Rect, id: Id, hint: &str) {
    let is_seen = ui.is_rect_visible(place);
    if is_seen {
        ui.painter().galley(place.min, Arc::clone(line), Color32::PLACEHOLDER);
    }
    let is_read_aloud = ui.ctx().has_accesskit_node(ui.unique_id());
    let says_more = is_seen && (line.elided || !hint.is_empty());
    if !is_read_aloud && !says_more {
        return;
    }
    let response = ui.interact(place, id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, ui.is_enabled(), line.text()));
    if is_seen && line.elided {
        let whole = LayoutJob { wrap: TextWrapping::default(), ..LayoutJob::clone(&line.job) };
        response.clone().on_hover_text(whole);
    }
    if says_more && !hint.is_empty() {
        response.on_hover_text(hint);
    }
}

/// How wide a line of several styles is at its full size.
pub fn spans_width(ui: &Ui, spans: &[Span<'_>]) -> f32 {
    line(ui, spans, f32::INFINITY).size().x
}

/// A line no wider than `width`. Most fit as they are, and are laid out once.
fn line(ui: &Ui, spans: &[Span<'_>], width: f32) -> Arc<Galley> {
    let laid_out = |scale, most| {
        let job = LayoutJob { wrap: TextWrapping::truncate_at_width(most), ..job_of(ui, spans, scale) };
        ui.painter().layout_job(job)
    };
    let whole = laid_out(1.0, f32::INFINITY);
    let scale = width / whole.size().x;
    if scale < 1.0 { laid_out(if scale < LEAST_SCALE { 1.0 } else { scale }, width) } else { whole }
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
    let job = job_of(ui, spans, 1.0);
    ui.add(Label::new(job).wrap())
}

/// One line that loses its middle where there is no room: a path or a module, whose end says most.
pub fn path_ui(ui: &mut Ui, path: &str, kind: Type, ink: Ink) -> Rect {
    let shown = elided_middle(ui, path, kind, ui.available_width());
    hinted_ui(ui, &[(&shown, kind, ink)], if shown == path { "" } else { path })
}

/// A line of this height across the available width, `sides` from its ends; what stands at the left loses its end
/// where the other leaves too little room.
pub fn ends_ui(ui: &mut Ui, height: f32, sides: f32, left: &[Span<'_>], right: &[Span<'_>]) {
    let (_, area) = ui.allocate_space(vec2(ui.available_width(), height));
    let area = area.shrink2(vec2(sides, 0.0));
    let gap = ui.spacing().item_spacing.x;
    let is_bare = right.iter().all(|span| span.0.is_empty());
    let used = if is_bare { 0.0 } else { canvas_spans_ui(ui, area, Align::Max, right).width() };
    canvas_spans_ui(ui, area.with_max_x((area.right() - used - gap).max(area.left())), Align::Min, left);
}

/// One line on a canvas, where `align` puts it in its rectangle; always centred vertically.
pub fn text_ui(ui: &mut Ui, rect: Rect, align: Align, text: &str, kind: Type, color: Color32) {
    canvas_spans_ui(ui, rect, align, &[(text, kind, Ink::Exactly(color))]);
}

/// One line of several styles on a canvas, and where it stands. It takes no part in the layout around it.
pub fn canvas_spans_ui(ui: &mut Ui, rect: Rect, align: Align, spans: &[Span<'_>]) -> Rect {
    canvas_hinted_ui(ui, rect, align, spans, "")
}

/// The same with more that is said on hover.
pub fn canvas_hinted_ui(ui: &mut Ui, rect: Rect, align: Align, spans: &[Span<'_>], hint: &str) -> Rect {
    let line = line(ui, spans, rect.width());
    let place = Align2([align, Align::Center]).align_size_within_rect(line.size(), rect).round_ui();
    let id = ui.next_auto_id();
    ui.skip_ahead_auto_ids(1);
    line_ui(ui, &line, place, id, hint);
    place
}

fn job_of(ui: &Ui, spans: &[Span<'_>], scale: f32) -> LayoutJob {
    let byte_count = spans.iter().map(|span| span.0.len()).sum();
    let (text, sections) = (String::with_capacity(byte_count), Vec::with_capacity(spans.len()));
    let mut job = LayoutJob { text, sections, ..LayoutJob::default() };
    for (text, kind, ink) in spans {
        let kind = Type { size: kind.size * scale, ..*kind };
        let format = TextFormat {
            font_id: kind.font_id(),
            color: ink.color(ui),
            line_height: Some(kind.line_height),
            valign: Align::Center,
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
