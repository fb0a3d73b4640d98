//! What was opened and merged before.

use std::path::Path;

use egui::{CornerRadius, Frame, Shape, epaint::RectShape};

use super::command::WelcomeCommand;
use crate::{
    checkpoint::folder_name,
    gui::{design::widget::icon_ui, prelude::*},
    report::{HistoryEntry, RecentState, now_secs},
    units::path::{composed, display_path},
};

/// The panel; nothing without pairs.
pub(in crate::gui) fn recent_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    if state.recent().is_empty() {
        return;
    }
    let words = state.words();
    let mut asked = Vec::new();
    let clear = |ui: &mut Ui| {
        CommandButton::new(WelcomeCommand::ClearRecent, ButtonLook::Ghost).add(ui, words, &mut asked);
    };
    Surface::titled(words.text("recent-pairs")).show_with(ui, clear, |ui| {
        rule_ui(ui);
        Frame::new().fill(Colors::of(ui).app).show(ui, |ui| {
            inset_ui(ui, space::S16, space::S4, |ui| {
                ui.columns_const(|columns: &mut [Ui; 4]| {
                    for (ui, title) in columns.iter_mut().zip(["base", "adapter", "output", "state"]) {
                        label_ui(ui, words.text(title), Type::CAPTION, Ink::Secondary);
                    }
                });
            });
        });
        for (index, pair) in state.recent().iter().enumerate() {
            let known = state.recent_states.get(index).copied();
            if pair_ui(ui, pair, known, state) {
                commands.push(WelcomeCommand::OpenRecent(Box::new(pair.clone())).into());
            }
        }
    });
    commands.append(&mut asked);
}

/// A merge that can be brought back; true when it was clicked.
fn pair_ui(ui: &mut Ui, pair: &HistoryEntry, known: Option<RecentState>, state: &AppState) -> bool {
    let words = state.words();
    let home = state.machine.home.as_deref();
    let is_gone = known == Some(RecentState::Gone);
    let name = |path: &Path| composed(&folder_name(path));
    let adapter = pair.adapters.first().map(|adapter| adapter.path.as_path());
    let more = match pair.adapters.len() {
        0 | 1 => String::new(),
        count => format!("  {}", words.say(&message!("more-adapters", count: count - 1))),
    };
    let adapter_name = format!("{}{more}", adapter.map(name).unwrap_or_default());
    let output = pair.output.as_deref();
    let found = known.map(|known| look(known, words));
    let said = found.as_ref().map_or("", |(_, _, text)| text.as_str());
    let label = format!("{} + {adapter_name}, {said}", name(&pair.base));
    let folders = [
        (Some(pair.base.as_path()), name(&pair.base), Type::BODY_MEDIUM, Ink::Primary),
        (adapter, adapter_name, Type::BODY, Ink::Adapter),
        (output, output.map_or_else(|| "—".to_owned(), name), Type::BODY, Ink::Primary),
    ];
    let faded = |ink| if is_gone { Ink::Disabled } else { ink };
    rule_ui(ui);
    let behind = ui.painter().add(Shape::Noop);
    let row = ui.scope(|ui| {
        inset_ui(ui, space::S16, space::S4, |ui| {
            ui.columns_const(|[base, adapter, output, standing]| {
                for (ui, (path, name, kind, ink)) in [base, adapter, output].into_iter().zip(&folders) {
                    path_ui(ui, name, *kind, faded(*ink));
                    let parent = path.and_then(Path::parent).map(|parent| display_path(parent, home));
                    path_ui(ui, &parent.unwrap_or_default(), Type::MONO_SMALL, faded(Ink::Tertiary));
                }
                standing_ui(standing, found.as_ref(), faded, pair, state);
            });
        });
    });
    let response = row.response.interact(if is_gone { Sense::hover() } else { Sense::click() });
    response.widget_info(|| WidgetInfo::labeled(Role::Button, !is_gone, label.trim_end_matches(", ")));
    if !is_gone && (response.hovered() || response.has_focus()) {
        let hover = RectShape::filled(response.rect, CornerRadius::ZERO, Colors::of(ui).hover);
        ui.painter().set(behind, hover);
    }
    let paths = std::iter::once(&pair.base).chain(pair.adapters.iter().map(|adapter| &adapter.path));
    let paths = paths.chain(&pair.output).map(|path| display_path(path, home)).collect::<Vec<_>>().join("\n");
    response.on_hover_text(paths).clicked()
}

/// What became of the merge, and how long ago.
fn standing_ui(
    ui: &mut Ui,
    found: Option<&(Icon, Ink, String)>,
    faded: impl Fn(Ink) -> Ink,
    pair: &HistoryEntry,
    state: &AppState,
) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = space::S4;
        let area = spot(ui, vec2(space::S16, Type::BODY.line_height));
        if let Some((icon, ink, _)) = found {
            icon_ui(ui, area, *icon, ink.color(ui));
        }
        ui.vertical(|ui| {
            if let Some((_, _, text)) = found {
                paragraph_ui(ui, text, Type::EVIDENCE, faded(Ink::Secondary));
            }
            if state.machine.shows_measurements {
                let ago = state.words().said(&units::Age::of(now_secs().saturating_sub(pair.unix_secs)));
                label_ui(ui, &ago, Type::CAPTION, faded(Ink::Tertiary));
            }
        });
    });
}

fn look(known: RecentState, words: Language) -> (Icon, Ink, String) {
    let of = |icon, ink, text: &str| (icon, ink, text.to_owned());
    match known {
        RecentState::Verified => of(Icon::Passed, Ink::Ok, words.text("verified")),
        RecentState::NotVerified => of(Icon::Failed, Ink::Error, words.text("not-verified")),
        RecentState::Merged => of(Icon::Info, Ink::Secondary, words.text("merged")),
        RecentState::Interrupted { byte_count } => {
            (Icon::AtWork, Ink::Accent, words.say(&message!("resume", bytes: units::bytes(byte_count))))
        }
        RecentState::NotMerged => of(Icon::Waiting, Ink::Tertiary, words.text("not-merged")),
        RecentState::Gone => of(Icon::Warning, Ink::Warn, words.text("gone")),
    }
}
