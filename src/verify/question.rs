//! What is asked of a folder.

use serde::Serialize;

use crate::message::said_in_english;

/// A question that a check answers; a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Question {
    /// Every tensor is there with its shape, and nothing of an adapter is left.
    Complete,
    /// Nothing points out of the folder.
    Independent,
    /// Targets hold what base and adapter give, everything else is the base.
    ChangedTargets,
    /// What the adapters' folders hold whole is in the merge.
    NothingLeftOut,
    /// How much differs from the base, where no adapter is given.
    DiffersFromBase,
    /// No value is NaN or infinite.
    Finite,
    /// Every file is what it was when the folder was sealed.
    Sealed,
    /// A process that has only the folder loads it.
    Alone,
}

said_in_english!(Question);
