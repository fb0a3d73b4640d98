//! Which base tensor each adapter tensor lands on: a value, never an error.
//!
//! PEFT starts from the config and silently ignores tensors that match nothing; this room does the reverse (spec
//! section 3.6). Every adapter tensor is applied, set aside by a named rule, orphaned or clashing, and the diff is
//! shown from the result above all when it does not fit. Only a complete matching may be merged.

mod applied;
mod experts;
mod fit;
mod fused;
mod guessed_head;
mod located;
mod misfit;
mod nearest;
mod nesting;
mod new_rows;
mod orientation;
mod place;
mod prefix;
mod problem;
mod resolve;
mod same;
mod second_copy;
mod set_aside;
mod task;
mod tensor_counts;
mod tied;
mod vocabulary;

use std::collections::{BTreeMap, BTreeSet};

use self::{applied::source_of, place::Placer};
pub use self::{
    applied::{Applied, Origin, UpdateRef, load_updates, load_updates_f64},
    experts::OpenExperts,
    misfit::{Misfit, misfits, module_of},
    orientation::StatedOrientation,
    prefix::PrefixChange,
    problem::{Clash, ClashReason, MisfitReason, Misplaced, Orphan, OrphanReason},
    set_aside::{SetAside, SetAsideRule},
    task::as_trained,
    tensor_counts::TensorCounts,
    tied::{NeedsTransformers5, Untied},
};
use crate::{adapter::Adapter, architecture::Architecture, checkpoint::Checkpoint};

/// How adapters and base fit together.
#[derive(Clone, Debug, Default)]
pub struct Matching {
    /// Tensors that change or are new, sorted by name.
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
    /// Parameters that shared one weight in the base and get tensors of their own.
    pub untied: Vec<Untied>,
    /// Square weights of an unknown class, which lie as the adapter's config says.
    pub stated_orientations: Vec<StatedOrientation>,
    /// Square experts that the adapter may be for either way, by the release of transformers that it was trained with.
    pub open_experts: Vec<OpenExperts>,
}

impl Matching {
    /// Matches every tensor of `adapters` against `base`.
    #[must_use]
    pub fn new(base: &Checkpoint, adapters: &[Adapter]) -> Self {
        let architecture = Architecture::of(base);
        let mut placer = Placer::new(base, adapters, &architecture);
        for index in 0..adapters.len() {
            placer.place_adapter(index);
        }
        placer.finish()
    }

    /// Whether every adapter tensor is accounted for and at least one applies.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.orphaned.is_empty() && self.clashing.is_empty() && !self.applied.is_empty()
    }

    /// The modules that do not fit, with the reasons, orphans first.
    pub fn misplaced_modules(&self) -> impl Iterator<Item = Misplaced> {
        let of = |module: &String, reason| Misplaced { names: vec![module.clone()], reason, nearest: Vec::new() };
        let orphans = self.orphaned.iter();
        let orphans = orphans.map(move |orphan| of(&orphan.module, MisfitReason::Orphaned(orphan.reason.clone())));
        let clashes = self.clashing.iter();
        orphans.chain(clashes.map(move |clash| of(&clash.module, MisfitReason::Clashing(clash.reason.clone()))))
    }

    /// The tensors that do not fit, with the reasons and what is near them, orphans first.
    pub fn misplaced_tensors(&self) -> impl Iterator<Item = Misplaced> {
        let orphans = self.orphaned.iter().map(|orphan| Misplaced {
            names: orphan.tensors.clone(),
            reason: MisfitReason::Orphaned(orphan.reason.clone()),
            nearest: orphan.nearest.clone(),
        });
        let clashes = self.clashing.iter().map(|clash| Misplaced {
            names: if clash.tensors.is_empty() { vec![clash.module.clone()] } else { clash.tensors.clone() },
            reason: MisfitReason::Clashing(clash.reason.clone()),
            nearest: Vec::new(),
        });
        orphans.chain(clashes)
    }

    /// The entry of a tensor, if it changes or is new.
    #[must_use]
    pub fn applied_to(&self, tensor: &str) -> Option<&Applied> {
        let index = self.applied.binary_search_by(|applied| applied.tensor.as_str().cmp(tensor)).ok()?;
        self.applied.get(index)
    }

    /// Adapter tensors that land on the base.
    #[must_use]
    pub fn applied_tensor_count(&self, adapters: &[Adapter]) -> usize {
        let targets = self.applied.iter().flat_map(Applied::targets);
        let names: BTreeSet<(usize, &str)> = targets
            .flat_map(|(adapter, target)| {
                adapters[adapter].targets()[target].tensors().iter().map(move |tensor| (adapter, tensor.name()))
            })
            .collect();
        names.len()
    }
}

/// Entries by tensor, while they are found.
type Entries = BTreeMap<String, Applied>;
