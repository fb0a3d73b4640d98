//! The verdict on a merged folder and every check with its evidence.

use super::{command::ReportCommand, verdict::Verdict};
use crate::{
    gui::{
        frame::progress_note::{moved_text, progress_note_ui},
        prelude::*,
    },
    verify::{Check, Outcome, Question, VerifyReport},
};

/// Files of one line of the list of what was opened; a folder of shards would fill the screen.
const OPENED_SHOWN: usize = 24;

/// The verdict and the checks that it rests on.
pub(in crate::gui) fn verdict_ui(
    ui: &mut Ui,
    surface: Surface<'_>,
    done: &MergedFolder,
    state: &AppState,
    commands: &mut Vec<Command>,
) {
    let words = state.words();
    let standing = state.standing(done);
    let verdict = Verdict::of(state, done);
    surface.show(ui, |ui| {
        Row::new(&verdict.title, Type::FIGURE, Ink::Primary)
            .icon(verdict.icon, verdict.ink())
            .note(&verdict.note, Type::BODY, Ink::Secondary)
            .margins(space::S16, space::S16)
            .show_below(ui, |ui| below_verdict_ui(ui, done, state, commands));
        for check in standing.report().iter().flat_map(|report| &report.checks) {
            let lines = evidence(check, standing.report(), words);
            entry_ui(ui, look(check.outcome), &words.said(&check.question), &lines);
        }
        // What a proof does not prove is worth saying only where there is one.
        if standing.is_proven() {
            let note = words.text("does-not-prove-note").to_owned();
            entry_ui(ui, (Icon::Info, Ink::Secondary), words.text("does-not-prove"), &[note]);
        }
    });
}

/// The way to a better verdict, and how far the checks are.
fn below_verdict_ui(ui: &mut Ui, done: &MergedFolder, state: &AppState, commands: &mut Vec<Command>) {
    let words = state.words();
    if let Some(strength) = done.found_strength() {
        ui.add_space(space::S12);
        CommandButton::new(ReportCommand::JudgeAtFoundStrength, ButtonLook::Primary)
            .label(words.say(&message!("judge-at", strength: strength)))
            .add(ui, words, commands);
    }
    if let Some(progress) = state.jobs.progress(JobKind::Verify) {
        let moved = moved_text(progress, state).map(|moved| words.say(&message!("bytes-read", moved: &moved)));
        progress_note_ui(ui, &progress.sample, words.text("verifying"), moved.as_deref(), "", words);
    }
}

fn look(outcome: Outcome) -> (Icon, Ink) {
    match outcome {
        Outcome::Passed => (Icon::Passed, Ink::Ok),
        Outcome::Warning => (Icon::Warning, Ink::Warn),
        Outcome::Failed => (Icon::Failed, Ink::Error),
        Outcome::Skipped => (Icon::Info, Ink::Secondary),
    }
}

/// What `check` rests on, a paragraph each.
fn evidence(check: &Check, report: Option<&VerifyReport>, words: Language) -> Vec<String> {
    let mut lines = vec![words.as_line(&check.evidence)];
    lines.extend(check.details.iter().map(|detail| words.said(detail)));
    // What the process opened belongs to the check that started it.
    if let Some(alone) = report.and_then(|report| report.alone.as_ref()).filter(|_| check.question == Question::Alone) {
        let opened = words.say(&message!("listed", names: &alone.opened, most: OPENED_SHOWN));
        lines.push(format!("{}: `{opened}`", words.text("files-opened")));
    }
    lines
}

fn entry_ui(ui: &mut Ui, (icon, ink): (Icon, Ink), title: &str, lines: &[String]) {
    let row = Row::new(title, Type::BODY_STRONG, Ink::Primary).icon(icon, ink).margins(space::S16, space::S12).rule();
    row.show_below(ui, |ui| {
        for line in lines {
            ui.add_space(space::S4);
            paragraph_ui(ui, line, Type::EVIDENCE, Ink::Secondary);
        }
    });
}
