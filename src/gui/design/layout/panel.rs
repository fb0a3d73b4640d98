//! Panels: one level, one edge, no shadow.

use egui::{CornerRadius, Frame, InnerResponse, Sides, Stroke, Ui};

use super::{
    rule::inset_ui,
    text::{ends_ui, label_ui, paragraph_ui},
};
use crate::gui::design::{
    ink::Ink,
    tokens::{Colors, Type, grid, radius, space},
};

/// A surface with an edge, and where it has one a title line with a remark at its right.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surface<'a> {
    title: Option<&'a str>,
    remark: &'a str,
    is_filling: bool,
}

impl<'a> Surface<'a> {
    /// Without a title.
    pub fn plain() -> Self {
        Self::default()
    }

    /// With a title line.
    pub fn titled(title: &'a str) -> Self {
        Self { title: Some(title), ..Self::default() }
    }

    /// Words at the right of the title.
    pub fn remark(self, remark: &'a str) -> Self {
        Self { remark, ..self }
    }

    /// Down to the end of what is around it.
    pub fn filling(self) -> Self {
        Self { is_filling: true, ..self }
    }

    /// Paints it with what `add` paints below the title, from edge to edge.
    pub fn show<R>(self, ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
        let (title, remark) = (self.title, self.remark);
        self.frame_ui(ui, |ui| {
            if let Some(title) = title {
                let title = [(title, Type::BODY_STRONG, Ink::Primary)];
                ends_ui(ui, grid::PANEL_TITLE, space::S12, &title, &[(remark, Type::CAPTION, Ink::Secondary)]);
            }
            add(ui)
        })
    }

    /// The same with `tools` at the right of the title, from right to left.
    pub fn show_with<R>(
        self,
        ui: &mut Ui,
        tools: impl FnOnce(&mut Ui),
        add: impl FnOnce(&mut Ui) -> R,
    ) -> InnerResponse<R> {
        let title = self.title;
        self.frame_ui(ui, |ui| {
            if let Some(title) = title {
                inset_ui(ui, space::S12, 0.0, |ui| {
                    let left = |ui: &mut Ui| _ = label_ui(ui, title, Type::BODY_STRONG, Ink::Primary);
                    Sides::new().height(grid::PANEL_TITLE).shrink_left().show(ui, left, tools);
                });
            }
            add(ui)
        })
    }

    fn frame_ui<R>(self, ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
        let colors = Colors::of(ui);
        let height = ui.available_height();
        let frame = Frame::new()
            .fill(colors.panel)
            .stroke(Stroke::new(1.0, colors.stroke))
            .corner_radius(CornerRadius::same(radius::PANEL));
        frame.show(ui, |ui| {
            ui.set_width(ui.available_width());
            if self.is_filling && height.is_finite() {
                ui.set_min_height((height - 2.0).max(0.0));
            }
            add(ui)
        })
    }
}

/// The honest sentence under a chart.
pub fn sunken_ui(ui: &mut Ui, text: &str) {
    let frame = Frame::new().fill(Colors::of(ui).sunken).corner_radius(CornerRadius::same(radius::CHIP));
    frame.show(ui, |ui| {
        inset_ui(ui, space::S12, space::S8, |ui| {
            ui.set_width(ui.available_width());
            paragraph_ui(ui, text, Type::BODY, Ink::Primary);
        });
    });
}
