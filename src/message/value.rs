//! What is to be said, before any language: an id and its arguments.

use std::path::{Path, PathBuf};

/// A sentence to be said: `id` names it in `assets/lang`, with `.tooltip` and the like for an attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its name in every language, in kebab-case.
    pub id: String,
    /// What it is made with, by names in kebab-case.
    pub args: Vec<(String, Value)>,
}

/// One argument.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Words that are the same in every language: names, paths, what others wrote.
    Text(String),
    /// A whole number.
    Count(u64),
    /// Any other number.
    Number(f64),
    /// `yes` or `no`.
    Flag(bool),
    /// Several.
    List(Vec<Value>),
    /// A sentence or a word of its own, said in the language of what it stands in.
    Message(Message),
    /// `none`.
    Absent,
}

impl Message {
    /// The message `id`, without arguments.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), args: Vec::new() }
    }

    /// With the argument `name`, a Rust name or one in kebab-case.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.args.push((name.replace('_', "-"), value.into()));
        self
    }

    /// Its attribute `name`, with the same arguments.
    #[must_use]
    pub fn attribute(self, name: &str) -> Self {
        Self { id: format!("{}.{name}", self.id), args: self.args }
    }
}

/// Conversions that only wrap or widen.
macro_rules! from {
    ($($from:ty => |$value:ident| $made:expr),+ $(,)?) => {
        $(impl From<$from> for Value {
            fn from($value: $from) -> Self {
                $made
            }
        })+
    };
}

from! {
    &str => |text| Self::Text(text.to_owned()),
    String => |text| Self::Text(text),
    &String => |text| Self::Text(text.clone()),
    &Path => |path| Self::Text(path.display().to_string()),
    &PathBuf => |path| Self::Text(path.display().to_string()),
    usize => |count| Self::Count(count as u64),
    u32 => |count| Self::Count(count.into()),
    u64 => |count| Self::Count(count),
    f64 => |number| Self::Number(number),
    bool => |flag| Self::Flag(flag),
    Message => |message| Self::Message(message),
}

impl<T: Into<Self>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl<'a, T> From<&'a [T]> for Value
where
    &'a T: Into<Self>,
{
    fn from(values: &'a [T]) -> Self {
        Self::List(values.iter().map(Into::into).collect())
    }
}

impl<'a, T> From<&'a Vec<T>> for Value
where
    &'a T: Into<Self>,
{
    fn from(values: &'a Vec<T>) -> Self {
        values.as_slice().into()
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Into::into)
    }
}
