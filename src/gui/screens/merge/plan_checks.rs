//! The checks of a plan with their evidence, and where the work will happen.

use super::command::MergeCommand;
use crate::{
    adapter::Twin,
    gui::{
        design::widget::icon_ui,
        frame::wells::{command::WellsCommand, well::WellKind},
        prelude::*,
    },
    plan::{MergePlan, PreflightCheck, Verdict},
    units::path::display_path,
};

/// The checks and warnings, with the check that failed where the output is refused, and below them the place of work.
pub(in crate::gui) fn checks_ui(
    ui: &mut Ui,
    inspection: &Inspection,
    plan: &MergePlan,
    state: &AppState,
    commands: &mut Vec<Command>,
) {
    let words = state.words();
    let measured = plan.checks.iter().filter(|check| check.is_measured()).count();
    let remark = words.say(&message!("passed-of", passed: measured, total: PreflightCheck::COUNT));
    Surface::titled(words.text("checks-title")).remark(&remark).filling().show(ui, |ui| {
        for check in &plan.checks {
            let icon = if check.is_measured() { (Icon::Passed, Ink::Ok) } else { (Icon::Info, Ink::Secondary) };
            check_row_ui(ui, icon, &words.say(&check.title()), &words.as_line(check));
        }
        if let Some(refused) = &inspection.refused_output {
            check_row_ui(ui, (Icon::Failed, Ink::Error), words.text("output"), &refused.problem.line(words));
        }
        let (icon, survival) = survival(state);
        check_row_ui(ui, icon, words.text("survives"), &survival);
        // What differs is a warning.
        for finding in plan.quantised_training().filter(|finding| finding.verdict != Verdict::Differs) {
            let (title, evidence) = (words.say(&finding.title()), words.as_line(&finding.evidence));
            check_row_ui(ui, (Icon::Info, Ink::Secondary), &title, &evidence);
        }
        if let Some(twin) = &plan.twin {
            twin_ui(ui, twin, words, commands);
        }
        for warning in &plan.warnings {
            check_row_ui(ui, (Icon::Warning, Ink::Warn), words.text("warnings"), &words.said(warning));
        }
        place_of_work_ui(ui, inspection.interrupted_bytes, plan, words, commands);
    });
}

/// The twin of the base, and a way to take it as the base where this machine has it.
fn twin_ui(ui: &mut Ui, twin: &Twin, words: Language, commands: &mut Vec<Command>) {
    let icon = (Icon::Info, Ink::Secondary);
    check_row_with_ui(ui, icon, words.text("twin-title"), &words.as_line(twin), |ui| {
        let Some(folder) = &twin.path else { return };
        let label = words.text(if twin.is_packed { "open-packed-base" } else { "open-original" });
        let command = WellsCommand::Fill(WellKind::Base, folder.clone());
        ui.add_space(space::S4);
        CommandButton::new(command, ButtonLook::Small).label(label).add(ui, words, commands);
    });
}

/// Icon, name, evidence; what is long wraps.
fn check_row_ui(ui: &mut Ui, icon: (Icon, Ink), title: &str, evidence: &str) {
    check_row_with_ui(ui, icon, title, evidence, |_| ());
}

/// The same with more below the evidence.
fn check_row_with_ui(
    ui: &mut Ui,
    (icon, ink): (Icon, Ink),
    title: &str,
    evidence: &str,
    below_ui: impl FnOnce(&mut Ui),
) {
    rule_ui(ui);
    inset_ui(ui, space::S12, space::S4, |ui| {
        let name_width = if ui.available_width() < grid::NARROW / 2.0 { grid::NARROW_NAME } else { grid::NAME };
        ui.horizontal_top(|ui| {
            let area = spot(ui, vec2(space::S16, Type::BODY.line_height));
            icon_ui(ui, area, icon, ink.color(ui));
            ui.vertical(|ui| {
                ui.set_width(name_width);
                paragraph_ui(ui, title, Type::BODY, Ink::Primary);
            });
            ui.vertical(|ui| {
                paragraph_ui(ui, evidence, Type::EVIDENCE, Ink::Secondary);
                below_ui(ui);
            });
        });
    });
}

/// How much of the adapters the rounding leaves, and what to do where that is little.
fn survival(state: &AppState) -> ((Icon, Ink), String) {
    let words = state.words();
    let estimate = match &state.survival {
        None => return ((Icon::AtWork, Ink::Accent), words.text("survival-reading").to_owned()),
        Some(Err(problem)) => return ((Icon::Info, Ink::Secondary), problem.line(words)),
        Some(Ok(estimate)) => estimate,
    };
    if let Some(packed) = estimate.packed_survival() {
        let mark = if packed.is_little() { (Icon::Warning, Ink::Warn) } else { (Icon::Info, Ink::Ok) };
        return (mark, words.with_period(&packed));
    }
    match (estimate.sentence().map(|sentence| words.with_period(&sentence)), &estimate.advice) {
        (None, _) => ((Icon::Info, Ink::Secondary), words.text("survival-unknown").to_owned()),
        (Some(sentence), Some(advice)) => {
            ((Icon::Warning, Ink::Warn), format!("{sentence} {}", words.with_period(advice)))
        }
        // An estimate, which the count of passed checks leaves out.
        (Some(sentence), None) => ((Icon::Info, Ink::Ok), sentence),
    }
}

/// Where the work happens, and what an interrupted merge left there.
fn place_of_work_ui(
    ui: &mut Ui,
    interrupted_bytes: Option<u64>,
    plan: &MergePlan,
    words: Language,
    commands: &mut Vec<Command>,
) {
    let name = display_path(&plan.partial_path(), None);
    let name = name.rsplit(['/', '\\']).next().unwrap_or(&name);
    let note = match interrupted_bytes {
        Some(byte_count) => words.say(&message!("interrupted-note", bytes: units::bytes(byte_count))),
        None => words.say(&message!("partial-note", name: name)),
    };
    let row = Row::new(&note, Type::EVIDENCE, Ink::Secondary).icon(Icon::Info, Ink::Secondary).rule();
    if interrupted_bytes.is_none() {
        row.show(ui);
        return;
    }
    row.line(grid::SMALL_BUTTON).show_with(ui, |ui| {
        CommandButton::new(MergeCommand::DiscardPartial, ButtonLook::Small).add(ui, words, commands);
    });
}
