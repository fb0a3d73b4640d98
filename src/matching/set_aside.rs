//! Adapter tensors that are deliberately not merged.

use std::fmt;

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

/// Why a tensor is not merged; says itself in English.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl fmt::Display for SetAsideRule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::SecondCopy => "a second copy of a module that is saved whole",
            Self::UntrainedCopy => "the untrained copy that PEFT keeps of a module it saves",
            Self::ValueHead => "the value head of a reward training, for which the base has no place",
            Self::Recomputed => "a buffer that the model's class computes by itself",
            Self::TrainingOnly => "used in training only (VeLoRA, Monteclora)",
            Self::StaysTied => "it says the same as the input embedding's, with which it shares one tensor",
            Self::NeverRun => "no forward pass runs this module, which only lends its weight to encoder and decoder, so nothing was trained through it",
        })
    }
}
