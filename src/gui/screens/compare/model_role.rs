//! What a model is in a comparison.

/// What a model is in a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelRole {
    /// The base as stored.
    Base,
    /// The base with its adapter at run time.
    RunTime,
    /// The merged folder.
    Merged,
    /// The base in the merged folder's dtype: what rounding does by itself.
    Rounded,
}
