//! What is asked of the Report screen.

use egui::Key;

use crate::gui::{
    app::{
        command::face::{Face, ScreenCommand},
        jobs::kind::JobKind,
        state::AppState,
    },
    design::widget::Icon,
};

/// What is asked of the Report screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReportCommand {
    /// Check the merged folder again.
    VerifyAgain,
    /// Stop checking.
    CancelVerification,
    /// Check again at the strength that the last check found.
    JudgeAtFoundStrength,
    /// Write the hash of every file into the merged folder.
    Seal,
    /// Stop hashing.
    CancelSeal,
    /// Write `report.json` and `report.md` beside the merged folder.
    Export,
    /// Show the merged folder in the system's file manager.
    OpenFolder,
}

impl ScreenCommand for ReportCommand {
    const LISTED: &'static [(Self, Face)] = &[
        (
            Self::VerifyAgain,
            Face::new(|words| words.verify_again)
                .tooltip(|words| words.verify_again_tooltip)
                .when(|state| state.finished().is_some() && !is_verifying(state)),
        ),
        (Self::CancelVerification, Face::new(|words| words.cancel).place(|words| words.report).when(is_verifying)),
        (
            Self::JudgeAtFoundStrength,
            Face::new(|words| words.judge_at_found)
                .tooltip(|words| words.judge_at_found_tooltip)
                .when(|state| state.finished().is_some_and(|done| done.found_strength().is_some())),
        ),
        (
            Self::Seal,
            Face::new(|words| words.seal)
                .tooltip(|words| words.seal_tooltip)
                .when(|state| state.finished().is_some_and(|done| !done.is_sealed) && !is_sealing(state)),
        ),
        (Self::CancelSeal, Face::new(|words| words.cancel).place(|words| words.seal).when(is_sealing)),
        (
            Self::Export,
            Face::new(|words| words.export)
                .tooltip(|words| words.export_tooltip)
                .key(Key::E)
                .when(|state| state.finished().is_some()),
        ),
        (
            Self::OpenFolder,
            Face::new(|words| words.open_folder)
                .tooltip(|words| words.open_folder_tooltip)
                .icon(Icon::Folder)
                .when(|state| state.finished().is_some()),
        ),
    ];
}

fn is_verifying(state: &AppState) -> bool {
    state.jobs.is_running(JobKind::Verify)
}

fn is_sealing(state: &AppState) -> bool {
    state.jobs.is_running(JobKind::Seal)
}
