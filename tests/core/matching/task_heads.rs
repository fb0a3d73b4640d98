//! Heads that adapters bring, `tests/heads`: the merged folder is of the task's class, with its names and its labels.

use std::path::{Path, PathBuf};

use lorafuse::{
    checkpoint::Checkpoint,
    job::JobContext,
    plan::{MergePlan, MergeRequest},
    verify::{self, VerifyReport, VerifyRequest},
};
use serde_json::{Value, json};

use crate::support::{self, FileBuilder, merged, noise, proven, put, put_adapter, repository};

fn json_of(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn case(name: &str) -> PathBuf {
    repository().join("tests/heads").join(name)
}

/// A copy of a case whose files can be changed, with an output beside them.
struct Pair {
    root: tempfile::TempDir,
}

impl Pair {
    fn of(name: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        for part in ["base", "adapter"] {
            for entry in std::fs::read_dir(case(name).join(part)).unwrap().flatten() {
                put(&root.path().join(part).join(entry.file_name()), std::fs::read(entry.path()).unwrap());
            }
        }
        Self { root }
    }

    fn request(&self) -> MergeRequest {
        let path = |name: &str| self.root.path().join(name);
        MergeRequest::new(path("base"), path("adapter"), path("merged"))
    }

    fn edit(&self, file: &str, edit: impl Fn(&mut Value)) {
        let path = self.root.path().join(file);
        let mut value = json_of(&path);
        edit(&mut value);
        put(&path, value.to_string());
    }

    fn config(&self) -> Value {
        json_of(&self.root.path().join("merged/config.json"))
    }

    fn verified(&self) -> VerifyReport {
        let request = self.request();
        let proof = VerifyRequest { merged: request.output, base: Some(request.base), adapters: request.adapters };
        verify::run(&proof, &JobContext::unwatched()).unwrap()
    }
}

fn warnings(request: &MergeRequest) -> Vec<String> {
    MergePlan::new(request).unwrap().warnings.iter().map(ToString::to_string).collect()
}

fn said(warnings: &[String], words: &[&str]) -> bool {
    warnings.iter().any(|warning| words.iter().all(|word| warning.contains(word)))
}

#[test]
fn merged_heads_are_what_transformers_saves() {
    let cases = std::fs::read_dir(case("")).unwrap().flatten().filter(|entry| entry.path().is_dir());
    let names: Vec<String> = cases.map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        let pair = Pair::of(&name);
        let expected = json_of(&case(&name).join("expected.json"));
        let warnings = warnings(&pair.request());
        assert!(said(&warnings, &[expected["architectures"][0].as_str().unwrap()]), "{name}: {warnings:#?}");
        assert!(!said(&warnings, &["at random"]), "{name}: {warnings:#?}");
        let output = proven(&pair.request());
        let config = pair.config();
        assert_eq!(config["architectures"], expected["architectures"], "{name}");
        let held: Vec<&str> = output.tensors().keys().map(String::as_str).collect();
        let wanted: Vec<&str> =
            expected["names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(held, wanted, "{name}");
        if let Some(count) = expected["labels"].as_u64() {
            assert_eq!(config["num_labels"], count, "{name}");
            assert_eq!(config["id2label"].as_object().unwrap().len() as u64, count, "{name}");
            assert_eq!(config["label2id"].as_object().unwrap().len() as u64, count, "{name}");
        }
    }
}

/// What makes a config wrong; the second is the base's.
type Spoil = fn(&mut Value, &Value);

#[test]
fn verify_fails_where_class_or_labels_do_not_fit_the_head() {
    for name in ["llama-LlamaForCausalLM-sequence", "bert-BertModel-sequence", "roberta-RobertaForMaskedLM-sequence"] {
        let base = json_of(&case(name).join("base/config.json"));
        let spoilt: [(&str, Spoil); 3] = [
            ("the base's class", |config, base| config["architectures"] = base["architectures"].clone()),
            ("another task's class", |config, _| {
                let class = config["architectures"][0].as_str().unwrap().replace("Sequence", "Token");
                config["architectures"] = json!([class]);
            }),
            ("other labels", |config, _| {
                config["id2label"] = json!({"0": "a", "1": "b"});
                config["label2id"] = json!({"a": 0, "b": 1});
                config["num_labels"] = json!(2);
            }),
        ];
        for (what, spoil) in spoilt {
            let pair = Pair::of(name);
            merged(&pair.request());
            assert!(pair.verified().is_passed(), "{name}: {:#?}", pair.verified().checks);
            pair.edit("merged/config.json", |config| spoil(config, &base));
            let proof = std::panic::AssertUnwindSafe(|| pair.verified().is_passed());
            let passed = std::panic::catch_unwind(proof).unwrap_or(false);
            assert!(!passed, "{name} passes with {what}");
        }
    }
}

#[test]
fn names_of_labels_stay_where_there_are_as_many() {
    let named =
        json!({"id2label": {"0": "bad", "1": "so-so", "2": "good"}, "label2id": {"bad": 0, "so-so": 1, "good": 2}});
    let merge = |file: &str| {
        let pair = Pair::of("llama-LlamaForCausalLM-sequence");
        if file == "base/config.json" {
            pair.edit(file, |config| config.as_object_mut().unwrap().extend(named.as_object().unwrap().clone()));
        } else {
            put(&pair.root.path().join(file), named.to_string());
        }
        merged(&pair.request());
        pair.config()
    };
    for file in ["base/config.json", "adapter/config.json"] {
        let config = merge(file);
        assert_eq!(config["id2label"], named["id2label"], "{file}");
        assert_eq!(config["label2id"], named["label2id"], "{file}");
    }
}

#[test]
fn a_head_of_an_open_task_is_refused_by_name() {
    let pair = Pair::of("bert-BertModel-sequence");
    pair.edit("adapter/adapter_config.json", |config| config["task_type"] = Value::Null);
    let error = MergePlan::new(&pair.request()).unwrap_err().to_string();
    for class in ["BertForSequenceClassification", "BertForTokenClassification", "BertForMultipleChoice"] {
        assert!(error.contains(class), "{error}");
    }
    pair.edit("adapter/adapter_config.json", |config| {
        config["auto_mapping"] = json!({"base_model_class": "BertForTokenClassification"});
    });
    assert!(MergePlan::new(&pair.request()).is_ok(), "the class that the adapter names decides");
    let pair = Pair::of("roberta-RobertaForMaskedLM-sequence");
    pair.edit("adapter/adapter_config.json", |config| config["task_type"] = json!("TOKEN_CLS"));
    let error = MergePlan::new(&pair.request()).unwrap_err().to_string();
    assert!(error.contains("TOKEN_CLS") && error.contains("RobertaForSequenceClassification"), "{error}");
}

#[test]
fn a_base_of_the_tasks_class_gets_other_labels_only() {
    let pair = Pair::of("gpt2-GPT2Model-token");
    merged(&pair.request());
    // The merge is the base of a second adapter, which says the same of the same class.
    let second = tempfile::tempdir().unwrap();
    let output = second.path().join("merged");
    let request = MergeRequest::new(pair.request().output, pair.request().adapters[0].path.clone(), output);
    proven(&request);
    let config = json_of(&request.output.join("config.json"));
    assert_eq!(config, pair.config());
}

/// A base of one layer, and an adapter on it with a head.
fn put_distilbert(root: &Path, head: FileBuilder) {
    let config = json!({"model_type": "distilbert", "architectures": ["DistilBertModel"], "dtype": "float32"});
    put(&root.join("base/config.json"), config.to_string());
    let base = FileBuilder::default().f32("embeddings.word_embeddings.weight", &[8, 4], noise(1)).f32(
        "transformer.layer.0.attention.q_lin.weight",
        &[4, 4],
        noise(2),
    );
    put(&root.join("base/model.safetensors"), base.build());
    let config = json!({
        "peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_lin"], "task_type": "SEQ_CLS",
        "modules_to_save": ["classifier", "pre_classifier"],
    });
    let path = "base_model.model.distilbert.transformer.layer.0.attention.q_lin";
    let file = head.f32(&format!("{path}.lora_A.weight"), &[2, 4], noise(3)).f32(
        &format!("{path}.lora_B.weight"),
        &[4, 2],
        noise(4),
    );
    put_adapter(root, "adapter", &config, &file);
}

fn request_in(root: &Path) -> MergeRequest {
    MergeRequest::new(root.join("base"), root.join("adapter"), root.join("merged"))
}

#[test]
fn what_is_in_neither_file_is_said() {
    let root = tempfile::tempdir().unwrap();
    let head = FileBuilder::default().f32("base_model.model.classifier.weight", &[3, 4], noise(5)).f32(
        "base_model.model.classifier.bias",
        &[3],
        noise(6),
    );
    put_distilbert(root.path(), head);
    let warnings = warnings(&request_in(root.path()));
    assert!(said(&warnings, &["pre_classifier", "at random"]), "{warnings:#?}");
}

#[test]
fn lora_inside_a_module_that_is_saved_whole_is_merged_into_its_copy() {
    let root = tempfile::tempdir().unwrap();
    let path = "base_model.model.pre_classifier";
    let head = FileBuilder::default()
        .f32("base_model.model.classifier.weight", &[3, 4], noise(5))
        .f32("base_model.model.classifier.bias", &[3], noise(6))
        .f32(&format!("{path}.modules_to_save.base_layer.weight"), &[4, 4], noise(7))
        .f32(&format!("{path}.modules_to_save.base_layer.bias"), &[4], noise(8))
        .f32(&format!("{path}.modules_to_save.lora_A.weight"), &[2, 4], noise(9))
        .f32(&format!("{path}.modules_to_save.lora_B.weight"), &[4, 2], noise(10))
        .f32(&format!("{path}.lora_A.weight"), &[2, 4], noise(9))
        .f32(&format!("{path}.lora_B.weight"), &[4, 2], noise(10))
        .f32(&format!("{path}.original_module.lora_A.weight"), &[2, 4], noise(11))
        .f32(&format!("{path}.original_module.lora_B.weight"), &[4, 2], noise(12));
    put_distilbert(root.path(), head);
    let output: Checkpoint = proven(&request_in(root.path()));
    let found = support::values(output.tensor("pre_classifier.weight").unwrap());
    let expected: Vec<f64> = (0..16)
        .map(|index| {
            let (row, column) = (index / 4, index % 4);
            let delta =
                (0..2).map(|rank| support::noise_at(10, row * 2 + rank) * support::noise_at(9, rank * 4 + column));
            support::noise_at(7, index) + 2.0 * delta.sum::<f64>()
        })
        .collect();
    support::assert_close("pre_classifier.weight", &found, &expected);
}
