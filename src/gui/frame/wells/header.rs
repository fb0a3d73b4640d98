//! The three wells.

use std::path::Path;

use egui::{CornerRadius, Frame, Key, Margin, Rect, Shape, Stroke, StrokeKind, Vec2};

use super::{
    command::WellsCommand,
    well::WellKind,
    well_view::{WellView, fitting_facts, well_view},
};
use crate::{
    gui::{
        app::notice::Tone,
        design::{
            layout::rule::{middle_ui, sized_ui},
            tokens::radius,
            widget::{chip_ui, elided_middle, field_ui},
        },
        prelude::*,
    },
    units::path::{composed, display_path},
};

/// In the order in which they stand.
const WELLS: [WellKind; 3] = [WellKind::Base, WellKind::Adapter, WellKind::Output];

/// The well at this place of a window.
pub(in crate::gui) fn well_at(window: Rect, place: egui::Pos2) -> Option<WellKind> {
    let is_in = |index: f32| {
        let third = window.width() / WELLS.len() as f32;
        let min = window.min + vec2(third * index, 0.0);
        Rect::from_min_size(min, vec2(third, grid::HEADER)).contains(place)
    };
    WELLS.into_iter().zip([0.0, 1.0, 2.0]).find(|(_, index)| is_in(*index)).map(|(kind, _)| kind)
}

/// Base + adapter → output.
pub(in crate::gui) fn header_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    let width = ((ui.available_width() - 2.0 * space::S24) / WELLS.len() as f32).floor();
    ui.spacing_mut().item_spacing = Vec2::ZERO;
    ui.horizontal_top(|ui| {
        for (kind, joint) in WELLS.into_iter().zip([Some(Icon::Plus), Some(Icon::Arrow), None]) {
            let view = well_view(state, kind);
            sized_ui(ui, kind, vec2(width, grid::WELL), |ui| well_ui(ui, &view, state, commands));
            if let Some(icon) = joint {
                let gap = spot(ui, vec2(space::S24, grid::WELL));
                icon_ui(ui, gap, icon, Ink::Secondary.color(ui));
            }
        }
    });
}

fn well_ui(ui: &mut Ui, view: &WellView, state: &AppState, commands: &mut Vec<Command>) {
    let behind = ui.painter().add(Shape::Noop);
    let frame = Frame::new().inner_margin(Margin { left: 13, right: 13, top: 8, bottom: 0 });
    let area = ui.max_rect();
    frame.show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(space::S8, 0.0);
        name_ui(ui, view);
        ui.add_space(space::S2);
        path_line_ui(ui, view, state, commands);
        ui.add_space(space::S2);
        let shown = fitting_facts(ui, &view.facts, ui.available_width());
        let ink = if view.facts_are_error { Ink::Error } else { Ink::Secondary };
        let all = fitting_facts(ui, &view.facts, f32::INFINITY);
        hinted_ui(ui, &[(&shown, Type::CAPTION, ink)], if shown == all { "" } else { &all });
    });
    ui.painter().set(behind, surface(ui, area, view));
    if state.hover.as_ref().is_some_and(|hover| hover.is_for(view.kind)) {
        taker_ui(ui, area, view, state.words());
    }
}

/// What stands in the well, and what is to be known about it at once.
fn name_ui(ui: &mut Ui, view: &WellView) {
    let left = |ui: &mut Ui| {
        let title = label_ui(ui, view.title, Type::CAPTION_MEDIUM, Ink::Secondary);
        ui.add_space((grid::WELL_LABEL - title.width()).max(0.0));
        let (kind, ink) = if view.is_filled { (Type::BODY_STRONG, Ink::Primary) } else { (Type::BODY, Ink::Secondary) };
        path_ui(ui, &view.name, kind, ink);
    };
    let right = |ui: &mut Ui| {
        let Some((text, tone)) = view.chip else { return };
        let colors = Colors::of(ui);
        let fill = match tone {
            Tone::Good => colors.ok_soft,
            Tone::Neutral => colors.selected,
            Tone::Caution => colors.sunken,
            Tone::Bad => colors.error_soft,
        };
        chip_ui(ui, text, tone.ink(), fill);
    };
    Sides::new().height(grid::ICON).shrink_left().show(ui, left, right);
}

/// The path with what empties the well, and the button that fills it.
fn path_line_ui(ui: &mut Ui, view: &WellView, state: &AppState, commands: &mut Vec<Command>) {
    let words = state.words();
    let browse = CommandButton::new(WellsCommand::Browse(view.kind), ButtonLook::Small).enabled(!state.is_locked());
    // A path needs the room more than a word does.
    let is_narrow = ui.available_width() < grid::NARROW_WELL;
    let empty = Command::from(WellsCommand::Empty(view.kind));
    let can_empty = empty.face().is_some_and(|face| face.is_available(state));
    ui.horizontal(|ui| {
        let tools = if can_empty { 2.0 * space::S8 + space::S24 } else { space::S8 };
        let browse_width = if is_narrow { space::S24 } else { browse.width(ui, words) };
        let width = ui.available_width() - browse_width - tools;
        path_field_ui(ui, width, view, state, commands);
        if can_empty {
            let label = format!("{}: {}", view.title, words.text("empty-well"));
            let empty = CommandButton::new(empty, ButtonLook::Ghost).with_icon().label(&label);
            empty.add_icon_only(ui, words, commands);
        }
        if is_narrow {
            let browse = browse.icon(Icon::Folder);
            ui.add_enabled_ui(!state.is_locked(), |ui| browse.add_icon_only(ui, words, commands));
        } else {
            browse.add(ui, words, commands);
        }
    });
}

/// A well that will take what hovers over the window says so.
fn taker_ui(ui: &mut Ui, area: Rect, view: &WellView, words: Language) {
    let colors = Colors::of(ui);
    let corner = CornerRadius::same(radius::PANEL);
    ui.painter().rect(area, corner, colors.selected, Stroke::new(2.0, colors.accent), StrokeKind::Inside);
    let text = words.say(&message!("takes-drop", well: view.title));
    middle_ui(ui, area.shrink(space::S12), |ui| label_ui(ui, &text, Type::BODY_STRONG, Ink::Accent));
}

/// Filled wells have an edge and their colour; empty ones are dashed.
fn surface(ui: &Ui, area: Rect, view: &WellView) -> Shape {
    let colors = Colors::of(ui);
    if !view.is_filled {
        let area = area.shrink(0.5);
        let corners = [area.left_top(), area.right_top(), area.right_bottom(), area.left_bottom(), area.left_top()];
        let stroke = Stroke::new(1.0, colors.stroke_strong);
        return Shape::Vec(Shape::dashed_line(&corners, stroke, space::S4, space::S4));
    }
    let is_bad = view.chip.is_some_and(|(_, tone)| tone == Tone::Bad);
    let edge = Stroke::new(1.0, if is_bad { colors.error } else { colors.stroke });
    let corner = CornerRadius::same(radius::PANEL);
    let panel = egui::epaint::RectShape::new(area, corner, colors.panel, edge, StrokeKind::Inside);
    let color = match view.kind {
        WellKind::Base => colors.base,
        WellKind::Adapter => colors.adapter,
        WellKind::Output => colors.merged,
    };
    let bar = egui::Align2::LEFT_CENTER.align_size_within_rect(grid::WELL_BAR, area);
    Shape::Vec(vec![panel.into(), Shape::rect_filled(bar, 0.0, color)])
}

/// While it has the focus the field holds the path as typed; otherwise its middle gives way.
fn path_field_ui(ui: &mut Ui, width: f32, view: &WellView, state: &AppState, commands: &mut Vec<Command>) {
    let well = state.wells.get(view.kind);
    let id = path_field_id(view.kind);
    let has_focus = ui.memory(|memory| memory.has_focus(id));
    let shown = display_path(Path::new(&well.text), state.machine.home.as_deref());
    let mut text = if has_focus {
        well.text.clone()
    } else {
        elided_middle(ui, &shown, Type::MONO_SMALL, width - 2.0 * space::S8)
    };
    let size = vec2(width, grid::SMALL_BUTTON);
    let response =
        ui.add_enabled_ui(!state.is_locked(), |ui| field_ui(ui, size, id, &mut text, view.hint, view.is_filled)).inner;
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
