//! Folders of packed weights that a test has written itself.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::checkpoint::{Checkpoint, CheckpointError, Storage};

/// A model folder in the making.
pub(super) struct Written {
    /// `config.json`.
    pub config: Value,
    /// Dtype, shape and bytes of each tensor.
    pub tensors: BTreeMap<String, (&'static str, Vec<usize>, Vec<u8>)>,
    /// Other files, with their text.
    pub files: Vec<(&'static str, String)>,
}

impl Written {
    pub fn new(quantization: &Value) -> Self {
        Self { config: json!({"quantization_config": quantization}), tensors: BTreeMap::new(), files: Vec::new() }
    }

    pub fn put(&mut self, name: &str, dtype: &'static str, shape: &[usize], bytes: Vec<u8>) {
        self.tensors.insert(name.to_owned(), (dtype, shape.to_vec(), bytes));
    }

    /// Writes the folder and hands it to `look`.
    #[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
    pub fn opened<T>(&self, look: impl FnOnce(Result<Checkpoint, CheckpointError>) -> T) -> T {
        let folder = tempfile::tempdir().unwrap();
        let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
        for (name, (dtype, shape, bytes)) in &self.tensors {
            let offsets = [data.len(), data.len() + bytes.len()];
            header.insert(name.clone(), json!({"dtype": dtype, "shape": shape, "data_offsets": offsets}));
            data.extend_from_slice(bytes);
        }
        let header = Value::Object(header).to_string();
        let file = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat();
        std::fs::write(folder.path().join("model.safetensors"), file).unwrap();
        std::fs::write(folder.path().join("config.json"), self.config.to_string()).unwrap();
        for (name, text) in &self.files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        look(Checkpoint::open(folder.path()))
    }

    /// What opening it, or the look at its tables, is refused with.
    pub fn refusal(&self) -> String {
        self.opened(|checkpoint| {
            let checked = checkpoint.and_then(|checkpoint| {
                let rows = checkpoint.tensors().values().filter_map(|tensor| match tensor.storage() {
                    Storage::Computed(rows) => Some(rows),
                    _ => None,
                });
                rows.map(|rows| rows.check()).collect::<Result<Vec<()>, _>>()
            });
            checked.map_or_else(|error| error.to_string(), |checked| format!("{} tensors are read", checked.len()))
        })
    }
}

/// The shape and all values of a tensor, which is the same whether it is read at once or in runs of rows.
pub(super) fn values(checkpoint: &Checkpoint, name: &str) -> (Vec<usize>, Vec<f32>) {
    let tensor = checkpoint.tensor(name).unwrap();
    let shape = tensor.tile_shape();
    let whole = tensor.read_all().unwrap();
    for run in [1, 7, 45] {
        for start in (0..shape.rows).step_by(run).rev() {
            let rows = start..(start + run).min(shape.rows);
            let mut part = vec![0.0; rows.len() * shape.columns];
            tensor.read_rows(rows.clone(), &mut part).unwrap();
            assert_eq!(part, whole[rows.start * shape.columns..rows.end * shape.columns], "{name}, rows {rows:?}");
        }
    }
    (tensor.shape().to_vec(), whole)
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
