//! The line in the status bar.

use crate::{
    gui::design::ink::Ink,
    message::{Language, Problem},
    verify::Standing,
};

/// A line in the status bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How it went.
    pub tone: Tone,
    /// One sentence.
    pub text: String,
}

/// How something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Neither good nor bad, or still at work.
    Neutral,
    /// Passed.
    Good,
    /// Done, but look.
    Caution,
    /// Failed.
    Bad,
}

impl Tone {
    /// How it goes with a merged folder.
    #[must_use]
    pub fn of(standing: Standing<'_>) -> Self {
        match standing {
            Standing::Checking => Self::Neutral,
            Standing::Failed(_) => Self::Bad,
            // Not judged is not condemned.
            Standing::Unchecked(_) | Standing::Identical(_) | Standing::Held { has_remark: true, .. } => Self::Caution,
            Standing::Held { .. } => Self::Good,
        }
    }

    /// The colour of what says so.
    #[must_use]
    pub fn ink(self) -> Ink {
        match self {
            Self::Neutral => Ink::Accent,
            Self::Good => Ink::Ok,
            Self::Caution => Ink::Warn,
            Self::Bad => Ink::Error,
        }
    }
}

impl Notice {
    /// `text`, in this tone.
    #[must_use]
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into() }
    }

    /// What happened, what to do next, the path last.
    #[must_use]
    pub fn of_problem(problem: &Problem, words: Language) -> Self {
        let parts = [Some(problem.title(words)), problem.advice(words), problem.path.clone()];
        Self::new(Tone::Bad, parts.into_iter().flatten().collect::<Vec<_>>().join(". "))
    }
}
