//! The three wells.

use std::path::Path;

use crate::gui::design::layout::rule::placed_ui;
use egui::{CornerRadius, Key, Rect, Shape, Stroke, StrokeKind, Ui, UiBuilder, pos2, vec2};

use super::command::WellsCommand;
use super::{
    well::WellKind,
    well_view::{ChipTone, WellView, fitting_facts, well_view},
};
use crate::{
    gui::{
        app::{command::Command, state::AppState},
        design::{
            path_text::{composed, display_path},
            tokens::{Colors, Type, grid, radius, space},
            widget::{Align, ButtonLook, Icon, chip_ui, elided_middle, field_ui, icon_ui, text_ui, text_width},
        },
        frame::command_button::CommandButton,
    },
    message::{Language, message},
};

/// In the order in which they stand.
pub(in crate::gui) const WELLS: [WellKind; 3] = [WellKind::Base, WellKind::Adapter, WellKind::Output];

/// Where a well stands in a header, or in a window with one.
pub(in crate::gui) fn well_rect(header: Rect, kind: WellKind) -> Rect {
    let width = ((header.width() - 2.0 * space::S16 - 2.0 * space::S24) / 3.0).floor();
    let index = WELLS.iter().position(|well| *well == kind).unwrap_or(0);
    let left = header.left() + space::S16 + index as f32 * (width + space::S24);
    Rect::from_min_size(pos2(left, header.top() + space::S12), vec2(width, 80.0))
}

/// Base + adapter → output.
pub(in crate::gui) fn header_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<Command>) {
    let colors = Colors::of(ui);
    for (index, kind) in WELLS.into_iter().enumerate() {
        let well = well_rect(rect, kind);
        let view = well_view(state, kind);
        ui.scope_builder(UiBuilder::new().id_salt(index).max_rect(well), |ui| {
            well_ui(ui, well, &view, state, commands);
        });
        if index < 2 {
            let gap = Rect::from_min_size(well.right_top(), vec2(space::S24, well.height()));
            icon_ui(ui, gap, [Icon::Plus, Icon::Arrow][index], colors.text_secondary);
        }
    }
}

fn well_ui(ui: &mut Ui, rect: Rect, view: &WellView, state: &AppState, commands: &mut Vec<Command>) {
    let colors = Colors::of(ui);
    let words = state.words();
    surface(ui, rect, view);
    let inner = rect.shrink2(vec2(13.0, 0.0));
    let name_row = Rect::from_min_size(inner.min + vec2(0.0, 8.0), vec2(inner.width(), 20.0));
    let title = text_ui(ui, name_row, Align::Left, view.title, Type::CAPTION_MEDIUM, colors.text_secondary);
    let name_left = name_row.left() + title.rect.width().max(48.0) + space::S8;
    let (name_type, name_color) =
        if view.is_filled { (Type::BODY_STRONG, colors.text) } else { (Type::BODY, colors.text_secondary) };
    let mut name_right = name_row.right();
    if let Some((text, tone)) = view.chip {
        let (ink, fill) = match tone {
            ChipTone::Good => (colors.ok, colors.ok_soft),
            ChipTone::Busy => (colors.accent, colors.selected),
            ChipTone::Caution => (colors.warn, colors.sunken),
            ChipTone::Bad => (colors.error, colors.error_soft),
        };
        let width = text_width(ui, text, Type::CAPTION_MEDIUM) + 12.0;
        let place = pos2(name_row.right() - width, name_row.center().y - 9.0);
        let place = Rect::from_min_size(place, vec2(width + 1.0, 18.0));
        placed_ui(ui, place, |ui| _ = chip_ui(ui, text, crate::gui::design::ink::Ink::Exactly(ink), fill));
        name_right -= width + space::S8;
    }
    let name_rect = Rect::from_min_max(pos2(name_left, name_row.top()), pos2(name_right, name_row.bottom()));
    let name = elided_middle(ui, &view.name, name_type, name_rect.width());
    let response = text_ui(ui, name_rect, Align::Left, &name, name_type, name_color);
    if name != view.name {
        response.on_hover_text(&view.name);
    }

    let path_row = Rect::from_min_size(inner.min + vec2(0.0, 31.0), vec2(inner.width(), grid::SMALL_BUTTON));
    let button = CommandButton::new(WellsCommand::Browse(view.kind), ButtonLook::Small).enabled(!state.is_locked());
    let button_width = 69.0_f32.max(button.width(ui, words) - 8.0);
    let mut field = Rect::from_min_max(path_row.min, path_row.max - vec2(button_width + space::S8, 0.0));
    let empty = Command::from(WellsCommand::Empty(view.kind));
    if empty.face().is_some_and(|face| face.is_available(state)) {
        let place = Rect::from_min_max(pos2(field.right() - field.height(), field.top()), field.max);
        field.max.x = place.left() - space::S4;
        let label = format!("{}: {}", view.title, words.text("empty-well"));
        CommandButton::new(empty, ButtonLook::Ghost)
            .with_icon()
            .label(&label)
            .show_icon_only(ui, place, words, commands);
    }
    path_field_ui(ui, field, view, state, commands);
    let button_rect = Rect::from_min_max(pos2(path_row.right() - button_width, path_row.top()), path_row.max);
    button.show(ui, button_rect, words, commands);

    if state.hover.as_ref().is_some_and(|hover| hover.is_for(view.kind)) {
        return taker_ui(ui, rect, view, words);
    }
    let facts_row = Rect::from_min_size(inner.min + vec2(0.0, 55.0), vec2(inner.width(), 16.0));
    let color = if view.facts_are_error { colors.error } else { colors.text_secondary };
    let shown = fitting_facts(ui, &view.facts, facts_row.width());
    let response = text_ui(ui, facts_row, Align::Left, &shown, Type::CAPTION, color);
    let all = fitting_facts(ui, &view.facts, f32::INFINITY);
    if shown != all {
        response.on_hover_text(all);
    }
}

/// A well that will take what hovers over the window says so.
fn taker_ui(ui: &mut Ui, rect: Rect, view: &WellView, words: Language) {
    let colors = Colors::of(ui);
    let corner = CornerRadius::same(radius::PANEL);
    ui.painter().rect(rect, corner, colors.selected, Stroke::new(2.0, colors.accent), StrokeKind::Inside);
    text_ui(
        ui,
        rect.shrink(space::S12),
        Align::Center,
        &words.say(&message!("takes-drop", well: view.title)),
        Type::BODY_STRONG,
        colors.accent,
    );
}

/// Filled wells have an edge and their colour; empty ones are dashed.
fn surface(ui: &Ui, rect: Rect, view: &WellView) {
    let colors = Colors::of(ui);
    let painter = ui.painter();
    let is_bad = view.chip.is_some_and(|(_, tone)| tone == ChipTone::Bad);
    if view.is_filled {
        let color = if is_bad { colors.error } else { colors.stroke };
        let corner = CornerRadius::same(radius::PANEL);
        painter.rect(rect, corner, colors.panel, Stroke::new(1.0, color), StrokeKind::Inside);
        let color = match view.kind {
            WellKind::Base => colors.base,
            WellKind::Adapter => colors.adapter,
            WellKind::Output => colors.merged,
        };
        let bar = Rect::from_center_size(pos2(rect.left() + 1.5, rect.center().y), vec2(3.0, 54.0));
        painter.rect_filled(bar, 0.0, color);
    } else {
        let rect = rect.shrink(0.5);
        let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.left_top()];
        let stroke = Stroke::new(1.0, colors.stroke_strong);
        painter.extend(Shape::dashed_line(&corners.map(|corner| corner), stroke, 4.0, 3.0));
    }
}

/// While it has the focus the field holds the path as typed; otherwise its middle gives way.
fn path_field_ui(ui: &mut Ui, rect: Rect, view: &WellView, state: &AppState, commands: &mut Vec<Command>) {
    let well = state.wells.get(view.kind);
    let id = path_field_id(view.kind);
    let has_focus = ui.memory(|memory| memory.has_focus(id));
    let shown = display_path(Path::new(&well.text), state.machine.home.as_deref());
    let mut text =
        if has_focus { well.text.clone() } else { elided_middle(ui, &shown, Type::MONO_SMALL, rect.width() - 16.0) };
    let response =
        ui.add_enabled_ui(!state.is_locked(), |ui| field_ui(ui, rect, id, &mut text, view.hint, view.is_filled)).inner;
    if has_focus && response.changed() {
        commands.push(WellsCommand::EditPath(view.kind, text).into());
    }
    if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter) || !input.key_pressed(Key::Escape)) {
        commands.push(WellsCommand::EnterPath(view.kind).into());
    }
    let name = state.words().say(&message!("path-label", well: view.title));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(name));
    if !well.text.is_empty() && !has_focus {
        response.on_hover_text(composed(&well.text));
    }
}

fn path_field_id(kind: WellKind) -> egui::Id {
    egui::Id::unique(("path field", kind))
}
