//! What a merged folder was made from.

use std::path::PathBuf;

use crate::plan::{AdapterRequest, Rounding};

/// A merged folder and what it was made from, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Provenance {
    /// The folder.
    pub merged: PathBuf,
    /// The base.
    pub base: Option<PathBuf>,
    /// The adapters and their strengths.
    pub adapters: Vec<AdapterRequest>,
    /// How updated tensors were rounded.
    pub rounding: Rounding,
}

impl Provenance {
    /// The strength that all adapters were added with, where they share one.
    #[must_use]
    pub fn shared_strength(&self) -> Option<f64> {
        let (AdapterRequest { strength, .. }, others) = self.adapters.split_first()?;
        others.iter().all(|other| (other.strength - strength).abs() < f64::EPSILON).then_some(*strength)
    }
}
