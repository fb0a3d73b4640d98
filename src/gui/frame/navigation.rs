//! The four screens, language and theme.

use egui::{CornerRadius, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use crate::gui::{
    app::{
        command::{Command, face::ScreenCommand, of_app::AppCommand},
        jobs::kind::JobKind,
        screen::Screen,
        standing::Standing,
        state::{AppState, Phase},
    },
    design::{
        tokens::{Colors, Type, radius, space},
        widget::{Icon, icon_ui, mark_ui},
    },
};

const ITEM: egui::Vec2 = vec2(59.0, 54.0);

/// The strip on the left.
pub(in crate::gui) fn navigation_ui(ui: &mut Ui, rect: Rect, state: &AppState, commands: &mut Vec<Command>) {
    let left = rect.left() + 6.0;
    for (index, screen) in Screen::ALL.into_iter().enumerate() {
        let top = rect.top() + space::S8 + index as f32 * (ITEM.y + space::S4);
        let item = Item {
            rect: Rect::from_min_size(pos2(left, top), ITEM),
            command: AppCommand::ShowScreen(screen),
            is_current: screen == state.screen && !state.is_welcome(),
            enabled: state.is_reachable(screen),
            // A screen that cannot be opened has got nowhere.
            mark: mark(state, screen).filter(|_| state.is_reachable(screen)),
            closed: closed(state, screen),
        };
        item_ui(ui, &item, state, commands);
    }
    let bottom = rect.bottom() - space::S8 + 4.0;
    for (index, command) in [AppCommand::SwitchTheme, AppCommand::SwitchLanguage].into_iter().enumerate() {
        let top = bottom - (index as f32 + 1.0) * 50.0;
        let rect = Rect::from_min_size(pos2(left, top), vec2(ITEM.x, 46.0));
        item_ui(ui, &Item { rect, command, is_current: false, enabled: true, mark: None, closed: "" }, state, commands);
    }
}

struct Item {
    rect: Rect,
    command: AppCommand,
    is_current: bool,
    enabled: bool,
    mark: Option<Icon>,
    /// Why it cannot be opened, while it cannot.
    closed: &'static str,
}

/// What has to happen before `screen` has something to show.
fn closed(state: &AppState, screen: Screen) -> &'static str {
    let words = state.words();
    match screen {
        Screen::Modules => words.text("modules-closed"),
        Screen::Merge if state.finished().is_some() => words.text("merge-closed-judged"),
        Screen::Merge => words.text("merge-closed"),
        Screen::Compare | Screen::Report => words.text("result-closed"),
    }
}

/// How far a screen is, as a shape beside its icon: a tick only for what was found to hold.
fn mark(state: &AppState, screen: Screen) -> Option<Icon> {
    let inspection = state.inspection.as_deref();
    let has_misfits = inspection.is_some_and(|inspection| !inspection.misfits.is_empty());
    let fits = inspection.is_some_and(|inspection| inspection.fit.is_some()) && !has_misfits;
    match (screen, &state.phase) {
        (Screen::Modules, _) if has_misfits => Some(Icon::Failed),
        (Screen::Modules, Phase::Planned(_) | Phase::Running(_) | Phase::Done(_)) => fits.then_some(Icon::Tick),
        (Screen::Merge, Phase::Running(_)) => Some(Icon::AtWork),
        (Screen::Merge, Phase::Failed(_)) => Some(Icon::Failed),
        (Screen::Merge, Phase::Done(done)) => done.made.as_ref().map(|_| standing_mark(state.standing(done))),
        (Screen::Compare, Phase::Done(_)) if state.jobs.is_running(JobKind::Evaluate) => Some(Icon::AtWork),
        (Screen::Compare, Phase::Done(done)) => match &done.evaluation {
            None => None,
            Some(Ok(_)) => Some(Icon::Tick),
            Some(Err(_)) => Some(Icon::Warning),
        },
        (Screen::Report, Phase::Done(done)) => Some(standing_mark(state.standing(done))),
        _ => None,
    }
}

fn standing_mark(standing: Standing<'_>) -> Icon {
    match standing {
        Standing::Checking => Icon::AtWork,
        Standing::Failed(_) => Icon::Failed,
        // Not judged is not condemned.
        Standing::Unchecked(_) | Standing::Identical(_) | Standing::Held { has_remark: true, .. } => Icon::Warning,
        Standing::Held { .. } => Icon::Tick,
    }
}

fn item_ui(ui: &mut Ui, item: &Item, state: &AppState, commands: &mut Vec<Command>) {
    let colors = Colors::of(ui);
    let words = state.words();
    let Some(face) = item.command.face() else { return };
    let label = face.label(words);
    let mut builder = UiBuilder::new().max_rect(item.rect);
    if !item.enabled {
        builder = builder.disabled();
    }
    let response = ui.scope_builder(builder, |ui| ui.allocate_rect(item.rect, Sense::click())).inner;
    response.widget_info(|| WidgetInfo::selected(Role::Tab, item.enabled, item.is_current, label));
    let corner = CornerRadius::same(radius::PANEL);
    if item.is_current {
        ui.painter().rect_filled(item.rect, corner, colors.selected);
    } else if item.enabled && response.hovered() {
        ui.painter().rect_filled(item.rect, corner, colors.hover);
    }
    if response.has_focus() {
        let stroke = egui::Stroke::new(2.0, colors.accent);
        ui.painter().rect_stroke(item.rect, corner, stroke, egui::StrokeKind::Inside);
    }
    let ink = match (item.enabled, item.is_current) {
        (false, _) => colors.text_disabled,
        (true, true) => colors.accent,
        (true, false) => colors.text_secondary,
    };
    let center = item.rect.center().x;
    let icon_rect = Rect::from_center_size(pos2(center, item.rect.top() + 18.0), vec2(16.0, 16.0));
    if let Some(icon) = face.icon {
        icon_ui(ui, icon_rect, icon, ink);
    }
    let label_ink = if item.enabled && !item.is_current { colors.text } else { ink };
    let galley = ui.painter().layout_no_wrap(label.to_owned(), Type::CAPTION_MEDIUM.font_id(), label_ink);
    let pos = pos2(center - galley.size().x / 2.0, item.rect.top() + 38.0 - galley.size().y / 2.0);
    ui.painter().galley(pos, galley, label_ink);
    if let Some(mark) = item.mark {
        let color = match mark {
            Icon::Tick => colors.ok,
            Icon::Failed => colors.error,
            Icon::Warning => colors.warn,
            _ => colors.accent,
        };
        mark_ui(ui, pos2(item.rect.right() - 12.0, item.rect.top() + 12.0), mark, color);
    }
    let hover_text = face.hover_text(words, ui.ctx());
    if response.on_hover_text(hover_text).on_disabled_hover_text(item.closed).clicked() {
        commands.push(item.command.into());
    }
}
