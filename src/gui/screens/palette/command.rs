//! What is asked of the list of all commands.

use egui::Key;

use crate::gui::app::command::face::{Face, ScreenCommand};

/// What is asked of the list of all commands.
#[derive(Clone, Debug, PartialEq)]
pub enum PaletteCommand {
    /// Open or close the list.
    Show(bool),
    /// Show only commands with these words.
    Search(String),
    /// Point at a command of the list.
    PointAt(usize),
}

impl ScreenCommand for PaletteCommand {
    const LISTED: &'static [(Self, Face)] = &[
        (Self::Show(true), ALL_COMMANDS.when(|state| state.palette.is_none())),
        (Self::Show(false), ALL_COMMANDS.when(|state| state.palette.is_some())),
    ];
}

const ALL_COMMANDS: Face = Face::new("all-commands").key(Key::K);
