//! The one row: an icon, a title with a note below it, a value with its own note at the right.

use egui::{
    CornerRadius, Id, InnerResponse, Response, Role, Sense, Shape, Sides, Ui, WidgetInfo, epaint::RectShape, vec2,
};

use super::{
    rule::{focus_ring_ui, inset, rule_ui, spot},
    text::{Span, label_ui, paragraph_spans_ui, prose},
};
use crate::gui::design::{
    ink::Ink,
    tokens::{Colors, Type, space},
    widget::{Icon, icon_ui},
};

/// A row of a list, across the available width; title and notes take several lines where one is too short.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    title: Vec<Span<'a>>,
    said: Option<&'a str>,
    icon: Option<(Icon, Ink)>,
    notes: Vec<Vec<Span<'a>>>,
    value: Option<Span<'a>>,
    value_note: Option<Span<'a>>,
    line_height: f32,
    has_rule: bool,
    sides: f32,
    ends: f32,
}

impl<'a> Row<'a> {
    /// A row with this title.
    pub fn new(title: &'a str, kind: Type, ink: Ink) -> Self {
        Self::of(vec![(title, kind, ink)])
    }

    /// A row whose title has several styles.
    pub fn of(title: Vec<Span<'a>>) -> Self {
        Self {
            line_height: title.first().map_or(0.0, |span| span.1.line_height),
            title,
            said: None,
            icon: None,
            notes: Vec::new(),
            value: None,
            value_note: None,
            has_rule: false,
            sides: space::S12,
            ends: space::S4,
        }
    }

    /// What a screen reader says of it in place of the title.
    pub fn said(self, said: &'a str) -> Self {
        Self { said: Some(said), ..self }
    }

    /// An icon before the title.
    pub fn icon(self, icon: Icon, ink: Ink) -> Self {
        Self { icon: Some((icon, ink)), ..self }
    }

    /// A paragraph of ours below the title, in which names stand between backticks; each call adds one.
    pub fn note(mut self, note: &'a str, kind: Type, ink: Ink) -> Self {
        self.notes.push(prose(note, kind, ink));
        self
    }

    /// The same of what somebody else wrote, letter by letter.
    pub fn quote(mut self, quote: &'a str, kind: Type, ink: Ink) -> Self {
        self.notes.push(vec![(quote, kind, ink)]);
        self
    }

    /// What stands at the right of the title.
    pub fn value(self, value: &'a str, kind: Type, ink: Ink) -> Self {
        Self { value: Some((value, kind, ink)), ..self }
    }

    /// What stands at the right below the value.
    pub fn value_note(self, note: &'a str, kind: Type, ink: Ink) -> Self {
        Self { value_note: Some((note, kind, ink)), ..self }
    }

    /// At least this high a first line, for tools that are higher than the title.
    pub fn line(self, height: f32) -> Self {
        Self { line_height: self.line_height.max(height), ..self }
    }

    /// A hairline above it.
    pub fn rule(self) -> Self {
        Self { has_rule: true, ..self }
    }

    /// Other margins than a list's.
    pub fn margins(self, sides: f32, ends: f32) -> Self {
        Self { sides, ends, ..self }
    }

    /// Paints it.
    pub fn show(self, ui: &mut Ui) -> Response {
        self.show_with(ui, |_| ())
    }

    /// Paints it with `more` at the right of its value, from right to left.
    pub fn show_with(self, ui: &mut Ui, more: impl FnOnce(&mut Ui)) -> Response {
        self.show_around(ui, more, |_| ()).response
    }

    /// Paints it with what `add` paints at the right, from right to left: controls that its title names.
    pub fn show_controls<const N: usize>(
        self,
        ui: &mut Ui,
        add: impl FnOnce(&mut Ui) -> [Response; N],
    ) -> [Response; N] {
        let (controls, title) = self.show_around(ui, add, |_| ()).inner;
        controls.map(|control| control.labelled_by(title))
    }

    /// Paints it with `below` under its notes, in line with the title.
    pub fn show_below(self, ui: &mut Ui, below: impl FnOnce(&mut Ui)) -> Response {
        self.show_around(ui, |_| (), below).response
    }

    fn show_around<R>(
        self,
        ui: &mut Ui,
        more: impl FnOnce(&mut Ui) -> R,
        below: impl FnOnce(&mut Ui),
    ) -> InnerResponse<(R, Id)> {
        if self.has_rule {
            rule_ui(ui);
        }
        let (sides, ends) = (self.sides, self.ends);
        inset(sides, ends).show(ui, |ui| self.parts_ui(ui, more, below))
    }

    /// Paints it as one of several choices, or as something to open; `is_chosen` marks it.
    pub fn show_choice(mut self, ui: &mut Ui, role: Role, is_chosen: bool) -> Response {
        let all = || self.title.iter().map(|span| span.0).collect();
        let label: String = self.said.map_or_else(all, str::to_owned);
        if role == Role::RadioButton {
            let (icon, ink) = if is_chosen { (Icon::Chosen, Ink::Accent) } else { (Icon::Choice, Ink::Disabled) };
            self = self.icon(icon, ink);
        }
        let behind = ui.painter().add(Shape::Noop);
        let row = self.show(ui);
        let response = row.interact(Sense::click());
        response.widget_info(|| WidgetInfo::selected(role, ui.is_enabled(), is_chosen, &label));
        let colors = Colors::of(ui);
        let fill = match (is_chosen, response.hovered()) {
            (true, _) => Some(colors.selected),
            (false, true) => Some(colors.hover),
            (false, false) => None,
        };
        if let Some(fill) = fill {
            ui.painter().set(behind, RectShape::filled(response.rect, CornerRadius::ZERO, fill));
        }
        focus_ring_ui(ui, &response, CornerRadius::ZERO);
        response
    }

    /// Returns what `more` does, and the title's id.
    fn parts_ui<R>(self, ui: &mut Ui, more: impl FnOnce(&mut Ui) -> R, below: impl FnOnce(&mut Ui)) -> (R, Id) {
        ui.horizontal_top(|ui| {
            if let Some((icon, ink)) = self.icon {
                let area = spot(ui, vec2(space::S16, self.line_height));
                icon_ui(ui, area, icon, ink.color(ui));
            }
            ui.vertical(|ui| {
                let right = |ui: &mut Ui| {
                    let added = more(ui);
                    if let Some((text, kind, ink)) = self.value {
                        label_ui(ui, text, kind, ink);
                    }
                    added
                };
                let left = |ui: &mut Ui| paragraph_spans_ui(ui, &self.title).id;
                let (title, added) = Sides::new().height(self.line_height).shrink_left().show(ui, left, right);
                for (index, note) in self.notes.iter().enumerate() {
                    let Some((value, kind, ink)) = self.value_note.filter(|_| index == 0) else {
                        paragraph_spans_ui(ui, note);
                        continue;
                    };
                    let left = |ui: &mut Ui| _ = paragraph_spans_ui(ui, note);
                    let right = |ui: &mut Ui| _ = label_ui(ui, value, kind, ink);
                    Sides::new().height(kind.line_height).shrink_left().show(ui, left, right);
                }
                below(ui);
                (added, title)
            })
            .inner
        })
        .inner
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::{Harness, kittest::Queryable as _};

    use super::*;

    #[test]
    fn what_somebody_else_wrote_keeps_its_backticks() {
        let answer = "Run `ls`, then `cd`.";
        let window = Harness::new_ui(|ui| {
            let row = Row::new("title", Type::BODY, Ink::Primary);
            row.quote(answer, Type::BODY, Ink::Primary)
                .note("`config.json` is read", Type::BODY, Ink::Primary)
                .show(ui);
        });
        window.get_by_label(answer);
        window.get_by_label("config.json is read");
    }
}
