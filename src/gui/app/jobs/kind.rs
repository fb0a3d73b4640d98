//! What jobs do.

/// What a job does. One of a kind is at work at a time: a new one takes the place of the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobKind {
    /// Reads what the welcome screen shows.
    Greet,
    /// Asks the drivers for GPUs.
    FindGpus,
    /// Waits for the folder that is chosen in the system's dialog.
    ChooseFolder,
    /// Waits for the texts that are chosen in the system's dialog.
    ChooseTexts,
    /// Looks which wells dropped folders belong to.
    Route,
    /// Looks which wells what is dragged over the window belongs to.
    Hover,
    /// Looks at the wells.
    Inspect,
    /// Makes the rows of the module tree.
    ListModules,
    /// Estimates how far each module changes.
    EstimateChanges,
    /// Computes the singular values of one module's change.
    Spectrum,
    /// Estimates how much of the adapters a rounding leaves.
    EstimateSurvival,
    /// Merges, and checks the result.
    Merge,
    /// Removes what an interrupted merge left.
    Discard,
    /// Checks a merged folder.
    Verify,
    /// Hashes every file of a merged folder.
    Seal,
    /// Looks what has become of a merged folder's files.
    ListFiles,
    /// Scores texts.
    Evaluate,
    /// Times the models.
    MeasureTime,
    /// Writes a report or a picture.
    Export,
}

impl JobKind {
    /// Whether its result says something about the merged folder that is shown, and nothing once that is gone.
    #[must_use]
    pub fn is_about_result(self) -> bool {
        matches!(self, Self::Verify | Self::Seal | Self::ListFiles | Self::Evaluate | Self::MeasureTime)
    }

    /// The name of its thread.
    pub(super) fn thread_name(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}
