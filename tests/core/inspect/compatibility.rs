//! What an adapter says about its base against what the base is: found before anything runs, with the evidence.

use std::path::Path;

use lorafuse::{
    message::Language,
    plan::{Finding, MergePlan, MergeRequest, Verdict},
};
use serde_json::{Value, json};

use crate::support::{self, put, put_toy, toy_adapter_config, toy_base_file, toy_request};

/// The finding of this title on the toy after `change`, and whether the plan warns of it.
fn finding(title: &str, change: impl Fn(&Path)) -> Option<(Finding, bool)> {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    change(root.path());
    let plan = MergePlan::new(&toy_request(root.path())).unwrap();
    let finding = plan.findings[0].iter().find(|finding| Language::English.say(&finding.title()) == title)?.clone();
    let is_warned = plan.warnings.iter().any(|warning| warning.to_string().contains(&finding.evidence.to_string()));
    assert_eq!(is_warned, finding.verdict == Verdict::Differs, "{finding:?}");
    let machine = root.path().display().to_string();
    assert!(!finding.evidence.to_string().contains(&machine), "no path of the machine: {finding:?}");
    Some((finding, is_warned))
}

fn verdict(title: &str, change: impl Fn(&Path)) -> Option<Verdict> {
    finding(title, change).map(|(finding, _)| finding.verdict)
}

fn set(path: &Path, changes: &Value) {
    let mut config: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    config.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    put(path, config.to_string());
}

fn set_both(root: &Path, adapter: &Value, base: &Value) {
    set(&root.join("adapter/adapter_config.json"), adapter);
    set(&root.join("base/config.json"), base);
}

#[test]
fn the_bases_name_is_compared_where_both_sides_tell() {
    let by_name = |adapter: &str, base: &str| {
        let change =
            |root: &Path| set_both(root, &json!({"base_model_name_or_path": adapter}), &json!({"_name_or_path": base}));
        finding("Base by name", change).unwrap().0
    };
    assert_eq!(by_name("org/Toy-1B", "other/toy-1b").verdict, Verdict::Agrees);
    assert_eq!(
        by_name("org/Toy-1B-bnb-4bit", "org/Toy-1B").verdict,
        Verdict::Agrees,
        "the original of a quantised copy"
    );
    assert_eq!(by_name("/home/someone/output", "org/Toy-1B").verdict, Verdict::Unknown);
    let differs = by_name("/home/someone/Toy-1B", "org/Toy-1B-Instruct");
    assert_eq!(differs.verdict, Verdict::Differs);
    assert_eq!(
        differs.evidence.to_string(),
        "the adapter was trained on `Toy-1B`, this base is `org/Toy-1B-Instruct`: the plain model against the instruct variant, the same shapes but other weights"
    );
}

#[test]
fn the_kind_of_model_is_compared() {
    let class = |class: &str| json!({"auto_mapping": {"base_model_class": class, "parent_library": "transformers"}, "task_type": null});
    let none = json!({});
    assert_eq!(verdict("Architecture", |root| set_both(root, &class("ToyModel"), &none)), Some(Verdict::Agrees));
    assert_eq!(verdict("Architecture", |root| set_both(root, &class("BertModel"), &none)), Some(Verdict::Differs));
    assert_eq!(verdict("Task", |root| set_both(root, &json!({"task_type": "SEQ_CLS"}), &none)), Some(Verdict::Differs));
    assert_eq!(
        verdict("Task", |root| set_both(root, &json!({"task_type": "CAUSAL_LM"}), &none)),
        Some(Verdict::Agrees)
    );
    assert_eq!(verdict("Task", |_| ()), None);
}

#[test]
fn a_deeper_base_is_noticed_although_all_shapes_fit() {
    assert_eq!(verdict("Coverage", |_| ()), Some(Verdict::Agrees));
    let deeper = |root: &Path| {
        let file = toy_base_file().f32("model.layers.2.proj.weight", &[6, 4], support::noise(9));
        put(&root.join("base/model.safetensors"), file.build());
    };
    let (found, is_warned) = finding("Coverage", deeper).unwrap();
    assert!(
        is_warned
            && found.evidence.to_string().starts_with("2 changed, but 1 of the same kinds not (model.layers.2.proj)"),
        "{found:?}"
    );
    let limited = |root: &Path| {
        deeper(root);
        set_both(root, &json!({"layers_to_transform": [0, 1]}), &json!({}));
    };
    assert_eq!(verdict("Coverage", limited), None, "the config limits the layers");
}

#[test]
fn training_on_a_quantised_base_is_told_with_the_originals_name() {
    let quantised = |name: &str| {
        finding("Quantised training", |root| set_both(root, &json!({"base_model_name_or_path": name}), &json!({})))
    };
    let (found, _) = quantised("unsloth/Toy-1B-unsloth-bnb-4bit").unwrap();
    assert!(found.evidence.to_string().contains("original (`unsloth/Toy-1B`)"), "{found:?}");
    assert!(quantised("org/Toy-1B-AWQ").unwrap().0.evidence.to_string().contains("awq in `org/Toy-1B-AWQ`"));
    assert_eq!(quantised("org/Toy-1B"), None);
    let sentence = found.evidence.to_string();
    let parts = ["the trainer saw packed weights", "this base is plain F32", "They differ by what packing rounded off"];
    assert!(parts.iter().all(|part| sentence.contains(part)), "{sentence}");
}

#[test]
fn tokenizers_that_number_tokens_differently_are_noticed() {
    let put_tokenizers = |root: &Path, ours: &Value, theirs: &Value| {
        put(&root.join("base/tokenizer.json"), ours.to_string());
        put(&root.join("adapter/tokenizer.json"), theirs.to_string());
    };
    let vocabulary = |a: u64, b: u64| json!({"model": {"vocab": {"a": a, "b": b}}, "added_tokens": []});
    let mut grown = vocabulary(0, 1);
    grown["added_tokens"] = json!([{"content": "<new>", "id": 2}]);
    assert_eq!(
        verdict("Tokenizer", |root| put_tokenizers(root, &vocabulary(0, 1), &vocabulary(0, 1))),
        Some(Verdict::Agrees)
    );
    assert_eq!(verdict("Tokenizer", |root| put_tokenizers(root, &vocabulary(0, 1), &grown)), Some(Verdict::Agrees));
    let (found, _) = finding("Tokenizer", |root| put_tokenizers(root, &vocabulary(0, 1), &vocabulary(0, 7))).unwrap();
    assert_eq!(
        found.evidence.to_string(),
        "1 token has another id than the base gives it (b): the adapter's tokenizer belongs to another model"
    );
    assert_eq!(verdict("Tokenizer", |_| ()), None);
}

#[test]
fn another_revision_of_the_base_is_noticed() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    let (ours, theirs) = ("a".repeat(40), "b".repeat(40));
    let snapshot = root.path().join("models--org--toy/snapshots").join(&ours);
    std::fs::create_dir_all(snapshot.parent().unwrap()).unwrap();
    std::fs::rename(root.path().join("base"), &snapshot).unwrap();
    let revision_verdict = |revision: &str| {
        let mut config = toy_adapter_config();
        config["revision"] = json!(revision);
        put(&root.path().join("adapter/adapter_config.json"), config.to_string());
        let plan = MergePlan::new(&MergeRequest { base: snapshot.clone(), ..toy_request(root.path()) }).unwrap();
        let finding = |title: &str| {
            plan.findings[0]
                .iter()
                .find(|finding| Language::English.say(&finding.title()) == title)
                .map(|finding| finding.verdict)
        };
        assert_eq!(finding("Base by name"), Some(Verdict::Agrees), "the cache entry has the name");
        finding("Base revision")
    };
    assert_eq!(revision_verdict(&ours), Some(Verdict::Agrees));
    assert_eq!(revision_verdict(&theirs), Some(Verdict::Differs));
    assert_eq!(revision_verdict("main"), None);
}
