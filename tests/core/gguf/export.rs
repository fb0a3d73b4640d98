//! What is refused before anything is written, and what a run leaves behind.

use lorafuse::{
    checkpoint::Checkpoint,
    gguf::{ExportError, ExportNote, FileType, GgufExport},
};
use serde_json::{Value, json};

use super::models::Case;

/// The case with another config.
fn with_config(case: &Case, edit: impl Fn(&mut Value)) -> Checkpoint {
    let path = case.folder.path().join("config.json");
    let mut config: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    edit(&mut config);
    std::fs::write(&path, config.to_string()).unwrap();
    case.checkpoint()
}

fn refusal(checkpoint: &Checkpoint) -> ExportError {
    GgufExport::new(checkpoint, FileType::Q8_0).expect_err("must be refused")
}

#[test]
fn a_class_that_is_not_covered_is_refused_by_name() {
    let case = Case::new("llama-spm");
    let checkpoint = with_config(&case, |config| config["architectures"] = json!(["OPTForCausalLM"]));
    let error = refusal(&checkpoint).to_string();
    assert!(error.contains("OPTForCausalLM") && error.contains("LlamaForCausalLM"), "{error}");
}

#[test]
fn settings_that_llama_cpp_would_compute_otherwise_are_refused() {
    let edits: [(&str, &str, Value); 6] = [
        ("llama-spm", "hidden_act", json!("gelu")),
        ("llama-spm", "rope_scaling", json!({"type": "dynamic", "factor": 2.0})),
        ("qwen3-moe", "norm_topk_prob", json!(false)),
        ("qwen3-moe", "mlp_only_layers", json!([0])),
        ("gemma2", "query_pre_attn_scalar", json!(144)),
        ("gemma3", "layer_types", json!(vec!["full_attention"; 7])),
    ];
    for (case, key, value) in edits {
        let case = Case::new(case);
        let checkpoint = with_config(&case, |config| config[key] = value.clone());
        let error = refusal(&checkpoint);
        assert!(matches!(error, ExportError::BadSetting { .. }), "{key}: {error}");
    }
}

#[test]
fn a_missing_setting_or_layer_is_named() {
    let case = Case::new("llama-spm");
    let checkpoint = with_config(&case, |config| {
        config.as_object_mut().unwrap().remove("intermediate_size");
    });
    assert!(matches!(refusal(&checkpoint), ExportError::NoSetting { key: "intermediate_size", .. }));
    let checkpoint = with_config(&case, |config| {
        config["intermediate_size"] = json!(96);
        config["num_hidden_layers"] = json!(3);
    });
    let error = refusal(&checkpoint).to_string();
    assert!(error.contains("blk.2."), "{error}");
    let checkpoint = with_config(&case, |config| config["num_hidden_layers"] = json!(1));
    assert!(matches!(refusal(&checkpoint), ExportError::UnplacedTensor { .. }));
}

#[test]
fn a_tokenizer_that_llama_cpp_would_cut_otherwise_is_refused() {
    let case = Case::new("qwen2");
    let path = case.folder.path().join("tokenizer.json");
    let mut tokenizer: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    tokenizer["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = json!(r"\p{N}{1,5}|\s+");
    std::fs::write(&path, tokenizer.to_string()).unwrap();
    let error = refusal(&case.checkpoint()).to_string();
    assert!(error.contains(r"\p{N}{1,5}"), "{error}");
    tokenizer["model"] = json!({"type": "Unigram", "vocab": []});
    std::fs::write(&path, tokenizer.to_string()).unwrap();
    assert!(matches!(refusal(&case.checkpoint()), ExportError::TokenizerKind { .. }));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(refusal(&case.checkpoint()), ExportError::NoTokenizer { .. }));
}

/// Llama 3 comes with a list of another library under the name of a SentencePiece model.
#[test]
fn a_tokenizer_model_of_another_library_is_passed_over() {
    let case = Case::new("llama3-rope");
    let header = || GgufExport::new(&case.checkpoint(), FileType::Q8_0).unwrap().header;
    let expected = header();
    let path = case.folder.path().join("tokenizer.model");
    std::fs::write(&path, "IQ== 0\nIg== 1\n").unwrap();
    assert_eq!(header(), expected);
    std::fs::remove_file(case.folder.path().join("tokenizer.json")).unwrap();
    let error = refusal(&case.checkpoint());
    assert!(matches!(&error, ExportError::BadTokenizer { file, .. } if file == "tokenizer.model"), "{error}");
}

#[test]
fn tokenizers_whose_files_disagree_or_that_llama_cpp_cannot_follow_are_refused() {
    type Spoilt = (&'static str, fn(&mut Value), &'static str);
    let cases: [Spoilt; 9] = [
        ("llama-spm-json-only", |json| json["normalizer"] = json!({"type": "Lowercase"}), "Lowercase"),
        ("llama-spm-json-only", |json| json["model"]["vocab"] = json!({}), "empty"),
        ("llama-spm-json-only", |json| json["model"]["vocab"]["x\0y"] = json!(383), "two tokens"),
        ("llama-spm", |json| json["model"]["vocab"]["of another"] = json!(7), "its token 7"),
        ("llama-spm", |json| json["normalizer"] = json!({"type": "NFKC"}), "NFKC"),
        ("llama3-rope", |json| json["model"]["vocab"]["x"] = json!(u64::MAX), "the embedding has 388 rows"),
        (
            "llama3-rope",
            |json| json["post_processor"] = json!({"type": "BertProcessing", "sep": ["a", 1], "cls": ["b", 2]}),
            "BertProcessing",
        ),
        (
            "gemma2",
            |json| json["post_processor"]["special_tokens"]["<bos>"]["ids"] = json!([3]),
            "not the one bos token",
        ),
        (
            "gemma2",
            |json| {
                let single = json["post_processor"]["single"].as_array_mut().unwrap();
                single.insert(0, single[0].clone());
            },
            "more than one token",
        ),
    ];
    for (name, edit, part) in cases {
        let case = Case::new(name);
        let path = case.folder.path().join("tokenizer.json");
        let mut tokenizer: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        edit(&mut tokenizer);
        std::fs::write(&path, tokenizer.to_string()).unwrap();
        let error = refusal(&case.checkpoint()).to_string();
        assert!(error.contains(part), "{name}: {error}");
    }
    // Cut between two pieces: what says how it was trained stands behind them.
    let case = Case::new("llama-spm");
    let path = case.folder.path().join("tokenizer.model");
    let bytes = std::fs::read(&path).unwrap();
    let end = (0..200).fold(0, |at, _| at + 2 + usize::from(bytes[at + 1]));
    std::fs::write(&path, &bytes[..end]).unwrap();
    assert!(matches!(refusal(&case.checkpoint()), ExportError::BadTokenizer { .. }));
}

/// Gemma 3 1B has such a token: no text can mean it, for the model has no values for it.
#[test]
fn added_tokens_without_a_row_are_left_out_and_told() {
    for name in ["qwen2", "llama-spm"] {
        let case = Case::new(name);
        let path = case.folder.path().join("tokenizer.json");
        let mut tokenizer: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let token = json!({"id": 400, "content": "<more>", "special": true, "normalized": false, "lstrip": false, "rstrip": false, "single_word": false});
        tokenizer["added_tokens"].as_array_mut().unwrap().push(token);
        std::fs::write(&path, tokenizer.to_string()).unwrap();
        let export = GgufExport::new(&case.checkpoint(), FileType::Q8_0).unwrap();
        let told = ExportNote::TokensWithoutRow { tokens: vec!["<more>".to_owned()] };
        assert!(export.notes.contains(&told), "{name}: {:?}", export.notes);
    }
}

#[test]
fn more_tokens_than_rows_are_refused() {
    let case = Case::new("qwen2");
    let path = case.folder.path().join("tokenizer.json");
    let mut tokenizer: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    tokenizer["model"]["vocab"]["more"] = json!(400);
    std::fs::write(&path, tokenizer.to_string()).unwrap();
    let error = refusal(&case.checkpoint());
    assert!(matches!(error, ExportError::TooManyTokens { tokens: 401, rows: 400, .. }), "{error}");
}

#[test]
fn rows_that_are_no_whole_blocks_are_told() {
    let case = Case::new("qwen2");
    let export = GgufExport::new(&case.checkpoint(), FileType::Q4KM).unwrap();
    let told =
        export.notes.iter().any(|note| matches!(note, ExportNote::OtherTypes { count, total, .. } if count == total));
    assert!(told, "{:?}", export.notes);
    let export = GgufExport::new(&case.checkpoint(), FileType::Q8_0).unwrap();
    assert!(!export.notes.iter().any(|note| matches!(note, ExportNote::OtherTypes { .. })), "{:?}", export.notes);
}
