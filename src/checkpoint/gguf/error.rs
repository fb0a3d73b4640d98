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
    UnknownType { tensor: String, ggml_type: String },
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::assert_said;

    #[test]
    fn every_fault_of_a_header_is_said_with_what_it_is_about() {
        let tensor = || "blk.0".to_owned();
        let cases: Vec<(GgufError, &[&str])> = vec![
            (GgufError::NotGguf, &["GGUF"]),
            (GgufError::BigEndian, &["빅 엔디언"]),
            (GgufError::UnknownVersion { version: 7 }, &["7"]),
            (GgufError::EndsEarly { needed: 9_000_000, held: 1_000_000 }, &["9.00 MB", "1.00 MB"]),
            (GgufError::TooLong { needed: 9_000_000, most: 1_000_000 }, &["9.00 MB", "1.00 MB"]),
            (GgufError::Unreadable { problem: tensor() }, &["blk.0"]),
            (GgufError::UnknownValueType { number: 13 }, &["13"]),
            (GgufError::TooDeep { most: 4 }, &["4"]),
            (GgufError::BadBool { found: 2 }, &["2"]),
            (GgufError::BadText { at: 77 }, &["77"]),
            (GgufError::KeyTwice { key: tensor() }, &["`blk.0`"]),
            (GgufError::EmptyValue { key: tensor() }, &["`blk.0`"]),
            (GgufError::BadAlignment { alignment: 3 }, &["3"]),
            (GgufError::NameTwice { tensor: tensor() }, &["`blk.0`"]),
            (GgufError::BadName { tensor: tensor(), byte_count: 64 }, &["`blk.0`", "64"]),
            (GgufError::BadDimensions { tensor: tensor(), dims: vec![0, 3] }, &["`blk.0`", "3"]),
            (GgufError::UnknownType { tensor: tensor(), ggml_type: "IQ4_XS".to_owned() }, &["`blk.0`", "IQ4_XS"]),
            (
                GgufError::BrokenRow { tensor: tensor(), columns: 100, ggml_type: "Q4_K", block: 256 },
                &["`blk.0`", "100", "256", "Q4_K"],
            ),
            (GgufError::Misplaced { tensor: tensor(), offset: 64, expected: 96 }, &["`blk.0`", "64", "96"]),
        ];
        for (error, parts) in cases {
            let file = GgufFileError::Bad { problem: error.clone(), path: PathBuf::from("/data/x.gguf") };
            assert_said(&error, parts);
            assert_said(&file, parts);
        }
    }
}
