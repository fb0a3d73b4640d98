//! What can be wrong with packed weights.

use serde::Serialize;

use crate::{checkpoint::JsonProblem, error::IoError, message, numeric::Dtype};

/// Why packed weights are not read; the path stands in the error around it.
#[derive(Debug, Serialize, thiserror::Error)]
#[error("{}", message::english(self))]
#[expect(missing_docs, reason = "the message of each says what its fields are")]
pub enum PackedError {
    MissingTable {
        tensor: String,
        table: String,
    },
    LoneTable {
        table: String,
    },
    WrongDtype {
        tensor: String,
        dtype: Dtype,
        expected: String,
    },
    WrongSize {
        tensor: String,
        held: u64,
        needed: u64,
    },
    WrongShape {
        tensor: String,
        shape: Vec<usize>,
        expected: Vec<usize>,
    },
    Scattered {
        tensor: String,
    },
    BadState {
        tensor: String,
        problem: JsonProblem,
    },
    StateSays {
        tensor: String,
        key: &'static str,
        said: String,
    },
    StateLacks {
        tensor: String,
        key: &'static str,
    },
    SeveralStates {
        tensor: String,
    },
    UnknownCodeBook {
        tensor: String,
    },
    BadScale {
        tensor: String,
        value: f64,
    },
    BadConfig {
        key: &'static str,
        said: String,
    },
    #[error(transparent)]
    Io(#[from] IoError),
}
