//! The line in the status bar.

use crate::message::{Language, Problem};

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
    /// Neither good nor bad.
    Neutral,
    /// Passed.
    Good,
    /// Done, but look.
    Caution,
    /// Failed.
    Bad,
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
