//! What can be wrong with a `.bin` file.

use serde::{Serialize, Serializer};

use super::PickledValue;
use crate::{message, numeric::Dtype};

/// Why the weights of a `torch.save` file are not read; the path stands in the error around it.
#[derive(Debug, Serialize, thiserror::Error)]
#[error("{}", message::english(self))]
#[expect(missing_docs, reason = "the message of each says what its fields are")]
pub enum PickleError {
    Legacy,
    NotAnArchive {
        problem: String,
    },
    TorchScript,
    NoPickle,
    DuplicateEntry {
        entry: String,
    },
    NoStorage {
        entry: String,
        tensor: String,
    },
    Packed {
        entry: String,
    },
    OutsideFile {
        entry: String,
        byte_count: u64,
    },
    ByteOrder {
        order: String,
    },
    PickleTooLong {
        byte_count: u64,
    },
    EndsEarly {
        at: usize,
    },
    Damaged {
        at: usize,
        problem: &'static str,
    },
    UnknownOpcode {
        #[serde(serialize_with = "hexadecimal")]
        opcode: u8,
        at: usize,
    },
    NotAStateDict {
        found: PickledValue,
    },
    Nested {
        key: String,
        beside: Vec<String>,
    },
    NotATensor {
        entry: String,
        found: PickledValue,
    },
    BadKey {
        found: PickledValue,
    },
    DuplicateTensor {
        entry: String,
    },
    BadTensor {
        entry: String,
        problem: String,
    },
    StridedIntegers {
        entry: String,
        dtype: Dtype,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands on references")]
fn hexadecimal<S: Serializer>(opcode: &u8, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("0x{opcode:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Message, assert_said};

    #[test]
    fn every_fault_of_a_pickle_is_said_in_korean() {
        let text = str::to_owned;
        let entry = || "data/7".to_owned();
        let cases: Vec<(PickleError, &[&str])> = vec![
            (PickleError::Legacy, &["1.6"]),
            (PickleError::NotAnArchive { problem: text("EOCD") }, &["EOCD"]),
            (PickleError::TorchScript, &["TorchScript"]),
            (PickleError::NoPickle, &["data.pkl"]),
            (PickleError::DuplicateEntry { entry: entry() }, &["data/7 항목이 두 번"]),
            (PickleError::NoStorage { entry: entry(), tensor: text("w") }, &["data/7", "w의"]),
            (PickleError::Packed { entry: entry() }, &["data/7"]),
            (PickleError::OutsideFile { entry: entry(), byte_count: 2_000_000 }, &["data/7", "2.00 MB"]),
            (PickleError::ByteOrder { order: text("big") }, &["big"]),
            (PickleError::PickleTooLong { byte_count: 2_000_000_000 }, &["2.00 GB"]),
            (PickleError::EndsEarly { at: 17 }, &["17바이트"]),
            (PickleError::Damaged { at: 17, problem: "stack" }, &["17바이트", "stack"]),
            (PickleError::UnknownOpcode { opcode: 0x8a, at: 17 }, &["17바이트", "0x8a"]),
            (PickleError::NotAStateDict { found: PickledValue::Object(text("a.B")) }, &["a.B의 객체"]),
            (PickleError::Nested { key: text("model"), beside: vec![text("epoch")] }, &["`model`", "epoch"]),
            (PickleError::NotATensor { entry: entry(), found: PickledValue::List }, &["`data/7`", "리스트"]),
            (PickleError::BadKey { found: PickledValue::Number }, &["수"]),
            (PickleError::DuplicateTensor { entry: entry() }, &["`data/7`"]),
            (PickleError::BadTensor { entry: entry(), problem: text("short") }, &["`data/7`", "short"]),
            (PickleError::StridedIntegers { entry: entry(), dtype: Dtype::I64 }, &["`data/7`", "I64"]),
        ];
        for (problem, parts) in cases {
            assert_said(&problem, parts);
            assert!(Message::of(&problem).hint().is_some(), "{problem}");
        }
    }
}
