//! An error on its way to the user: the message, the hint, the exit code.

use std::process::ExitCode;

use lorafuse::error::Hint;

/// The exit code of a cancelled run: 128 + SIGINT, as shells report it.
const CANCELLED: u8 = 130;

/// Why a command ends without its result.
pub struct Failure {
    message: String,
    hint: Option<String>,
    code: u8,
}

impl Failure {
    /// An error that has no hint.
    pub fn plain(error: &dyn std::fmt::Display) -> Self {
        Self { message: error.to_string(), hint: None, code: 1 }
    }

    /// The same failure with another hint, where there is one.
    pub fn with_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// The same, for a run that the user stopped.
    pub fn cancelled(self) -> Self {
        Self { code: CANCELLED, ..self }
    }

    /// Whether the user stopped it.
    pub fn is_cancelled(&self) -> bool {
        self.code == CANCELLED
    }

    /// Tells the user `what` the command goes on without, and why.
    pub fn warn(self, what: &str) {
        super::tell(&format!("warning: {what}: {}", self.message));
        if let Some(hint) = self.hint {
            super::tell(&format!("hint: {hint}"));
        }
    }

    /// Tells the user, once.
    pub fn report(self) -> ExitCode {
        super::tell(&format!("error: {}", self.message));
        if let Some(hint) = self.hint {
            super::tell(&format!("hint: {hint}"));
        }
        ExitCode::from(self.code)
    }
}

impl<E: std::error::Error + Hint> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { message: error.to_string(), hint: error.hint(), code: 1 }
    }
}
