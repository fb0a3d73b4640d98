//! Finding the place of every target, one adapter after the other.

use std::{cell::OnceCell, collections::BTreeMap};

use super::{
    Applied, Clash, ClashReason, Entries, Matching, OpenExperts, Origin, Orphan, OrphanReason, PrefixChange, SetAside,
    SetAsideRule, StatedOrientation, UpdateRef,
    experts::{Experts, LevelProblem, Placed},
    fit, guessed_head,
    located::Located,
    nearest,
    orientation::{Layouts, Lie},
    problem,
    resolve::Resolvers,
    second_copy, source_of, task,
    tied::{self, Shared},
    vocabulary,
};
use crate::{
    adapter::{Adapter, Companion, Effect, Layer, Placement, Replacement, Target, TargetUpdate, joined},
    architecture::{Architecture, Member, Vocabulary},
    checkpoint::{Checkpoint, LogicalTensor},
    numeric::FloatDtype,
};

/// A matching in the making.
pub(super) struct Placer<'a> {
    base: &'a Checkpoint,
    adapters: &'a [Adapter],
    architecture: &'a Architecture<'a>,
    vocabulary: Vocabulary,
    /// Weights that the base has under several names.
    shared: Vec<Shared>,
    /// How the base's experts lie on the disk, once that is asked.
    experts: OnceCell<Experts<'a>>,
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
    pub fn new(base: &'a Checkpoint, adapters: &'a [Adapter], architecture: &'a Architecture<'a>) -> Self {
        let vocabulary = Vocabulary::of(architecture);
        let shared = Shared::all(architecture, &vocabulary, base);
        let (entries, matching) = (Entries::new(), Matching::default());
        Self { base, adapters, architecture, vocabulary, shared, experts: OnceCell::new(), entries, matching }
    }

    /// Places every tensor of one adapter.
    pub fn place_adapter(&mut self, index: usize) {
        let adapter = &self.adapters[index];
        let layouts = Layouts::of(self.architecture, adapter);
        let resolver = Resolvers::new(self.base, self.architecture, adapter, layouts);
        let found: Vec<_> = adapter
            .targets()
            .iter()
            .filter_map(|target| {
                let place = resolver.locate(target);
                let stored = self.base.tensor(&place.name())?;
                Some((place.module, target.update()?.as_ref(), stored.shape()))
            })
            .collect();
        let layouts = layouts.with_evidence(&found);
        let targets = || {
            let targets = adapter.targets().iter().enumerate();
            targets.map(|(target_index, target)| Positioned { adapter: index, index: target_index, target })
        };
        // Copies first: an update beside one is for the copy, whose vocabulary may have grown.
        for positioned in targets() {
            if let Effect::Replace(replacement) = &positioned.target.effect {
                self.place_copy(positioned, replacement, resolver.locate(positioned.target));
            }
        }
        for positioned in targets() {
            if let Effect::Update(update) = &positioned.target.effect
                && !is_parameter(update.as_ref())
            {
                self.place_update(positioned, update.as_ref(), layouts, resolver.locate(positioned.target));
            }
        }
        let stacked_change = self.place_parameters(index, &resolver);
        self.place_strays(index);
        self.matching.renamed_modules.push(resolver.renamed_module_count(adapter.targets()));
        self.matching.prefix_changes.push(resolver.into_change().or(stacked_change));
    }

    /// Settles what concerns several entries, and hands the matching out.
    pub fn finish(mut self) -> Matching {
        self.settle_shared();
        self.refuse_mixed_entries();
        self.refuse_uneven_vocabulary();
        self.matching.clashing.extend(task::open_head(self.base, self.adapters));
        self.matching.applied = self.entries.into_values().collect();
        self.matching
    }

    /// Decides of every weight with several names whether it stays one.
    fn settle_shared(&mut self) {
        let all = std::mem::take(&mut self.shared);
        let (mut together, mut switched) = (Vec::new(), Vec::new());
        for shared in &all {
            match tied::settle(shared, self.base, self.adapters, &mut self.entries) {
                tied::Outcome::Shared(left_out) => {
                    self.set_aside(&left_out);
                    together.push(shared);
                }
                tied::Outcome::Untied(untied, left_out) => {
                    self.set_aside(&left_out);
                    switched.extend(untied.config_paths.clone());
                    self.matching.untied.push(untied);
                }
                tied::Outcome::Inseparable => {
                    let others = shared.others().filter(|name| !shared.is_separable(name)).map(str::to_owned).collect();
                    self.clash_at(shared.stored.clone(), ClashReason::Inseparable { others });
                }
            }
        }
        for shared in together.into_iter().filter(|shared| shared.reads_any(&switched)) {
            self.matching.untied.extend(tied::take_along(shared, self.base, &mut self.entries));
        }
        if all.is_empty()
            && let Some(embedding) = guessed_head::hidden(self.base, self.adapters, &self.vocabulary, &self.entries)
        {
            self.clash_at(embedding, ClashReason::SharedWithHead);
        }
    }

    fn place_copy(&mut self, positioned: Positioned<'_>, replacement: &Replacement, place: Located) {
        let name = self.name_of(&place);
        let new = replacement.tensor();
        if let Some(old) = self.base.tensor(&name).or_else(|| self.shared_tensor(&name)) {
            if let Some(reason) = fit::replacement_problem(&self.vocabulary, replacement, &name, old) {
                self.clash(positioned, name, reason);
                return;
            }
        } else if let Some(rule) = problem::rule_without_place(positioned.target, new.file().name()) {
            let (adapter, tensor) = (positioned.adapter, new.name().to_owned());
            self.matching.set_aside.push(SetAside { adapter, tensor, rule });
            return;
        } else if !replacement.is_saved_whole || self.has_namesake(positioned, &name) {
            self.orphan(positioned, place.module);
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
            factor: None,
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
        layouts: Layouts<'_>,
        place: Located,
    ) {
        let name = self.name_of(&place);
        let module = &place.module;
        let Some(stored) = self.current(&name) else {
            self.place_in_parts(positioned, update, place.module);
            return;
        };
        let orientation = match layouts.lie(update, module, stored.shape()) {
            Lie::Known(orientation) | Lie::Stated(orientation) => orientation,
            Lie::Contested(reason) => return self.clash(positioned, name, reason),
            Lie::Misfit => {
                let reason = fit::update_problem(&self.vocabulary, update, &name, stored);
                return self.clash(positioned, name, reason);
            }
        };
        let Some(dtype) = FloatDtype::of(stored.dtype()) else {
            self.clash(positioned, name, ClashReason::NotFloat { dtype: stored.dtype() });
            return;
        };
        if let Lie::Stated(orientation) = layouts.lie(update, module, stored.shape()) {
            let stated = StatedOrientation { adapter: positioned.adapter, tensor: name.clone(), orientation };
            self.matching.stated_orientations.push(stated);
        }
        self.add_update(positioned, 0, name, Placement::whole(stored.shape(), dtype, orientation));
    }

    /// Places an update whose parameter the base has not, but as a part of another.
    fn place_in_parts(&mut self, positioned: Positioned<'_>, update: &dyn TargetUpdate, module: String) {
        let experts = self.experts.get_or_init(|| Experts::of(self.base, self.architecture));
        match experts.place_of_one(update, &module) {
            Some((stored, placement)) => self.add_update(positioned, 0, stored.name().to_owned(), placement),
            None if positioned.target.is_optional => {}
            None => self.orphan(positioned, module),
        }
    }

    /// Places what adapts parameters themselves, all levels of a module together; returns the change of prefix that
    /// parameters which the disk holds in pieces needed.
    fn place_parameters(&mut self, adapter: usize, resolver: &Resolvers<'_>) -> Option<PrefixChange> {
        let adapters = self.adapters;
        let targets = adapters[adapter].targets();
        let mut modules: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, target) in targets.iter().enumerate() {
            if target.update().is_some_and(|update| is_parameter(update.as_ref())) {
                modules.entry(&target.module).or_default().push(index);
            }
        }
        if modules.is_empty() {
            return None;
        }
        let (base, architecture) = (self.base, self.architecture);
        let first_levels: Vec<&Target> = modules.values().map(|levels| &targets[levels[0]]).collect();
        let change = self.experts.get_or_init(|| Experts::of(base, architecture)).prefix_change(&first_levels);
        for (module, mut levels) in modules {
            levels.sort_by_key(|index| targets[*index].update().and_then(|update| update.nested()).map(|of| of.level));
            let positioned = |index: usize| Positioned { adapter, index, target: &targets[index] };
            let module_on_disk = resolver.locate(&targets[levels[0]]).module;
            let changed = PrefixChange::apply(change.as_ref(), module);
            let paths = [module_on_disk.clone(), module.to_owned(), changed];
            let experts = self.experts.get_or_init(|| Experts::of(base, architecture));
            match experts.place_levels(&adapters[adapter], &levels, &paths) {
                Ok(placed) => {
                    for Placed { target, reading, places, is_open } in placed {
                        for (stored, placement) in places {
                            if is_open {
                                let tensor = stored.name().to_owned();
                                self.matching.open_experts.push(OpenExperts { adapter, tensor });
                            }
                            self.add_update(positioned(target), reading, stored.name().to_owned(), placement);
                        }
                    }
                }
                Err(LevelProblem::Missing) => {
                    for index in levels {
                        self.orphan(positioned(index), module_on_disk.clone());
                    }
                }
                Err(LevelProblem::Clash { tensor, reason }) => {
                    for index in levels {
                        self.clash(positioned(index), tensor.clone(), reason.clone());
                    }
                }
            }
        }
        change
    }

    /// `placement` with what the update reads beside the tensor `name`.
    fn with_companion(&self, positioned: Positioned<'_>, name: &str, placement: Placement) -> Placement {
        let parameter = positioned.target.update().and_then(|update| update.companion());
        let tensor = parameter
            .zip(name.rsplit_once('.'))
            .and_then(|(parameter, (module, _))| self.current(&joined(module, parameter)).cloned());
        Placement { companion: tensor.map(Companion::new), ..placement }
    }

    fn add_update(&mut self, positioned: Positioned<'_>, reading: usize, name: String, placement: Placement) {
        let placement = self.with_companion(positioned, &name, placement);
        let origin = match self.shared_under(&name) {
            Some(shared) => Origin::Tied { embedding: shared.stored.clone() },
            None => Origin::Base,
        };
        let entry = self.entries.entry(name.clone()).or_insert_with(|| Applied {
            tensor: name.clone(),
            origin,
            updates: Vec::new(),
            factor: None,
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
        entry.updates.push(UpdateRef { adapter: positioned.adapter, target: positioned.index, reading, placement });
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

    /// The disk's name for a parameter; one that the disk has under another name goes by the name that its own tensor
    /// would have.
    fn name_of(&self, place: &Located) -> String {
        let name = place.name();
        if self.base.tensor(&name).is_some() || self.shared_under(&name).is_some() {
            return name;
        }
        let absent = || self.shared.iter().flat_map(|shared| &shared.members);
        let absent = || absent().filter(|member| self.base.tensor(&member.disk).is_none());
        let by_memory = absent().find(|member| member.memory == name);
        // Wrappers put segments before a head; a head is one of a kind.
        let is_ending = |whole: &str, ending: &str| {
            whole.strip_suffix(ending).is_some_and(|front| front.is_empty() || front.ends_with('.'))
        };
        let is_head = |member: &&Member| {
            member.disk.strip_suffix(".weight").is_some_and(|module| self.vocabulary.is_head(module))
        };
        let by_ending = || {
            absent().filter(is_head).find(|member| is_ending(&name, &member.memory) || is_ending(&member.memory, &name))
        };
        by_memory.or_else(by_ending).map_or(name.clone(), |member| member.disk.clone())
    }

    /// The shared weight that the base lacks under the name `name`, but has under another.
    fn shared_under(&self, name: &str) -> Option<&Shared> {
        let is_absent = self.base.tensor(name).is_none();
        self.shared.iter().find(|shared| is_absent && shared.holds(name))
    }

    /// The tensor that the base has under another name than `name`.
    fn shared_tensor(&self, name: &str) -> Option<&'a LogicalTensor> {
        self.shared_under(name).and_then(|shared| self.base.tensor(&shared.stored))
    }

    /// What an update of `name` is for: a copy that was found, or what the base has.
    fn current(&self, name: &str) -> Option<&'a LogicalTensor> {
        let found = |name: &str| {
            let entry = self.entries.get(name)?;
            source_of(&entry.origin, name, self.base, self.adapters)
        };
        // A copy that PEFT saved under one name of a shared weight is what lies beneath the others.
        let copied = || {
            let shared = self.shared.iter().find(|shared| shared.holds(name))?;
            let is_copy =
                |name: &str| matches!(self.entries.get(name)?.origin, Origin::Adapter { .. }).then(|| found(name))?;
            shared.members.iter().find_map(|member| is_copy(&member.disk))
        };
        found(name).or_else(copied).or_else(|| self.base.tensor(name)).or_else(|| self.shared_tensor(name))
    }

    /// Whether a base tensor elsewhere has the name that this has in the module which was saved whole: then it is
    /// misplaced, and not new.
    fn has_namesake(&self, positioned: Positioned<'_>, name: &str) -> bool {
        if task::is_head(self.base, name) {
            return false;
        }
        let target = positioned.target;
        let saved = self.adapters[positioned.adapter].config().saved_module(&target.module);
        let own = |saved: &str| joined(saved, &target.parameter);
        let last_two =
            || name.rsplitn(3, '.').take(2).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join(".");
        let tail = saved.map_or_else(last_two, own);
        let is_namesake =
            |other: &String| other.strip_suffix(&tail).is_some_and(|front| front.is_empty() || front.ends_with('.'));
        self.base.tensors().keys().any(is_namesake)
    }

    /// An update that transforms W has no meaning on a weight that a later adapter replaces.
    fn refuse_mixed_entries(&mut self) {
        let mut clashes = Vec::new();
        for entry in self.entries.values() {
            let Origin::Adapter { adapter: origin, target } = entry.origin else { continue };
            for update in entry.updates.iter().filter(|update| update.adapter < origin) {
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
        let uneven = vocabulary::uneven(self.base, &self.vocabulary, self.adapters, &self.entries);
        if let Some((base_tensor, rows, base_rows)) = uneven {
            self.clash_at(base_tensor, ClashReason::Vocabulary { rows, base_rows });
        }
    }

    /// A clash on a tensor of the output, whichever adapter tensors lead to it.
    fn clash_at(&mut self, base_tensor: String, reason: ClashReason) {
        let module = base_tensor.strip_suffix(".weight").unwrap_or(&base_tensor).to_owned();
        self.matching.clashing.push(Clash { adapter: 0, tensors: Vec::new(), module, base_tensor, reason });
    }

    fn set_aside(&mut self, left_out: &[(Applied, SetAsideRule)]) {
        for (entry, rule) in left_out {
            for (adapter, target) in entry.targets() {
                for tensor in self.adapters[adapter].targets()[target].tensors() {
                    let tensor = tensor.name().to_owned();
                    self.matching.set_aside.push(SetAside { adapter, tensor, rule: *rule });
                }
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

/// Whether `update` adapts a parameter itself, of which the levels of one module are placed together.
fn is_parameter(update: &dyn TargetUpdate) -> bool {
    update.nested().is_some() || update.layer() == Layer::Experts
}

fn tensor_names(target: &Target) -> Vec<String> {
    target.tensors().iter().map(|tensor| tensor.name().to_owned()).collect()
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
