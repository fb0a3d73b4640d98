//! One thing, said in every language of the window: whoever finds it out does not know which is chosen when it is shown.

use super::{Language, Words};

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// In English.
    pub english: String,
    /// In Korean.
    pub korean: String,
}

impl Said {
    /// What `words` call it, in each language.
    #[must_use]
    pub fn of_words(text: impl Fn(&Words) -> String) -> Self {
        Self { english: text(Language::English.words()), korean: text(Language::Korean.words()) }
    }

    /// The text in the language of `words`.
    #[must_use]
    pub fn text(&self, words: &Words) -> &str {
        match words.language {
            Language::English => &self.english,
            Language::Korean => &self.korean,
        }
    }
}
