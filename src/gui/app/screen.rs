//! The four screens.

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
}
