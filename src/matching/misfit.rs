//! Adapter tensors without a place, as rows of a table.

use super::{Matching, MisfitReason};
use crate::{
    adapter::{Adapter, ExpectedShape, Target},
    checkpoint::Checkpoint,
    units,
};

/// One module of the adapter that the base has no place for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The module as the adapter names it.
    pub module: String,
    /// Adapter tensors that it stands for.
    pub tensor_count: usize,
    /// What the update is for, where it changes one module.
    pub shape: Option<ExpectedShape>,
    /// The nearest base module, or the base tensor that it clashes with.
    pub nearest: String,
    /// Shape of that base weight.
    pub nearest_shape: String,
    /// Why it does not fit.
    pub reason: MisfitReason,
}

/// The module that a tensor belongs to.
#[must_use]
pub fn module_of(tensor: &str) -> &str {
    tensor.rsplit_once('.').map_or(tensor, |(module, _)| module)
}

/// Every orphan and clash of `matching`, orphans first.
#[must_use]
pub fn misfits(base: &Checkpoint, adapters: &[Adapter], matching: &Matching) -> Vec<Misfit> {
    let update_shape = |adapter: usize, module: &str| {
        let targets = adapters.get(adapter).map_or(&[][..], Adapter::targets);
        let target = targets.iter().find(|target| target.module == module);
        target.map(Target::expected_shape)
    };
    let base_shape = |tensor: &str| base.tensor(tensor).map_or_else(String::new, |tensor| units::shape(tensor.shape()));
    let orphans = matching.orphaned.iter().map(|orphan| {
        let nearest = orphan.nearest.first().cloned().unwrap_or_default();
        Misfit {
            module: orphan.module.clone(),
            tensor_count: orphan.tensors.len(),
            shape: update_shape(orphan.adapter, &orphan.module),
            nearest_shape: base_shape(&format!("{nearest}.weight")),
            nearest,
            reason: MisfitReason::Orphaned(orphan.reason.clone()),
        }
    });
    let clashes = matching.clashing.iter().map(|clash| Misfit {
        module: clash.module.clone(),
        tensor_count: clash.tensors.len(),
        shape: update_shape(clash.adapter, &clash.module),
        nearest: module_of(&clash.base_tensor).to_owned(),
        nearest_shape: base_shape(&clash.base_tensor),
        reason: MisfitReason::Clashing(clash.reason.clone()),
    });
    orphans.chain(clashes).collect()
}
