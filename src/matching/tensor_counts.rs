//! A matching in numbers.

use super::Matching;
use crate::{adapter::Adapter, checkpoint::Checkpoint};

/// How many of the adapter's tensors have a place, and what becomes of the base.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TensorCounts {
    /// Base tensors that change.
    pub changed_tensors: usize,
    /// All base tensors.
    pub base_tensors: usize,
    /// Adapter tensors with a place.
    pub placed: usize,
    /// Adapter tensors left out by a rule.
    pub set_aside: usize,
    /// All adapter tensors.
    pub adapter_tensors: usize,
}

impl TensorCounts {
    /// Counts what `matching` says of `base` and `adapters`.
    #[must_use]
    pub fn of(base: &Checkpoint, adapters: &[Adapter], matching: &Matching) -> Self {
        Self {
            changed_tensors: matching.applied.len(),
            base_tensors: base.tensors().len(),
            placed: matching.applied_tensor_count(adapters),
            set_aside: matching.set_aside.len(),
            adapter_tensors: adapters.iter().map(Adapter::tensor_count).sum(),
        }
    }
}
