//! The languages of the program: a file of `assets/lang` each, and its line here.

use std::{collections::HashMap, sync::OnceLock};

use super::{Message, bundle::Bundle};

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Korean.
    Korean,
    /// English made longer, which tests lay the window out with; nobody can choose it.
    Pseudo,
}

/// What languages hold, each made when it is first spoken.
static BUNDLES: [OnceLock<Bundle>; 3] = [const { OnceLock::new() }; 3];

/// Messages without arguments, said beforehand: painting asks for them each frame.
static TEXTS: [OnceLock<HashMap<String, String>>; 3] = [const { OnceLock::new() }; 3];

impl Language {
    /// All that can be chosen.
    pub const ALL: [Self; 2] = [Self::English, Self::Korean];

    /// All of them, that of tests included.
    pub const EVERY: [Self; 3] = [Self::English, Self::Korean, Self::Pseudo];

    /// The one that a locale of the system (`ko_KR`) names, where it is one of ours.
    #[must_use]
    pub fn of_locale(locale: &str) -> Self {
        let locale = locale.to_lowercase();
        Self::ALL.into_iter().find(|language| locale.starts_with(language.tag())).unwrap_or_default()
    }

    /// The one after it.
    #[must_use]
    pub fn next(self) -> Self {
        let mut following = Self::ALL.into_iter().cycle().skip_while(|language| *language != self).skip(1);
        if self == Self::Pseudo { Self::default() } else { following.next().unwrap_or_default() }
    }

    /// Its tag: `en`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English | Self::Pseudo => "en",
            Self::Korean => "ko",
        }
    }

    /// Its file.
    pub(super) fn source(self) -> &'static str {
        match self {
            Self::English | Self::Pseudo => include_str!("../../assets/lang/en.ftl"),
            Self::Korean => include_str!("../../assets/lang/ko.ftl"),
        }
    }

    fn bundle(self) -> &'static Bundle {
        BUNDLES[self as usize].get_or_init(|| Bundle::new(self))
    }

    /// `message` in this language. One that it does not have is its id, which is a fault of ours.
    #[must_use]
    pub fn say(self, message: &Message) -> String {
        self.bundle().say(message).unwrap_or_else(|| {
            debug_assert!(false, "{self:?} has no message {}", message.id);
            message.id.clone()
        })
    }

    /// The message `id`, or `id.attribute`, that takes no arguments.
    #[must_use]
    pub fn text(self, id: &'static str) -> &'static str {
        let texts = TEXTS[self as usize].get_or_init(|| self.bundle().texts());
        texts.get(id).map_or_else(
            || {
                debug_assert!(false, "{self:?} has no text {id}");
                id
            },
            String::as_str,
        )
    }

    /// Whether it has the message `id`.
    #[must_use]
    pub fn has(self, id: &str) -> bool {
        self.bundle().has(id)
    }
}
