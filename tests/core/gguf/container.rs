//! GGUF files as containers: what is written is read again, and what is damaged or made to harm is refused.

#![expect(clippy::cast_possible_truncation, reason = "small numbers of a test")]

use std::collections::HashSet;

use lorafuse::{
    checkpoint::gguf::{GgufArray, GgufError, GgufHeader, GgufTensor, GgufValue},
    numeric::codec::GgmlType,
};
use proptest::prelude::*;

fn metadata() -> Vec<(String, GgufValue)> {
    let nested = GgufArray::Array(vec![GgufArray::U8(vec![1, 2]), GgufArray::String(vec!["a".to_owned()])]);
    let values = vec![
        ("general.architecture", GgufValue::from("llama")),
        ("u8", GgufValue::U8(255)),
        ("i8", GgufValue::I8(-1)),
        ("u16", GgufValue::U16(65_535)),
        ("i16", GgufValue::I16(-2)),
        ("u32", GgufValue::U32(7)),
        ("i32", GgufValue::I32(-7)),
        ("f32", GgufValue::F32(0.5)),
        ("bool", GgufValue::Bool(true)),
        ("u64", GgufValue::U64(u64::MAX)),
        ("i64", GgufValue::I64(i64::MIN)),
        ("f64", GgufValue::F64(-0.25)),
        ("tokens", GgufValue::Array(GgufArray::String(vec!["▁a".to_owned(), String::new()]))),
        ("scores", GgufValue::Array(GgufArray::F32(vec![-1.0, 2.5]))),
        ("nested", GgufValue::Array(nested)),
    ];
    values.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn tensor(name: &str, dims: &[u64], ggml_type: GgmlType) -> GgufTensor {
    GgufTensor::new(name.to_owned(), dims.to_vec(), ggml_type).unwrap()
}

fn header() -> GgufHeader {
    let tensors = vec![
        tensor("token_embd.weight", &[256, 3], GgmlType::Q4K),
        tensor("blk.0.attn_norm.weight", &[7], GgmlType::F32),
        tensor("blk.0.ffn_gate_exps.weight", &[32, 2, 4], GgmlType::Q8_0),
    ];
    GgufHeader::new(metadata(), tensors).unwrap()
}

/// A whole file with that header.
fn file(header: &GgufHeader) -> Vec<u8> {
    let mut bytes = header.to_bytes();
    bytes.resize(usize::try_from(header.file_byte_count()).unwrap(), 0);
    bytes
}

fn read(bytes: &[u8]) -> Result<GgufHeader, GgufError> {
    GgufHeader::read(bytes, bytes.len() as u64)
}

#[test]
fn what_is_written_is_read_again() {
    let header = header();
    let bytes = file(&header);
    assert_eq!(read(&bytes).unwrap(), header);
    assert_eq!(header.data_start % 32, 0);
    let places: Vec<(u64, u64)> = header.tensors.iter().map(|tensor| (tensor.offset, tensor.byte_count)).collect();
    assert_eq!(places, [(0, 3 * 144), (448, 28), (480, 8 * 34)]);
    assert_eq!(header.file_byte_count(), header.data_start + 480 + 288);
}

/// candle reads it too, as another author's reader.
#[test]
fn another_reader_finds_the_same() {
    let header = header();
    let mut without_nested = header.clone();
    without_nested.metadata.retain(|(key, _)| key != "nested");
    let header = GgufHeader::new(without_nested.metadata, without_nested.tensors).unwrap();
    let mut bytes = std::io::Cursor::new(file(&header));
    let content = candle_core::quantized::gguf_file::Content::read(&mut bytes).unwrap();
    assert_eq!(content.metadata.len(), header.metadata.len());
    assert_eq!(content.metadata["general.architecture"].to_string().unwrap(), "llama");
    assert_eq!(content.tensor_data_offset, header.data_start);
    for tensor in &header.tensors {
        let info = &content.tensor_infos[&tensor.name];
        let dims: Vec<u64> = info.shape.dims().iter().rev().map(|dim| *dim as u64).collect();
        assert_eq!((dims, info.offset), (tensor.dims.clone(), tensor.offset), "{}", tensor.name);
    }
}

#[test]
fn a_file_that_ends_early_is_refused_wherever_it_ends() {
    let bytes = file(&header());
    let mut seen = HashSet::new();
    // Only what fills up the last tensor may be missing.
    for len in 0..bytes.len() - 16 {
        let error = read(&bytes[..len]).expect_err("a part of a file is none");
        assert!(error.to_string().len() < 500);
        seen.insert(std::mem::discriminant(&error));
    }
    assert_eq!(seen.len(), 2, "no GGUF file at first, then one that ends early");
}

#[test]
fn no_byte_that_changes_makes_the_reader_fall() {
    let bytes = file(&header());
    let header_len = header().to_bytes().len();
    for at in 0..header_len {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] = value;
            if let Ok(header) = read(&changed) {
                assert!(header.file_byte_count() <= changed.len() as u64 + 32);
            }
        }
    }
}

/// The bytes of a header by hand: counts, then what follows them.
fn by_hand(tensor_count: u64, value_count: u64, rest: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"GGUF\x03\0\0\0".to_vec();
    bytes.extend(tensor_count.to_le_bytes());
    bytes.extend(value_count.to_le_bytes());
    bytes.extend(rest.concat());
    bytes
}

fn text(text: &[u8]) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes()[..], text].concat()
}

fn info(name: &str, dims: &[u64], ggml_type: u32, offset: u64) -> Vec<u8> {
    let mut bytes = text(name.as_bytes());
    bytes.extend((dims.len() as u32).to_le_bytes());
    bytes.extend(dims.iter().flat_map(|dim| dim.to_le_bytes()));
    bytes.extend(ggml_type.to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes
}

#[test]
fn what_is_made_to_harm_is_refused_with_what_is_wrong() {
    let huge = 1_u64 << 60;
    let u8_kind = 0_u32.to_le_bytes();
    let array_kind = 9_u32.to_le_bytes();
    let text_kind = 8_u32.to_le_bytes();
    let data = [0; 64];
    let mut many_levels = [text(b"k"), array_kind.to_vec()].concat();
    for _ in 0..1000 {
        many_levels.extend(array_kind);
        many_levels.extend(1_u64.to_le_bytes());
    }
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("huge tensor count", by_hand(huge, 0, &[])),
        ("huge value count", by_hand(0, huge, &[])),
        ("a huge key", by_hand(0, 1, &[&huge.to_le_bytes()])),
        ("a huge text", by_hand(0, 1, &[&text(b"k"), &text_kind, &u64::MAX.to_le_bytes()])),
        ("a huge array", by_hand(0, 1, &[&text(b"k"), &array_kind, &u8_kind, &huge.to_le_bytes()])),
        ("a huge array of texts", by_hand(0, 1, &[&text(b"k"), &array_kind, &text_kind, &huge.to_le_bytes()])),
        ("arrays in arrays", by_hand(0, 1, &[&many_levels])),
        ("no UTF-8", by_hand(0, 1, &[&text(b"\xff"), &u8_kind, &[1]])),
        ("a key twice", by_hand(0, 2, &[&text(b"k"), &u8_kind, &[1], &text(b"k"), &u8_kind, &[2]])),
        ("no type", by_hand(0, 1, &[&text(b"k"), &13_u32.to_le_bytes(), &[1]])),
        ("a half truth", by_hand(0, 1, &[&text(b"k"), &7_u32.to_le_bytes(), &[2]])),
        ("alignment 3", by_hand(0, 1, &[&text(b"general.alignment"), &4_u32.to_le_bytes(), &3_u32.to_le_bytes()])),
        ("dimensions beyond all", by_hand(1, 0, &[&info("a", &[u64::MAX, u64::MAX], 0, 0), &data])),
        ("a dimension of 0", by_hand(1, 0, &[&info("a", &[0], 0, 0), &data])),
        ("five dimensions", by_hand(1, 0, &[&info("a", &[1; 5], 0, 0), &data])),
        ("4 billion dimensions", by_hand(1, 0, &[&text(b"a"), &u32::MAX.to_le_bytes(), &data])),
        ("an unknown type", by_hand(1, 0, &[&info("a", &[1], 99, 0), &data])),
        ("half a block", by_hand(1, 0, &[&info("a", &[16], 8, 0), &data])),
        ("overlapping", by_hand(2, 0, &[&info("a", &[8], 0, 0), &info("b", &[8], 0, 0), &data])),
        ("far away", by_hand(1, 0, &[&info("a", &[8], 0, 1 << 62), &data])),
        ("more than the file", by_hand(1, 0, &[&info("a", &[8000], 0, 0), &data])),
        ("a name twice", by_hand(2, 0, &[&info("a", &[8], 0, 0), &info("a", &[8], 0, 32), &data])),
        ("a long name", by_hand(1, 0, &[&info(&"a".repeat(64), &[8], 0, 0), &data])),
        ("big-endian", b"GGUF\0\0\0\x03".repeat(8)),
        ("version 1", b"GGUF\x01\0\0\0".repeat(8)),
        ("another format", b"PK\x03\x04aaaaaaaaaaaaaaaaaaaaaaaaaa".to_vec()),
    ];
    let mut seen = HashSet::new();
    for (what, bytes) in cases {
        let error = read(&bytes).expect_err(what);
        assert!(error.to_string().len() < 500, "{what}: {error}");
        seen.insert(std::mem::discriminant(&error));
    }
    assert!(seen.len() > 14, "{} kinds of refusals", seen.len());
}

#[test]
fn no_header_is_made_that_ggml_would_refuse() {
    let twice = vec![("k".to_owned(), GgufValue::U8(1)), ("k".to_owned(), GgufValue::U8(1))];
    assert!(matches!(GgufHeader::new(twice, Vec::new()), Err(GgufError::KeyTwice { .. })));
    let empty = vec![("k".to_owned(), GgufValue::Array(GgufArray::U8(Vec::new())))];
    assert!(matches!(GgufHeader::new(empty, Vec::new()), Err(GgufError::EmptyValue { .. })));
    let one = tensor("a", &[4], GgmlType::F32);
    assert!(matches!(GgufHeader::new(Vec::new(), vec![one.clone(), one]), Err(GgufError::NameTwice { .. })));
    let broken = GgufTensor::new("a".to_owned(), vec![100], GgmlType::Q4K);
    assert!(matches!(broken, Err(GgufError::BrokenRow { .. })));
}

/// A file that sees how much is wanted of it in one go: what a reader reserved for it.
struct Watched<'a> {
    rest: &'a [u8],
    most: usize,
}

impl std::io::Read for Watched<'_> {
    fn read(&mut self, wanted: &mut [u8]) -> std::io::Result<usize> {
        self.most = self.most.max(wanted.len());
        self.rest.read(wanted)
    }
}

fn scalar() -> impl Strategy<Value = GgufValue> {
    prop_oneof![
        any::<u8>().prop_map(GgufValue::U8),
        any::<i16>().prop_map(GgufValue::I16),
        any::<u32>().prop_map(GgufValue::U32),
        any::<f32>().prop_map(GgufValue::F32),
        any::<bool>().prop_map(GgufValue::Bool),
        any::<u64>().prop_map(GgufValue::U64),
        "[a-z▁ ]{1,12}".prop_map(GgufValue::String),
    ]
}

fn array() -> impl Strategy<Value = GgufValue> {
    let flat = prop_oneof![
        prop::collection::vec(any::<i32>(), 1..9).prop_map(GgufArray::I32),
        prop::collection::vec("[a-z▁]{0,5}", 1..9).prop_map(GgufArray::String),
        prop::collection::vec(any::<bool>(), 1..9).prop_map(GgufArray::Bool),
    ];
    flat.prop_recursive(3, 24, 3, |inner| prop::collection::vec(inner, 1..3).prop_map(GgufArray::Array))
        .prop_map(GgufValue::Array)
}

fn any_header() -> impl Strategy<Value = GgufHeader> {
    let metadata = prop::collection::btree_map("[a-z.]{1,20}", prop_oneof![scalar(), array()], 0..8);
    let ggml_type = prop::sample::select(GgmlType::ALL.to_vec());
    let dims = (1_u64..3, prop::collection::vec(1_u64..4, 0..3));
    let tensors = prop::collection::btree_map("[a-z.]{1,20}", (ggml_type, dims), 0..6);
    (metadata, tensors).prop_map(|(metadata, tensors)| {
        let tensors = tensors.into_iter().map(|(name, (ggml_type, (blocks, mut dims)))| {
            dims.insert(0, blocks * ggml_type.block_len() as u64);
            tensor(&name, &dims, ggml_type)
        });
        GgufHeader::new(metadata.into_iter().collect(), tensors.collect()).unwrap()
    })
}

/// What happens to a file, at a place that is a share of its length.
#[derive(Clone, Debug)]
enum Damage {
    Byte {
        share: f64,
        xor: u8,
    },
    /// Eight bytes, as counts and lengths have.
    Number {
        share: f64,
        value: u64,
    },
    Cut {
        share: f64,
    },
    Doubled {
        share: f64,
        len: usize,
    },
}

fn damage() -> impl Strategy<Value = Damage> {
    let numbers = prop_oneof![
        (0_u32..64).prop_map(|bit| 1 << bit),
        (0_u32..64).prop_map(|bit| u64::MAX >> bit),
        any::<u64>(),
        0_u64..300,
    ];
    prop_oneof![
        (0.0..1.0, 1_u8..).prop_map(|(share, xor)| Damage::Byte { share, xor }),
        (0.0..1.0, numbers).prop_map(|(share, value)| Damage::Number { share, value }),
        (0.0..1.0).prop_map(|share| Damage::Cut { share }),
        (0.0..1.0, 1_usize..40).prop_map(|(share, len)| Damage::Doubled { share, len }),
    ]
}

#[expect(clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a small file")]
fn damaged(mut bytes: Vec<u8>, header_len: usize, damage: &Damage) -> Vec<u8> {
    // Headers are what is read: nothing else is worth a change.
    let at = |share: f64| (share * header_len.min(bytes.len()) as f64) as usize;
    match *damage {
        Damage::Byte { share, xor } => {
            let at = at(share);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= xor;
            }
        }
        Damage::Number { share, value } => {
            let at = at(share);
            if let Some(place) = bytes.get_mut(at..at + 8) {
                place.copy_from_slice(&value.to_le_bytes());
            }
        }
        Damage::Cut { share } => {
            let at = at(share);
            bytes.truncate(at);
        }
        Damage::Doubled { share, len } => {
            let at = at(share);
            let end = (at + len).min(bytes.len());
            let again = bytes[at.min(end)..end].to_vec();
            bytes.splice(at.min(end)..at.min(end), again);
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    /// Whatever became of a file: it is refused, or what is read is what stands in it. Nothing is reserved that the file
    /// could not fill, and no count, however large, is believed.
    #[test]
    fn a_damaged_header_is_refused_or_read_as_it_stands(
        header in any_header(),
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        let header_len = header.to_bytes().len();
        let whole = file(&header);
        let bytes = damages.iter().fold(whole, |bytes, damage| damaged(bytes, header_len, damage));
        let mut watched = Watched { rest: &bytes, most: 0 };
        let found = GgufHeader::read(&mut watched, bytes.len() as u64);
        prop_assert!(watched.most <= bytes.len(), "{} bytes were reserved for {}", watched.most, bytes.len());
        match found {
            Err(error) => prop_assert!(error.to_string().chars().count() < 500, "{error}"),
            Ok(found) => {
                // Version 2 becomes 3, and what fills up to the data becomes zeros; all else is as it was.
                let mut again = found.to_bytes();
                again[4..8].copy_from_slice(&bytes[4..8]);
                let end = again.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                prop_assert!(bytes.starts_with(&again[..end]));
                prop_assert!(found.data_start <= bytes.len() as u64 + 32);
            }
        }
    }
}
