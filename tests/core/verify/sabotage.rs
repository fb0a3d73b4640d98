//! A merge that somebody spoilt, in every way that people spoil merges: each is found, and each is named.

use std::path::{Path, PathBuf};

use lorafuse::{
    checkpoint::Checkpoint,
    job::JobContext,
    merge,
    plan::{AdapterRequest, MergeRequest},
    verify::{self, Outcome, Question, VerifyReport, VerifyRequest},
};
use serde_json::json;

use crate::support::{FileBuilder, bytes, listing, merged, put, sample};

/// The sample's merge, in float32, so that base and merge have the same files.
struct Spoilt {
    root: tempfile::TempDir,
}

impl Spoilt {
    fn new() -> Self {
        Self::at_strength(1.0)
    }

    fn at_strength(strength: f64) -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut request =
            MergeRequest::new(sample().join("base"), sample().join("adapter"), root.path().join("merged"));
        request.adapters[0].strength = strength;
        merged(&request);
        Self { root }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("merged").join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn replace(&self, name: &str, from: &str, to: &str) {
        let text = self.text(name);
        assert!(text.contains(from), "{from} in {name}");
        put(&self.path(name), text.replacen(from, to, 1));
    }

    /// Changes one byte of a tensor's element, counted from its least significant one.
    fn flip(&self, tensor: &str, element: usize, byte: usize, mask: u8) {
        let model = Checkpoint::open(&self.path("")).unwrap();
        let tensor = model.tensor(tensor).unwrap();
        let (path, at) = (tensor.file().path().to_owned(), usize::try_from(tensor.file_offset()).unwrap());
        let mut content = std::fs::read(&path).unwrap();
        content[at + element * tensor.dtype().bitsize() / 8 + byte] ^= mask;
        std::fs::write(path, content).unwrap();
    }

    /// Writes the shard of `tensor` anew, with the tensors that `change` makes of its own.
    fn rebuild(&self, tensor: &str, change: impl Fn(FileBuilder, &str, &Checkpoint) -> FileBuilder) {
        let model = Checkpoint::open(&self.path("")).unwrap();
        let file = model.tensor(tensor).unwrap().file().clone();
        let names: Vec<String> = file.clone().tensors().iter().map(|tensor| tensor.name().to_owned()).collect();
        let rebuilt = names.iter().fold(FileBuilder::default(), |builder, name| change(builder, name, &model));
        std::fs::write(file.path(), rebuilt.build()).unwrap();
    }

    fn judged(&self) -> VerifyReport {
        let request = VerifyRequest {
            merged: self.path(""),
            base: Some(sample().join("base")),
            adapters: vec![AdapterRequest { path: sample().join("adapter"), strength: 1.0 }],
        };
        verify::run(&request, &JobContext::unwatched()).unwrap()
    }

    /// The check `title` fails, and says `words`.
    fn is_found(&self, title: &str, words: &[&str]) {
        let report = self.judged();
        let check = report.checks.iter().find(|check| check.question.to_string() == title).unwrap();
        assert_eq!(check.outcome, Outcome::Failed, "{:#?}", report.checks);
        let said = format!(
            "{}\n{}",
            check.evidence,
            check.details.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        );
        assert!(words.iter().all(|word| said.contains(word)), "{words:?} in {said}");
        assert!(!report.is_passed());
    }
}

const CHANGED: &str = "Changed exactly the targets";
const COMPLETE: &str = "Complete";
const INDEPENDENT: &str = "Independent of the base";
const TARGET: &str = "model.layers.1.mlp.up_proj.weight";

fn copied(builder: FileBuilder, name: &str, model: &Checkpoint) -> FileBuilder {
    let tensor = model.tensor(name).unwrap();
    builder.raw(name, tensor.dtype().name(), tensor.shape(), bytes(model, name))
}

#[test]
fn an_unspoilt_merge_passes() {
    let report = Spoilt::new().judged();
    assert!(report.checks.iter().all(|check| check.outcome == Outcome::Passed), "{:#?}", report.checks);
    let set = report.changed_set.unwrap();
    assert_eq!((set.changed_as_target.len(), set.unchanged.len()), (28, 11));
    assert!(set.changed_as_target.iter().all(|verdict| verdict.blake3.as_ref().is_some_and(|hash| hash.len() == 64)));
}

#[test]
fn one_byte_of_a_target() {
    for (byte, mask) in [(3, 0x80), (3, 0x01), (2, 0x40), (2, 0x01), (1, 0x80)] {
        let merge = Spoilt::new();
        merge.flip(TARGET, 1_234, byte, mask);
        merge.is_found(CHANGED, &[TARGET, "1 of 176,128 values are not what base and adapter give"]);
    }
}

#[test]
fn one_bit_below_the_rounding_of_a_target_breaks_the_seal() {
    let merge = Spoilt::new();
    let job = JobContext::unwatched();
    merge::seal(&merge.path(""), &job).unwrap();
    assert!(merge.judged().is_passed());
    merge.flip(TARGET, 1_234, 0, 0x01);
    let file = Checkpoint::open(&merge.path("")).unwrap().tensor(TARGET).unwrap().file().name().to_owned();
    merge.is_found("Sealed", &[&format!("{file} is not what was sealed")]);
    std::fs::remove_file(merge.path("generation_config.json")).unwrap();
    merge.is_found("Sealed", &["generation_config.json is sealed, but not in the folder"]);
}

#[test]
fn one_bit_of_an_untouched_tensor() {
    let merge = Spoilt::new();
    merge.flip("model.norm.weight", 7, 0, 0x01);
    merge.is_found(CHANGED, &["model.norm.weight differs from the base and is no target"]);
}

#[test]
fn a_shard_of_the_base_over_a_merged_one() {
    let merge = Spoilt::new();
    let model = Checkpoint::open(&merge.path("")).unwrap();
    let file = model.tensor(TARGET).unwrap().file().name().to_owned();
    std::fs::copy(sample().join("base").join(&file), merge.path(&file)).unwrap();
    merge.is_found(
        CHANGED,
        &[&file, "targets hold not what base and adapter give but the base's values", "never merged"],
    );
}

#[test]
fn a_tensor_that_is_gone() {
    let merge = Spoilt::new();
    merge.rebuild(TARGET, |builder, name, model| if name == TARGET { builder } else { copied(builder, name, model) });
    merge.is_found(COMPLETE, &[TARGET]);
    // With an index that does not know it either, the folder opens.
    let mut index: serde_json::Value = serde_json::from_str(&merge.text("model.safetensors.index.json")).unwrap();
    index["weight_map"].as_object_mut().unwrap().remove(TARGET).unwrap();
    index["metadata"]["total_size"] = (19_473_408 - 176_128 * 4).into();
    put(&merge.path("model.safetensors.index.json"), index.to_string());
    merge.is_found(CHANGED, &[&format!("{TARGET} is missing")]);
    merge.is_found(COMPLETE, &[&format!("there is no tensor {TARGET}")]);
}

#[test]
fn a_tensor_too_many() {
    let merge = Spoilt::new();
    let extra = "model.layers.1.mlp.extra.weight";
    merge.rebuild(TARGET, |builder, name, model| {
        let builder = copied(builder, name, model);
        if name == TARGET { builder.f32(extra, &[4], |_| 1.0) } else { builder }
    });
    merge.is_found(CHANGED, &[&format!("{extra} is not in the base")]);
    merge.is_found(
        COMPLETE,
        &[&format!("the index does not name 1 tensor of its shards: {extra}"), "no part of the model"],
    );
}

#[test]
fn a_file_of_the_adapter_left_behind() {
    let merge = Spoilt::new();
    std::fs::copy(sample().join("adapter/adapter_config.json"), merge.path("adapter_config.json")).unwrap();
    merge.is_found(COMPLETE, &["adapter_config.json would be loaded again on top of the merge"]);
}

#[test]
fn a_config_that_points_at_the_base() {
    let base = sample().join("base").canonicalize().unwrap();
    for path in [base.display().to_string(), "../base".to_owned(), "C:\\models\\base".to_owned()] {
        let merge = Spoilt::new();
        merge.replace("config.json", "{", &format!("{{\"_name_or_path\": {},", serde_json::json!(path)));
        merge.is_found(INDEPENDENT, &["config.json: _name_or_path", &path]);
    }
    // An id of the Hub is lineage, and only untidy.
    let merge = Spoilt::new();
    merge.replace("config.json", "{", "{\"_name_or_path\": \"org/base\",");
    let report = merge.judged();
    let check = report.checks.iter().find(|check| check.question == Question::Independent).unwrap();
    assert_eq!(check.outcome, Outcome::Warning, "{check:?}");
    assert!(check.details[0].to_string().contains("still names `org/base`"), "{check:?}");
}

#[test]
fn a_readme_that_names_the_base() {
    let merge = Spoilt::new();
    let base = sample().join("base").canonicalize().unwrap();
    put(&merge.path("README.md"), format!("made from {}", base.display()));
    merge.is_found(INDEPENDENT, &["README.md names"]);
}

#[cfg(unix)]
#[test]
fn a_link_into_the_base() {
    use std::os::unix::fs::symlink;
    let base = sample().join("base").canonicalize().unwrap();
    let merge = Spoilt::new();
    std::fs::remove_file(merge.path("generation_config.json")).unwrap();
    symlink(base.join("generation_config.json"), merge.path("generation_config.json")).unwrap();
    merge.is_found(INDEPENDENT, &["generation_config.json is a link to outside of the folder"]);

    let merge = Spoilt::new();
    symlink(&base, merge.path("original")).unwrap();
    symlink(merge.path("nothing"), merge.path("dangling")).unwrap();
    merge.is_found(INDEPENDENT, &["original is a link to outside of the folder", "dangling is a link to nowhere"]);
}

#[test]
fn a_truncated_tokenizer() {
    let merge = Spoilt::new();
    let text = merge.text("tokenizer.json");
    put(&merge.path("tokenizer.json"), &text[..text.len() / 2]);
    merge.is_found(COMPLETE, &["tokenizer.json is truncated", "tokenizer.json is not whole"]);
    std::fs::remove_file(merge.path("tokenizer.json")).unwrap();
    merge.is_found(COMPLETE, &["there is no tokenizer in the folder"]);
}

#[test]
fn a_tokenizer_with_more_ids_than_rows() {
    let merge = Spoilt::new();
    let mut tokenizer: serde_json::Value = serde_json::from_str(&merge.text("tokenizer.json")).unwrap();
    let token = serde_json::json!({"id": 5_000, "content": "<extra>", "special": true});
    tokenizer["added_tokens"].as_array_mut().unwrap().push(token);
    put(&merge.path("tokenizer.json"), tokenizer.to_string());
    merge.is_found(COMPLETE, &["ids up to 5,000, but model.embed_tokens.weight has 4,096 rows"]);
}

#[test]
fn a_wrong_total_in_the_index() {
    let merge = Spoilt::new();
    merge.replace("model.safetensors.index.json", "19473408", "19473400");
    merge.is_found(COMPLETE, &["the index says total_size 19,473,400, the tensors have 19,473,408 bytes"]);
}

#[test]
fn a_config_of_another_model() {
    let merge = Spoilt::new();
    merge.replace("config.json", "\"vocab_size\": 4096", "\"vocab_size\": 4100");
    merge.is_found(COMPLETE, &["config.json says vocab_size 4,100, model.embed_tokens.weight has 4,096 rows"]);
    for layers in [3, 5] {
        let merge = Spoilt::new();
        merge.replace("config.json", "\"num_hidden_layers\": 4", &format!("\"num_hidden_layers\": {layers}"));
        merge.is_found(COMPLETE, &[&format!("config.json says {layers} layers, the weights have 4")]);
    }
}

#[test]
fn a_config_that_describes_another_model_of_the_same_shapes() {
    let spoilt = Spoilt::new();
    let whole: serde_json::Value = serde_json::from_str(&spoilt.text("config.json")).unwrap();
    let with = |key: &str, value: serde_json::Value| {
        let mut config = whole.clone();
        config[key] = value;
        put(&spoilt.path("config.json"), config.to_string());
    };
    let rotations = |theta: f64| json!({"rope_theta": theta, "rope_type": "default"});
    for (key, value, words) in [
        ("rms_norm_eps", json!(0.5), ["rms_norm_eps: 0.5", "the base's says"]),
        ("hidden_act", json!("gelu"), ["hidden_act: \"gelu\"", "\"silu\""]),
        ("rope_parameters", rotations(77.0), ["rope_theta: 77", "the base's says"]),
        ("attention_bias", json!(true), ["attention_bias: true", "false"]),
    ] {
        with(key, value);
        spoilt.is_found("Complete", &words);
    }
    for (key, value) in [
        ("use_cache", json!(false)),
        ("transformers_version", json!("4.57.3")),
        ("attention_dropout", json!(0.1)),
        ("a_key_of_another_release", json!(true)),
    ] {
        with(key, value);
        let report = spoilt.judged();
        assert!(report.is_passed(), "{key}: {:#?}", report.checks);
    }
    let without = |key: &str| {
        let mut config = whole.clone();
        config.as_object_mut().unwrap().remove(key).unwrap();
        put(&spoilt.path("config.json"), config.to_string());
    };
    // What is left out has the class's default, which is the base's value or another.
    without("rms_norm_eps");
    spoilt.is_found("Complete", &["the layers", "in another way than the base's config says"]);
    without("rope_parameters");
    spoilt.is_found("Complete", &["the rotary positions"]);
    for key in ["attention_bias", "pretraining_tp", "initializer_range", "use_cache"] {
        without(key);
        let report = spoilt.judged();
        assert!(report.is_passed(), "{key}: {:#?}", report.checks);
    }
    with("max_position_embeddings", json!(64));
    let report = spoilt.judged();
    assert!(report.is_passed(), "a length is told: {:#?}", report.checks);
    assert_eq!(report.answer(Question::Complete).unwrap().outcome, Outcome::Warning);
}

#[test]
fn an_adapter_merged_at_another_strength() {
    let nothing = Spoilt::at_strength(0.0);
    nothing.is_found(CHANGED, &["hold not what base and adapter give but the base's values", "never merged"]);
    let twice = Spoilt::at_strength(2.0);
    twice.is_found(CHANGED, &["28 of 28 wrong targets", "2.00 times their change", "merged at strength 2.00"]);
}

#[test]
fn a_judgement_leaves_the_folder_as_it_is() {
    let merge = Spoilt::new();
    let before = listing(Path::new(&merge.path("")));
    merge.judged();
    assert_eq!(listing(Path::new(&merge.path(""))), before);
}
