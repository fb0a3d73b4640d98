//! Special tokens that training changed, in the tokenizer and in the ids that end an answer.

use std::path::Path;

use lorafuse::plan::{AdapterRequest, MergePlan, MergeRequest};
use serde_json::{Value, json};

use crate::support::{FileBuilder, merged, noise, put, put_adapter, put_toy, toy_adapter_config, toy_request};

/// Ten tokens, `t0` to `t9`, as many as the toy's embedding has rows.
fn tokenizer(extra: &[&str]) -> String {
    let tokens = (0..10).map(|id| format!("t{id}"));
    let tokens = tokens.chain(extra.iter().map(ToString::to_string));
    let vocabulary: serde_json::Map<String, Value> = tokens.enumerate().map(|(id, token)| (token, json!(id))).collect();
    json!({"added_tokens": [], "model": {"type": "WordLevel", "vocab": vocabulary}}).to_string()
}

/// The toy with a tokenizer on both sides; `base` and `adapter` are what the tokenizers' configs say.
fn toy(base: &Value, adapter: &Value) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    for (side, config) in [("base", base), ("adapter", adapter)] {
        put(&root.path().join(side).join("tokenizer.json"), tokenizer(&[]));
        put(&root.path().join(side).join("tokenizer_config.json"), config.to_string());
    }
    root
}

fn json_of(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn warned(request: &MergeRequest, words: &[&str]) {
    let warnings: Vec<String> = MergePlan::new(request).unwrap().warnings.iter().map(ToString::to_string).collect();
    let is_said = warnings.iter().any(|warning| words.iter().all(|word| warning.contains(word)));
    assert!(is_said, "none of {warnings:#?} says {words:?}");
}

#[test]
fn an_end_that_training_changed_ends_answers_of_the_merge() {
    let end = json!({"__type": "AddedToken", "content": "t7", "special": true});
    let root = toy(&json!({"eos_token": "t1", "a": 1}), &json!({"eos_token": end, "padding_side": "left"}));
    let generation = r#"{"max_length": 20, "eos_token_id": 1}"#;
    put(&root.path().join("base/generation_config.json"), generation);
    put(&root.path().join("base/special_tokens_map.json"), r#"{"eos_token": "t1"}"#);
    let request = toy_request(root.path());
    warned(&request, &["eos_token", "`t1`", "`t7`", "padding_side", "left"]);
    merged(&request);
    let file = |name: &str| json_of(&request.output.join(name));
    assert_eq!(file("tokenizer_config.json"), json!({"padding_side": "left", "eos_token": end, "a": 1}));
    assert_eq!(file("special_tokens_map.json"), json!({"eos_token": end}));
    let text = std::fs::read_to_string(request.output.join("generation_config.json")).unwrap();
    assert_eq!(text, generation.replace(": 1}", ": [7,1]}"));
    assert_eq!(file("config.json")["eos_token_id"], 7);
}

#[test]
fn without_a_generation_config_the_config_holds_the_ids() {
    let root = toy(&json!({"eos_token": "t1"}), &json!({"eos_token": "t1", "pad_token": "t9"}));
    let config = r#"{"model_type": "toy", "eos_token_id": 1, "text_config": {"pad_token_id": 0, "eos_token_id": 1}}"#;
    put(&root.path().join("base/config.json"), config);
    let request = toy_request(root.path());
    warned(&request, &["pad_token", "`t9`"]);
    merged(&request);
    let text = std::fs::read_to_string(request.output.join("config.json")).unwrap();
    assert_eq!(text, config.replace("\"pad_token_id\": 0", "\"pad_token_id\": 9"));
    assert!(!request.output.join("generation_config.json").exists());
}

#[test]
fn the_bases_tokens_stay_where_training_changed_none() {
    let root = toy(&json!({"eos_token": "t1"}), &json!({"eos_token": {"content": "t1"}, "unk_token": null}));
    let request = toy_request(root.path());
    let plan = MergePlan::new(&request).unwrap();
    assert!(plan.warnings.is_empty(), "{:#?}", plan.warnings);
    merged(&request);
    assert_eq!(json_of(&request.output.join("tokenizer_config.json")), json!({"eos_token": "t1"}));
}

#[test]
fn a_token_without_an_id_or_a_row_is_not_taken_over() {
    let root = toy(&json!({"eos_token": "t1"}), &json!({"eos_token": "<|im_end|>"}));
    let request = toy_request(root.path());
    warned(&request, &["eos_token", "<|im_end|>", "no such token"]);
    merged(&request);
    assert_eq!(json_of(&request.output.join("tokenizer_config.json")), json!({"eos_token": "t1"}));
    assert!(json_of(&request.output.join("config.json")).get("eos_token_id").is_none());

    let root = toy(&json!({"eos_token": "t1"}), &json!({"pad_token": "t10"}));
    for side in ["base", "adapter"] {
        put(&root.path().join(side).join("tokenizer.json"), tokenizer(&["t10"]));
    }
    put(&root.path().join("base/config.json"), r#"{"model_type": "toy", "vocab_size": 10}"#);
    warned(&toy_request(root.path()), &["pad_token", "t10", "no row"]);
}

#[test]
fn tokens_that_an_adapter_adds_bring_their_ids() {
    let root = toy(&json!({"eos_token": "t1"}), &json!({"eos_token": "<end>"}));
    put(&root.path().join("adapter/tokenizer.json"), tokenizer(&["<end>"]));
    put(&root.path().join("base/generation_config.json"), r#"{"eos_token_id": [1, 2]}"#);
    let request = toy_request(root.path());
    merged(&request);
    assert_eq!(json_of(&request.output.join("tokenizer_config.json"))["eos_token"], "<end>");
    assert_eq!(json_of(&request.output.join("generation_config.json"))["eos_token_id"], json!([10, 1, 2]));
}

#[test]
fn of_several_adapters_the_first_that_says_otherwise_decides() {
    let root = toy(&json!({"eos_token": "t1"}), &json!({"eos_token": "t7"}));
    let path = "base_model.model.model.layers.0.proj";
    let factors = FileBuilder::default().f32(&format!("{path}.lora_A.weight"), &[2, 4], noise(30)).f32(
        &format!("{path}.lora_B.weight"),
        &[6, 2],
        noise(31),
    );
    put_adapter(root.path(), "second", &toy_adapter_config(), &factors);
    put(&root.path().join("second/tokenizer.json"), tokenizer(&[]));
    let config = json!({"eos_token": "t8", "pad_token": "t9"});
    put(&root.path().join("second/tokenizer_config.json"), config.to_string());
    let mut request = toy_request(root.path());
    request.adapters.push(AdapterRequest { path: root.path().join("second"), strength: 1.0 });
    warned(&request, &["second", "`t8`", "another"]);
    warned(&request, &["second", "pad_token", "`t9`"]);
    merged(&request);
    let expected = json!({"pad_token": "t9", "eos_token": "t7"});
    assert_eq!(json_of(&request.output.join("tokenizer_config.json")), expected);
}
