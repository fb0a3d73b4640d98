//! One line about where things stand, and the drop hint over the window.

use egui::{Align2, Color32, CornerRadius, Layout, Rect, Stroke, StrokeKind, UiBuilder};

use crate::{
    gui::{
        app::{inspection::Slot, notice::Tone, state::Phase},
        design::{tokens::radius, widget::mark_ui},
        prelude::*,
        screens::modules::state::ModulesView,
    },
    job::Stage,
    verify::VerifyReport,
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
        Tone::Good => Some((Icon::Passed, Ink::Ok)),
        Tone::Caution => Some((Icon::Warning, Ink::Warn)),
        Tone::Bad => Some((Icon::Failed, Ink::Error)),
    };
    let left = |ui: &mut Ui| {
        if let Some((icon, ink)) = mark {
            let (area, _) = ui.allocate_exact_size(vec2(space::S12, space::S12), Sense::hover());
            mark_ui(ui, area.center(), icon, ink.color(ui));
            ui.add_space(space::S4);
        }
        label_ui(ui, &text, Type::CAPTION, Ink::Secondary);
    };
    let right = |ui: &mut Ui| _ = label_ui(ui, &about, Type::CAPTION, Ink::Secondary);
    Sides::new().height(grid::STATUS).spacing(space::S16).shrink_left().truncate().show(ui, left, right);
}

fn status(state: &AppState) -> (Tone, String) {
    let words = state.words();
    let runs = at_work(state);
    match (&state.notice, runs.is_empty()) {
        (Some(notice), true) => return (notice.tone, notice.text.clone()),
        (Some(notice), false) => return (notice.tone, format!("{runs}  ·  {}", notice.text)),
        (None, false) => return (Tone::Neutral, runs),
        (None, true) => {}
    }
    let neutral = |text: &str| (Tone::Neutral, text.to_owned());
    match &state.phase {
        Phase::Opening | Phase::Running(_) => neutral(""),
        Phase::Planned(plan) if state.screen == Screen::Merge => {
            let measured = plan.checks.iter().filter(|check| check.is_measured()).count();
            (Tone::Good, words.say(&message!("checks-passed", passed: measured, total: plan.checks.len())))
        }
        Phase::Planned(_) if state.modules.view == ModulesView::Printed => neutral(words.text("printed-note")),
        Phase::Planned(_) => {
            let is_interrupted = state.inspection.as_ref().is_some_and(|found| found.interrupted_bytes.is_some());
            (Tone::Good, if is_interrupted { words.text("fits-interrupted") } else { words.text("fits") }.to_owned())
        }
        Phase::Done(done) => standing_status(state.standing(done), words),
        Phase::Failed(_) => (Tone::Bad, words.text("merge-failed").to_owned()),
        Phase::Idle => idle_status(state),
    }
}

/// What runs now, by name; empty where nothing does.
fn at_work(state: &AppState) -> String {
    let words = state.words();
    match &state.phase {
        Phase::Opening => words.text("opening").to_owned(),
        Phase::Running(running) if running.is_checking() => words.text("checking-merge-status").to_owned(),
        Phase::Running(running) if running.stage == Stage::Syncing => words.text("syncing-status").to_owned(),
        Phase::Running(_) => words.text("merging-status").to_owned(),
        Phase::Done(_) => {
            let works = [
                (JobKind::Verify, words.text("verifying")),
                (JobKind::Seal, words.text("sealing")),
                (JobKind::Evaluate, words.text("measuring-status")),
                (JobKind::MeasureTime, words.text("timing-status")),
            ];
            let running = works.into_iter().filter(|(kind, _)| state.jobs.is_running(*kind));
            running.map(|(_, name)| name).collect::<Vec<_>>().join("  ·  ")
        }
        Phase::Idle | Phase::Planned(_) | Phase::Failed(_) => String::new(),
    }
}

/// What the checks of a folder come to.
fn standing_status(standing: Standing<'_>, words: Language) -> (Tone, String) {
    let counts = |report: &VerifyReport| {
        let (made, held) = report.made_and_held();
        words.say(&message!("checks-of", passed: held, total: made))
    };
    match standing {
        Standing::Checking => (Tone::Neutral, words.text("verifying").to_owned()),
        Standing::Unchecked(None) => (Tone::Caution, words.text("verdict-unknown").to_owned()),
        Standing::Unchecked(Some(problem)) => (Tone::Caution, problem.line(words)),
        Standing::Failed(report) => (Tone::Bad, counts(report)),
        Standing::Identical(_) => (Tone::Caution, words.text("verdict-identical").to_owned()),
        Standing::Held { report, has_remark: true, .. } => (Tone::Caution, counts(report)),
        Standing::Held { report, .. } => (Tone::Good, counts(report)),
    }
}

fn idle_status(state: &AppState) -> (Tone, String) {
    let words = state.words();
    let Some(inspection) = &state.inspection else { return (Tone::Neutral, words.text("ready").to_owned()) };
    if !inspection.misfits.is_empty() {
        return (Tone::Bad, words.text("does-not-fit-status").to_owned());
    }
    if let Some(Err(problem)) = &inspection.plan {
        return (Tone::Bad, problem.line(words));
    }
    match (&inspection.base, &inspection.adapter) {
        (Slot::Failed(problem), _) | (_, Slot::Failed(problem)) => (Tone::Bad, problem.line(words)),
        (Slot::Open(_), Slot::Empty) => (Tone::Neutral, words.text("base-only").to_owned()),
        (Slot::Empty, Slot::Open(_)) => (Tone::Neutral, words.text("adapter-only").to_owned()),
        _ => (Tone::Neutral, words.text("ready").to_owned()),
    }
}

/// What shows while a folder hovers over the window.
pub(in crate::gui) fn drop_hint_ui(ui: &mut Ui, rect: Rect, words: Language) {
    let colors = Colors::of(ui);
    let corner = CornerRadius::same(radius::POPUP);
    let veil = Color32::from_black_alpha(grid::VEIL);
    ui.painter().rect(rect.shrink(space::S8), corner, veil, Stroke::new(2.0, colors.accent), StrokeKind::Inside);
    let width = text_width(ui, words.text("drop-here"), Type::BODY_MEDIUM) + 2.0 * space::S32;
    let sign = Align2::CENTER_CENTER.align_size_within_rect(vec2(width, grid::SCREEN_HEADER), rect);
    ui.painter().rect(sign, corner, colors.panel, Stroke::new(1.0, colors.stroke_strong), StrokeKind::Inside);
    let middle = Layout::centered_and_justified(egui::Direction::LeftToRight);
    ui.scope_builder(UiBuilder::new().max_rect(sign).layout(middle), |ui| {
        label_ui(ui, words.text("drop-here"), Type::BODY_MEDIUM, Ink::Primary)
    });
}
