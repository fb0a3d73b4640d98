//! The four screens.

use crate::gui::words::Words;

/// The four screens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Screen {
    /// The diff.
    #[default]
    Modules,
    /// The plan and the run.
    Merge,
    /// Size and quality of the result.
    Compare,
    /// The checks of the result.
    Report,
}

impl Screen {
    /// In the order of the navigation.
    pub const ALL: [Self; 4] = [Self::Modules, Self::Merge, Self::Compare, Self::Report];

    /// Its name.
    #[must_use]
    pub fn title(self, words: &Words) -> &'static str {
        match self {
            Self::Modules => words.modules,
            Self::Merge => words.merge,
            Self::Compare => words.compare,
            Self::Report => words.report,
        }
    }

    /// The question that it answers.
    #[must_use]
    pub fn tooltip(self, words: &Words) -> &'static str {
        match self {
            Self::Modules => words.modules_tooltip,
            Self::Merge => words.merge_screen_tooltip,
            Self::Compare => words.compare_tooltip,
            Self::Report => words.report_tooltip,
        }
    }
}
