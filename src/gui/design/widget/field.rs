//! One-line text fields.

use egui::{
    Align2, CornerRadius, Frame, Id, Margin, Rect, Response, RichText, Stroke, StrokeKind, TextEdit, Ui, UiBuilder,
    Vec2, vec2,
};

use super::{Icon, icon_ui};
use crate::gui::design::{
    layout::rule::spot,
    tokens::{Colors, Type, radius, space},
};

/// A sunken field of this size in the mono face, next in the running layout; `text` is what the user edits.
pub fn field_ui(ui: &mut Ui, size: Vec2, id: Id, text: &mut String, hint: &str, is_filled: bool) -> Response {
    let colors = Colors::of(ui);
    let rect = spot(ui, size);
    let fill = if is_filled { colors.sunken } else { colors.panel };
    let has_focus = ui.memory(|memory| memory.has_focus(id));
    let border = if has_focus {
        Stroke::new(1.0, colors.accent)
    } else if is_filled {
        Stroke::NONE
    } else {
        Stroke::new(1.0, colors.stroke)
    };
    ui.painter().rect(rect, CornerRadius::same(radius::CHIP), fill, border, StrokeKind::Inside);
    let inner = rect.shrink2(vec2(space::S8, 0.0));
    let hint = RichText::new(hint).font(Type::CAPTION.font_id()).color(colors.text_tertiary);
    let edit = edit(inner, id, text, Type::MONO_SMALL).text_color(colors.text_secondary).hint_text(hint);
    ui.scope_builder(UiBuilder::new().max_rect(inner), |ui| ui.add(edit)).inner
}

/// What is typed into, across `inner` and without a frame of its own.
fn edit(inner: Rect, id: Id, text: &mut String, kind: Type) -> TextEdit<'_> {
    TextEdit::singleline(text)
        .id(id)
        .font(kind.font_id())
        .frame(Frame::NONE)
        .margin(Margin::ZERO)
        .align(Align2::LEFT_CENTER)
        .min_size(inner.size())
        .desired_width(inner.width())
}

/// A search field of this size with its icon, next in the running layout.
pub fn filter_ui(ui: &mut Ui, size: Vec2, id: Id, text: &mut String, hint: &str) -> Response {
    let colors = Colors::of(ui);
    let rect = spot(ui, size);
    let has_focus = ui.memory(|memory| memory.has_focus(id));
    let border = if has_focus { colors.accent } else { colors.stroke_strong };
    let corner = CornerRadius::same(radius::PANEL);
    ui.painter().rect(rect, corner, colors.panel, Stroke::new(1.0, border), StrokeKind::Inside);
    let icon_rect = Rect::from_min_size(rect.min + vec2(space::S8, 0.0), vec2(16.0, rect.height()));
    icon_ui(ui, icon_rect, Icon::Search, colors.text_secondary);
    let inner = Rect::from_min_max(egui::pos2(icon_rect.right() + 4.0, rect.top()), rect.max - vec2(space::S8, 0.0));
    let edit = edit(inner, id, text, Type::BODY).hint_text(RichText::new(hint).color(colors.text_tertiary));
    let response = ui.new_child(UiBuilder::new().max_rect(inner)).add(edit);
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(hint));
    response
}
