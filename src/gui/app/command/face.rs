//! How a command is shown: on its button, in the list of all commands, and on a key.

use egui::{Context, Key, KeyboardShortcut, Modifiers};

use crate::{
    gui::{app::state::AppState, design::widget::Icon},
    message::Language,
};

/// The id of a text of the window.
pub type TextId = &'static str;

/// What a listed command looks like, and when it can be asked for.
#[derive(Clone, Copy, Debug)]
pub struct Face {
    label: TextId,
    tooltip: Option<TextId>,
    place: Option<TextId>,
    title: Option<TextId>,
    /// The keys that ask for it from anywhere.
    pub key: Option<KeyboardShortcut>,
    /// Beside its label.
    pub icon: Option<Icon>,
    is_available: fn(&AppState) -> bool,
}

/// The commands of one screen.
pub trait ScreenCommand: Sized + PartialEq + 'static {
    /// Those that have a face: they stand in the list of all commands, and what keys they have is told here. Others
    /// come from a field, a row or a slider, which shows what they do.
    const LISTED: &'static [(Self, Face)];

    /// Its face, where it has one.
    fn face(&self) -> Option<&'static Face> {
        Self::LISTED.iter().find(|(command, _)| command == self).map(|(_, face)| face)
    }
}

impl Face {
    /// A command that can be asked for at any time.
    #[must_use]
    pub const fn new(label: TextId) -> Self {
        Self { label, tooltip: None, place: None, title: None, key: None, icon: None, is_available: |_| true }
    }

    /// With what it does, where the label does not say it all.
    #[must_use]
    pub const fn tooltip(self, tooltip: TextId) -> Self {
        Self { tooltip: Some(tooltip), ..self }
    }

    /// With what its label stands under, where a list shows it without its surroundings.
    #[must_use]
    pub const fn place(self, place: TextId) -> Self {
        Self { place: Some(place), ..self }
    }

    /// With a title of its own in a list, where its label says what is there and not what it does.
    #[must_use]
    pub const fn titled(self, title: TextId) -> Self {
        Self { title: Some(title), ..self }
    }

    /// With a key, pressed together with Ctrl, or with ⌘ on a Mac.
    #[must_use]
    pub const fn key(self, key: Key) -> Self {
        Self { key: Some(KeyboardShortcut::new(Modifiers::COMMAND, key)), ..self }
    }

    /// With a key of its own.
    #[must_use]
    pub const fn bare_key(self, key: Key) -> Self {
        Self { key: Some(KeyboardShortcut::new(Modifiers::NONE, key)), ..self }
    }

    /// With an icon beside the label.
    #[must_use]
    pub const fn icon(self, icon: Icon) -> Self {
        Self { icon: Some(icon), ..self }
    }

    /// Only in these states.
    #[must_use]
    pub const fn when(self, is_available: fn(&AppState) -> bool) -> Self {
        Self { is_available, ..self }
    }

    /// What its button says.
    #[must_use]
    pub fn label(&self, words: Language) -> &'static str {
        words.text(self.label)
    }

    /// What it does; empty where the label says it all.
    #[must_use]
    pub fn tooltip_text(&self, words: Language) -> &'static str {
        self.tooltip.map_or("", |tooltip| words.text(tooltip))
    }

    /// What the list of all commands calls it.
    #[must_use]
    pub fn title(&self, words: Language) -> String {
        let label = words.text(self.title.unwrap_or(self.label));
        self.place.map_or_else(|| label.to_owned(), |place| format!("{}: {label}", words.text(place)))
    }

    /// Tooltip and key in one line; empty when there is neither.
    #[must_use]
    pub fn hover_text(&self, words: Language, ctx: &Context) -> String {
        let key = self.key.map(|key| key_text(ctx, key)).unwrap_or_default();
        match (self.tooltip_text(words), key.as_str()) {
            ("", "") => String::new(),
            (tooltip, "") => tooltip.to_owned(),
            ("", key) => key.to_owned(),
            (tooltip, key) => format!("{tooltip} ({key})"),
        }
    }

    /// Whether it does something now.
    #[must_use]
    pub fn is_available(&self, state: &AppState) -> bool {
        (self.is_available)(state)
    }
}

/// `Ctrl+Enter`, and `Esc` as it stands on the key.
pub fn key_text(ctx: &Context, key: KeyboardShortcut) -> String {
    ctx.format_shortcut(&key).replace("Escape", "Esc")
}
