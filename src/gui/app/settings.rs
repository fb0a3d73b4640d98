//! What the window remembers from one start to the next.

use crate::message::Language;
use egui::ThemePreference;
use serde::{Deserialize, Serialize};

use super::state::AppState;

/// The language that the system speaks, where it is one of ours.
#[must_use]
pub fn language_of_system() -> Language {
    sys_locale::get_locale().map_or_else(Language::default, |locale| Language::of_locale(&locale))
}

/// The key under which the storage keeps them.
const KEY: &str = "lorafuse";

/// Language and theme.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Language of all words; `None` is that of the system.
    pub language: Option<Language>,
    /// Dark, light, or as the system.
    pub is_dark: Option<bool>,
}

impl Settings {
    /// What is to be remembered now.
    #[must_use]
    pub fn of(state: &AppState, theme: ThemePreference) -> Self {
        let is_dark = match theme {
            ThemePreference::Dark => Some(true),
            ThemePreference::Light => Some(false),
            ThemePreference::System => None,
        };
        // What was not chosen follows the system when that changes.
        let language = Some(state.language).filter(|language| *language != language_of_system());
        Self { language, is_dark }
    }

    /// Reads them; what cannot be read is forgotten.
    #[must_use]
    pub fn load(storage: &dyn eframe::Storage) -> Self {
        let text = storage.get_string(KEY).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Writes them.
    pub fn save(&self, storage: &mut dyn eframe::Storage) {
        if let Ok(text) = serde_json::to_string(self) {
            storage.set_string(KEY, text);
        }
    }

    /// Shows the window as it was left.
    pub fn apply(self, state: &mut AppState, ctx: &egui::Context) {
        state.language = self.language.unwrap_or_else(language_of_system);
        ctx.set_theme(match self.is_dark {
            Some(true) => ThemePreference::Dark,
            Some(false) => ThemePreference::Light,
            None => ThemePreference::System,
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[derive(Default)]
    struct Memory(HashMap<String, String>);

    impl eframe::Storage for Memory {
        fn get_string(&self, key: &str) -> Option<String> {
            self.0.get(key).cloned()
        }

        fn set_string(&mut self, key: &str, value: String) {
            self.0.insert(key.to_owned(), value);
        }

        fn remove_string(&mut self, key: &str) {
            self.0.remove(key);
        }

        fn flush(&mut self) {}
    }

    #[test]
    fn settings_come_back_and_damaged_ones_are_forgotten() {
        let settings = Settings { language: Some(Language::Korean), is_dark: Some(true) };
        let mut storage = Memory::default();
        settings.save(&mut storage);
        assert_eq!(Settings::load(&storage), settings);
        eframe::Storage::set_string(&mut storage, KEY, "{\"language\": 7".to_owned());
        assert_eq!(Settings::load(&storage), Settings::default());
    }
}
