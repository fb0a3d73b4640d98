//! Why a GGUF file is no model that can be opened.

use serde::Serialize;

use super::GgufError;
use crate::message;

/// A GGUF file whose tensors or metadata are not taken for a model; nothing is guessed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}", message::english(self))]
#[expect(missing_docs, reason = "the message of each says what its fields are")]
pub enum GgufModelError {
    Header { problem: GgufError },
    IsAdapter,
    NotLora { kind: String },
    OtherArchitecture { architecture: String, base: String },
    OtherKind { kind: String },
    Split { count: u64 },
    Several { files: Vec<String> },
    UnknownArchitecture { architecture: String, covered: Vec<&'static str> },
    NoKey { key: String },
    BadKey { key: String, value: String },
    UnknownKey { key: String, value: String },
    UnknownTensor { tensor: String },
    NoTensor { tensor: String },
    UnfitTensor { tensor: String, dims: Vec<u64> },
    Refused { problem: String },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::assert_said;

    #[test]
    fn every_refusal_is_said_with_what_it_is_about() {
        let text = str::to_owned;
        let (key, value) = (|| text("llama.block_count"), || text("77"));
        let cases: Vec<(GgufModelError, &[&str])> = vec![
            (GgufModelError::Header { problem: GgufError::NotGguf }, &["GGUF"]),
            (GgufModelError::IsAdapter, &["LoRA"]),
            (GgufModelError::NotLora { kind: text("control") }, &["control"]),
            (
                GgufModelError::OtherArchitecture { architecture: text("gemma"), base: text("llama") },
                &["gemma", "llama"],
            ),
            (GgufModelError::OtherKind { kind: text("mmproj") }, &["mmproj"]),
            (GgufModelError::Split { count: 3 }, &["3"]),
            (GgufModelError::Several { files: vec![text("a.gguf"), text("b.gguf")] }, &["a.gguf", "b.gguf"]),
            (
                GgufModelError::UnknownArchitecture { architecture: text("mamba"), covered: vec!["llama"] },
                &["mamba", "llama"],
            ),
            (GgufModelError::NoKey { key: key() }, &["llama.block_count"]),
            (GgufModelError::BadKey { key: key(), value: value() }, &["llama.block_count", "77"]),
            (GgufModelError::UnknownKey { key: key(), value: value() }, &["llama.block_count", "77"]),
            (GgufModelError::UnknownTensor { tensor: text("blk.0.x") }, &["`blk.0.x`"]),
            (GgufModelError::NoTensor { tensor: text("blk.0.x") }, &["`blk.0.x`"]),
            (GgufModelError::UnfitTensor { tensor: text("blk.0.x"), dims: vec![5, 4] }, &["`blk.0.x`", "5"]),
            (GgufModelError::Refused { problem: text("P") }, &["P"]),
        ];
        for (error, parts) in cases {
            assert_said(&error, parts);
        }
    }
}
