//! Which dimension of a weight is the output's, from the class of its module and from its shape.

use super::{Facts, Misjudged};
use crate::{
    adapter::{Layer, Orientation, TargetUpdate, Window},
    architecture::{IN_OUT_EXPERTS, OTHERWISE_BEFORE_5, TRANSPOSED_EXPERTS},
    matching::UpdateRef,
};

pub(super) fn misjudged(facts: &Facts<'_>) -> Vec<Misjudged> {
    let is_wrong = |tensor: &str, update: &UpdateRef| {
        let taken = update.placement.orientation;
        let facts_say = of_facts(facts, tensor, update);
        facts_say.is_some_and(|orientation| orientation != taken)
    };
    updates(facts)
        .filter(|(tensor, update)| is_wrong(tensor, update))
        .map(|(tensor, update)| Misjudged::OtherOrientation {
            tensor: tensor.to_owned(),
            taken: update.placement.orientation,
        })
        .collect()
}

/// Targets of which neither table nor shape says how they are stored.
pub(super) fn open<'a>(facts: &Facts<'a>) -> impl Iterator<Item = (&'a str, &'a UpdateRef)> {
    updates(facts).filter(|(tensor, update)| {
        let is_linear = update_of(facts, update).is_some_and(|update| update.layer() == Layer::Linear);
        is_linear && update.placement.window == Window::Whole && of_facts(facts, tensor, update).is_none()
    })
}

/// Open ones that are taken as (in, out), or would be for what the adapter says.
pub(super) fn undecided(facts: &Facts<'_>) -> Vec<String> {
    let is_doubtful = |update: &UpdateRef| {
        let says_fan_in_fan_out = facts.reference.adapters[update.adapter].config().fan_in_fan_out();
        says_fan_in_fan_out || update.placement.orientation == Orientation::InOut
    };
    let doubtful = open(facts).filter(|(_, update)| is_doubtful(update));
    let mut names: Vec<String> = doubtful.map(|(tensor, _)| tensor.to_owned()).collect();
    names.dedup();
    names
}

/// Targets among the experts of a class that PEFT takes one way or the other, of which their shapes say nothing.
pub(super) fn open_experts(facts: &Facts<'_>) -> Vec<String> {
    let open = updates(facts).filter(|(_, update)| {
        let of_experts = update_of(facts, update).filter(|target| target.layer() == Layer::Experts);
        of_experts.is_some_and(|target| experts_by_shape(facts, target, update).is_none())
            && has_type(facts, &OTHERWISE_BEFORE_5)
            && !matches!(update.placement.window, Window::UpdateIsPart { .. })
            && facts.reference.adapters[update.adapter].config().is_from_peft(0, 19)
    });
    open.map(|(tensor, _)| tensor.to_owned()).collect()
}

fn has_type(facts: &Facts<'_>, types: &[&str]) -> bool {
    facts.architecture.parts().iter().any(|part| types.contains(&part.model_type.as_str()))
}

/// The orientation that the facts leave, where they leave one.
fn of_facts(facts: &Facts<'_>, tensor: &str, update: &UpdateRef) -> Option<Orientation> {
    let target = update_of(facts, update)?;
    let shape = update.placement.shape.as_slice();
    match target.layer() {
        Layer::Fixed => Some(Orientation::OutIn),
        Layer::Experts => of_experts(facts, target, update),
        _ if update.placement.window != Window::Whole => None,
        Layer::Linear => {
            let module = tensor.strip_suffix(".weight").unwrap_or(tensor);
            let of_class = facts
                .architecture
                .is_conv1d(module)
                .map(|is_conv1d| if is_conv1d { Orientation::InOut } else { Orientation::OutIn });
            let of_class = of_class.filter(|orientation| target.fits(shape, *orientation));
            of_class
                .or_else(|| by_shape(target, shape))
                .or_else(|| by_bias(facts.architecture.bias_len(module)?, shape))
        }
    }
}

/// How the parameter of all experts lies: by its shape, or where that is square by those beside it, or by the class and
/// the release of PEFT.
fn of_experts(facts: &Facts<'_>, target: &dyn TargetUpdate, update: &UpdateRef) -> Option<Orientation> {
    let of_class = || {
        let is_marked = has_type(facts, &TRANSPOSED_EXPERTS);
        // Some classes turn their experts while they load, which older releases of them did not.
        if !is_marked && has_type(facts, &IN_OUT_EXPERTS) {
            return None;
        }
        let is_old = !facts.reference.adapters[update.adapter].config().is_from_peft(0, 19);
        Some(if is_marked || is_old { Orientation::InOut } else { Orientation::OutIn })
    };
    experts_by_shape(facts, target, update).or_else(of_class)
}

/// How the parameter of all experts lies by its own shape, or by the shapes of those beside it, which the adapter takes
/// alike.
fn experts_by_shape(facts: &Facts<'_>, target: &dyn TargetUpdate, update: &UpdateRef) -> Option<Orientation> {
    let placement = &update.placement;
    if placement.window == Window::Whole && placement.shape.len() == 2 {
        return Some(Orientation::OutIn);
    }
    let beside = || {
        let of_adapter = updates(facts).filter(|(_, other)| other.adapter == update.adapter);
        of_adapter
            .filter_map(|(_, other)| Some((update_of(facts, other)?, other)))
            .filter(|(target, _)| target.layer() == Layer::Experts)
            .find_map(|(target, other)| by_columns(target, other))
    };
    by_columns(target, update).or_else(beside)
}

/// What the columns of a tensor of experts say, where their matrices are not square.
fn by_columns(target: &dyn TargetUpdate, update: &UpdateRef) -> Option<Orientation> {
    let (_, out, inner) = target.expert_features().filter(|(_, out, inner)| out != inner)?;
    match update.placement.shape.last() {
        Some(columns) if *columns == inner => Some(Orientation::OutIn),
        Some(columns) if *columns == out => Some(Orientation::InOut),
        _ => None,
    }
}

/// The only orientation in which the update fits.
fn by_shape(update: &dyn TargetUpdate, shape: &[usize]) -> Option<Orientation> {
    match [Orientation::OutIn, Orientation::InOut].map(|orientation| update.fits(shape, orientation)) {
        [true, false] => Some(Orientation::OutIn),
        [false, true] => Some(Orientation::InOut),
        _ => None,
    }
}

/// The dimension that has the length of the bias is the output's.
fn by_bias(bias_len: usize, shape: &[usize]) -> Option<Orientation> {
    match *shape {
        [rows, columns] if (rows == bias_len) == (columns == bias_len) => None,
        [rows, _] if rows == bias_len => Some(Orientation::OutIn),
        [_, _] => Some(Orientation::InOut),
        _ => None,
    }
}

fn updates<'a>(facts: &Facts<'a>) -> impl Iterator<Item = (&'a str, &'a UpdateRef)> {
    let applied = facts.reference.matching.applied.iter();
    applied.flat_map(|applied| applied.updates.iter().map(|update| (applied.tensor.as_str(), update)))
}

fn update_of<'a>(facts: &Facts<'a>, update: &UpdateRef) -> Option<&'a dyn TargetUpdate> {
    let adapters = &facts.reference.adapters;
    adapters.get(update.adapter)?.targets().get(update.target)?.update()?;
    Some(update.update_in(adapters))
}
