//! One line about where things stand, and the drop hint over the window.

use egui::{Align2, Color32, CornerRadius, Rect, Stroke, StrokeKind};

use crate::{
    gui::{
        app::{inspection::Slot, notice::Tone, state::Phase},
        design::{layout::rule::middle_ui, tokens::radius, widget::mark_ui},
        prelude::*,
        screens::modules::state::ModulesView,
    },
    job::Stage,
};

/// The line at the bottom.
pub(in crate::gui) fn status_bar_ui(ui: &mut Ui, state: &AppState) {
    let version = format!("lorafuse {}", env!("CARGO_PKG_VERSION"));
    let about = if state.machine.shows_measurements {
        format!("{}    {version}", state.words().say(&message!("threads", count: state.machine.thread_count)))
    } else {
        version
    };
    let (tone, text) = status(state);
    let mark = match tone {
        Tone::Neutral => None,
        Tone::Good => Some(Icon::Passed),
        Tone::Caution => Some(Icon::Warning),
        Tone::Bad => Some(Icon::Failed),
    };
    let left = |ui: &mut Ui| {
        if let Some(icon) = mark {
            let area = spot(ui, vec2(space::S12, space::S12));
            mark_ui(ui, area.center(), icon, tone.ink().color(ui));
            ui.add_space(space::S4);
        }
        label_ui(ui, &text, Type::CAPTION, Ink::Secondary);
    };
    let right = |ui: &mut Ui| _ = label_ui(ui, &about, Type::CAPTION, Ink::Secondary);
    Sides::new().height(grid::STATUS).spacing(space::S16).shrink_left().show(ui, left, right);
}

/// What runs now and the last notice, or else where things stand.
fn status(state: &AppState) -> (Tone, String) {
    let words = state.words();
    let runs = at_work(state);
    match (&state.notice, runs.is_empty()) {
        (Some(notice), true) => return (notice.tone, notice.text.clone()),
        (Some(notice), false) => return (notice.tone, format!("{runs}  ·  {}", notice.text)),
        (None, false) => return (Tone::Neutral, runs),
        (None, true) => {}
    }
    let (tone, text) = match &state.phase {
        Phase::Opening | Phase::Running(_) => return (Tone::Neutral, String::new()),
        Phase::Planned(plan) if state.screen == Screen::Merge => {
            let measured = plan.checks.iter().filter(|check| check.is_measured()).count();
            let passed = message!("checks-passed", passed: measured, total: plan.checks.len());
            return (Tone::Good, words.say(&passed));
        }
        Phase::Planned(_) if state.modules.view == ModulesView::Printed => (Tone::Neutral, "printed-note"),
        Phase::Planned(_) => {
            let is_interrupted = state.inspection.as_ref().is_some_and(|found| found.interrupted_bytes.is_some());
            (Tone::Good, if is_interrupted { "fits-interrupted" } else { "fits" })
        }
        Phase::Done(done) => return standing_status(state.standing(done), words),
        Phase::Failed(_) => (Tone::Bad, "merge-failed"),
        Phase::Idle => return idle_status(state),
    };
    (tone, words.text(text).to_owned())
}

/// What runs now, by name; empty where nothing does.
fn at_work(state: &AppState) -> String {
    let words = state.words();
    let name = match &state.phase {
        Phase::Opening => "opening",
        Phase::Running(running) if running.is_checking() => "checking-merge-status",
        Phase::Running(running) if running.stage == Stage::Syncing => "syncing-status",
        Phase::Running(_) => "merging-status",
        Phase::Done(_) => {
            let works = [
                (JobKind::Verify, "verifying"),
                (JobKind::Seal, "sealing"),
                (JobKind::Evaluate, "measuring-status"),
                (JobKind::MeasureTime, "timing-status"),
            ];
            let running = works.into_iter().filter(|(kind, _)| state.jobs.is_running(*kind));
            return running.map(|(_, name)| words.text(name)).collect::<Vec<_>>().join("  ·  ");
        }
        Phase::Idle | Phase::Planned(_) | Phase::Failed(_) => return String::new(),
    };
    words.text(name).to_owned()
}

/// What the checks of a folder come to.
fn standing_status(standing: Standing<'_>, words: Language) -> (Tone, String) {
    let text = match standing {
        Standing::Checking => words.text("verifying").to_owned(),
        Standing::Unchecked(None) => words.text("verdict-unknown").to_owned(),
        Standing::Unchecked(Some(problem)) => problem.line(words),
        Standing::Identical(_) => words.text("verdict-identical").to_owned(),
        Standing::Failed(report) | Standing::Held { report, .. } => {
            let (made, held) = report.made_and_held();
            words.say(&message!("checks-of", passed: held, total: made))
        }
    };
    (Tone::of(standing), text)
}

fn idle_status(state: &AppState) -> (Tone, String) {
    let words = state.words();
    let told = |tone, id| (tone, words.text(id).to_owned());
    let Some(inspection) = &state.inspection else { return told(Tone::Neutral, "ready") };
    if !inspection.misfits.is_empty() {
        return told(Tone::Bad, "does-not-fit-status");
    }
    match (&inspection.plan, &inspection.base, &inspection.adapter) {
        (Some(Err(problem)), ..) | (_, Slot::Failed(problem), _) | (.., Slot::Failed(problem)) => {
            (Tone::Bad, problem.line(words))
        }
        (_, Slot::Open(_), Slot::Empty) => told(Tone::Neutral, "base-only"),
        (_, Slot::Empty, Slot::Open(_)) => told(Tone::Neutral, "adapter-only"),
        _ => told(Tone::Neutral, "ready"),
    }
}

/// What shows while a folder hovers over the window.
pub(in crate::gui) fn drop_hint_ui(ui: &mut Ui, rect: Rect, words: Language) {
    let colors = Colors::of(ui);
    let corner = CornerRadius::same(radius::POPUP);
    let veil = Color32::from_black_alpha(grid::VEIL);
    ui.painter().rect(rect.shrink(space::S8), corner, veil, Stroke::new(2.0, colors.accent), StrokeKind::Inside);
    let words = words.text("drop-here");
    let width = text_width(ui, words, Type::BODY_MEDIUM) + 2.0 * space::S32;
    let sign = Align2::CENTER_CENTER.align_size_within_rect(vec2(width, grid::SCREEN_HEADER), rect);
    ui.painter().rect(sign, corner, colors.panel, Stroke::new(1.0, colors.stroke_strong), StrokeKind::Inside);
    middle_ui(ui, sign, |ui| label_ui(ui, words, Type::BODY_MEDIUM, Ink::Primary));
}
