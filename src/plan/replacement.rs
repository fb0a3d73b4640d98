//! What full tensors of an adapter rule out.

use super::PlanError;
use crate::{
    adapter::Adapter,
    matching::{Matching, Origin},
};

/// A tensor that is replaced whole cannot be merged by part.
pub(super) fn check(adapters: &[Adapter], matching: &Matching, strengths: &[f64]) -> Result<(), PlanError> {
    for applied in &matching.applied {
        let Origin::Adapter { adapter, target } = applied.origin else { continue };
        let replacement = adapters[adapter].targets()[target].replacement();
        // A copy beneath an adapted layer is the base's own weight, and no change.
        let is_change = applied.updates.is_empty() || replacement.is_some_and(|copy| copy.is_saved_whole);
        let strength = strengths[adapter];
        if is_change && strength != 1.0 {
            let (adapter, tensor) = (adapters[adapter].name(), applied.tensor.clone());
            return Err(PlanError::PartialReplacement { strength, adapter, tensor });
        }
    }
    Ok(())
}
