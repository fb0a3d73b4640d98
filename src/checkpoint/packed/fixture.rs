//! Small packed models for tests, byte by byte, and the numbers that they should hold.

use std::{collections::BTreeMap, path::Path};

use serde_json::{Value, json};

use super::PackedError;
use crate::{
    checkpoint::{Checkpoint, CheckpointError, LogicalTensor, Storage, header_bytes},
    numeric::{FloatDtype, widen},
};

/// A model of a few tensors in one file.
#[derive(Clone)]
pub(super) struct Model {
    /// `config.json`.
    pub config: Value,
    /// Dtype, shape and bytes of each tensor.
    pub tensors: BTreeMap<String, (&'static str, Vec<usize>, Vec<u8>)>,
    /// `__metadata__` of the weight file.
    pub metadata: BTreeMap<String, String>,
    /// Other files, with their text.
    pub files: Vec<(&'static str, String)>,
}

impl Model {
    /// One in bfloat16 with this `quantization_config`.
    pub fn new(quantization: &Value) -> Self {
        let config = json!({"torch_dtype": "bfloat16", "quantization_config": quantization});
        Self { config, tensors: BTreeMap::new(), metadata: BTreeMap::new(), files: Vec::new() }
    }

    /// The same with a tensor more, or another in its place.
    pub fn with(mut self, name: &str, dtype: &'static str, shape: &[usize], bytes: impl Into<Vec<u8>>) -> Self {
        self.put(name, dtype, shape, bytes.into());
        self
    }

    /// Adds a tensor, or puts it in the place of another.
    pub fn put(&mut self, name: &str, dtype: &'static str, shape: &[usize], bytes: Vec<u8>) {
        self.tensors.insert(name.to_owned(), (dtype, shape.to_vec(), bytes));
    }

    /// The same with a tensor of f32 more, or another in its place.
    pub fn with_f32(self, name: &str, shape: &[usize], values: &[f32]) -> Self {
        self.with(name, "F32", shape, f32_bytes(values))
    }

    /// The same without a tensor.
    pub fn without(mut self, name: &str) -> Self {
        assert!(self.tensors.remove(name).is_some(), "{name}");
        self
    }

    /// The same with another value in its `quantization_config`.
    pub fn saying(mut self, pointer: &str, value: Value) -> Self {
        let said = self.config["quantization_config"].pointer_mut(pointer);
        *said.unwrap_or_else(|| panic!("{pointer}")) = value;
        self
    }

    /// Opens it and hands it to `look`.
    pub fn opened<T>(&self, look: impl FnOnce(&Checkpoint) -> T) -> Result<T, CheckpointError> {
        let folder = tempfile::tempdir().unwrap();
        self.write(folder.path());
        Checkpoint::open(folder.path()).map(|model| look(&model))
    }

    /// The shape and the values of a tensor, which are the same however its rows are cut.
    pub fn values(&self, name: &str) -> (Vec<usize>, Vec<f32>) {
        let read = |model: &Checkpoint| {
            let tensor = model.tensor(name).unwrap_or_else(|| panic!("{name}"));
            let shape = tensor.tile_shape();
            let whole = rows_of(tensor, 0..shape.rows).unwrap();
            for start in 0..shape.rows {
                for end in [start, start + 1, start + 3].into_iter().filter(|end| *end <= shape.rows) {
                    let expected = &whole[start * shape.columns..end * shape.columns];
                    let part = rows_of(tensor, start..end).unwrap();
                    assert!(
                        part.iter().map(|it| it.to_bits()).eq(expected.iter().map(|it| it.to_bits())),
                        "{name}, rows {start} to {end}"
                    );
                }
            }
            if let Storage::Computed(rows) = tensor.storage() {
                rows.check().unwrap();
            }
            (tensor.shape().to_vec(), whole)
        };
        self.opened(read).unwrap()
    }

    /// What is found wrong: at opening, in tables before a merge, or in codes as they are read.
    pub fn problem(&self) -> Option<PackedError> {
        let look = |model: &Checkpoint| {
            model.tensors().values().try_for_each(|tensor| {
                let Storage::Computed(rows) = tensor.storage() else { return Ok(()) };
                rows.check()?;
                rows_of(tensor, 0..tensor.tile_shape().rows).map(|_| ())
            })
        };
        match self.opened(look).and_then(|result| result) {
            Ok(()) => None,
            Err(CheckpointError::Packed { problem, .. }) => Some(problem),
            Err(other) => panic!("{other}"),
        }
    }

    /// The sentence that says it.
    pub fn refusal(&self) -> String {
        self.problem().map_or_else(|| "it is read".to_owned(), |problem| problem.to_string())
    }

    #[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
    fn write(&self, folder: &Path) {
        let mut header = serde_json::Map::new();
        if !self.metadata.is_empty() {
            header.insert("__metadata__".to_owned(), json!(self.metadata));
        }
        let mut data: Vec<u8> = Vec::new();
        for (name, (dtype, shape, bytes)) in &self.tensors {
            let start = data.len();
            data.extend_from_slice(bytes);
            header.insert(name.clone(), json!({"dtype": dtype, "shape": shape, "data_offsets": [start, data.len()]}));
        }
        let file = [header_bytes(Value::Object(header).to_string().as_bytes()), data].concat();
        std::fs::write(folder.join("model.safetensors"), file).unwrap();
        std::fs::write(folder.join("config.json"), self.config.to_string()).unwrap();
        for (name, text) in &self.files {
            std::fs::write(folder.join(name), text).unwrap();
        }
    }
}

/// Asserts that each faulty model is refused by the error of this name, which says that tensor or key.
pub(super) fn assert_refused(cases: Vec<(Model, &str, &str)>) {
    for (index, (model, kind, said)) in cases.into_iter().enumerate() {
        let problem = model.problem().unwrap_or_else(|| panic!("case {index}: {kind} of {said} is not seen"));
        let shown = format!("{problem:?}");
        assert!(shown.starts_with(kind) && shown.contains(said), "case {index}: {kind} of {said}, not {shown}");
    }
}

/// Asserts that `values` are those of `exact` for each row and column, rounded to bfloat16.
pub(super) fn assert_values(values: &[f32], columns: usize, exact: impl Fn(usize, usize) -> f32) {
    for (index, value) in values.iter().enumerate() {
        let (row, column) = (index / columns, index % columns);
        let expected = half::bf16::from_f32(exact(row, column)).to_f32();
        assert_eq!(value.to_bits(), expected.to_bits(), "row {row}, column {column}: {value}, not {expected}");
    }
}

/// Bytes of no pattern.
pub(super) fn noise(count: usize, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..count).map(|_| next()).collect()
}

/// Codes of E4M3, none of which is no number.
pub(super) fn e4m3_codes(count: usize, seed: u32) -> Vec<u8> {
    noise(count, seed).into_iter().map(|code| if code & 0x7f == 0x7f { 0x30 } else { code }).collect()
}

/// The value of a code of E4M3, by the formula of its bits.
pub(super) fn e4m3(code: u8) -> f32 {
    let (exponent, mantissa) = (i32::from(code >> 3 & 15), f32::from(code & 7) / 8.0);
    let leading = if exponent == 0 { 0.0 } else { 1.0 };
    let sign = if code >> 7 == 1 { -1.0 } else { 1.0 };
    sign * (leading + mantissa) * 2.0_f32.powi(exponent.max(1) - 7)
}

/// The bytes of f32s.
pub(super) fn f32_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// `count` scales, each another number with all its bits set to something.
pub(super) fn scales(count: usize) -> Vec<f32> {
    (0_u8..).take(count).map(|index| 0.013_7 * (1.0 + f32::from(index)).sqrt()).collect()
}

fn rows_of(tensor: &LogicalTensor, rows: std::ops::Range<usize>) -> Result<Vec<f32>, CheckpointError> {
    let dtype = FloatDtype::of(tensor.dtype()).unwrap();
    let mut values = vec![0.0; rows.len() * tensor.tile_shape().columns];
    let mut bytes = vec![0; values.len() * dtype.byte_count()];
    tensor.read_row_bytes(rows, &mut bytes)?;
    widen(dtype, &bytes, &mut values);
    Ok(values)
}

/// Random numbers below `limit`, one for each place.
pub(super) fn random(kind: usize, a: usize, b: usize, limit: usize) -> usize {
    let mixed = (kind * 7919 + a * 131 + b + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) % limit
}

/// Codes of `bits` as one stream in 32-bit words, the low bits first.
pub(super) fn stream(bits: usize, codes: impl Iterator<Item = usize>) -> Vec<u32> {
    let mut words = Vec::new();
    for (at, bit) in codes.flat_map(|code| (0..bits).map(move |bit| u32::from(code >> bit & 1 == 1))).enumerate() {
        if at % 32 == 0 {
            words.push(0);
        }
        words[at / 32] |= bit << (at % 32);
    }
    words
}
