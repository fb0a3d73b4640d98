//! Golden models with one change, for the tables beside this file: what each change is refused with, and a neighbour of it
//! that is exported.

use std::{collections::BTreeMap, path::PathBuf};

use lorafuse::{
    checkpoint::Checkpoint,
    gguf::{ExportError, FileType, GgufExport},
};
use serde_json::{Map, Value, json};

use crate::support::repository;

/// A golden case whose weights are zeros: nothing here depends on them but a head that is no embedding.
#[derive(Clone)]
pub struct Model {
    pub config: Value,
    pub tokenizer: Value,
    pub tokenizer_config: Value,
    /// Other files, by their names.
    pub files: BTreeMap<&'static str, Vec<u8>>,
    /// Shapes, by the tensors' names.
    pub tensors: BTreeMap<String, Vec<usize>>,
    /// A tensor of ones.
    pub ones: &'static str,
}

impl Model {
    pub fn new(case: &str) -> Self {
        let folder: PathBuf = repository().join("tests/golden-gguf").join(case);
        let read = |name: &str| serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap();
        let recipe: Value = read("weights.json");
        let drawn = recipe["draws"].as_array().unwrap().iter().flat_map(|draw| draw["tensors"].as_array().unwrap());
        let tensors = drawn.map(|tensor| serde_json::from_value(tensor.clone()).unwrap()).collect();
        let pieces = std::fs::read(folder.join("tokenizer.model")).ok();
        Self {
            config: read("config.json"),
            tokenizer: read("tokenizer.json"),
            tokenizer_config: read("tokenizer_config.json"),
            files: pieces.into_iter().map(|pieces| ("tokenizer.model", pieces)).collect(),
            tensors,
            ones: "",
        }
    }

    /// The plan of its file; a tokenizer that is null is not there.
    pub fn export(&self) -> Result<GgufExport, ExportError> {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        write("config.json", self.config.to_string().as_bytes());
        write("tokenizer_config.json", self.tokenizer_config.to_string().as_bytes());
        if !self.tokenizer.is_null() {
            write("tokenizer.json", self.tokenizer.to_string().as_bytes());
        }
        for (name, bytes) in &self.files {
            write(name, bytes);
        }
        let (mut header, mut data) = (Map::new(), Vec::new());
        for (name, shape) in &self.tensors {
            let start = data.len();
            let value = if name == self.ones { 1.0_f32 } else { 0.0 };
            data.extend(value.to_le_bytes().repeat(shape.iter().product()));
            let entry = json!({"dtype": "F32", "shape": shape, "data_offsets": [start, data.len()]});
            header.insert(name.clone(), entry);
        }
        let header = Value::Object(header).to_string();
        let length = (header.len() as u64).to_le_bytes();
        write("model.safetensors", &[&length, header.as_bytes(), &data].concat());
        GgufExport::new(&Checkpoint::open(folder.path()).unwrap(), FileType::F32)
    }

    /// Fails unless it is refused as `expected` says.
    pub fn assert_refused(&self, what: &str, expected: &str) {
        match self.export() {
            Ok(_) => panic!("{what} is exported"),
            Err(error) => assert_eq!(told(&error), expected, "{what}"),
        }
    }

    /// Fails unless it is exported.
    pub fn assert_exported(&self, what: &str) {
        if let Err(error) = self.export() {
            panic!("{what} is refused: {error}");
        }
    }
}

/// The kind of a refusal, and what it is about.
pub fn told(error: &ExportError) -> String {
    match error {
        ExportError::NoSetting { key, .. } => format!("no setting {key}"),
        ExportError::BadSetting { key, .. } => format!("bad setting {key}"),
        ExportError::OddRotations { count, .. } => format!("odd rotations {count}"),
        ExportError::UnknownClass { class, .. } => format!("unknown class {class}"),
        ExportError::NoTensor { tensor, .. } => format!("no tensor {tensor}"),
        ExportError::UnfitTensor { tensor, .. } => format!("unfit tensor {tensor}"),
        ExportError::UnplacedTensor { tensor, .. } => format!("unplaced tensor {tensor}"),
        ExportError::BadTokenizer { file, problem, .. } => format!("bad {file}: {problem}"),
        ExportError::TokenizerKind { kind, .. } => format!("kind {kind}"),
        ExportError::TooManyTokens { tokens, .. } => format!("too many tokens: {tokens}"),
        ExportError::UnknownPreTokenizer { parts, .. } => format!("unknown cuts: {}", parts.join(", ")),
        ExportError::NoTokenizer { .. } => "no tokenizer".to_owned(),
        ExportError::BadJson { .. } => "bad JSON".to_owned(),
        other => format!("{other:?}"),
    }
}
