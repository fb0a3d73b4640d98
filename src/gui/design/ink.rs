//! What a text says by its colour, apart from the theme that it is painted in.

use egui::{Color32, Ui};

use super::tokens::Colors;

/// The colour of a text or an icon, by role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Names and values.
    Primary,
    /// Labels and evidence.
    Secondary,
    /// Class names, units of axes, rows without a change.
    Tertiary,
    /// What cannot be used yet.
    Disabled,
    /// What is selected or can be acted on.
    Accent,
    /// The base.
    Base,
    /// The adapter.
    Adapter,
    /// The merged model.
    Merged,
    /// Passed.
    Ok,
    /// Done, but not exactly as asked.
    Warn,
    /// Failed.
    Error,
    /// A colour that is computed, such as that of a number on a heat cell.
    Exactly(Color32),
}

impl Ink {
    /// The colour in the theme of `ui`.
    #[must_use]
    pub fn color(self, ui: &Ui) -> Color32 {
        let colors = Colors::of(ui);
        match self {
            Self::Primary => colors.text,
            Self::Secondary => colors.text_secondary,
            Self::Tertiary => colors.text_tertiary,
            Self::Disabled => colors.text_disabled,
            Self::Accent => colors.accent,
            Self::Base => colors.base,
            Self::Adapter => colors.adapter,
            Self::Merged => colors.merged,
            Self::Ok => colors.ok,
            Self::Warn => colors.warn,
            Self::Error => colors.error,
            Self::Exactly(color) => color,
        }
    }
}
