//! A weight that several parameters share, and what becomes of it when training took them apart (spec section 2.9).

use std::collections::BTreeMap;

use super::{
    Applied, Origin, SetAsideRule, guessed_head, new_rows,
    same::{are_equal, says_the_same},
    source_of,
};
use crate::{
    adapter::{Adapter, Target},
    architecture::{Architecture, Member, SeparableHead, TieGroup, Vocabulary},
    checkpoint::{Checkpoint, LogicalTensor},
    message::said_in_english,
};

/// Parameters that share one weight in the base.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    /// All of them; the first is the input embedding, or what stands for it.
    pub members: Vec<Member>,
    /// The name under which the disk has the weight.
    pub stored: String,
    /// Whether the class is unknown, so that its like gave the names.
    pub is_guessed: bool,
    /// Whether the class cannot have them apart.
    pub is_inseparable: bool,
    /// Names that are one module before transformers 5.
    pub one_module_before_5: Vec<String>,
    /// The head that alone may be apart where the others cannot.
    pub separable_head: Option<SeparableHead>,
    /// Whether no forward pass runs the first one's module.
    pub is_first_never_run: bool,
    /// Objects of config.json whose `tie_word_embeddings` must become false to take them apart.
    pub config_paths: Vec<Vec<String>>,
}

/// Parameters that shared one weight in the base and get tensors of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct Untied {
    /// The tensor that holds the weight in the base.
    pub shared: String,
    /// The others; those that the base lacks are new.
    pub others: Vec<String>,
    /// Whether they are equal still, and apart only because one switch of the config ties them and those that are not.
    pub is_taken_along: bool,
    /// Whether the class is unknown, so that its like gave the names.
    pub is_guessed: bool,
    /// Why releases of transformers before 5 cannot load them, where that is so.
    pub needs_transformers_5: Option<NeedsTransformers5>,
    /// Keys to the objects of config.json whose `tie_word_embeddings` becomes false.
    pub config_paths: Vec<Vec<String>>,
    /// What the head is multiplied by, where its class scales what goes into it only while it is tied.
    pub head_factor: Option<f64>,
}

/// Why no release of transformers before 5 loads a weight as training took it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum NeedsTransformers5 {
    /// The base's names lack the bare model's prefix, beside which earlier releases look for no head.
    Names,
    /// Earlier releases build encoder and decoder on one embedding, and the merged model has several.
    OwnEmbeddings,
}

said_in_english!(NeedsTransformers5);

/// What became of a shared weight.
pub(super) enum Outcome {
    /// It stays one, with what is left out for that.
    Shared(Vec<(Applied, SetAsideRule)>),
    /// Its parameters get tensors of their own.
    Untied(Untied, Vec<(Applied, SetAsideRule)>),
    /// They must be taken apart and cannot be.
    Inseparable,
}

impl Shared {
    /// The shared weights of `base`, by its class, or by names where the class is unknown.
    pub(super) fn all(architecture: &Architecture<'_>, vocabulary: &Vocabulary, base: &Checkpoint) -> Vec<Self> {
        let groups = architecture.tie_groups();
        if groups.is_empty() && architecture.class().is_none() {
            return guessed_head::of(base, vocabulary).into_iter().collect();
        }
        let head = architecture.output_head().map(|head| format!("{head}.weight"));
        let of_class = |group: TieGroup| {
            let mut members = group.members;
            // Some classes build encoder and decoder on one embedding, whatever the config says of the head.
            if !group.is_tied && group.is_inseparable {
                members.retain(|member| Some(&member.disk) != head.as_ref());
            } else if !group.is_tied {
                return None;
            }
            let stored = members.iter().find(|member| base.tensor(&member.disk).is_some())?.disk.clone();
            Some(Self {
                members,
                stored,
                is_guessed: false,
                is_inseparable: group.is_inseparable,
                one_module_before_5: group.one_module_before_5,
                separable_head: group.separable_head.filter(|_| group.is_tied),
                is_first_never_run: group.is_first_never_run,
                config_paths: group.config_paths,
            })
        };
        groups.into_iter().filter_map(of_class).collect()
    }

    /// Whether `name` is one of them on disk.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.members.iter().any(|member| member.disk == name)
    }

    /// Whether one of the config's objects at `paths` ties them.
    pub(super) fn reads_any(&self, paths: &[Vec<String>]) -> bool {
        self.config_paths.iter().any(|path| paths.contains(path))
    }

    /// The others beside the one that the disk has first.
    pub(super) fn others(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.disk.as_str()).filter(|name| *name != self.stored)
    }

    /// Whether `name` is the head that alone may be apart.
    pub(super) fn is_separable(&self, name: &str) -> bool {
        self.separable_head.as_ref().is_some_and(|head| head.disk == name)
    }

    fn untied(&self, is_taken_along: bool, has_own_embeddings: bool) -> Untied {
        let head = self.separable_head.as_ref();
        let is_apart = |name: &&str| is_taken_along || head.is_none_or(|head| head.disk == *name);
        let others = self.others().filter(is_apart).map(str::to_owned).collect();
        let stored = self.members.iter().find(|member| member.disk == self.stored);
        let lacks_prefix = |member: &Member| {
            member.memory.strip_suffix(member.disk.as_str()).is_some_and(|prefix| prefix.ends_with('.'))
        };
        Untied {
            shared: self.stored.clone(),
            others,
            is_taken_along,
            is_guessed: self.is_guessed,
            needs_transformers_5: if has_own_embeddings {
                Some(NeedsTransformers5::OwnEmbeddings)
            } else {
                stored.is_some_and(lacks_prefix).then_some(NeedsTransformers5::Names)
            },
            config_paths: self.config_paths.clone(),
            head_factor: head.and_then(|head| head.factor),
        }
    }

    /// Gives the entry of the head, which gets a tensor of its own, the factor by which its class no longer scales.
    fn fold_scale(&self, applied: &mut BTreeMap<String, Applied>) {
        if let Some(SeparableHead { disk, factor: Some(factor) }) = &self.separable_head {
            applied.entry(disk.clone()).or_insert_with(|| unchanged(disk)).factor = Some(*factor);
        }
    }
}

/// Decides what becomes of `shared`, given what lands on its names.
pub(super) fn settle(
    shared: &Shared,
    base: &Checkpoint,
    adapters: &[Adapter],
    applied: &mut BTreeMap<String, Applied>,
) -> Outcome {
    follow_run_bias(shared, applied);
    let mut left_out: Vec<(Applied, SetAsideRule)> = never_run(shared, base, adapters, applied).into_iter().collect();
    share_copies(shared, base, adapters, applied);
    new_rows::share(shared, adapters, applied);
    if !shared.members.iter().any(|member| applied.contains_key(&member.disk)) {
        return Outcome::Shared(left_out);
    }
    let lead = applied.get(&shared.stored).cloned().unwrap_or_else(|| unchanged(&shared.stored));
    let is_led = stays_shared(&lead, adapters);
    let is_equal_on_disk = |name: &str| match (base.tensor(name), base.tensor(&shared.stored)) {
        (Some(own), Some(stored)) => are_equal(own, stored).unwrap_or(false),
        _ => true,
    };
    let is_same = |name: &str| match applied.get(name) {
        Some(entry) => says_the_same(&lead, entry, base, adapters).unwrap_or(false),
        None => is_led && is_equal_on_disk(name),
    };
    let has_own_embeddings =
        shared.others().any(|name| shared.one_module_before_5.iter().any(|joined| joined == name) && !is_same(name));
    let apart: Vec<&str> = shared.others().filter(|name| !is_same(name)).collect();
    if shared.is_inseparable && !apart.iter().all(|name| shared.is_separable(name)) {
        return Outcome::Inseparable;
    }
    let is_untied = !apart.is_empty();
    for name in shared.others() {
        // Beside a head that alone is apart, the others stay one tensor.
        let stays_one = !is_untied || shared.is_inseparable && !shared.is_separable(name);
        let is_on_disk = base.tensor(name).is_some();
        match applied.get(name) {
            Some(_) if stays_one && !is_on_disk => {
                let entry = applied.remove(name).filter(|entry| !entry.targets().eq(lead.targets()));
                left_out.extend(entry.map(|entry| (entry, SetAsideRule::StaysTied)));
            }
            Some(_) => {}
            // A copy on the disk follows what it copies.
            None if is_on_disk && is_led && lead.changes() && is_equal_on_disk(name) => {
                applied.insert(name.to_owned(), Applied { tensor: name.to_owned(), ..lead.clone() });
            }
            None if is_on_disk || stays_one => {}
            None => {
                let updates = if is_led { lead.updates.clone() } else { Vec::new() };
                let origin = match &lead.origin {
                    origin @ Origin::Adapter { .. } if !is_trained_whole(&lead, adapters) => origin.clone(),
                    _ => Origin::Tied { embedding: shared.stored.clone() },
                };
                applied.insert(name.to_owned(), Applied { origin, updates, ..unchanged(name) });
            }
        }
    }
    if !is_untied {
        return Outcome::Shared(left_out);
    }
    shared.fold_scale(applied);
    Outcome::Untied(shared.untied(false, has_own_embeddings), left_out)
}

/// Gives every parameter of `shared` a tensor of its own, equal as they are, because the config's switch that ties them
/// ties others that are no longer equal.
pub(super) fn take_along(
    shared: &Shared,
    base: &Checkpoint,
    applied: &mut BTreeMap<String, Applied>,
) -> Option<Untied> {
    let lead = applied.get(&shared.stored).cloned().unwrap_or_else(|| unchanged(&shared.stored));
    let absent: Vec<&str> = shared.others().filter(|name| base.tensor(name).is_none()).collect();
    for name in &absent {
        let origin = match &lead.origin {
            Origin::Base => Origin::Tied { embedding: shared.stored.clone() },
            other => other.clone(),
        };
        let entry = Applied { origin, updates: lead.updates.clone(), ..unchanged(name) };
        applied.entry((*name).to_owned()).or_insert(entry);
    }
    shared.fold_scale(applied);
    (!absent.is_empty()).then(|| shared.untied(true, false))
}

fn unchanged(name: &str) -> Applied {
    Applied { tensor: name.to_owned(), origin: Origin::Base, updates: Vec::new(), factor: None }
}

/// A head's own bias is run through its `decoder` alone, and transformers 4 joins the two whatever the config says: what
/// the one that is run learned holds for both.
fn follow_run_bias(shared: &Shared, applied: &mut BTreeMap<String, Applied>) {
    let [first, run] = shared.members.as_slice() else { return };
    let is_run_through = |bias: &str| run.disk.strip_suffix(".decoder.bias") == bias.strip_suffix(".bias");
    if run.disk.ends_with(".decoder.bias")
        && is_run_through(&first.disk)
        && !applied.contains_key(&first.disk)
        && let Some(entry) = applied.get(&run.disk)
    {
        let origin = match &entry.origin {
            Origin::Tied { .. } => Origin::Base,
            other => other.clone(),
        };
        let entry = Applied { origin, updates: entry.updates.clone(), ..unchanged(&first.disk) };
        applied.insert(first.disk.clone(), entry);
    }
}

/// Takes out what only the first parameter's module learned, where no forward pass runs it. New rows and resized
/// copies stay: PEFT gives them to every module that shares the weight.
fn never_run(
    shared: &Shared,
    base: &Checkpoint,
    adapters: &[Adapter],
    applied: &mut BTreeMap<String, Applied>,
) -> Option<(Applied, SetAsideRule)> {
    let name = shared.members.first().filter(|_| shared.is_first_never_run)?.disk.as_str();
    let entry = applied.get_mut(name)?;
    if stays_shared(entry, adapters) {
        return None;
    }
    let rows = |tensor: Option<&LogicalTensor>| tensor.and_then(|tensor| tensor.shape().first().copied());
    let is_resized = rows(entry.source(base, adapters)) != rows(base.tensor(&shared.stored));
    let is_whole = is_trained_whole(entry, adapters);
    if is_whole && is_resized {
        return None;
    }
    // A copy stays, for it holds what training began with.
    let is_copy = matches!(entry.origin, Origin::Adapter { .. }) && !is_whole;
    if is_copy {
        let updates = std::mem::take(&mut entry.updates);
        return Some((Applied { updates, ..unchanged(name) }, SetAsideRule::NeverRun));
    }
    applied.remove(name).map(|entry| (entry, SetAsideRule::NeverRun))
}

/// A copy of the shared tensor in the file, saved under one of its names, is the weight beneath the others too: it may
/// hold a resized vocabulary.
fn share_copies(shared: &Shared, base: &Checkpoint, adapters: &[Adapter], applied: &mut BTreeMap<String, Applied>) {
    let is_copy =
        |entry: &&Applied| matches!(entry.origin, Origin::Adapter { .. }) && !is_trained_whole(entry, adapters);
    let names = || std::iter::once(shared.stored.as_str()).chain(shared.others());
    let Some(copy) = names().find_map(|name| applied.get(name).filter(is_copy)).map(|entry| entry.origin.clone())
    else {
        return;
    };
    let rows = |tensor: Option<&LogicalTensor>| tensor.and_then(|tensor| tensor.shape().first().copied());
    let has_grown = rows(source_of(&copy, &shared.stored, base, adapters)) != rows(base.tensor(&shared.stored));
    for name in names() {
        match applied.get_mut(name) {
            Some(entry) if !matches!(entry.origin, Origin::Adapter { .. }) => entry.origin = copy.clone(),
            None if has_grown && base.tensor(name).is_some() => {
                applied.insert(name.to_owned(), Applied { origin: copy.clone(), ..unchanged(name) });
            }
            Some(_) | None => {}
        }
    }
}

/// New rows of trainable tokens, and a copy that was only resized, hold for all.
pub(super) fn stays_shared(entry: &Applied, adapters: &[Adapter]) -> bool {
    let is_rows = |target: &Target| target.update().is_some_and(|update| update.new_token_ids().is_some());
    entry.updates.iter().all(|update| is_rows(update.target_in(adapters))) && !is_trained_whole(entry, adapters)
}

/// Whether the weight was trained as one of `modules_to_save`, on a copy of its own.
pub(super) fn is_trained_whole(entry: &Applied, adapters: &[Adapter]) -> bool {
    let Origin::Adapter { adapter, target } = entry.origin else { return false };
    let target = adapters.get(adapter).and_then(|adapter| adapter.targets().get(target));
    target.and_then(Target::replacement).is_some_and(|replacement| replacement.is_saved_whole)
}
