//! Texts of a folder as editors and tools leave them: with a byte order mark, in UTF-16, numbers written as text. They
//! are read, and what is written is plain.

use std::path::Path;

use lorafuse::{adapter::Adapter, checkpoint::Checkpoint, plan::MergePlan};
use serde_json::{Value, json};

use crate::support::{merged, put, put_toy, toy_adapter_config, toy_request};

const MARK: &str = "\u{feff}";

fn utf16(text: &str) -> Vec<u8> {
    format!("{MARK}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn texts_with_a_mark_are_read_and_written_without_one() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    let base = |name: &str| root.path().join("base").join(name);
    let config = std::fs::read_to_string(base("config.json")).unwrap();
    put(&base("config.json"), utf16(&config));
    put(&base("generation_config.json"), format!("{MARK}{{\"eos_token_id\": 2}}"));
    put(&base("tokenizer_config.json"), format!("{MARK}{{\"name_or_path\": \"/home/me\", \"eos_token\": \"</s>\"}}"));
    put(&base("tokenizer.json"), format!("{MARK}{{\"model\": {{\"vocab\": {{\"a\": 0}}}}}}"));
    put(&root.path().join("adapter/adapter_config.json"), format!("{MARK}{}", toy_adapter_config()));
    put(&root.path().join("adapter/tokenizer.json"), utf16("{\"model\": {\"vocab\": {\"a\": 0}}}"));
    let index = json!({"weight_map": {
        "model.embed_tokens.weight": "one.safetensors", "model.layers.0.proj.weight": "one.safetensors",
        "model.layers.1.proj.weight": "one.safetensors", "model.norm.weight": "one.safetensors",
    }});
    std::fs::rename(base("model.safetensors"), base("one.safetensors")).unwrap();
    put(&base("model.safetensors.index.json"), format!("{MARK}{index}"));

    let request = toy_request(root.path());
    merged(&request);
    for name in ["config.json", "generation_config.json", "tokenizer_config.json", "tokenizer.json"] {
        let first = std::fs::read(request.output.join(name)).unwrap()[0];
        assert_eq!(first, b'{', "{name} begins with a mark");
        json_of(&request.output.join(name));
    }
    assert_eq!(json_of(&request.output.join("tokenizer_config.json")), json!({"eos_token": "</s>"}));
    assert_eq!(Checkpoint::open(&request.output).unwrap().config().model_type(), "toy");
}

#[test]
fn numbers_and_flags_in_text_are_read_and_told() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    let mut config = toy_adapter_config();
    for (key, value) in [("r", json!("2")), ("lora_alpha", json!("8")), ("use_rslora", json!("True"))] {
        config[key] = value;
    }
    put(&root.path().join("adapter/adapter_config.json"), config.to_string());
    let adapter = Adapter::open(&root.path().join("adapter")).unwrap();
    let scaling = adapter.targets()[0].scaling().unwrap();
    assert_eq!((scaling.alpha, scaling.rank, scaling.is_rank_stabilized), (8.0, 2, true));

    let plan = MergePlan::new(&toy_request(root.path())).unwrap();
    let warnings: Vec<String> = plan.warnings.iter().map(ToString::to_string).collect();
    let told =
        |warning: &String| ["r,", "lora_alpha", "use_rslora", "as text"].iter().all(|part| warning.contains(part));
    assert!(warnings.iter().any(told), "{warnings:#?}");
}
