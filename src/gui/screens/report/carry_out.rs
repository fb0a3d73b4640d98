//! Carries out what is asked of the Report screen.

use egui::Context;

use super::{
    command::ReportCommand,
    jobs::{export, seal, verify_again},
};
use crate::{
    gui::app::{
        jobs::kind::JobKind,
        notice::{Notice, Tone},
        state::AppState,
    },
    message::{Problem, message},
    units::path::display_path,
};

/// Checks, seals, exports, or stops one of these.
pub(in crate::gui) fn carry_out(state: &mut AppState, ctx: &Context, command: ReportCommand) {
    match command {
        ReportCommand::VerifyAgain => verify_again(state, ctx),
        ReportCommand::CancelVerification => {
            let cancelled = Problem::described(message!("problem-check-cancelled"));
            state.jobs.forget(JobKind::Verify);
            if let Some(done) = state.finished_mut() {
                done.verified = Some(Err(cancelled));
            }
        }
        ReportCommand::JudgeAtFoundStrength => judge_at_found_strength(state, ctx),
        ReportCommand::Seal => seal(state, ctx),
        ReportCommand::CancelSeal => state.jobs.forget(JobKind::Seal),
        ReportCommand::Export => export(state, ctx),
        ReportCommand::OpenFolder => open_folder(state),
    }
}

/// Checks the folder as what its own change says that it is.
fn judge_at_found_strength(state: &mut AppState, ctx: &Context) {
    let Some(done) = state.finished_mut() else { return };
    let Some(strength) = done.found_strength() else { return };
    done.provenance.adapters.iter_mut().for_each(|adapter| adapter.strength = strength);
    verify_again(state, ctx);
}

/// Asks the system's file manager; what it answers shows in its own window.
fn open_folder(state: &mut AppState) {
    let Some(done) = state.finished() else { return };
    let program = if cfg!(target_os = "windows") {
        "explorer"
    } else if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    if std::process::Command::new(program).arg(&done.provenance.merged).spawn().is_err() {
        let path = display_path(&done.provenance.merged, state.machine.home.as_deref());
        state.notice = Some(Notice::new(Tone::Caution, state.words().say(&message!("no-file-manager", path: &path))));
    }
}
