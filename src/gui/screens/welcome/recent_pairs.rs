//! Pairs that were opened before.

use egui::{Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::command::WelcomeCommand;
use crate::{
    checkpoint::folder_name,
    gui::{
        app::{
            command::Command,
            recent::{RecentPair, RecentState},
            state::AppState,
        },
        design::{
            path_text::{composed, display_path},
            tokens::{Palette, Type, grid, space},
            widget::{
                Align, ButtonLook, Icon, elided_middle, hairline, icon_ui, panel_title_ui, table_header, text_ui,
            },
        },
        frame::command_button::CommandButton,
        words::Words,
    },
};

/// Height of a pair.
const ROW: f32 = 34.0;

/// Height of the panel; nothing without pairs.
pub(in crate::gui) fn height(pairs: &[RecentPair]) -> f32 {
    if pairs.is_empty() { 0.0 } else { grid::PANEL_TITLE + grid::PANEL_TABLE_HEADER + pairs.len() as f32 * ROW }
}

/// The panel.
pub(in crate::gui) fn recent_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<Command>) {
    if state.recent.is_empty() {
        return;
    }
    let palette = Palette::of(ui);
    let words = state.words();
    let body = panel_title_ui(ui, rect, words.recent_pairs, "");
    let clear = CommandButton::new(WelcomeCommand::ClearRecent, ButtonLook::Ghost);
    let size = vec2(clear.width(ui, words), grid::SMALL_BUTTON);
    let place = pos2(rect.right() - size.x - space::S4, rect.top() + (grid::PANEL_TITLE - size.y) / 2.0);
    clear.show(ui, Rect::from_min_size(place, size), words, commands);
    let header = table_header(ui, body);
    for (cell, title) in cells(header).into_iter().zip([words.base, words.adapter, words.output, words.state]) {
        text_ui(ui, cell, Align::Left, title, Type::CAPTION, palette.text_secondary);
    }
    for (index, pair) in state.recent.iter().enumerate() {
        let top = header.bottom() + index as f32 * ROW;
        let row = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), ROW));
        if index > 0 {
            hairline(ui, rect, row.top());
        }
        let known = state.recent_states.get(index).copied();
        if pair_ui(ui, row, pair, known, state) {
            commands.push(WelcomeCommand::OpenPair { base: pair.base.clone(), adapter: pair.adapter.clone() }.into());
        }
    }
}

fn cells(row: Rect) -> [Rect; 4] {
    let inner = row.shrink2(vec2(space::S16, 0.0));
    let at = |from: f32, to: f32| {
        let x = |share: f32| inner.left() + inner.width() * share;
        Rect::from_min_max(pos2(x(from), row.top()), pos2(x(to) - space::S12, row.bottom()))
    };
    [at(0.0, 0.28), at(0.28, 0.56), at(0.56, 0.84), at(0.84, 1.0)]
}

/// A pair that can be opened again; true when it was clicked.
fn pair_ui(ui: &mut Ui, row: Rect, pair: &RecentPair, known: Option<RecentState>, state: &AppState) -> bool {
    let palette = Palette::of(ui);
    let words = state.words();
    let is_gone = known == Some(RecentState::Gone);
    let name = |path: &std::path::Path| composed(&folder_name(path));
    let inner = row.shrink2(vec2(1.0, 0.5));
    let response = ui.allocate_rect(inner, if is_gone { Sense::hover() } else { Sense::click() });
    let label = format!("{} + {}", name(&pair.base), name(&pair.adapter));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, !is_gone, &label));
    if !is_gone && (response.hovered() || response.has_focus()) {
        ui.painter().rect_filled(inner, 0.0, palette.hover);
    }
    let ink = |color| if is_gone { palette.text_disabled } else { color };
    let merged = pair.merged.as_deref().map_or_else(|| "—".to_owned(), name);
    let texts = [
        (name(&pair.base), Type::BODY_MEDIUM, ink(palette.text)),
        (name(&pair.adapter), Type::BODY, ink(palette.adapter)),
        (merged, Type::BODY, ink(palette.text)),
    ];
    let [base, adapter, output, state_cell] = cells(row);
    for (cell, (text, kind, color)) in [base, adapter, output].into_iter().zip(texts) {
        let text = elided_middle(ui, &text, kind, cell.width());
        text_ui(ui, cell, Align::Left, &text, kind, color);
    }
    if let Some((icon, color, word)) = known.map(|known| look(known, palette, words)) {
        let place = Rect::from_min_size(state_cell.min, vec2(16.0, state_cell.height()));
        icon_ui(ui, place, icon, color);
        let text = Rect::from_min_max(pos2(place.right() + space::S4, state_cell.top()), state_cell.max);
        text_ui(ui, text, Align::Left, word, Type::EVIDENCE, ink(palette.text_secondary));
    }
    let home = state.machine.home.as_deref();
    let paths = [&pair.base, &pair.adapter].map(|path| display_path(path, home)).join("\n");
    response.on_hover_text(paths).clicked()
}

fn look(known: RecentState, palette: &Palette, words: &Words) -> (Icon, egui::Color32, &'static str) {
    match known {
        RecentState::Merged => (Icon::Passed, palette.ok, words.merged),
        RecentState::NotMerged => (Icon::Waiting, palette.text_tertiary, words.not_merged),
        RecentState::Gone => (Icon::Warning, palette.warn, words.gone),
    }
}
