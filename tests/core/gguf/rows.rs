//! The tensor types of ggml: blocks and values, byte for byte as ggml has them.

use std::path::PathBuf;

use lorafuse::numeric::{
    CpuLevel,
    codec::{EncodeError, GgmlType},
};
use serde_json::Value;

use crate::support::{repository, sha256_start};

/// Rows of the golden file, and values of a row.
const ROW_COUNT: usize = 48;
const ROW_LEN: usize = 512;

fn golden(name: &str) -> PathBuf {
    repository().join("tests/golden-gguf/rows").join(name)
}

fn floats(name: &str) -> Vec<f32> {
    let bytes = std::fs::read(golden(name)).unwrap();
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

fn rows() -> Vec<f32> {
    let values = floats("input.f32");
    assert_eq!(values.len(), ROW_COUNT * ROW_LEN);
    values
}

fn table(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(golden(name)).unwrap()).unwrap()
}

fn hashes() -> Value {
    table("hashes.json")
}

/// The hash of each row, as the golden file abbreviates it.
fn row_hashes(bytes: &[u8]) -> Vec<String> {
    bytes.chunks(bytes.len() / ROW_COUNT).map(|row| sha256_start(row, 4)).collect()
}

fn assert_rows(what: &str, bytes: &[u8], expected: &Value) {
    let expected: Vec<String> = serde_json::from_value(expected.clone()).unwrap();
    let found = row_hashes(bytes);
    let other: Vec<usize> = (0..ROW_COUNT).filter(|row| found[*row] != expected[*row]).collect();
    assert!(other.is_empty(), "{what}: rows {other:?} are not ggml's");
}

const WRITTEN: [GgmlType; 8] = [
    GgmlType::Q4_0,
    GgmlType::Q4_1,
    GgmlType::Q5_0,
    GgmlType::Q5_1,
    GgmlType::Q8_0,
    GgmlType::Q4K,
    GgmlType::Q5K,
    GgmlType::Q6K,
];

#[test]
fn blocks_and_values_are_those_of_ggml_on_every_level() {
    let (rows, hashes) = (rows(), hashes());
    for ggml_type in WRITTEN {
        let mut bytes = vec![0; ggml_type.byte_count(rows.len()).unwrap()];
        for level in CpuLevel::available() {
            ggml_type.encode_at(level, &rows, &mut bytes).unwrap();
            assert_rows(&format!("blocks of {ggml_type}, {level}"), &bytes, &hashes[ggml_type.name()]["blocks"]);
        }
        assert_values(ggml_type, &bytes, &hashes);
    }
}

fn assert_values(ggml_type: GgmlType, bytes: &[u8], hashes: &Value) {
    let mut values = vec![0.0; ROW_COUNT * ROW_LEN];
    ggml_type.decode(bytes, &mut values);
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    assert_rows(&format!("values of {ggml_type}"), &bytes, &hashes[ggml_type.name()]["values"]);
}

/// Zeros of both signs, subnormal numbers, values half way between codes, peaks of both signs, scales that vanish in half
/// precision or whose inverse is infinite.
#[test]
fn blocks_of_hard_rows_are_those_of_ggml_on_every_level() {
    const LEN: usize = 256;
    let (values, expected) = (floats("hard.f32"), table("hard.json"));
    let names: Vec<String> = serde_json::from_value(expected["rows"].clone()).unwrap();
    assert_eq!(values.len(), names.len() * LEN);
    for ggml_type in WRITTEN {
        let expected: Vec<String> = serde_json::from_value(expected[ggml_type.name()].clone()).unwrap();
        let row_byte_count = ggml_type.byte_count(LEN).unwrap();
        let mut bytes = vec![0; names.len() * row_byte_count];
        for level in CpuLevel::available() {
            ggml_type.encode_at(level, &values, &mut bytes).unwrap();
            let together: Vec<String> = bytes.chunks(row_byte_count).map(|row| sha256_start(row, 4)).collect();
            for (row, values) in values.chunks(LEN).enumerate() {
                let what = format!("{ggml_type}, {level}: {} (row {row})", names[row]);
                assert_eq!(together[row], expected[row], "{what}");
                let alone = &mut bytes[..row_byte_count];
                ggml_type.encode_at(level, values, alone).unwrap();
                assert_eq!(sha256_start(alone, 4), expected[row], "{what}, alone");
            }
        }
    }
}

#[test]
fn types_that_are_only_read_have_the_values_of_ggml() {
    for ggml_type in [GgmlType::Q2K, GgmlType::Q3K] {
        let bytes = std::fs::read(golden(&format!("{ggml_type}.bin"))).unwrap();
        assert_values(ggml_type, &bytes, &hashes());
        let mut out = bytes.clone();
        let name = ggml_type.name();
        assert_eq!(ggml_type.encode(&rows(), &mut out), Err(EncodeError::ReadOnly { name }));
    }
}

/// A row is encoded alone as it is among others: any whole blocks may go together.
#[test]
fn blocks_know_nothing_of_their_neighbours() {
    let rows = rows();
    for ggml_type in WRITTEN {
        let mut whole = vec![0; ggml_type.byte_count(rows.len()).unwrap()];
        ggml_type.encode(&rows, &mut whole).unwrap();
        let len = ggml_type.block_len();
        for start in [0, 256, 5 * ROW_LEN + 256] {
            let mut one = vec![0; ggml_type.block_byte_count()];
            ggml_type.encode(&rows[start..start + len], &mut one).unwrap();
            let at = ggml_type.byte_count(start).unwrap();
            assert_eq!(one, whole[at..at + one.len()], "{ggml_type}, values from {start} on");
        }
    }
}

#[test]
fn what_no_block_can_hold_is_refused() {
    for ggml_type in WRITTEN.into_iter().chain([GgmlType::F16, GgmlType::Bf16, GgmlType::F32]) {
        let mut values = vec![0.5; 512];
        let mut bytes = vec![0; ggml_type.byte_count(512).unwrap()];
        for (index, value) in [(3, f32::NAN), (511, f32::NEG_INFINITY)] {
            values[index] = value;
            assert_eq!(ggml_type.encode(&values, &mut bytes), Err(EncodeError::NotFinite { index }), "{ggml_type}");
            values[index] = 0.5;
        }
        values[300] = 3e38;
        let found = ggml_type.encode(&values, &mut bytes);
        if [GgmlType::F32, GgmlType::Bf16].contains(&ggml_type) {
            assert_eq!(found, Ok(()), "{ggml_type}");
        } else {
            let index = 300 / ggml_type.block_len() * ggml_type.block_len();
            assert_eq!(found, Err(EncodeError::TooLarge { index }), "{ggml_type}");
        }
    }
}

#[test]
fn numbers_and_sizes_are_those_of_files() {
    for ggml_type in GgmlType::ALL {
        assert_eq!(GgmlType::of_number(ggml_type.number()), Some(ggml_type));
        assert_eq!(ggml_type.byte_count(512), Some(512 / ggml_type.block_len() * ggml_type.block_byte_count()));
    }
    assert_eq!(GgmlType::of_number(4), None);
    assert_eq!(GgmlType::Q6K.byte_count(128), None);
}
