//! What is asked of the welcome screen.

use crate::{
    gui::app::command::face::{Face, ScreenCommand},
    report::HistoryEntry,
};

/// What is asked of the welcome screen.
#[derive(Clone, Debug, PartialEq)]
pub enum WelcomeCommand {
    /// Fill the wells with the built-in sample.
    OpenSample,
    /// Bring back what was opened or merged before.
    OpenRecent(Box<HistoryEntry>),
    /// Forget the pairs that were opened before.
    ClearRecent,
}

impl ScreenCommand for WelcomeCommand {
    const LISTED: &'static [(Self, Face)] = &[
        (Self::OpenSample, Face::new("open-sample").tooltip("open-sample.tooltip").when(|state| !state.is_locked())),
        (
            Self::ClearRecent,
            Face::new("clear-list")
                .place("recent-pairs")
                .tooltip("clear-list.tooltip")
                .when(|state| state.is_welcome() && !state.recent().is_empty()),
        ),
    ];
}
