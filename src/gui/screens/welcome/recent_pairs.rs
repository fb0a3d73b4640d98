//! What was opened and merged before.

use std::path::Path;

use egui::{Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::command::WelcomeCommand;
use crate::{
    checkpoint::folder_name,
    gui::{
        app::{command::Command, recent::RecentState, state::AppState},
        design::{
            path_text::{composed, display_path},
            tokens::{Colors, Type, grid, space},
            widget::{
                Align, ButtonLook, Icon, elided_middle, hairline, icon_ui, panel_title_ui, table_header, text_ui,
            },
        },
        frame::command_button::CommandButton,
    },
    message::{Language, message},
    report::{HistoryEntry, now_secs},
    units,
};

/// Height of a pair.
const ROW: f32 = 46.0;

/// Height of the panel; nothing without pairs.
pub(in crate::gui) fn height(count: usize) -> f32 {
    if count == 0 { 0.0 } else { grid::PANEL_TITLE + grid::PANEL_TABLE_HEADER + count as f32 * ROW }
}

/// The panel.
pub(in crate::gui) fn recent_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<Command>) {
    if state.recent().is_empty() {
        return;
    }
    let colors = Colors::of(ui);
    let words = state.words();
    let body = panel_title_ui(ui, rect, words.text("recent-pairs"), "");
    let clear = CommandButton::new(WelcomeCommand::ClearRecent, ButtonLook::Ghost);
    let size = vec2(clear.width(ui, words), grid::SMALL_BUTTON);
    let place = pos2(rect.right() - size.x - space::S4, rect.top() + (grid::PANEL_TITLE - size.y) / 2.0);
    clear.show(ui, Rect::from_min_size(place, size), words, commands);
    let header = table_header(ui, body);
    for (cell, title) in cells(header).into_iter().zip([
        words.text("base"),
        words.text("adapter"),
        words.text("output"),
        words.text("state"),
    ]) {
        text_ui(ui, cell, Align::Left, title, Type::CAPTION, colors.text_secondary);
    }
    for (index, pair) in state.recent().iter().enumerate() {
        let top = header.bottom() + index as f32 * ROW;
        let row = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), ROW));
        if index > 0 {
            hairline(ui, rect, row.top());
        }
        let known = state.recent_states.get(index).copied();
        if pair_ui(ui, row, pair, known, state) {
            commands.push(WelcomeCommand::OpenRecent(Box::new(pair.clone())).into());
        }
    }
}

fn cells(row: Rect) -> [Rect; 4] {
    let inner = row.shrink2(vec2(space::S16, 0.0));
    let at = |from: f32, to: f32| {
        let x = |share: f32| inner.left() + inner.width() * share;
        Rect::from_min_max(pos2(x(from), row.top()), pos2(x(to) - space::S12, row.bottom()))
    };
    [at(0.0, 0.26), at(0.26, 0.52), at(0.52, 0.76), at(0.76, 1.0)]
}

/// The two lines of a cell.
fn lines(cell: Rect) -> [Rect; 2] {
    let inner = cell.shrink2(vec2(0.0, space::S4));
    let (upper, lower) = inner.split_top_bottom_at_fraction(0.5);
    [upper, lower]
}

/// A merge that can be brought back; true when it was clicked.
fn pair_ui(ui: &mut Ui, row: Rect, pair: &HistoryEntry, known: Option<RecentState>, state: &AppState) -> bool {
    let colors = Colors::of(ui);
    let words = state.words();
    let home = state.machine.home.as_deref();
    let is_gone = known == Some(RecentState::Gone);
    let name = |path: &Path| composed(&folder_name(path));
    let inner = row.shrink2(vec2(1.0, 0.5));
    let response = ui.allocate_rect(inner, if is_gone { Sense::hover() } else { Sense::click() });
    let adapter = pair.adapters.first().map(|adapter| adapter.path.as_path());
    let more = match pair.adapters.len() {
        0 | 1 => String::new(),
        count => format!("  {}", words.say(&message!("more-adapters", count: count - 1))),
    };
    let adapter_name = format!("{}{more}", adapter.map(name).unwrap_or_default());
    let state_text = known.map(|known| look(known, colors, words));
    let said = state_text.as_ref().map_or("", |(_, _, text)| text.as_str());
    let label = format!("{} + {adapter_name}, {said}", name(&pair.base));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, !is_gone, label.trim_end_matches(", ")));
    if !is_gone && (response.hovered() || response.has_focus()) {
        ui.painter().rect_filled(inner, 0.0, colors.hover);
    }
    let ink = |color| if is_gone { colors.text_disabled } else { color };
    let [base, adapter_cell, output, state_cell] = cells(row);
    let folders = [
        (base, Some(pair.base.as_path()), name(&pair.base), Type::BODY_MEDIUM, colors.text),
        (adapter_cell, adapter, adapter_name, Type::BODY, colors.adapter),
        (
            output,
            pair.output.as_deref(),
            pair.output.as_deref().map_or_else(|| "—".to_owned(), name),
            Type::BODY,
            colors.text,
        ),
    ];
    for (cell, path, name, kind, color) in folders {
        let [upper, lower] = lines(cell);
        let name = elided_middle(ui, &name, kind, cell.width());
        text_ui(ui, upper, Align::Left, &name, kind, ink(color));
        let parent = path.and_then(Path::parent).map(|parent| display_path(parent, home)).unwrap_or_default();
        let parent = elided_middle(ui, &parent, Type::MONO_SMALL, cell.width());
        text_ui(ui, lower, Align::Left, &parent, Type::MONO_SMALL, ink(colors.text_tertiary));
    }
    let [upper, lower] = lines(state_cell);
    if let Some((icon, color, text)) = &state_text {
        let place = Rect::from_min_size(upper.min, vec2(16.0, upper.height()));
        icon_ui(ui, place, *icon, *color);
        let area = Rect::from_min_max(pos2(place.right() + space::S4, upper.top()), upper.max);
        text_ui(ui, area, Align::Left, text, Type::EVIDENCE, ink(colors.text_secondary));
    }
    if state.machine.shows_measurements {
        let ago = words.said(&units::Age::of(now_secs().saturating_sub(pair.unix_secs)));
        let area = Rect::from_min_max(lower.min + vec2(16.0 + space::S4, 0.0), lower.max);
        text_ui(ui, area, Align::Left, &ago, Type::CAPTION, ink(colors.text_tertiary));
    }
    let paths = std::iter::once(&pair.base).chain(pair.adapters.iter().map(|adapter| &adapter.path));
    let paths = paths.chain(&pair.output).map(|path| display_path(path, home)).collect::<Vec<_>>().join("\n");
    response.on_hover_text(paths).clicked()
}

fn look(known: RecentState, colors: &Colors, words: Language) -> (Icon, egui::Color32, String) {
    let of = |icon, color, text: &str| (icon, color, text.to_owned());
    match known {
        RecentState::Verified => of(Icon::Passed, colors.ok, words.text("verified")),
        RecentState::NotVerified => of(Icon::Failed, colors.error, words.text("not-verified")),
        RecentState::Merged => of(Icon::Info, colors.text_secondary, words.text("merged")),
        RecentState::Interrupted { byte_count } => {
            (Icon::AtWork, colors.accent, words.say(&message!("resume", bytes: units::bytes(byte_count))))
        }
        RecentState::NotMerged => of(Icon::Waiting, colors.text_tertiary, words.text("not-merged")),
        RecentState::Gone => of(Icon::Warning, colors.warn, words.text("gone")),
    }
}
