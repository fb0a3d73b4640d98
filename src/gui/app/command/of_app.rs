//! What is asked of the window as a whole.

use egui::Key;

use super::face::{Face, ScreenCommand};
use crate::gui::{
    app::{closing::Closing, screen::Screen, state::AppState},
    design::widget::Icon,
};

/// What is asked of the window as a whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AppCommand {
    /// Show another screen.
    ShowScreen(Screen),
    /// Write a picture of this screen beside the merged folder.
    ExportPicture,
    /// System, light, dark, and around again.
    SwitchTheme,
    /// The next language.
    SwitchLanguage,
    /// Leave the window open until the merge is done.
    KeepMerging,
    /// Stop the merge, to go on with it later, and close the window.
    StopAndClose,
}

impl ScreenCommand for AppCommand {
    const LISTED: &'static [(Self, Face)] = &[
        (
            Self::ShowScreen(Screen::Modules),
            Face::new("modules")
                .tooltip("modules.tooltip")
                .icon(Icon::Tree)
                .key(Key::Num1)
                .when(|state| state.is_reachable(Screen::Modules)),
        ),
        (
            Self::ShowScreen(Screen::Merge),
            Face::new("merge")
                .tooltip("merge-screen-tooltip")
                .icon(Icon::Merge)
                .key(Key::Num2)
                .when(|state| state.is_reachable(Screen::Merge)),
        ),
        (
            Self::ShowScreen(Screen::Compare),
            Face::new("compare")
                .tooltip("compare.tooltip")
                .icon(Icon::Bars)
                .key(Key::Num3)
                .when(|state| state.is_reachable(Screen::Compare)),
        ),
        (
            Self::ShowScreen(Screen::Report),
            Face::new("report")
                .tooltip("report.tooltip")
                .icon(Icon::Report)
                .key(Key::Num4)
                .when(|state| state.is_reachable(Screen::Report)),
        ),
        (Self::ExportPicture, Face::new("export-picture").tooltip("export-picture.tooltip").key(Key::S)),
        (Self::SwitchTheme, Face::new("theme").tooltip("theme.tooltip").icon(Icon::Theme).key(Key::T)),
        (
            Self::SwitchLanguage,
            Face::new("language-name")
                .titled("language-name.tooltip")
                .tooltip("language-name.tooltip")
                .icon(Icon::Globe),
        ),
        (Self::KeepMerging, Face::new("keep-merging").when(is_asked)),
        (Self::StopAndClose, Face::new("stop-and-close").when(is_asked)),
    ];
}

/// Whether the question stands that these two answer.
fn is_asked(state: &AppState) -> bool {
    state.closing == Closing::Asked
}
