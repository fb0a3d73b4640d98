//! Why a model does not become a GGUF file.

use std::path::PathBuf;

use serde::Serialize;

use crate::{
    checkpoint::{CheckpointError, JsonProblem, gguf::GgufError},
    error::IoError,
    message,
    numeric::codec::EncodeError,
};

/// A model that cannot be written as a GGUF file.
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
    OddRotations {
        count: u32,
        head_dim: u32,
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
        file: String,
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
    Values {
        tensor: String,
        ggml_type: &'static str,
        problem: EncodeError,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    Lora {
        problem: LoraProblem,
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
}

/// What a LoRA file of llama.cpp cannot hold; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the message of each says what its fields are")]
pub enum LoraProblem {
    NoPlace { tensor: String },
    NoScale,
    NotLowRank { tensor: String, method: &'static str },
    Ranks { tensor: String },
    Replaced { tensor: String },
    Several { count: usize },
    SharedHead { tensor: String },
    Type { file_type: &'static str },
}

message::said_in_english!(LoraProblem);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{error::IoAction, message::assert_said};

    #[test]
    fn every_refusal_is_said_with_what_it_is_about() {
        let (text, path) = (str::to_owned, || PathBuf::from("/data/x"));
        let too_large = EncodeError::TooLarge { index: 7 };
        let io = IoError { action: IoAction::CreateFile, source: std::io::ErrorKind::NotFound.into(), path: path() };
        let cases: Vec<(ExportError, &[&str])> = vec![
            (ExportError::UnknownFileType { name: text("iq1"), known: vec!["Q8_0"] }, &["iq1", "Q8_0"]),
            (ExportError::UnknownClass { class: text("OPT"), covered: vec!["GPT2"], path: path() }, &["OPT", "GPT2"]),
            (ExportError::NoSetting { key: "n_head", path: path() }, &["n_head"]),
            (
                ExportError::BadSetting { key: text("hidden_act"), value: text("relu"), path: path() },
                &["hidden_act", "relu"],
            ),
            (ExportError::OddRotations { count: 25, head_dim: 100, path: path() }, &["25", "100"]),
            (
                ExportError::UnplacedTensor { tensor: text("score"), architecture: "llama", path: path() },
                &["`score`", "llama"],
            ),
            (ExportError::NoTensor { tensor: text("blk.1.attn_q"), path: path() }, &["blk.1.attn_q"]),
            (ExportError::UnfitTensor { tensor: text("wte"), shape: vec![3, 4], path: path() }, &["`wte`", "3"]),
            (ExportError::NoTokenizer { path: path() }, &["tokenizer.json"]),
            (
                ExportError::BadTokenizer { file: text("tokenizer.model"), problem: text("P"), path: path() },
                &["tokenizer.model", "P"],
            ),
            (ExportError::BadJson { problem: JsonProblem::EndsEarly { line: 3 }, path: path() }, &["JSON", "3"]),
            (ExportError::TokenizerKind { kind: text("Unigram"), path: path() }, &["Unigram"]),
            (
                ExportError::UnknownPreTokenizer { parts: vec![text("Split x")], hash: text("ab"), path: path() },
                &["Split x", "ab"],
            ),
            (ExportError::TooManyTokens { tokens: 401, rows: 400, path: path() }, &["401", "400"]),
            (
                ExportError::Values { tensor: text("w"), ggml_type: "F16", problem: too_large, path: path() },
                &["`w`", "F16", "7"],
            ),
            (
                ExportError::Lora { problem: LoraProblem::NoPlace { tensor: text("score") }, path: path() },
                &["`score`", "llama.cpp"],
            ),
            (ExportError::Lora { problem: LoraProblem::NoScale, path: path() }, &["0"]),
            (
                ExportError::Lora {
                    problem: LoraProblem::NotLowRank { tensor: text("q_proj"), method: "DoRA" },
                    path: path(),
                },
                &["`q_proj`", "DoRA"],
            ),
            (ExportError::Lora { problem: LoraProblem::Ranks { tensor: text("w1") }, path: path() }, &["`w1`"]),
            (ExportError::Lora { problem: LoraProblem::Replaced { tensor: text("norm") }, path: path() }, &["`norm`"]),
            (ExportError::Lora { problem: LoraProblem::Several { count: 3 }, path: path() }, &["3"]),
            (ExportError::Lora { problem: LoraProblem::SharedHead { tensor: text("wte") }, path: path() }, &["`wte`"]),
            (ExportError::Lora { problem: LoraProblem::Type { file_type: "Q4_K_M" }, path: path() }, &["Q4_K_M"]),
            (ExportError::Header { problem: GgufError::NotGguf, path: path() }, &["GGUF"]),
            (ExportError::Io(io), &["파일"]),
        ];
        for (error, parts) in cases {
            assert_said(&error, parts);
        }
    }
}
