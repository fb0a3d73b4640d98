//! What fourteen families of models become: every key, name, shape, type and byte as llama.cpp's own converter and
//! quantisation make them, or as they were when llama.cpp computed of them what transformers does.

#![expect(clippy::cast_possible_truncation, reason = "small numbers of a test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use lorafuse::{
    checkpoint::{
        Checkpoint,
        gguf::{GgufArray, GgufHeader, GgufValue},
    },
    gguf::{FileType, GgufExport, OutputTensor, check_hash},
    job::JobContext,
    merge::{GgufPlace, GgufPlan},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{random_model, repository, sha256_start};

pub const CASES: [&str; 20] = [
    "llama-spm",
    "llama-spm-json-only",
    "llama3-rope",
    "llama-k256",
    "qwen2",
    "qwen3",
    "qwen3-moe",
    "mixtral",
    "gemma2",
    "gemma3",
    "phi3",
    "gpt_neox",
    "gpt2",
    "gemma",
    "olmo2",
    "stablelm",
    "stablelm-parallel",
    "falcon",
    "falcon-groups",
    "falcon-heads",
];

/// A golden case: the model's folder, and what is expected of it.
pub struct Case {
    pub folder: TempDir,
    pub expected: Value,
}

fn golden(case: &str) -> PathBuf {
    repository().join("tests/golden-gguf").join(case)
}

fn json_file(case: &str, name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(golden(case).join(name)).unwrap()).unwrap()
}

impl Case {
    pub fn new(case: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["config.json", "tokenizer.json", "tokenizer_config.json", "tokenizer.model"] {
            if golden(case).join(name).is_file() {
                std::fs::copy(golden(case).join(name), folder.path().join(name)).unwrap();
            }
        }
        random_model::write_weights(&json_file(case, "weights.json"), folder.path());
        Self { folder, expected: json_file(case, "expected.json") }
    }

    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint::open(self.folder.path()).unwrap()
    }
}

/// A value as the golden files have it: its type's name and itself.
fn told(value: &GgufValue) -> (String, Value) {
    let (name, value) = match value {
        GgufValue::U32(value) => ("UINT32", json!(value)),
        GgufValue::F32(value) => ("FLOAT32", json!(f64::from(*value))),
        GgufValue::Bool(value) => ("BOOL", json!(value)),
        GgufValue::String(value) => ("STRING", json!(value)),
        GgufValue::Array(GgufArray::String(value)) => ("ARRAY:STRING", json!(value)),
        GgufValue::Array(GgufArray::I32(value)) => ("ARRAY:INT32", json!(value)),
        GgufValue::Array(GgufArray::F32(value)) => ("ARRAY:FLOAT32", json!(value)),
        other => panic!("no key has such a value: {other:?}"),
    };
    (name.to_owned(), value)
}

/// Keys that may be there beside what the converter writes, and why.
fn may_be_more(key: &str) -> bool {
    // The converter leaves the end of a turn to llama.cpp, and names and sizes come from folders.
    key == "tokenizer.ggml.eot_token_id" || ["general.name", "general.size_label"].contains(&key)
}

fn assert_keys(case: &str, header: &GgufHeader, file_type: FileType, expected: &Value) {
    let found: BTreeMap<String, (String, Value)> =
        header.metadata.iter().map(|(key, value)| (key.clone(), told(value))).collect();
    let mut wanted: BTreeMap<String, (String, Value)> = expected["kv"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry[0].as_str().unwrap().to_owned(), (entry[1].as_str().unwrap().to_owned(), entry[2].clone())))
        .collect();
    wanted.insert("general.file_type".to_owned(), ("UINT32".to_owned(), json!(file_type.number())));
    // An accident of the converter, which reads it off a template for pairs of texts.
    wanted.remove("tokenizer.ggml.add_sep_token");
    for (key, value) in expected["tokenizer"].as_object().unwrap() {
        assert_eq!(found[key].1.as_array().map(Vec::len), value.as_array().map(Vec::len), "{case}: {key}");
        let is_ranked = case == "llama-spm-json-only" && ["scores", "token_type"].iter().any(|own| key.ends_with(own));
        if !is_ranked {
            assert_eq!(found[key].1, *value, "{case}: {key}");
        }
        wanted.insert(key.clone(), found[key].clone());
    }
    for (key, value) in &wanted {
        assert_eq!(found.get(key), Some(value), "{case}: {key}");
    }
    let more: Vec<&String> = found.keys().filter(|key| !wanted.contains_key(*key) && !may_be_more(key)).collect();
    assert!(more.is_empty(), "{case}: {more:?}");
}

/// The bytes of a tensor, tile by tile.
fn encoded(tensor: &OutputTensor) -> Vec<u8> {
    let (mut values, mut bytes) = (Vec::new(), vec![0; tensor.stored.byte_count as usize]);
    for rows in tensor.tiles() {
        let place = tensor.byte_range(&rows);
        tensor.read(rows, &mut values).unwrap();
        tensor.encode(&values, &mut bytes[place.start as usize..place.end as usize]).unwrap();
    }
    bytes
}

fn assert_tensors(what: &str, export: &GgufExport, expected: &Value, table: &Value) {
    let names = expected["tensors"].as_array().unwrap();
    let wanted: BTreeSet<&str> = names.iter().map(|entry| entry[0].as_str().unwrap()).collect();
    let found: BTreeSet<&str> = export.tensors.iter().map(|tensor| tensor.stored.name.as_str()).collect();
    assert_eq!(found, wanted, "{what}");
    for tensor in &export.tensors {
        let name = &tensor.stored.name;
        let at = names.iter().position(|entry| entry[0] == name.as_str()).unwrap();
        assert_eq!(json!(tensor.stored.dims), names[at][1], "{what}: {name}");
        assert_eq!(tensor.stored.ggml_type.name(), table[at][0], "{what}: {name}");
        let bytes = encoded(tensor);
        assert_eq!(bytes.len() as u64, tensor.stored.byte_count, "{what}: {name}");
        assert_eq!(sha256_start(&bytes, 8), table[at][1], "{what}: the bytes of {name}");
    }
}

fn assert_case(case: &str) {
    let golden = Case::new(case);
    let checkpoint = golden.checkpoint();
    for (name, table) in golden.expected["types"].as_object().unwrap() {
        let file_type: FileType = name.parse().unwrap();
        let export = GgufExport::new(&checkpoint, file_type).unwrap();
        assert_keys(case, &export.header, file_type, &golden.expected);
        assert_tensors(&format!("{case}, {name}"), &export, &golden.expected, table);
    }
}

macro_rules! cases {
    ($($test:ident: $case:literal),+ $(,)?) => {
        $(
            #[test]
            fn $test() {
                assert_case($case);
            }
        )+
    };
}

cases! {
    llama_with_sentence_piece_is_as_converted: "llama-spm",
    llama_with_stretched_rotations_is_as_converted: "llama3-rope",
    llama_with_whole_blocks_is_as_converted: "llama-k256",
    llama_with_a_tokenizer_json_alone_is_as_converted: "llama-spm-json-only",
    qwen2_is_as_converted: "qwen2",
    qwen3_is_as_converted: "qwen3",
    qwen3_with_experts_is_as_converted: "qwen3-moe",
    mixtral_is_as_converted: "mixtral",
    gemma2_is_as_converted: "gemma2",
    gemma3_is_as_converted: "gemma3",
    phi3_is_as_converted: "phi3",
    gpt_neox_is_as_converted: "gpt_neox",
    gpt2_is_as_converted: "gpt2",
    gemma_is_as_proved: "gemma",
    olmo2_is_as_proved: "olmo2",
    stablelm_is_as_proved: "stablelm",
    stablelm_with_norms_of_heads_is_as_proved: "stablelm-parallel",
    falcon_with_one_key_is_as_proved: "falcon",
    falcon_with_groups_is_as_proved: "falcon-groups",
    falcon_with_as_many_keys_is_as_proved: "falcon-heads",
}

/// The ids of a text that tells pre-tokenizers apart, hashed as the converter does.
#[test]
fn tokenizers_have_the_hash_by_which_the_converter_knows_them() {
    let mut checked = 0;
    for case in CASES {
        if let Some(hash) = json_file(case, "expected.json")["chkhsh"].as_str() {
            assert_eq!(check_hash(&golden(case)).unwrap(), hash, "{case}");
            checked += 1;
        }
    }
    assert_eq!(checked, 7);
}

/// Scores that are ranks of merges, so that llama.cpp merges in the tokenizer's own order.
#[test]
fn a_tokenizer_json_alone_has_the_ranks_of_its_merges_for_scores() {
    let case = Case::new("llama-spm-json-only");
    let export = GgufExport::new(&case.checkpoint(), FileType::Bf16).unwrap();
    let array = |key: &str| match export.header.get(&format!("tokenizer.ggml.{key}")) {
        Some(GgufValue::Array(array)) => array.clone(),
        other => panic!("{other:?}"),
    };
    let (GgufArray::String(tokens), GgufArray::F32(scores), GgufArray::I32(kinds)) =
        (array("tokens"), array("scores"), array("token_type"))
    else {
        panic!()
    };
    let at = |text: &str| tokens.iter().position(|token| token == text).unwrap();
    let merges = json_file("llama-spm-json-only", "tokenizer.json")["model"]["merges"].clone();
    let mut first = BTreeMap::new();
    for (rank, pair) in merges.as_array().unwrap().iter().enumerate() {
        let token = format!("{}{}", pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        first.entry(token).or_insert(rank);
    }
    assert_eq!(first.len(), 27);
    for (token, rank) in first {
        assert_eq!(scores[at(&token)], -(rank as f32), "{token}");
    }
    assert_eq!([kinds[at("<unk>")], kinds[at("<s>")], kinds[at("<|user|>")], kinds[at("[EXTRA]")]], [2, 3, 3, 4]);
    assert_eq!((kinds[at("<0x0A>")], scores[at("<0x0A>")]), (6, 0.0));
}

/// The file holds what was planned, whoever reads it.
#[test]
fn a_written_file_is_the_plan_to_the_byte() {
    let case = Case::new("mixtral");
    let path = case.folder.path().join("out.gguf");
    let place = GgufPlace::of(path.clone());
    let plan = GgufPlan::of_model(case.checkpoint(), &[FileType::Q4KM], Some(place)).unwrap();
    plan.run(&JobContext::unwatched()).unwrap();
    let export = &plan.files[0].export;
    let bytes = std::fs::read(&path).unwrap();
    let header = GgufHeader::open(&path).unwrap();
    assert_eq!(header, export.header);
    assert_eq!(bytes.len() as u64, header.file_byte_count());
    let mut end = 0;
    for tensor in &export.tensors {
        let start = (header.data_start + tensor.stored.offset) as usize;
        assert!(bytes[end.max(header.data_start as usize)..start].iter().all(|byte| *byte == 0), "padding is zeros");
        end = start + tensor.stored.byte_count as usize;
        assert!(bytes[start..end] == encoded(tensor), "{}", tensor.stored.name);
    }
}
