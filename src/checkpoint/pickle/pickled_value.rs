//! What stands in a pickle where something else was expected.

use std::fmt;

/// A value of a pickle by its kind; says itself in English.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of Python")]
pub enum PickledValue {
    None,
    Truth,
    Number,
    Text,
    List,
    Dictionary,
    Tensor,
    Storage,
    ForeignName(String),
    TorchName,
    Object(String),
}

impl fmt::Display for PickledValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => out.write_str("None"),
            Self::Truth => out.write_str("a truth value"),
            Self::Number => out.write_str("a number"),
            Self::Text => out.write_str("text"),
            Self::List => out.write_str("a list"),
            Self::Dictionary => out.write_str("a dictionary"),
            Self::Tensor => out.write_str("a tensor"),
            Self::Storage => out.write_str("a storage"),
            Self::ForeignName(name) => write!(out, "the name {name}"),
            Self::TorchName => out.write_str("a name of PyTorch"),
            Self::Object(class) => write!(out, "an object of {class}"),
        }
    }
}
