//! The four screens, language and theme.

use egui::{
    Align, CornerRadius, Layout, Rect, Vec2,
    text::{LayoutJob, TextWrapping},
};

use crate::gui::{
    app::{command::face::ScreenCommand, notice::Tone, state::Phase},
    design::{
        layout::rule::focus_ring_ui,
        tokens::radius,
        widget::{explained, mark_ui},
    },
    prelude::*,
};

/// The strip on the left.
pub(in crate::gui) fn navigation_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    ui.spacing_mut().item_spacing = Vec2::splat(space::S4);
    for screen in Screen::ALL {
        let is_open = state.is_reachable(screen);
        let item = Item {
            command: AppCommand::ShowScreen(screen),
            is_current: screen == state.screen && !state.is_welcome(),
            closed: (!is_open).then(|| closed(state, screen)),
            // A screen that cannot be opened has got nowhere.
            mark: mark(state, screen).filter(|_| is_open),
        };
        item_ui(ui, grid::NAVIGATION_ITEM, &item, state, commands);
    }
    ui.with_layout(Layout::bottom_up(Align::Min), |ui| {
        for command in [AppCommand::SwitchTheme, AppCommand::SwitchLanguage] {
            let item = Item { command, is_current: false, closed: None, mark: None };
            item_ui(ui, grid::NAVIGATION_CHOICE, &item, state, commands);
        }
    });
}

struct Item {
    command: AppCommand,
    is_current: bool,
    /// Why it cannot be opened, while it cannot.
    closed: Option<&'static str>,
    mark: Option<Tone>,
}

/// What has to happen before `screen` has something to show.
fn closed(state: &AppState, screen: Screen) -> &'static str {
    state.words().text(match screen {
        Screen::Modules => "modules-closed",
        Screen::Merge if state.finished().is_some() => "merge-closed-judged",
        Screen::Merge => "merge-closed",
        Screen::Compare | Screen::Report => "result-closed",
    })
}

/// How far a screen is, as a shape beside its icon: a tick only for what was found to hold.
fn mark(state: &AppState, screen: Screen) -> Option<Tone> {
    let inspection = state.inspection.as_deref();
    let has_misfits = inspection.is_some_and(|inspection| !inspection.misfits.is_empty());
    let fits = inspection.is_some_and(|inspection| inspection.fit.is_some()) && !has_misfits;
    match (screen, &state.phase) {
        (Screen::Modules, _) if has_misfits => Some(Tone::Bad),
        (Screen::Modules, Phase::Planned(_) | Phase::Running(_) | Phase::Done(_)) => fits.then_some(Tone::Good),
        (Screen::Merge, Phase::Running(_)) => Some(Tone::Neutral),
        (Screen::Merge, Phase::Failed(_)) => Some(Tone::Bad),
        (Screen::Merge, Phase::Done(done)) => done.made.as_ref().map(|_| Tone::of(state.standing(done))),
        (Screen::Compare, Phase::Done(_)) if state.jobs.is_running(JobKind::Evaluate) => Some(Tone::Neutral),
        (Screen::Compare, Phase::Done(done)) => {
            done.evaluation.as_ref().map(|measured| if measured.is_ok() { Tone::Good } else { Tone::Caution })
        }
        (Screen::Report, Phase::Done(done)) => Some(Tone::of(state.standing(done))),
        _ => None,
    }
}

fn item_ui(ui: &mut Ui, height: f32, item: &Item, state: &AppState, commands: &mut Vec<Command>) {
    let colors = Colors::of(ui);
    let words = state.words();
    let Some(face) = item.command.face() else { return };
    let label = face.label(words);
    let enabled = item.closed.is_none();
    let size = vec2(ui.available_width(), height);
    let place = |ui: &mut Ui| ui.allocate_response(size, Sense::click());
    let response = if enabled { place(ui) } else { ui.add_enabled_ui(false, place).inner };
    response.widget_info(|| WidgetInfo::selected(Role::Tab, enabled, item.is_current, label));
    let corner = CornerRadius::same(radius::PANEL);
    if item.is_current {
        ui.painter().rect_filled(response.rect, corner, colors.selected);
    } else if enabled && response.hovered() {
        ui.painter().rect_filled(response.rect, corner, colors.hover);
    }
    focus_ring_ui(ui, &response, corner);
    let (ink, label_ink) = match (enabled, item.is_current) {
        (false, _) => (colors.text_disabled, colors.text_disabled),
        (true, true) => (colors.accent, colors.accent),
        (true, false) => (colors.text_secondary, colors.text),
    };
    let rect = response.rect.shrink2(vec2(0.0, space::S8));
    if let Some(icon) = face.icon {
        icon_ui(ui, Rect::from_min_size(rect.min, vec2(rect.width(), grid::ICON)), icon, ink);
    }
    let mut job = LayoutJob::simple_singleline(label.to_owned(), Type::CAPTION_MEDIUM.font_id(), label_ink);
    job.wrap = TextWrapping::truncate_at_width(rect.width());
    let galley = ui.painter().layout_job(job);
    let room = Rect::from_min_max(rect.min + vec2(0.0, grid::ICON), rect.max);
    ui.painter().galley(egui::Align2::CENTER_CENTER.align_size_within_rect(galley.size(), room).min, galley, label_ink);
    if let Some(tone) = item.mark {
        let icon = match tone {
            Tone::Neutral => Icon::AtWork,
            Tone::Good => Icon::Tick,
            Tone::Caution => Icon::Warning,
            Tone::Bad => Icon::Failed,
        };
        mark_ui(ui, response.rect.right_top() + vec2(-space::S12, space::S12), icon, tone.ink().color(ui));
    }
    let response = explained(response, || face.hover_text(words, ui.ctx()));
    if item.closed.map_or(response.clone(), |closed| response.on_disabled_hover_text(closed)).clicked() {
        commands.push(item.command.into());
    }
}
