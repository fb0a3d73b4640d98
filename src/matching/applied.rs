//! One tensor of the merged model that is not the base's: where its values come from and what is done to them.

use std::sync::Arc;

use crate::{
    adapter::{Adapter, AdapterError, Placement, RowUpdate, Target, TargetUpdate, WeightedUpdate, joined},
    checkpoint::{Checkpoint, LogicalTensor},
    numeric::Element,
};

/// One tensor that changes or is new, with the updates that land on it in the order of the adapters.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The tensor's name on disk.
    pub tensor: String,
    /// Where its values come from before any update.
    pub origin: Origin,
    /// The updates.
    pub updates: Vec<UpdateRef>,
    /// What the result is multiplied by, before it is rounded: a class scaled what goes into a head only while it was
    /// tied.
    pub factor: Option<f64>,
}

/// Where the values of a tensor come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The base tensor of the same name.
    Base,
    /// The input embedding, whose tensor an output head shared in the base.
    Tied {
        /// That embedding's tensor.
        embedding: String,
    },
    /// A full tensor of an adapter.
    Adapter {
        /// Index into the list of adapters.
        adapter: usize,
        /// Index into [`Adapter::targets`].
        target: usize,
    },
}

/// A target of an adapter, by position, and how it lies on the tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateRef {
    /// Index into the list of adapters.
    pub adapter: usize,
    /// Index into [`Adapter::targets`].
    pub target: usize,
    /// Index into the readings of its factors, where the base decided what they are for.
    pub reading: usize,
    /// Which part of the update lies on which part of the tensor.
    pub placement: Placement,
}

impl Applied {
    /// The tensor whose values are taken before any update.
    #[must_use]
    pub fn source<'a>(&self, base: &'a Checkpoint, adapters: &'a [Adapter]) -> Option<&'a LogicalTensor> {
        source_of(&self.origin, &self.tensor, base, adapters)
    }

    /// Whether the tensor differs from the base's of that name.
    pub(super) fn changes(&self) -> bool {
        self.origin != Origin::Base || !self.updates.is_empty() || self.factor.is_some()
    }

    /// Every target behind this entry, as (adapter, target).
    pub fn targets(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let origin = match self.origin {
            Origin::Adapter { adapter, target } => Some((adapter, target)),
            Origin::Base | Origin::Tied { .. } => None,
        };
        origin.into_iter().chain(self.updates.iter().map(|update| (update.adapter, update.target)))
    }
}

/// Reads the factors of `updates`, with the strength of each adapter (1 where the list is shorter); what they make of a
/// weight is multiplied by `factor` in the end.
///
/// # Errors
/// A read that fails or a dtype that is no float.
///
/// # Panics
/// As [`UpdateRef::target_in`].
pub fn load_updates(
    updates: &[UpdateRef],
    factor: Option<f64>,
    adapters: &[Adapter],
    strengths: &[f64],
) -> Result<Vec<WeightedUpdate>, AdapterError> {
    weighted((updates, factor), adapters, strengths, UpdateRef::load)
}

/// Reads the factors of `updates` for a proof in f64.
///
/// # Errors
/// As [`load_updates`].
///
/// # Panics
/// As [`UpdateRef::target_in`].
pub fn load_updates_f64(
    updates: &[UpdateRef],
    factor: Option<f64>,
    adapters: &[Adapter],
    strengths: &[f64],
) -> Result<Vec<WeightedUpdate<f64>>, AdapterError> {
    weighted((updates, factor), adapters, strengths, UpdateRef::load_f64)
}

fn weighted<T: Element>(
    (updates, factor): (&[UpdateRef], Option<f64>),
    adapters: &[Adapter],
    strengths: &[f64],
    load: impl Fn(&UpdateRef, &[Adapter]) -> Result<Arc<dyn RowUpdate<T>>, AdapterError>,
) -> Result<Vec<WeightedUpdate<T>>, AdapterError> {
    // PEFT keeps adapters of one type in one layer, and stacks layers of different types.
    let peft_type = |update: &UpdateRef| adapters[update.adapter].config().peft_type();
    let load = |(index, update): (usize, &UpdateRef)| {
        let before = index.checked_sub(1).and_then(|before| updates.get(before));
        Ok(WeightedUpdate {
            update: load(update, adapters)?,
            strength: strengths.get(update.adapter).copied().unwrap_or(1.0),
            shares_layer: before.is_some_and(|before| peft_type(before) == peft_type(update)),
        })
    };
    updates.iter().enumerate().map(load).chain(factor.map(|factor| Ok(WeightedUpdate::times(factor)))).collect()
}

/// The tensor that `origin` stands for, for a tensor called `name`.
pub(super) fn source_of<'a>(
    origin: &Origin,
    name: &str,
    base: &'a Checkpoint,
    adapters: &'a [Adapter],
) -> Option<&'a LogicalTensor> {
    match origin {
        Origin::Base => base.tensor(name),
        Origin::Tied { embedding } => base.tensor(embedding),
        Origin::Adapter { adapter, target } => {
            Some(adapters.get(*adapter)?.targets().get(*target)?.replacement()?.tensor())
        }
    }
}

impl UpdateRef {
    /// The target that this refers to.
    ///
    /// # Panics
    /// If `adapters` is another list than the one that was matched.
    #[must_use]
    pub fn target_in<'a>(&self, adapters: &'a [Adapter]) -> &'a Target {
        &adapters[self.adapter].targets()[self.target]
    }

    /// Reads the update's factors.
    ///
    /// # Errors
    /// A read that fails or a dtype that is no float.
    ///
    /// # Panics
    /// As [`Self::target_in`].
    pub fn load(&self, adapters: &[Adapter]) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.update_in(adapters).load(&self.placement)
    }

    /// Reads the update's factors for a proof in f64.
    ///
    /// # Errors
    /// As [`Self::load`].
    ///
    /// # Panics
    /// As [`Self::target_in`].
    pub fn load_f64(&self, adapters: &[Adapter]) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.update_in(adapters).load_f64(&self.placement)
    }

    /// The full name of the parameter that this is for, as the adapter spells its module.
    ///
    /// # Panics
    /// As [`Self::target_in`].
    #[must_use]
    pub fn name_in(&self, adapters: &[Adapter]) -> String {
        let target = self.target_in(adapters);
        let nested = target.update().and_then(|update| update.nested());
        let reading = nested.and_then(|nested| nested.readings.get(self.reading));
        joined(&target.module, reading.map_or(&target.parameter, |reading| &reading.parameter))
    }

    /// The update that the target's factors are.
    ///
    /// # Panics
    /// As [`Self::target_in`].
    #[must_use]
    pub fn update_in<'a>(&self, adapters: &'a [Adapter]) -> &'a dyn TargetUpdate {
        let target = self.target_in(adapters);
        let update = target.update().unwrap_or_else(|| unreachable!("{} is placed as an update", target.name()));
        let reading = update.nested().and_then(|nested| nested.readings.get(self.reading));
        reading.map_or(update.as_ref(), |reading| reading.update.as_ref())
    }
}
