//! Finding the place of every target, one adapter after the other.

use super::{
    Applied, Clash, ClashReason, Entries, Matching, Origin, Orphan, OrphanReason, SetAside, SetAsideRule, TiedHead,
    UpdateRef, experts, nearest, orientation::Layouts, problem, resolve::Resolvers, second_copy, source_of, tied,
};
use crate::{
    adapter::{
        Adapter, Effect, ExpectedShape, Placement, Replacement, Target, TargetUpdate, is_value_head,
        is_value_head_file, joined,
    },
    checkpoint::{Checkpoint, LogicalTensor},
    numeric::FloatDtype,
};

/// A matching in the making.
pub(super) struct Placer<'a> {
    base: &'a Checkpoint,
    adapters: &'a [Adapter],
    tied: Option<TiedHead>,
    entries: Entries,
    matching: Matching,
}

/// A target with its position.
#[derive(Clone, Copy)]
struct Positioned<'a> {
    adapter: usize,
    index: usize,
    target: &'a Target,
}

impl<'a> Placer<'a> {
    pub fn new(base: &'a Checkpoint, adapters: &'a [Adapter]) -> Self {
        Self { base, adapters, tied: TiedHead::of(base), entries: Entries::new(), matching: Matching::default() }
    }

    /// Places every tensor of one adapter.
    pub fn place_adapter(&mut self, index: usize) {
        let adapter = &self.adapters[index];
        let layouts = Layouts::of(self.base, adapter);
        let resolver = Resolvers::new(self.base, adapter, layouts);
        let layouts = layouts.with_experts_like(adapter.targets().iter().filter_map(|target| {
            let stored = self.base.tensor(&joined(&resolver.module(target), &target.parameter))?;
            Some((target.update()?.as_ref(), stored.shape()))
        }));
        let targets = || {
            let targets = adapter.targets().iter().enumerate();
            targets.map(|(target_index, target)| Positioned { adapter: index, index: target_index, target })
        };
        // Copies first: an update beside one is for the copy, whose vocabulary may have grown.
        for positioned in targets() {
            if let Effect::Replace(replacement) = &positioned.target.effect {
                self.place_copy(positioned, replacement, resolver.module(positioned.target));
            }
        }
        for positioned in targets() {
            if let Effect::Update(update) = &positioned.target.effect {
                self.place_update(positioned, update.as_ref(), layouts, resolver.module(positioned.target));
            }
        }
        self.place_strays(index);
        self.matching.renamed_modules.push(resolver.renamed_module_count(adapter.targets()));
        self.matching.prefix_changes.push(resolver.into_change());
    }

    /// Settles what concerns several entries, and hands the matching out.
    pub fn finish(mut self) -> Matching {
        if let Some(tied) = self.tied.take() {
            match tied::settle(&tied, self.base, self.adapters, &mut self.entries) {
                tied::Outcome::Tied => {}
                tied::Outcome::SaidTwice(head) => self.set_aside(&head),
                tied::Outcome::Untied => self.matching.untied = Some(tied),
            }
        } else if let Some(embedding) = tied::hidden_head(self.base, self.adapters, &self.entries) {
            self.clash_at(embedding, ClashReason::SharedWithHead);
        }
        self.refuse_mixed_entries();
        self.refuse_uneven_vocabulary();
        self.matching.applied = self.entries.into_values().collect();
        self.matching
    }

    fn place_copy(&mut self, positioned: Positioned<'_>, replacement: &Replacement, module: String) {
        let target = positioned.target;
        let name = self.name_of(&module, &target.parameter);
        let new = replacement.tensor();
        if let Some(old) = self.base.tensor(&name).or_else(|| self.shared_tensor(&name)) {
            if let Some(reason) = replacement_problem(replacement, &module, old) {
                self.clash(positioned, name, reason);
                return;
            }
        } else if is_value_head(&target.name()) || is_value_head_file(new.file().name()) {
            let (adapter, tensor) = (positioned.adapter, new.name().to_owned());
            self.matching.set_aside.push(SetAside { adapter, tensor, rule: SetAsideRule::ValueHead });
            return;
        } else if !replacement.is_saved_whole || self.has_namesake(&name) {
            self.orphan(positioned, module);
            return;
        } else if FloatDtype::of(new.dtype()).is_none() {
            self.clash(positioned, name, ClashReason::NotFloat { dtype: new.dtype() });
            return;
        }
        let origin = Origin::Adapter { adapter: positioned.adapter, target: positioned.index };
        let entry = self.entries.entry(name.clone()).or_insert_with(|| Applied {
            tensor: name.clone(),
            origin: Origin::Base,
            updates: Vec::new(),
        });
        match entry.origin {
            Origin::Adapter { adapter, target: other } => {
                let other_module = self.adapters[adapter].targets()[other].module.clone();
                self.clash(positioned, name, ClashReason::Taken { other_module });
            }
            Origin::Base | Origin::Tied { .. } => entry.origin = origin,
        }
    }

    fn place_update(
        &mut self,
        positioned: Positioned<'_>,
        update: &dyn TargetUpdate,
        layouts: Layouts,
        module: String,
    ) {
        let target = positioned.target;
        let name = self.name_of(&module, &target.parameter);
        let Some(stored) = self.current(&name) else {
            self.place_in_pieces(positioned, update, layouts, module);
            return;
        };
        let Some(orientation) = layouts.orientation(update, stored.shape()) else {
            self.clash(positioned, name, update_problem(update, &module, stored));
            return;
        };
        let Some(dtype) = FloatDtype::of(stored.dtype()) else {
            self.clash(positioned, name, ClashReason::NotFloat { dtype: stored.dtype() });
            return;
        };
        self.add_update(positioned, name, Placement::whole(stored.shape(), dtype, orientation));
    }

    /// Places an update whose parameter the base has not, but in other pieces.
    fn place_in_pieces(
        &mut self,
        positioned: Positioned<'_>,
        update: &dyn TargetUpdate,
        layouts: Layouts,
        module: String,
    ) {
        let preferred = layouts.experts();
        let split = experts::split_places(self.base, positioned.target, update, &module, preferred);
        let fused = || experts::fused_place(self.base, update, &module, preferred).map(|place| vec![place]);
        match split.or_else(fused) {
            Some(places) => {
                for (stored, placement) in places {
                    self.add_update(positioned, stored.name().to_owned(), placement);
                }
            }
            None if positioned.target.is_optional => {}
            None => self.orphan(positioned, module),
        }
    }

    fn add_update(&mut self, positioned: Positioned<'_>, name: String, placement: Placement) {
        let origin = match &self.tied {
            Some(tied) if tied.head == name => Origin::Tied { embedding: tied.embedding.clone() },
            _ => Origin::Base,
        };
        let entry = self.entries.entry(name.clone()).or_insert_with(|| Applied {
            tensor: name.clone(),
            origin,
            updates: Vec::new(),
        });
        let first = entry
            .updates
            .iter()
            .find(|other| other.adapter == positioned.adapter && overlap(&other.placement, &placement));
        if let Some(first) = first {
            let other_module = first.target_in(self.adapters).module.clone();
            self.clash(positioned, name, ClashReason::Taken { other_module });
            return;
        }
        entry.updates.push(UpdateRef { adapter: positioned.adapter, target: positioned.index, placement });
    }

    fn place_strays(&mut self, adapter: usize) {
        for stray in self.adapters[adapter].strays() {
            let tensor = stray.tensor.name().to_owned();
            if let Some(files) = second_copy::contradicted(&self.adapters[adapter], stray) {
                let (module, base_tensor) = (stray.parameter.clone(), stray.parameter.clone());
                let reason = ClashReason::TwoFiles { files };
                self.matching.clashing.push(Clash { adapter, tensors: vec![tensor], module, base_tensor, reason });
                continue;
            }
            match problem::set_aside_rule(stray) {
                Some(rule) => self.matching.set_aside.push(SetAside { adapter, tensor, rule }),
                None => self.matching.orphaned.push(Orphan {
                    adapter,
                    tensors: vec![tensor],
                    module: stray.parameter.clone(),
                    nearest: Vec::new(),
                    reason: OrphanReason::UnknownFactor,
                }),
            }
        }
    }

    /// The disk's name for a parameter; a tied head goes by the name that its own tensor would have.
    fn name_of(&self, module: &str, parameter: &str) -> String {
        let name = joined(module, parameter);
        let is_tied_head = parameter == "weight" && tied::is_head(module) && self.base.tensor(&name).is_none();
        self.tied.as_ref().filter(|_| is_tied_head).map_or(name, |tied| tied.head.clone())
    }

    /// The embedding's tensor, for the name of a head that shares it.
    fn shared_tensor(&self, name: &str) -> Option<&'a LogicalTensor> {
        self.tied.as_ref().filter(|tied| tied.head == name).and_then(|tied| self.base.tensor(&tied.embedding))
    }

    /// What an update of `name` is for: a copy that was found, or what the base has.
    fn current(&self, name: &str) -> Option<&'a LogicalTensor> {
        let found = |name: &str| {
            let entry = self.entries.get(name)?;
            source_of(&entry.origin, name, self.base, self.adapters)
        };
        let shared = || {
            let tied = self.tied.as_ref().filter(|tied| tied.head == name)?;
            found(&tied.embedding)
        };
        found(name).or_else(|| self.base.tensor(name)).or_else(shared).or_else(|| self.shared_tensor(name))
    }

    /// Whether a base tensor elsewhere has the same last two segments: then `name` is misplaced, not new.
    fn has_namesake(&self, name: &str) -> bool {
        let tail = |name: &str| name.rsplitn(3, '.').take(2).map(str::to_owned).collect::<Vec<_>>();
        self.base.tensors().keys().any(|other| tail(other) == tail(name))
    }

    /// An update that transforms W has no meaning on a weight that another adapter replaces.
    fn refuse_mixed_entries(&mut self) {
        let mut clashes = Vec::new();
        for entry in self.entries.values() {
            let Origin::Adapter { adapter: origin, target } = entry.origin else { continue };
            for update in entry.updates.iter().filter(|update| update.adapter != origin) {
                let changed = update.target_in(self.adapters);
                if changed.update().is_some_and(|update| !update.is_additive()) {
                    let other_module = self.adapters[origin].targets()[target].module.clone();
                    let positioned = Positioned { adapter: update.adapter, index: update.target, target: changed };
                    clashes.push(clash(positioned, entry.tensor.clone(), ClashReason::Taken { other_module }));
                }
            }
        }
        self.matching.clashing.extend(clashes);
    }

    /// An embedding and a head with different numbers of tokens are no model.
    fn refuse_uneven_vocabulary(&mut self) {
        let uneven = tied::uneven_vocabulary(self.base, self.adapters, &self.entries);
        if let Some((base_tensor, rows, base_rows)) = uneven {
            self.clash_at(base_tensor, ClashReason::Vocabulary { rows, base_rows });
        }
    }

    /// A clash on a tensor of the output, whichever adapter tensors lead to it.
    fn clash_at(&mut self, base_tensor: String, reason: ClashReason) {
        let module = base_tensor.strip_suffix(".weight").unwrap_or(&base_tensor).to_owned();
        self.matching.clashing.push(Clash { adapter: 0, tensors: Vec::new(), module, base_tensor, reason });
    }

    fn set_aside(&mut self, head: &Applied) {
        for (adapter, target) in head.targets() {
            for tensor in self.adapters[adapter].targets()[target].tensors() {
                let tensor = tensor.name().to_owned();
                self.matching.set_aside.push(SetAside { adapter, tensor, rule: SetAsideRule::StaysTied });
            }
        }
    }

    fn orphan(&mut self, positioned: Positioned<'_>, module: String) {
        self.matching.orphaned.push(Orphan {
            adapter: positioned.adapter,
            tensors: tensor_names(positioned.target),
            nearest: nearest::modules(self.base, &module, self.matching.orphaned.len()),
            reason: problem::orphan_reason(self.base, &module, positioned.target),
            module,
        });
    }

    fn clash(&mut self, positioned: Positioned<'_>, base_tensor: String, reason: ClashReason) {
        self.matching.clashing.push(clash(positioned, base_tensor, reason));
    }
}

fn clash(positioned: Positioned<'_>, base_tensor: String, reason: ClashReason) -> Clash {
    Clash {
        adapter: positioned.adapter,
        tensors: tensor_names(positioned.target),
        module: positioned.target.module.clone(),
        base_tensor,
        reason,
    }
}

fn tensor_names(target: &Target) -> Vec<String> {
    target.tensors().iter().map(|tensor| tensor.name().to_owned()).collect()
}

/// Why a full copy cannot take the place of `old`: only the rows of a vocabulary or of a classifier may differ.
fn replacement_problem(replacement: &Replacement, module: &str, old: &LogicalTensor) -> Option<ClashReason> {
    let new = replacement.tensor();
    if FloatDtype::of(new.dtype()).is_some() != FloatDtype::of(old.dtype()).is_some() {
        return Some(ClashReason::NotFloat { dtype: old.dtype() });
    }
    let rows_may_differ = replacement.is_saved_whole || tied::is_vocabulary(module);
    let same_rows = new.shape().first() == old.shape().first();
    let fits = new.shape().len() == old.shape().len()
        && new.shape().iter().skip(1).eq(old.shape().iter().skip(1))
        && (rows_may_differ || same_rows);
    (!fits).then(|| ClashReason::Shape {
        expected: ExpectedShape::Exact(new.shape().to_vec()),
        base_shape: old.shape().to_vec(),
    })
}

/// Why an update does not fit `stored`.
fn update_problem(update: &dyn TargetUpdate, module: &str, stored: &LogicalTensor) -> ClashReason {
    let rows =
        update.vocabulary_rows().filter(|rows| tied::is_vocabulary(module) && Some(rows) != stored.shape().first());
    match (rows, stored.shape()) {
        (Some(rows), &[base_rows, _]) => ClashReason::Vocabulary { rows, base_rows },
        _ if let Some(group_count) = groups_of(&update.expected_shape(), stored.shape()) => {
            ClashReason::GroupedConvolution { group_count }
        }
        _ => ClashReason::Shape { expected: update.expected_shape(), base_shape: stored.shape().to_vec() },
    }
}

/// The groups of a convolution `(out, in/groups, k…)` for which an update is `(out, in, k…)`.
fn groups_of(expected: &ExpectedShape, stored: &[usize]) -> Option<usize> {
    let (ExpectedShape::Exact(expected), [out, group_inputs, kernel @ ..]) = (expected, stored) else { return None };
    let [own_out, inputs, own_kernel @ ..] = expected.as_slice() else { return None };
    let is_same = own_out == out && own_kernel == kernel && !kernel.is_empty();
    let is_grouped = is_same && *group_inputs > 0 && inputs > group_inputs && inputs % group_inputs == 0;
    is_grouped.then(|| inputs / group_inputs)
}

/// Whether two updates of one adapter lie on the same part of a tensor.
fn overlap(first: &Placement, second: &Placement) -> bool {
    use crate::adapter::Window::UpdateIsPart;
    match (&first.window, &second.window) {
        (UpdateIsPart { expert: a, out: first }, UpdateIsPart { expert: b, out: second }) => {
            a == b && first.start < second.end && second.start < first.end
        }
        _ => true,
    }
}
