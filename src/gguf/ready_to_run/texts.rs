//! The texts that lie beside GGUF files.

use super::{commands::MODELFILE, contents::ReadyToRun, modelfile, readme};

/// What people read.
pub const README: &str = "README.md";

impl ReadyToRun {
    /// The texts to be written, by the names of their files.
    #[must_use]
    pub fn texts(&self) -> Vec<(&'static str, String)> {
        vec![(MODELFILE, modelfile::text(self)), (README, readme::text(self))]
    }
}
