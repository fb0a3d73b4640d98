//! What stands in a pickle where something else was expected.

use serde::Serialize;

use crate::message::said_in_english;

/// A value of a pickle by its kind; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

said_in_english!(PickledValue);
