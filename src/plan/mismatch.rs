//! Adapters that do not fit their base: which tensors, and what to do about it.

mod advice;

use serde::Serialize;

pub use self::advice::{BaseProof, MismatchAdvice};
use crate::{
    adapter::Adapter,
    checkpoint::Checkpoint,
    matching::{Matching, Misplaced},
    message::said_in_english,
};

/// What has no place, and what to do about it; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

said_in_english!(Mismatch);
