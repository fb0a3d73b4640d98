//! What each model answered to one prompt, and how long that took.

use super::model_face::{role_ink, role_title};
use crate::{
    evaluate::{ModelSpeed, TimedAnswer},
    gui::prelude::*,
    report::{ModelRole, Timed},
};

/// The panel.
pub(in crate::gui) fn answers_ui(ui: &mut Ui, state: &AppState, done: &MergedFolder) {
    let words = state.words();
    Surface::titled(words.text("answers")).remark(words.text("answers-note")).filling().show(ui, |ui| {
        let timed = done.timed();
        let Some((timed, prompt)) = timed.and_then(|timed| Some((timed, timed.report.prompt.as_ref()?))) else {
            return inset_ui(ui, space::S12, space::S4, |ui| {
                paragraph_ui(ui, words.text("answers-wait"), Type::BODY, Ink::Secondary);
                ui.add_space(space::S12);
            });
        };
        Row::new(words.text("prompt"), Type::CAPTION, Ink::Secondary)
            .quote(prompt, Type::BODY, Ink::Primary)
            .rule()
            .show(ui);
        for (role, speed) in timed.roles.iter().zip(timed.report.models.iter().flatten()) {
            answer_ui(ui, *role, speed, state);
        }
        agreement_ui(ui, timed, words);
    });
}

fn answer_ui(ui: &mut Ui, role: ModelRole, speed: &ModelSpeed, state: &AppState) {
    let words = state.words();
    let row =
        Row::new(role_title(role, words), Type::BODY_MEDIUM, role_ink(role)).margins(space::S12, space::S8).rule();
    let Some(answer) = answer_of(speed) else {
        let why = match speed {
            ModelSpeed::TooLarge { needed_bytes, .. } => {
                words.say(&message!("needs-memory", bytes: units::bytes(*needed_bytes)))
            }
            ModelSpeed::Measured(_) => "—".to_owned(),
        };
        row.note(&why, Type::EVIDENCE, Ink::Secondary).show(ui);
        return;
    };
    let shows = state.machine.shows_measurements;
    let duration = if shows { units::duration(answer.duration_secs) } else { "—".to_owned() };
    let tokens = words.say(&message!("answer-tokens", count: answer.tokens));
    let said = answer.text.trim();
    row.quote(if said.is_empty() { "—" } else { said }, Type::BODY, Ink::Primary)
        .value(&tokens, Type::CAPTION, Ink::Secondary)
        .show_with(ui, |ui| _ = label_ui(ui, &duration, Type::MONO, Ink::Primary));
}

fn answer_of(speed: &ModelSpeed) -> Option<&TimedAnswer> {
    speed.measured()?.answer.as_ref()
}

/// Whether merged answers as base + adapter does.
fn agreement_ui(ui: &mut Ui, timed: &Timed, words: Language) {
    let answer = |wanted: ModelRole| {
        let index = timed.roles.iter().position(|role| *role == wanted)?;
        Some(answer_of(timed.report.models.get(index)?.as_ref()?)?.text.as_str())
    };
    let (Some(run_time), Some(merged)) = (answer(ModelRole::RunTime), answer(ModelRole::Merged)) else { return };
    let (icon, ink, text) = if run_time == merged {
        (Icon::Passed, Ink::Ok, words.text("answers-equal"))
    } else {
        (Icon::Info, Ink::Secondary, words.text("answers-differ"))
    };
    let row = Row::new(text, Type::EVIDENCE, Ink::Secondary).icon(icon, ink);
    row.margins(space::S12, space::S8).rule().show(ui);
}
