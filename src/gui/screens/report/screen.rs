//! The proof: every check with its evidence, the manifest, and the way out.

use egui::{Rect, Ui, pos2, vec2};

use super::{
    checks::verdict_ui,
    command::ReportCommand,
    files::{export_ui, manifest_ui},
};
use crate::{
    gui::{
        app::{
            command::Command, jobs::kind::JobKind, merged_folder::MergedFolder, standing::Standing, state::AppState,
        },
        design::{
            screen_header::{at_right, inside, screen_header_ui},
            tokens::{Colors, Type, grid, space},
            widget::ButtonLook,
        },
        frame::{command_button::CommandButton, wells::command::WellsCommand},
    },
    message::message,
    units,
};

/// Height of the panel with the ways out.
const EXPORT: f32 = 116.0;

/// The Report screen.
pub(in crate::gui) fn report_ui(ui: &mut Ui, state: &AppState, done: &MergedFolder, commands: &mut Vec<Command>) {
    let rect = ui.max_rect();
    let colors = Colors::of(ui);
    let words = state.words();
    let is_verifying = state.jobs.is_running(JobKind::Verify);
    let subtitle = match state.standing(done) {
        Standing::Checking => words.text("verifying").to_owned(),
        standing if standing.report().is_some() && state.machine.shows_measurements => {
            words.say(&message!("verified-in", duration: units::duration(done.verify_duration_secs)))
        }
        _ => String::new(),
    };
    let (line, body) =
        screen_header_ui(ui, rect, words.text("report"), &[(&subtitle, Type::BODY, colors.text_secondary)]);
    let command = if is_verifying { ReportCommand::CancelVerification } else { ReportCommand::VerifyAgain };
    let mut rest = line;
    for command in [Command::from(command), WellsCommand::JudgeFolder.into()] {
        let button = CommandButton::new(command, ButtonLook::Plain);
        let place = at_right(rest, vec2(button.width(ui, words), grid::BUTTON));
        button.show(ui, place, words, commands);
        rest.max.x = place.left() - space::S8;
    }
    let area = inside(body);
    let half = ((area.width() - grid::GAP) / 2.0).round();
    let checks = Rect::from_min_size(area.min, vec2(half, area.height()));
    verdict_ui(ui, checks, done, state, commands);
    let right = Rect::from_min_max(pos2(checks.right() + grid::GAP, area.top()), area.max);
    let export = Rect::from_min_max(pos2(right.left(), right.bottom() - EXPORT), right.max);
    let manifest = Rect::from_min_max(right.min, pos2(right.right(), export.top() - grid::GAP));
    manifest_ui(ui, manifest, done, words);
    export_ui(ui, export, state, done, commands);
}
