//! What is asked of the wells.

use std::path::PathBuf;

use egui::Key;

use super::well::WellKind;
use crate::gui::{
    app::{
        command::face::{Face, ScreenCommand},
        state::AppState,
    },
    design::widget::Icon,
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
    /// Put what was dropped on a well into it, or into the one that it belongs to.
    DropOn(WellKind, PathBuf),
    /// Take out what is in a well.
    Empty(WellKind),
    /// Put this folder into a well: what was asked for by the name on a button.
    Fill(WellKind, PathBuf),
    /// Take away what is said about a drop that no well took.
    ForgetDrop,
}

impl ScreenCommand for WellsCommand {
    const LISTED: &'static [(Self, Face)] = &[
        (
            Self::Browse(WellKind::Base),
            Face::new("browse").place("base").tooltip("browse-base-tooltip").key(Key::B).when(is_open),
        ),
        (
            Self::Browse(WellKind::Adapter),
            Face::new("browse").place("adapter").tooltip("browse-adapter-tooltip").key(Key::L).when(is_open),
        ),
        (
            Self::Browse(WellKind::Output),
            Face::new("browse").place("output").tooltip("browse-output-tooltip").key(Key::O).when(is_open),
        ),
        (Self::JudgeFolder, Face::new("judge-folder").tooltip("judge-folder.tooltip").key(Key::J).when(is_open)),
        (
            Self::Empty(WellKind::Base),
            EMPTY.place("base").when(|state| is_open(state) && state.wells.base.path.is_some()),
        ),
        (
            Self::Empty(WellKind::Adapter),
            EMPTY.place("adapter").when(|state| is_open(state) && state.wells.adapter.path.is_some()),
        ),
        (
            Self::Empty(WellKind::Output),
            EMPTY
                .place("output")
                .when(|state| is_open(state) && state.wells.output.path.is_some() && !state.output_is_proposed),
        ),
    ];
}

const EMPTY: Face = Face::new("empty-well").icon(Icon::Remove);

/// Whether the wells may change.
fn is_open(state: &AppState) -> bool {
    !state.is_locked()
}
