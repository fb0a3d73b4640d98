//! Why a model does not become a GGUF file.

use std::path::PathBuf;

use serde::Serialize;

use crate::{
    checkpoint::{CheckpointError, JsonProblem, gguf::GgufError},
    error::IoError,
    job::Cancelled,
    message,
    numeric::codec::EncodeError,
};

/// A model that cannot be written as a GGUF file, or a file that cannot be written.
#[derive(Debug, Serialize, thiserror::Error)]
#[error("{}", message::english(self))]
#[expect(missing_docs, reason = "the message of each says what its fields are")]
pub enum ExportError {
    UnknownFileType {
        name: String,
        known: Vec<&'static str>,
    },
    UnknownClass {
        class: String,
        covered: Vec<&'static str>,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NoSetting {
        key: &'static str,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    BadSetting {
        key: String,
        value: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    UnplacedTensor {
        tensor: String,
        architecture: &'static str,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NoTensor {
        tensor: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    UnfitTensor {
        tensor: String,
        shape: Vec<usize>,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NoTokenizer {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    BadTokenizer {
        file: &'static str,
        problem: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    BadJson {
        problem: JsonProblem,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    TokenizerKind {
        kind: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    UnknownPreTokenizer {
        parts: Vec<String>,
        hash: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    TooManyTokens {
        tokens: usize,
        rows: usize,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    Exists {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    Values {
        tensor: String,
        ggml_type: &'static str,
        problem: EncodeError,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    Header {
        problem: GgufError,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    Weights(#[from] CheckpointError),
    Io(#[from] IoError),
    Cancelled(#[from] Cancelled),
}
