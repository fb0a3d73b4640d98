//! Adapter tensors that are deliberately not merged.

use serde::Serialize;

use crate::message::said_in_english;

/// An adapter tensor that is deliberately not merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Index into the list of adapters.
    pub adapter: usize,
    /// The tensor, as the file names it.
    pub tensor: String,
    /// The rule.
    pub rule: SetAsideRule,
}

/// Why a tensor is not merged; a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum SetAsideRule {
    /// The module is saved whole, and this is the same again.
    SecondCopy,
    /// PEFT keeps the original of a module that it saves.
    UntrainedCopy,
    /// A reward training's head of values, for which the base has no place.
    ValueHead,
    /// A buffer of the class, which the base does not keep either.
    Recomputed,
    /// Some trainers save what only training used.
    TrainingOnly,
    /// A tied head that changed as its embedding did.
    StaysTied,
    /// An update of a module that no forward pass runs, so that it trained nothing.
    NeverRun,
}

said_in_english!(SetAsideRule);
