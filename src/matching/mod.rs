//! Which base tensor each adapter tensor lands on: a value, never an error.
//!
//! PEFT starts from the config and silently ignores tensors that match nothing; this room does the reverse (spec
//! section 3.6). Every adapter tensor is applied, set aside by a named rule, orphaned or clashing, and the diff is
//! shown from the result above all when it does not fit. Only a complete matching may be merged.

mod fused;
mod nearest;
mod orientation;
mod prefix;
mod problem;
mod rename;
mod resolve;

use std::collections::BTreeMap;

use self::resolve::Resolver;
pub use self::{
    prefix::PrefixChange,
    problem::{Clash, ClashReason, Orphan, OrphanReason},
};
use crate::{
    adapter::{Adapter, Orientation, Target},
    checkpoint::Checkpoint,
    numeric::FloatDtype,
};

/// How adapters and base fit together.
#[derive(Clone, Debug, Default)]
pub struct Matching {
    /// Base tensors that change, sorted by name.
    pub applied: Vec<Applied>,
    /// Adapter tensors that a rule leaves out.
    pub set_aside: Vec<SetAside>,
    /// Adapter tensors for which the base has no place.
    pub orphaned: Vec<Orphan>,
    /// Adapter tensors whose place does not fit them.
    pub clashing: Vec<Clash>,
    /// For each adapter, the one change of prefix that all its modules needed.
    pub prefix_changes: Vec<Option<PrefixChange>>,
    /// For each adapter, the modules that transformers' table of names found under another name on disk.
    pub renamed_modules: Vec<usize>,
}

/// One base tensor and the updates that land on it, in the order of the adapters.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The base tensor's name on disk.
    pub tensor: String,
    /// How the base stores it.
    pub orientation: Orientation,
    /// The updates.
    pub updates: Vec<UpdateRef>,
}

/// A target of an adapter, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpdateRef {
    /// Index into the list of adapters.
    pub adapter: usize,
    /// Index into [`Adapter::targets`].
    pub target: usize,
}

/// An adapter tensor that is deliberately not merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Index into the list of adapters.
    pub adapter: usize,
    /// The tensor, as the file names it.
    pub tensor: String,
    /// The rule.
    pub rule: &'static str,
}

impl Matching {
    /// Matches every tensor of `adapters` against `base`.
    #[must_use]
    pub fn new(base: &Checkpoint, adapters: &[Adapter]) -> Self {
        let mut matching = Self::default();
        let mut applied: BTreeMap<String, Applied> = BTreeMap::new();
        for (index, adapter) in adapters.iter().enumerate() {
            let uses_conv1d = orientation::uses_conv1d(base, adapter);
            let resolver = Resolver::new(base, adapter.targets(), uses_conv1d);
            matching.add_targets(base, (index, adapter), &resolver, &mut applied);
            matching.add_strays((index, adapter));
            matching.renamed_modules.push(resolver.renamed_module_count(adapter.targets()));
            matching.prefix_changes.push(resolver.into_change());
        }
        matching.applied = applied.into_values().collect();
        matching
    }

    /// Whether every adapter tensor is accounted for and at least one applies.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.orphaned.is_empty() && self.clashing.is_empty() && !self.applied.is_empty()
    }

    /// The entry of a base tensor, if it changes.
    #[must_use]
    pub fn applied_to(&self, tensor: &str) -> Option<&Applied> {
        let index = self.applied.binary_search_by(|applied| applied.tensor.as_str().cmp(tensor)).ok()?;
        self.applied.get(index)
    }

    /// Adapter tensors that land on the base.
    #[must_use]
    pub fn applied_tensor_count(&self, adapters: &[Adapter]) -> usize {
        let updates = self.applied.iter().flat_map(|applied| &applied.updates);
        updates.map(|update| update.target_in(adapters).update.tensors().len()).sum()
    }

    fn add_targets(
        &mut self,
        base: &Checkpoint,
        (adapter_index, adapter): (usize, &Adapter),
        resolver: &Resolver<'_>,
        applied: &mut BTreeMap<String, Applied>,
    ) {
        let uses_conv1d = orientation::uses_conv1d(base, adapter);
        for (target_index, target) in adapter.targets().iter().enumerate() {
            let module = resolver.module(&target.module);
            let name = format!("{module}.weight");
            let keys = || target.update.tensors().iter().map(|tensor| tensor.name().to_owned()).collect();
            let Some(tensor) = base.tensor(&name) else {
                self.orphaned.push(Orphan {
                    adapter: adapter_index,
                    tensors: keys(),
                    nearest: nearest::modules(base, &module, self.orphaned.len()),
                    reason: problem::orphan_reason(base, &module),
                    module,
                });
                continue;
            };
            let clash = |reason| Clash {
                adapter: adapter_index,
                tensors: keys(),
                module: target.module.clone(),
                base_tensor: name.clone(),
                reason,
            };
            let features = target.update.features();
            let Some(orientation) = orientation::of(tensor.shape(), features, uses_conv1d) else {
                let base_shape = tensor.shape().to_vec();
                let adapter_shape = Orientation::OutIn.weight_shape(features).to_vec();
                self.clashing.push(clash(ClashReason::Shape { adapter_shape, base_shape }));
                continue;
            };
            if FloatDtype::of(tensor.dtype()).is_none() {
                self.clashing.push(clash(ClashReason::NotFloat { dtype: tensor.dtype() }));
                continue;
            }
            let update = UpdateRef { adapter: adapter_index, target: target_index };
            let entry = applied.entry(name.clone()).or_insert_with(|| Applied {
                tensor: name.clone(),
                orientation,
                updates: Vec::new(),
            });
            match entry.updates.iter().find(|other| other.adapter == adapter_index) {
                Some(first) => {
                    let other_module = adapter.targets()[first.target].module.clone();
                    self.clashing.push(clash(ClashReason::Taken { other_module }));
                }
                None => entry.updates.push(update),
            }
        }
    }

    fn add_strays(&mut self, (adapter_index, adapter): (usize, &Adapter)) {
        for stray in adapter.strays() {
            let tensor = stray.tensor.name().to_owned();
            match problem::set_aside_rule(&stray.parameter) {
                Some(rule) => self.set_aside.push(SetAside { adapter: adapter_index, tensor, rule }),
                None => self.orphaned.push(Orphan {
                    adapter: adapter_index,
                    tensors: vec![tensor],
                    module: stray.parameter.clone(),
                    nearest: Vec::new(),
                    reason: OrphanReason::NoLowRankFactor,
                }),
            }
        }
    }
}

impl UpdateRef {
    /// The target that this refers to.
    ///
    /// # Panics
    /// If `adapters` is another list than the one that was matched.
    #[must_use]
    pub fn target_in(self, adapters: &[Adapter]) -> &Target {
        &adapters[self.adapter].targets()[self.target]
    }
}
