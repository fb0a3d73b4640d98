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
            Face::new("verify-again")
                .tooltip("verify-again.tooltip")
                .when(|state| state.finished().is_some() && !is_verifying(state)),
        ),
        (Self::CancelVerification, Face::new("cancel").place("report").when(is_verifying)),
        (
            Self::JudgeAtFoundStrength,
            Face::new("judge-at-found")
                .tooltip("judge-at-found.tooltip")
                .when(|state| state.finished().is_some_and(|done| done.found_strength().is_some())),
        ),
        (
            Self::Seal,
            Face::new("seal")
                .tooltip("seal.tooltip")
                .when(|state| state.finished().is_some_and(|done| !done.is_sealed) && !is_sealing(state)),
        ),
        (Self::CancelSeal, Face::new("cancel").place("seal").when(is_sealing)),
        (
            Self::Export,
            Face::new("export").tooltip("export.tooltip").key(Key::E).when(|state| state.finished().is_some()),
        ),
        (
            Self::OpenFolder,
            Face::new("open-folder")
                .tooltip("open-folder.tooltip")
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
