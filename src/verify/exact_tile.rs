//! Some rows of what a tensor of a correct merge holds.

/// Some rows of the exact result.
pub(super) struct ExactTile {
    /// The source.
    pub source: Vec<f64>,
    /// The source with every update.
    pub values: Vec<f64>,
    /// A bound on the terms that a merge in f32 sums up.
    pub magnitude_bound: f64,
}
