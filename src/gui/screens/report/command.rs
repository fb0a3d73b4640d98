//! What is asked of the Report screen.

use egui::Key;

use crate::gui::{
    app::command::face::{Face, ScreenCommand},
    design::widget::Icon,
};

/// What is asked of the Report screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReportCommand {
    /// Check the merged folder again.
    VerifyAgain,
    /// Stop checking.
    CancelVerification,
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
                .when(|state| state.finished().is_some_and(|done| done.verifying.is_none())),
        ),
        (
            Self::CancelVerification,
            Face::new(|words| words.cancel)
                .place(|words| words.report)
                .when(|state| state.finished().is_some_and(|done| done.verifying.is_some())),
        ),
        (
            Self::Seal,
            Face::new(|words| words.seal)
                .tooltip(|words| words.seal_tooltip)
                .when(|state| state.finished().is_some_and(|done| !done.is_sealed && !done.sealing.is_running())),
        ),
        (
            Self::CancelSeal,
            Face::new(|words| words.cancel)
                .place(|words| words.seal)
                .when(|state| state.finished().is_some_and(|done| done.sealing.is_running())),
        ),
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
