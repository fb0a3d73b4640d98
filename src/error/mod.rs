//! How every error of the house speaks: the problem first, the path last, and a hint about what to do next. An error is a
//! message of `assets/lang`; its hint is the attribute `.hint` of that, or the hint of the error that it holds.

mod action;
mod io;

use serde::Serialize;

pub use self::{
    action::IoAction,
    io::{IoContext, IoError, TextFault},
};
use crate::message::{Language, Message};
pub use crate::units::shortened;

/// An error that may know what to do next.
pub trait Hint {
    /// One sentence for the user of the command line, in English and without a trailing period; `None` where there is
    /// nothing useful to say.
    fn hint(&self) -> Option<String>;
}

impl<E: std::error::Error + Serialize> Hint for E {
    fn hint(&self) -> Option<String> {
        Message::of(self).cli_hint().map(|hint| Language::English.say(&hint))
    }
}

/// An error that a report holds: shared, and compared by what it says.
#[derive(Debug)]
pub struct Reported<E>(std::sync::Arc<E>);

impl<E> Clone for Reported<E> {
    fn clone(&self) -> Self {
        Self(std::sync::Arc::clone(&self.0))
    }
}

impl<E> Reported<E> {
    /// Takes `error` into a report.
    pub fn new(error: E) -> Self {
        Self(std::sync::Arc::new(error))
    }
}

impl<E> std::ops::Deref for Reported<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.0
    }
}

impl<E: Serialize> Serialize for Reported<E> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<E: std::fmt::Display> PartialEq for Reported<E> {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_string() == other.0.to_string()
    }
}

/// What a library says of a stranger's file, which may quote all of it, as [`shortened`].
#[must_use]
pub fn brief(error: &impl std::fmt::Display) -> String {
    shortened(&error.to_string())
}

/// `a, b, c and 4 more`: names in a message, never an endless list.
#[must_use]
pub fn listed<S: AsRef<str>>(names: &[S], most: usize) -> String {
    let shown: Vec<String> = names.iter().take(most).map(|name| shortened(name.as_ref())).collect();
    match names.len().checked_sub(shown.len()) {
        Some(0) | None => shown.join(", "),
        Some(more) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Fails unless `error` is said in Korean with all of `parts`, has a hint exactly where English has one, and keeps its
/// path apart in both languages.
#[cfg(test)]
pub(crate) fn assert_told(error: &(impl std::error::Error + Serialize), parts: &[&str]) {
    use crate::message::assert_message;

    let english = error.to_string();
    let mut message = Message::of(error);
    let hint = message.hint();
    assert_eq!(hint.is_some(), error.hint().is_some(), "{english}");
    let path = message.take_path();
    assert!(path.iter().all(|path| english.ends_with(&format!(": {path}"))), "{english}");
    assert!(path.is_some() || !english.ends_with(": /data/x"), "{english}");
    assert_message(&message, parts);
    if let Some(hint) = hint {
        assert_message(&hint, &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_say_how_many_more() {
        assert_eq!(listed(&["a", "b"], 3), "a, b");
        assert_eq!(listed(&["a", "b", "c", "d"], 2), "a, b and 2 more");
    }
}
