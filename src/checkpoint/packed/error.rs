//! What can be wrong with packed weights.

use serde::Serialize;

use crate::{checkpoint::JsonProblem, error::IoError, message, numeric::Dtype};

/// Why packed weights are not read; the path stands in the error around it.
#[derive(Debug, Serialize, thiserror::Error)]
#[error("{}", message::english(self))]
#[expect(missing_docs, reason = "the message of each says what its fields are")]
pub enum PackedError {
    MissingCodes {
        tensor: String,
    },
    MissingTable {
        tensor: String,
        table: String,
    },
    LoneTable {
        table: String,
    },
    MissingTables {
        tensor: String,
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
    BadCode {
        tensor: String,
    },
    BadScale {
        tensor: String,
        value: f64,
    },
    NotFinite {
        tensor: String,
        value: f64,
    },
    NoneOfMethod {
        method: String,
    },
    NoGroup {
        tensor: String,
    },
    BadConfig {
        key: &'static str,
        said: String,
    },
    Contradicted {
        tensor: String,
        key: &'static str,
        said: String,
    },
    OtherLayout {
        key: &'static str,
        said: String,
    },
    NoSuchGroup {
        tensor: String,
        group: i64,
        count: usize,
    },
    #[error(transparent)]
    Io(#[from] IoError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::assert_said;

    #[test]
    fn every_fault_of_packed_weights_is_said_in_korean() {
        let tensor = || "a.weight".to_owned();
        let cases: Vec<(PackedError, &[&str])> = vec![
            (PackedError::MissingCodes { tensor: tensor() }, &["a.weight"]),
            (PackedError::NoneOfMethod { method: "gptq".to_owned() }, &["gptq"]),
            (
                PackedError::MissingTable { tensor: tensor(), table: "a.weight.absmax".to_owned() },
                &["a.weight", "a.weight.absmax"],
            ),
            (PackedError::LoneTable { table: "a.SCB".to_owned() }, &["a.SCB"]),
            (PackedError::MissingTables { tensor: tensor() }, &["a.weight"]),
            (
                PackedError::WrongDtype { tensor: tensor(), dtype: Dtype::I8, expected: "U8, BF16".to_owned() },
                &["a.weight", "I8", "U8, BF16"],
            ),
            (PackedError::WrongSize { tensor: tensor(), held: 1_000_000, needed: 2_000_000 }, &["1.00 MB", "2.00 MB"]),
            (
                PackedError::WrongShape { tensor: tensor(), shape: vec![2, 3], expected: vec![4, 5] },
                &["2 × 3", "4 × 5"],
            ),
            (PackedError::Scattered { tensor: tensor() }, &["a.weight"]),
            (
                PackedError::BadState { tensor: tensor(), problem: JsonProblem::EndsEarly { line: 3 } },
                &["a.weight", "3번째"],
            ),
            (
                PackedError::StateSays { tensor: tensor(), key: "blocksize", said: "7".to_owned() },
                &["a.weight", "blocksize", "7"],
            ),
            (PackedError::StateLacks { tensor: tensor(), key: "nested_offset" }, &["a.weight", "nested_offset"]),
            (PackedError::SeveralStates { tensor: tensor() }, &["a.weight"]),
            (PackedError::UnknownCodeBook { tensor: tensor() }, &["a.weight"]),
            (PackedError::BadScale { tensor: tensor(), value: -1.0 }, &["a.weight", "-1"]),
            (PackedError::NotFinite { tensor: tensor(), value: f64::INFINITY }, &["a.weight"]),
            (PackedError::BadConfig { key: "bits", said: "9".to_owned() }, &["bits", "9"]),
            (
                PackedError::Contradicted { tensor: tensor(), key: "ignore", said: "re:.*a".to_owned() },
                &["a.weight", "ignore", "re:.*a"],
            ),
        ];
        for (problem, parts) in cases {
            assert_said(&problem, parts);
        }
    }
}
