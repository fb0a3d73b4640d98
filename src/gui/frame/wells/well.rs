//! The three wells and what was put into them.

use std::path::PathBuf;

/// The three wells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WellKind {
    /// The model that was fine-tuned.
    Base,
    /// What training wrote.
    Adapter,
    /// Where the merged model goes.
    Output,
}

/// One well: what stands in its field, and the path that counts.
#[derive(Clone, Debug, Default)]
pub struct Well {
    /// The field's text while it is edited.
    pub text: String,
    /// The path that was last entered, chosen or dropped.
    pub path: Option<PathBuf>,
}

impl Well {
    /// Takes `path` as entered.
    pub fn set(&mut self, path: Option<PathBuf>) {
        self.text = path.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        self.path = path;
    }
}

/// All wells.
#[derive(Clone, Debug, Default)]
pub struct Wells {
    /// Base model.
    pub base: Well,
    /// Adapter.
    pub adapter: Well,
    /// Output.
    pub output: Well,
}

impl Wells {
    /// One of them.
    #[must_use]
    pub fn get(&self, kind: WellKind) -> &Well {
        match kind {
            WellKind::Base => &self.base,
            WellKind::Adapter => &self.adapter,
            WellKind::Output => &self.output,
        }
    }

    /// One of them, to change.
    pub fn get_mut(&mut self, kind: WellKind) -> &mut Well {
        match kind {
            WellKind::Base => &mut self.base,
            WellKind::Adapter => &mut self.adapter,
            WellKind::Output => &mut self.output,
        }
    }
}
