//! Every tensor of every adapter is applied, or left out by a rule that holds for it.

use std::collections::BTreeSet;

use super::{Facts, Misjudged};
use crate::{
    adapter::{Adapter, Target, is_recomputed, is_value_head, is_value_head_file},
    checkpoint::LogicalTensor,
    matching::{Applied, SetAside, SetAsideRule},
};

pub(super) fn misjudged(facts: &Facts<'_>) -> Vec<Misjudged> {
    let matching = &facts.reference.matching;
    let placed: BTreeSet<(usize, usize)> = matching.applied.iter().flat_map(Applied::targets).collect();
    let mut found = Vec::new();
    for (index, adapter) in facts.reference.adapters.iter().enumerate() {
        let is_settled =
            |target: usize| placed.contains(&(index, target)) || is_needless(facts, &adapter.targets()[target]);
        let settled = (0..adapter.targets().len()).filter(|target| is_settled(*target));
        let mut accounted: BTreeSet<&str> =
            settled.flat_map(|target| adapter.targets()[target].tensors()).map(LogicalTensor::name).collect();
        for set_aside in matching.set_aside.iter().filter(|set_aside| set_aside.adapter == index) {
            if rule_holds(facts, adapter, set_aside, &placed) {
                accounted.insert(&set_aside.tensor);
            } else {
                found.push(Misjudged::SetAside { adapter: adapter.name(), tensor: set_aside.tensor.clone() });
            }
        }
        let names: Vec<String> = adapter
            .tensors()
            .iter()
            .map(|tensor| tensor.name())
            .filter(|name| !accounted.contains(name) && !is_set_aside(facts, index, name))
            .map(str::to_owned)
            .collect();
        if !names.is_empty() {
            found.push(Misjudged::LeftOut { adapter: adapter.name(), names });
        }
    }
    found
}

/// Whether `name` is set aside at all; a rule that does not hold is told by its own words.
fn is_set_aside(facts: &Facts<'_>, adapter: usize, name: &str) -> bool {
    facts.reference.matching.set_aside.iter().any(|other| other.adapter == adapter && other.tensor == name)
}

/// A parameter that the base need not have and has not.
fn is_needless(facts: &Facts<'_>, target: &Target) -> bool {
    target.is_optional && facts.architecture.disk_name(&target.name()).is_none()
}

/// The whole tensor of an adapter that is called `name` there.
fn whole<'a>(adapter: &'a Adapter, name: &str) -> Option<&'a Target> {
    let is_called = |target: &Target| target.replacement().is_some_and(|whole| whole.tensor().name() == name);
    adapter.targets().iter().find(|target| is_called(target))
}

fn has_no_place(facts: &Facts<'_>, target: &Target) -> bool {
    facts.architecture.disk_name(&target.name()).is_none()
}

fn rule_holds(facts: &Facts<'_>, adapter: &Adapter, set_aside: &SetAside, placed: &BTreeSet<(usize, usize)>) -> bool {
    let has = |part: &str| set_aside.tensor.split('.').any(|segment| segment.starts_with(part));
    match set_aside.rule {
        SetAsideRule::UntrainedCopy => has("original_module"),
        SetAsideRule::TrainingOnly => has("lora_velora_embed") || has("lora_monteclora_sampler"),
        SetAsideRule::ValueHead => {
            let is_of_file = |tensor: &LogicalTensor| is_value_head_file(tensor.file().name());
            whole(adapter, &set_aside.tensor).is_some_and(|target| {
                let is_head = is_value_head(&target.name()) || target.tensors().iter().all(is_of_file);
                is_head && has_no_place(facts, target)
            })
        }
        SetAsideRule::Recomputed => whole(adapter, &set_aside.tensor)
            .is_some_and(|target| is_recomputed(&target.name()) && has_no_place(facts, target)),
        SetAsideRule::SecondCopy => {
            let stray = adapter.strays().iter().find(|stray| stray.tensor.name() == set_aside.tensor);
            // A factor in a module that is saved whole may be there under a second name.
            let plain = |name: &str| name.replace(".modules_to_save", "");
            let is_factor = |target: &Target| {
                target.tensors().iter().any(|tensor| plain(tensor.name()) == plain(&set_aside.tensor))
            };
            let is_merged = |(index, target): (usize, &Target)| {
                let is_copy = match target.replacement() {
                    Some(_) => stray.is_some_and(|stray| stray.parameter == target.name()),
                    None => is_factor(target),
                };
                is_copy && placed.contains(&(set_aside.adapter, index))
            };
            adapter.targets().iter().enumerate().any(is_merged)
        }
        SetAsideRule::NeverRun => {
            let of_tensor = |target: &&Target| target.tensors().iter().any(|tensor| tensor.name() == set_aside.tensor);
            let target = adapter.targets().iter().find(of_tensor);
            let disk_name = target.and_then(|target| facts.architecture.disk_name(&target.name()));
            disk_name.is_some_and(|name| {
                facts.architecture.tie_groups().iter().any(|group| group.is_tied && group.is_never_run(&name))
            })
        }
        // Whether it says the same is computed where ties are audited.
        SetAsideRule::StaysTied => facts.architecture.tie_groups().iter().any(|group| group.is_tied),
    }
}
