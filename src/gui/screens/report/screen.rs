//! The proof: every check with its evidence, the manifest, and the way out.

use super::{
    checks::verdict_ui,
    command::ReportCommand,
    files::{export_ui, manifest_ui},
};
use crate::gui::{frame::wells::command::WellsCommand, prelude::*};

/// The Report screen.
pub(in crate::gui) fn report_ui(ui: &mut Ui, state: &AppState, done: &MergedFolder, commands: &mut Vec<Command>) {
    let words = state.words();
    let subtitle = match state.standing(done) {
        Standing::Checking => words.text("verifying").to_owned(),
        standing if standing.report().is_some() && state.machine.shows_measurements => {
            words.say(&message!("verified-in", duration: units::duration(done.verify_duration_secs)))
        }
        _ => String::new(),
    };
    let is_verifying = state.jobs.is_running(JobKind::Verify);
    let check = if is_verifying { ReportCommand::CancelVerification } else { ReportCommand::VerifyAgain };
    page_title_ui(ui, words.text("report"), &[(&subtitle, Type::BODY, Ink::Secondary)], |ui| {
        for command in [Command::from(check), WellsCommand::JudgeFolder.into()] {
            CommandButton::new(command, ButtonLook::Plain).add(ui, words, commands);
        }
    });
    page_body_ui(ui, "report", |ui| {
        // Down to the end of the page only where nothing stands below it.
        let is_wide = ui.available_width() >= grid::NARROW;
        let verdict = if is_wide { Surface::plain().filling() } else { Surface::plain() };
        columns_ui(
            ui,
            commands,
            |ui, commands| verdict_ui(ui, verdict, done, state, commands),
            |ui, commands| {
                manifest_ui(ui, done, words);
                ui.add_space(grid::GAP);
                export_ui(ui, state, done, commands);
            },
        );
    });
}
