//! What can be wrong with a GGUF header, read or about to be written.

use std::path::PathBuf;

use serde::Serialize;

use crate::{error::IoError, message};

/// A header that is none, or that cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}", message::english(self))]
#[expect(missing_docs, reason = "the message of each says what its fields are")]
pub enum GgufError {
    NotGguf,
    BigEndian,
    UnknownVersion { version: u32 },
    EndsEarly { needed: u64, held: u64 },
    TooLong { needed: u64, most: u64 },
    Unreadable { problem: String },
    UnknownValueType { number: u32 },
    TooDeep { most: usize },
    BadBool { found: u8 },
    BadText { at: u64 },
    KeyTwice { key: String },
    EmptyValue { key: String },
    BadAlignment { alignment: u32 },
    NameTwice { tensor: String },
    BadName { tensor: String, byte_count: usize },
    BadDimensions { tensor: String, dims: Vec<u64> },
    UnknownType { tensor: String, number: u32 },
    BrokenRow { tensor: String, columns: u64, ggml_type: &'static str, block: usize },
    Misplaced { tensor: String, offset: u64, expected: u64 },
}

/// A file that cannot be read as GGUF.
#[derive(Debug, Serialize, thiserror::Error)]
#[error("{}", message::english(self))]
#[expect(missing_docs, reason = "the message of each says what its fields are")]
pub enum GgufFileError {
    Bad {
        problem: GgufError,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    Io(#[from] IoError),
}
