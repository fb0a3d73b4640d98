//! The list of all commands over the window: type, point, Enter.

use egui::{Align2, Frame, Id, Key, Margin, Modal, Modifiers, Rect, Stroke};

use super::{command::PaletteCommand, list::matching, search::Search};
use crate::gui::{
    app::command::face::{Face, key_text},
    design::{
        tokens::{palette, radius},
        widget::filter_ui,
    },
    prelude::*,
};

/// Commands that are shown at once.
const MOST_ROWS: usize = 11;

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
    let colors = Colors::of(ui);
    let id = Id::unique("command palette area");
    let frame = Frame::new()
        .fill(colors.panel)
        .stroke(Stroke::new(1.0, colors.stroke_strong))
        .corner_radius(radius::POPUP)
        .inner_margin(Margin::symmetric(0, 8));
    let modal = Modal::new(id)
        .area(Modal::default_area(id).anchor(Align2::CENTER_TOP, vec2(0.0, palette::TOP)))
        .backdrop_color(palette::VEIL)
        .frame(frame)
        .show(ui.ctx(), |ui| {
            ui.spacing_mut().item_spacing = vec2(space::S8, 0.0);
            ui.set_width(palette::WIDTH.min(window.width() - 2.0 * space::S32));
            let search = search_ui(ui, state, search, commands);
            ui.add_space(space::S8);
            rule_ui(ui);
            let found = matching(&search, state);
            let pointed = search.pointed.min(found.len().saturating_sub(1));
            keys.ask(&found, pointed, commands);
            rows_ui(ui, &found, pointed, state.words(), commands);
        });
    if modal.backdrop_response.clicked() {
        commands.push(PaletteCommand::Show(false).into());
    }
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
fn search_ui(ui: &mut Ui, state: &AppState, search: &Search, commands: &mut Vec<Command>) -> Search {
    let mut search = search.clone();
    inset_ui(ui, space::S8, 0.0, |ui| {
        let size = vec2(ui.available_width(), palette::FIELD);
        let response = filter_ui(ui, size, palette_id(), &mut search.query, state.words().text("command-hint"));
        if response.changed() {
            search.pointed = 0;
            commands.push(PaletteCommand::Search(search.query.clone()).into());
        }
        response.request_focus();
    });
    search
}

fn rows_ui(ui: &mut Ui, found: &[(Command, &Face)], pointed: usize, words: Language, commands: &mut Vec<Command>) {
    if found.is_empty() {
        let nothing = Row::new(words.text("no-command"), Type::BODY, Ink::Secondary);
        nothing.margins(space::S16, space::S8).show(ui);
    }
    // The pointed command stays in sight.
    let first = (pointed + 1).saturating_sub(MOST_ROWS);
    for (index, (command, face)) in found.iter().enumerate().skip(first).take(MOST_ROWS) {
        let (name, tooltip) = (face.title(words), face.tooltip_text(words).replace('`', ""));
        let mut title = vec![(name.as_str(), Type::BODY_MEDIUM, Ink::Primary)];
        if tooltip != name {
            title.extend([("   ", Type::BODY, Ink::Primary), (tooltip.as_str(), Type::CAPTION, Ink::Secondary)]);
        }
        let key = face.key.map(|key| key_text(ui.ctx(), key)).unwrap_or_default();
        let row = Row::of(title).said(&name).value(&key, Type::MONO_SMALL, Ink::Secondary);
        let row = row.margins(space::S16, space::S4 + 2.0);
        if row.show_choice(ui, Role::MenuItem, index == pointed).clicked() {
            commands.extend([PaletteCommand::Show(false).into(), command.clone()]);
        }
    }
}
