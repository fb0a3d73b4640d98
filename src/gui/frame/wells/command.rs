//! What is asked of the wells.

use std::path::PathBuf;

use egui::Key;

use super::well::WellKind;
use crate::gui::app::{
    command::face::{Face, ScreenCommand},
    state::AppState,
};

/// What is asked of the wells.
#[derive(Clone, Debug, PartialEq)]
pub enum WellsCommand {
    /// Choose a folder for a well in the system's dialog.
    Browse(WellKind),
    /// Choose a merged folder to be judged in the system's dialog.
    JudgeFolder,
    /// The text of a well's path field changed.
    EditPath(WellKind, String),
    /// The text of a well's path field is meant.
    EnterPath(WellKind),
    /// Put dropped folders into the wells they belong to.
    Drop(Vec<PathBuf>),
    /// Put a folder that was dropped on the output well into it.
    DropOnOutput(PathBuf),
    /// Put this folder into a well: what was asked for by the name on a button.
    Fill(WellKind, PathBuf),
    /// Take away what is said about a drop that no well took.
    ForgetDrop,
}

impl ScreenCommand for WellsCommand {
    const LISTED: &'static [(Self, Face)] = &[
        (
            Self::Browse(WellKind::Base),
            Face::new(|words| words.browse)
                .place(|words| words.base)
                .tooltip(|words| words.browse_base_tooltip)
                .key(Key::B)
                .when(is_open),
        ),
        (
            Self::Browse(WellKind::Adapter),
            Face::new(|words| words.browse)
                .place(|words| words.adapter)
                .tooltip(|words| words.browse_adapter_tooltip)
                .key(Key::L)
                .when(is_open),
        ),
        (
            Self::Browse(WellKind::Output),
            Face::new(|words| words.browse)
                .place(|words| words.output)
                .tooltip(|words| words.browse_output_tooltip)
                .key(Key::O)
                .when(is_open),
        ),
        (
            Self::JudgeFolder,
            Face::new(|words| words.judge_folder).tooltip(|words| words.judge_folder_tooltip).key(Key::J).when(is_open),
        ),
    ];
}

/// Whether the wells may change.
fn is_open(state: &AppState) -> bool {
    !state.is_locked()
}
