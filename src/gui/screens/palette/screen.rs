//! The list of all commands over the window: type, point, Enter.

use egui::{
    Color32, CornerRadius, Id, Key, Modifiers, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo,
    epaint::RectShape, pos2, vec2,
};

use super::{command::PaletteCommand, list::matching, search::Search};
use crate::gui::{
    app::{
        command::{
            Command,
            face::{Face, key_text},
        },
        state::AppState,
    },
    design::{
        tokens::{Colors, Type, grid, radius, space},
        widget::{Align, filter_ui, hairline, text_ui},
    },
};

/// Size of the list.
const WIDTH: f32 = 560.0;
const SEARCH: f32 = 52.0;
const ROW: f32 = 30.0;
const MOST_ROWS: usize = 11;

/// From the top of the window.
const TOP: f32 = 96.0;

/// The field, so that it gets the cursor when the list opens.
pub(in crate::gui) fn palette_id() -> Id {
    Id::unique("command palette")
}

/// The list over everything else.
pub(in crate::gui) fn palette_ui(
    ui: &mut Ui,
    window: Rect,
    state: &AppState,
    search: &Search,
    commands: &mut Vec<Command>,
) {
    let keys = Keys::taken(ui);
    egui::Area::new(Id::unique("command palette area")).order(egui::Order::Foreground).fixed_pos(window.min).show(
        ui.ctx(),
        |ui| {
            let colors = Colors::of(ui);
            let veil = ui.allocate_rect(window, Sense::click());
            ui.painter().rect_filled(window, 0.0, Color32::from_black_alpha(60));
            let width = WIDTH.min(window.width() - 2.0 * space::S32);
            let min = pos2((window.center().x - width / 2.0).round(), window.top() + TOP);
            // Below the field, and as high as what was just typed needs.
            let background = ui.painter().add(Shape::Noop);
            let search = search_ui(ui, Rect::from_min_size(min, vec2(width, SEARCH)), state, search, commands);
            let found = matching(&search, state);
            let pointed = search.pointed.min(found.len().saturating_sub(1));
            keys.ask(&found, pointed, commands);
            let rows = found.len().clamp(1, MOST_ROWS) as f32;
            let sheet = Rect::from_min_size(min, vec2(width, SEARCH + rows * ROW + space::S8));
            let corner = CornerRadius::same(radius::POPUP);
            let stroke = Stroke::new(1.0, colors.stroke_strong);
            let frame = RectShape::new(sheet, corner, colors.panel, stroke, StrokeKind::Inside);
            ui.painter().set(background, frame);
            hairline(ui, sheet, sheet.top() + SEARCH - 2.0);
            let rows = Rect::from_min_max(sheet.min + vec2(0.0, SEARCH), sheet.max);
            rows_ui(ui, rows, &found, pointed, state, commands);
            if veil.clicked() && !sheet.contains(ui.input(|input| input.pointer.latest_pos()).unwrap_or(sheet.min)) {
                commands.push(PaletteCommand::Show(false).into());
            }
        },
    );
}

/// Keys that were pressed and that the field must not see: up and down point, Enter asks, Escape closes.
struct Keys(Vec<Key>);

impl Keys {
    fn taken(ui: &Ui) -> Self {
        let keys = [Key::ArrowDown, Key::ArrowUp, Key::Escape, Key::Enter];
        let is_pressed = |key: &Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, *key));
        Self(keys.into_iter().filter(is_pressed).collect())
    }

    /// Asks among what was `found`, with what was typed in this very frame: fingers may be faster than pictures.
    fn ask(&self, found: &[(Command, &Face)], pointed: usize, commands: &mut Vec<Command>) {
        let last = found.len().saturating_sub(1);
        if self.0.contains(&Key::ArrowDown) {
            commands.push(PaletteCommand::PointAt(if pointed == last { 0 } else { pointed + 1 }).into());
        }
        if self.0.contains(&Key::ArrowUp) {
            commands.push(PaletteCommand::PointAt(pointed.checked_sub(1).unwrap_or(last)).into());
        }
        if self.0.contains(&Key::Escape) {
            commands.push(PaletteCommand::Show(false).into());
        }
        if self.0.contains(&Key::Enter)
            && let Some((command, _)) = found.get(pointed)
        {
            commands.extend([PaletteCommand::Show(false).into(), command.clone()]);
        }
    }
}

/// The field; returns what stands in it now.
fn search_ui(ui: &mut Ui, rect: Rect, state: &AppState, search: &Search, commands: &mut Vec<Command>) -> Search {
    let field = Rect::from_min_size(rect.min + vec2(space::S8, space::S8), vec2(rect.width() - 16.0, 34.0));
    let mut search = search.clone();
    let hint = state.words().text("command-hint");
    let place = egui::UiBuilder::new().max_rect(field);
    let response =
        ui.scope_builder(place, |ui| filter_ui(ui, field.size(), palette_id(), &mut search.query, hint)).inner;
    if response.changed() {
        search.pointed = 0;
        commands.push(PaletteCommand::Search(search.query.clone()).into());
    }
    response.request_focus();
    search
}

fn rows_ui(
    ui: &mut Ui,
    rect: Rect,
    found: &[(Command, &Face)],
    pointed: usize,
    state: &AppState,
    commands: &mut Vec<Command>,
) {
    let colors = Colors::of(ui);
    let words = state.words();
    if found.is_empty() {
        let line = Rect::from_min_size(rect.min, vec2(rect.width(), ROW)).shrink2(vec2(space::S16, 0.0));
        text_ui(ui, line, Align::Left, words.text("no-command"), Type::BODY, colors.text_secondary);
        return;
    }
    // The pointed command stays in sight.
    let first = (pointed + 1).saturating_sub(MOST_ROWS);
    for (place, (index, (command, face))) in found.iter().enumerate().skip(first).take(MOST_ROWS).enumerate() {
        let top = rect.top() + place as f32 * ROW;
        let row = Rect::from_min_size(pos2(rect.left() + space::S4, top), vec2(rect.width() - space::S8, ROW));
        let name = face.title(words);
        let response = ui.allocate_rect(row, Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::MenuItem, true, index == pointed, &name));
        if index == pointed || response.hovered() {
            let fill = if index == pointed { colors.selected } else { colors.hover };
            ui.painter().rect_filled(row, CornerRadius::same(radius::CHIP), fill);
        }
        let inner = row.shrink2(vec2(space::S12, 0.0));
        let key = face.key.map(|key| key_text(ui.ctx(), key)).unwrap_or_default();
        let keys = text_ui(ui, inner, Align::Right, &key, Type::MONO_SMALL, colors.text_secondary);
        let title_area = Rect::from_min_max(inner.min, pos2(keys.rect.left() - space::S8, inner.bottom()));
        let shown = text_ui(ui, title_area, Align::Left, &name, Type::BODY_MEDIUM, colors.text);
        let left = shown.rect.right() + space::S12;
        let note = Rect::from_min_max(pos2(left, row.top()), pos2(keys.rect.left() - space::S12, row.bottom()));
        let tooltip = face.tooltip_text(words).replace('`', "");
        if note.width() > grid::TREE_ROW && tooltip != name {
            text_ui(ui, note, Align::Left, &tooltip, Type::CAPTION, colors.text_secondary);
        }
        if response.clicked() {
            commands.extend([PaletteCommand::Show(false).into(), command.clone()]);
        }
    }
}
