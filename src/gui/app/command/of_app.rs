//! What is asked of the window as a whole.

use egui::Key;

use super::face::{Face, ScreenCommand};
use crate::gui::{
    app::{closing::Closing, screen::Screen, state::AppState},
    design::widget::Icon,
};

/// What is asked of the window as a whole.
#[derive(Clone, Debug, PartialEq)]
pub enum AppCommand {
    /// Show another screen.
    ShowScreen(Screen),
    /// Put text on the clipboard.
    CopyText(String),
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
            Face::new(|words| words.modules)
                .tooltip(|words| words.modules_tooltip)
                .icon(Icon::Tree)
                .key(Key::Num1)
                .when(|state| state.is_reachable(Screen::Modules)),
        ),
        (
            Self::ShowScreen(Screen::Merge),
            Face::new(|words| words.merge)
                .tooltip(|words| words.merge_screen_tooltip)
                .icon(Icon::Merge)
                .key(Key::Num2)
                .when(|state| state.is_reachable(Screen::Merge)),
        ),
        (
            Self::ShowScreen(Screen::Compare),
            Face::new(|words| words.compare)
                .tooltip(|words| words.compare_tooltip)
                .icon(Icon::Bars)
                .key(Key::Num3)
                .when(|state| state.is_reachable(Screen::Compare)),
        ),
        (
            Self::ShowScreen(Screen::Report),
            Face::new(|words| words.report)
                .tooltip(|words| words.report_tooltip)
                .icon(Icon::Report)
                .key(Key::Num4)
                .when(|state| state.is_reachable(Screen::Report)),
        ),
        (
            Self::ExportPicture,
            Face::new(|words| words.export_picture).tooltip(|words| words.export_picture_tooltip).key(Key::S),
        ),
        (
            Self::SwitchTheme,
            Face::new(|words| words.theme).tooltip(|words| words.theme_tooltip).icon(Icon::Theme).key(Key::T),
        ),
        (
            Self::SwitchLanguage,
            Face::new(|words| words.language_name)
                .titled(|words| words.language_tooltip)
                .tooltip(|words| words.language_tooltip)
                .icon(Icon::Globe),
        ),
        (Self::KeepMerging, Face::new(|words| words.keep_merging).when(is_asked)),
        (Self::StopAndClose, Face::new(|words| words.stop_and_close).when(is_asked)),
    ];
}

/// Whether the question stands that these two answer.
fn is_asked(state: &AppState) -> bool {
    state.closing == Closing::Asked
}
