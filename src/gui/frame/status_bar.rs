//! One line about where things stand, and the drop hint over the window.

use egui::{Color32, CornerRadius, Rect, Stroke, StrokeKind, Ui, pos2, vec2};

use crate::gui::{
    app::{
        inspection::Slot,
        notice::Tone,
        screen::Screen,
        state::{AppState, Phase},
    },
    design::{
        tokens::{Palette, Type, radius, space},
        widget::{Align, Icon, mark_ui, text_ui},
    },
    screens::modules::state::ModulesView,
    words::Words,
};

/// The line at the bottom.
pub(in crate::gui) fn status_bar_ui(ui: &mut Ui, rect: Rect, state: &AppState) {
    let palette = Palette::of(ui);
    let line = rect.shrink2(vec2(space::S16, 0.0));
    let version = format!("lorafuse {}", env!("CARGO_PKG_VERSION"));
    let about = if state.machine.shows_measurements {
        format!("{}    {version}", (state.words().threads)(state.machine.thread_count))
    } else {
        version
    };
    let about = text_ui(ui, line, Align::Right, &about, Type::CAPTION, palette.text_secondary);
    let (tone, text) = status(state);
    let mut left = line.left();
    let (icon, color) = match tone {
        Tone::Neutral => (None, palette.text_secondary),
        Tone::Good => (Some(Icon::Passed), palette.ok),
        Tone::Caution => (Some(Icon::Warning), palette.warn),
        Tone::Bad => (Some(Icon::Failed), palette.error),
    };
    if let Some(icon) = icon {
        mark_ui(ui, pos2(left + 5.0, line.center().y), icon, color);
        left += 16.0;
    }
    let rest = Rect::from_min_max(pos2(left, line.top()), pos2(about.rect.left() - space::S16, line.bottom()));
    text_ui(ui, rest, Align::Left, &text, Type::CAPTION, palette.text_secondary);
}

fn status(state: &AppState) -> (Tone, String) {
    let words = state.words();
    if let Some(notice) = &state.notice {
        return (notice.tone, notice.text.clone());
    }
    let neutral = |text: &str| (Tone::Neutral, text.to_owned());
    match &state.phase {
        Phase::Opening => neutral(words.opening),
        Phase::Running(_) => neutral(words.merging_status),
        Phase::Planned(plan) if state.screen == Screen::Merge => (Tone::Good, (words.checks_passed)(plan.checks.len())),
        Phase::Planned(_) if state.modules.view == ModulesView::Printed => neutral(words.printed_note),
        Phase::Planned(_) => (Tone::Good, words.fits.to_owned()),
        Phase::Done(done) => match &done.verified {
            None => neutral(words.verifying),
            Some(Ok(report)) => {
                let passed = passed_count(report);
                let tone = if report.is_passed() { Tone::Good } else { Tone::Bad };
                (tone, (words.checks_of)(passed, report.checks.len()))
            }
            Some(Err(problem)) => (Tone::Caution, problem.line(words)),
        },
        Phase::Failed(_) => (Tone::Bad, words.merge_failed.to_owned()),
        Phase::Idle => idle_status(state),
    }
}

/// Checks that hold, with or without a remark.
pub(in crate::gui) fn passed_count(report: &crate::verify::VerifyReport) -> usize {
    use crate::verify::Outcome;
    report.checks.iter().filter(|check| matches!(check.outcome, Outcome::Passed | Outcome::Warning)).count()
}

fn idle_status(state: &AppState) -> (Tone, String) {
    let words = state.words();
    let Some(inspection) = &state.inspection else { return (Tone::Neutral, words.ready.to_owned()) };
    if !inspection.misfits.is_empty() {
        return (Tone::Bad, words.does_not_fit_status.to_owned());
    }
    if let Some(Err(problem)) = &inspection.plan {
        return (Tone::Bad, problem.line(words));
    }
    match (&inspection.base, &inspection.adapter) {
        (Slot::Failed(problem), _) | (_, Slot::Failed(problem)) => (Tone::Bad, problem.line(words)),
        (Slot::Open(_), Slot::Empty) => (Tone::Neutral, words.base_only.to_owned()),
        (Slot::Empty, Slot::Open(_)) => (Tone::Neutral, words.adapter_only.to_owned()),
        _ => (Tone::Neutral, words.ready.to_owned()),
    }
}

/// What shows while a folder hovers over the window.
pub(in crate::gui) fn drop_hint_ui(ui: &mut Ui, rect: Rect, words: &Words) {
    let palette = Palette::of(ui);
    let inner = rect.shrink(space::S8);
    let corner = CornerRadius::same(radius::POPUP);
    let veil = Color32::from_black_alpha(90);
    ui.painter().rect(inner, corner, veil, Stroke::new(2.0, palette.accent), StrokeKind::Inside);
    let sign = Rect::from_center_size(rect.center(), vec2(360.0, 48.0));
    ui.painter().rect(sign, corner, palette.panel, Stroke::new(1.0, palette.stroke_strong), StrokeKind::Inside);
    text_ui(ui, sign, Align::Center, words.drop_here, Type::BODY_MEDIUM, palette.text);
}
