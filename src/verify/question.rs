//! What is asked of a folder.

use serde::{Serialize, Serializer};

/// A question that a check answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl Question {
    /// Its title, in English.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Complete => "Complete",
            Self::Independent => "Independent of the base",
            Self::ChangedTargets => "Changed exactly the targets",
            Self::NothingLeftOut => "Nothing trained left out",
            Self::DiffersFromBase => "Differences from the base",
            Self::Finite => "Finite",
            Self::Sealed => "Sealed",
            Self::Alone => "Stands alone",
        }
    }
}

impl Serialize for Question {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.title())
    }
}
