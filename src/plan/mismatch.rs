//! Adapters that do not fit their base: which tensors, and what to do about it.

mod advice;

use std::fmt;

pub use self::advice::{BaseProof, MismatchAdvice};
use crate::{
    adapter::Adapter,
    checkpoint::Checkpoint,
    matching::{Matching, Misplaced},
    units,
};

/// Mismatches that a message names.
pub(crate) const SHOWN: usize = 5;

/// What has no place, and what to do about it; says itself in English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Adapter tensors with a place.
    pub placed_count: usize,
    /// All of them.
    pub tensor_count: usize,
    /// The others, with their reasons.
    pub misplaced: Vec<Misplaced>,
    /// What to do.
    pub advice: MismatchAdvice,
}

impl Mismatch {
    /// Names what does not fit, tensor by tensor, and what that proves.
    pub(super) fn new(matching: &Matching, adapters: &[Adapter], base: &Checkpoint) -> Self {
        let placed_count = matching.applied_tensor_count(adapters);
        Self {
            placed_count,
            tensor_count: adapters.iter().map(Adapter::tensor_count).sum(),
            misplaced: matching.misplaced_tensors().collect(),
            advice: MismatchAdvice::new(matching, adapters, base, placed_count),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { placed_count, tensor_count, misplaced, .. } = self;
        write!(out, "{placed_count} of {} have a place", units::plural(*tensor_count, "adapter tensor"))?;
        for line in misplaced.iter().take(SHOWN) {
            write!(out, "\n  {line}")?;
        }
        match misplaced.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(out, "\n  and {more} more"),
        }
    }
}
