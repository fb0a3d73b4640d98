//! Every sentence of the program is a message: an id with arguments, made from a value of any room by one serializer and
//! said by [Fluent](https://projectfluent.org) in a language that is one file of `assets/lang`.
//!
//! - An enum's variant is the message `type-name-variant-name`, a struct the message `type-name`; fields are arguments
//!   of the same name in kebab-case, a newtype variant's content is `$value`, a tuple variant's are `$first`, `$second`.
//! - A value inside that is itself an enum or a struct is said first, in the same language, and handed on as text; its
//!   id stands beside it as `$field-id`, to select on, its hint as `$field-hint`, and what it says without where as
//!   `$field-what`. A list has its length beside it as `$field-count`.
//! - The attribute `.hint` of an error's message says what to do next, `.cli-hint` the same in options of the command
//!   line; an error inside of another lends it its own. The argument `$path` stands last without being named.
//! - `true` and `false` are `yes` and `no`, and what is absent is `none`.
//! - Paths take `#[serde(serialize_with = "message::path")]` (serde refuses those that are no UTF-8), failed file
//!   operations [`io_error`], and values whose own `Display` is their text in every language [`shown`].

mod bundle;
mod functions;
mod hint;
mod io;
mod language;
mod list;
mod names;
mod particle;
mod problem;
mod pseudo;
mod serializer;
mod speech;
#[cfg(test)]
mod tests;
mod value;
mod variables;

pub use self::{
    io::io_error,
    language::Language,
    problem::Problem,
    serializer::{all_shown, any_shown, path, pointed, shown},
    value::{Message, Value},
};

/// The English sentence of `value`, which the command line and reports speak.
#[must_use]
pub fn english(value: &(impl serde::Serialize + ?Sized)) -> String {
    Language::English.say(&Message::of(value))
}

/// Fails unless `value` is said in Korean with all of `parts` and without English left.
#[cfg(test)]
#[track_caller]
pub(crate) fn assert_said(value: &impl serde::Serialize, parts: &[&str]) {
    assert_message(&Message::of(value), parts);
}

/// As [`assert_said`], of a message.
#[cfg(test)]
#[track_caller]
pub(crate) fn assert_message(message: &Message, parts: &[&str]) {
    let (english, korean) = (Language::English.say(message), Language::Korean.say(message));
    assert!(korean.chars().any(|letter| ('가'..='힣').contains(&letter)), "no Korean: {korean}");
    let is_word = |word: &&str| word.len() > 1 && word.chars().all(|letter| letter.is_ascii_lowercase());
    let words: Vec<&str> = korean.split(' ').collect();
    assert!(!words.windows(2).any(|pair| pair.iter().all(is_word)), "English is left: {korean}");
    assert_ne!(korean, english);
    for part in parts {
        assert!(korean.contains(part), "{part} is missing: {korean}");
    }
}

/// A message of this id: `message!("merged-to", path: output, count: names.len())`.
macro_rules! message {
    ($id:expr $(, $name:ident: $value:expr)* $(,)?) => {
        $crate::message::Message::new($id)$(.with(stringify!($name), $value))*
    };
}

/// `Display` of types that are messages: their English sentence.
macro_rules! said_in_english {
    ($($said:ty),+ $(,)?) => {
        $(impl std::fmt::Display for $said {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&$crate::message::english(self))
            }
        })+
    };
}

pub(crate) use {message, said_in_english};

said_in_english!(crate::units::RoughDuration);
