//! Situations from public reports, `tests/reports`: each merged right, or refused for the true reason.

use std::{path::PathBuf, process::Command};

use lorafuse::{
    checkpoint::{Checkpoint, open_weights},
    numeric::FloatDtype,
    plan::{MergePlan, MergeRequest},
};
use serde_json::Value;

use crate::support::{
    equality::{assert_equal_by_rule, assert_equals_but_for_second_rounding, assert_equals_reference, verifies},
    merged, repository, values,
};

/// Merges that a reference judges.
macro_rules! equals_reference {
    ($($name:ident: $case:literal),* $(,)?) => {
        $(#[test] fn $name() { Report::merge($case).equals_reference(); })*
    };
}

/// Merges into experts in 16 bits, where PEFT rounds twice.
macro_rules! equals_reference_but_for_second_rounding {
    ($($name:ident: $case:literal),* $(,)?) => {
        $(#[test] fn $name() {
            let report = Report::merge($case);
            let reference = Checkpoint::open(&report.folder.join("merged")).unwrap();
            assert_equals_but_for_second_rounding($case, &report.request, &reference);
        })*
    };
}

/// Pairs that are refused, with what the message must say.
macro_rules! refused {
    ($($name:ident: $case:literal says $says:expr),* $(,)?) => {
        $(#[test] fn $name() { refused($case, &$says); })*
    };
}

equals_reference! {
    shards_of_an_adapter_are_read: "sharded-adapter",
    a_value_head_in_a_file_of_its_own_stays_out: "value-head-file",
    a_value_head_among_the_factors_stays_out: "trl-value-head-in-file",
    a_byte_order_mark_is_no_part_of_a_config: "config-with-bom",
    the_path_of_sentence_transformers_is_stripped: "sentence-transformers-auto-model-prefix",
    linear_layers_beside_conv1d: "clvp-linear-beside-conv1d",
    the_flag_is_true_but_all_layers_are_linear: "fan-in-fan-out-true-on-linear",
    conv1d_in_the_decoder_of_two_models: "ved-gpt2-decoder",
}

equals_reference_but_for_second_rounding! {
    bare_target_parameters_are_endings: "gpt-oss-bare-target-parameters",
    explicit_expert_layers_become_parameters_with_ranks_of_their_own: "qwen3-moe-explicit-targets",
}

refused! {
    lora_layers_that_the_adapter_does_not_touch: "unmerged-lora-inside-base-untouched"
        says ["still holds layers of an adapter that was never merged", "lora_A", "merge_and_unload"],
    lora_layers_that_the_base_ships: "phi4mm-base-ships-lora"
        says ["ships LoRA layers of its own (speech)", "Phi-4-multimodal", "refs/pr/70"],
    a_gguf_adapter_is_named: "gguf-adapter" says ["GGUF", "PEFT's own folder"],
    a_gguf_base_is_named: "gguf-base" says ["GGUF", "model-Q4_K_M.gguf", "original model in safetensors"],
    a_lora_of_kohya_is_named: "kohya-sdxl-lora" says ["diffusion model", "kohya", "my_style.safetensors"],
    a_git_lfs_pointer_is_named: "git-lfs-pointer" says ["Git LFS pointer", "git lfs pull"],
}

/// The reference is PEFT's, which knows the factors alone.
#[test]
fn weights_beside_the_lora_are_merged() {
    let report = Report::merge("llava-non-lora-trainables");
    report.warned(&["non_lora_trainables.bin", "1 tensor is read as a part of it"]);
    let beside = open_weights(&report.folder.join("adapter/non_lora_trainables.bin")).unwrap().tensors();
    let [norm] = beside.as_slice() else { panic!("{beside:?}") };
    let reference = Checkpoint::open(&report.folder.join("merged")).unwrap();
    for (name, ours) in report.output().tensors() {
        let expected = if name == "model.norm.weight" { norm } else { reference.tensor(name).unwrap() };
        assert_equal_by_rule(name, &values(ours), &values(expected), FloatDtype::F32, 1.0);
    }
}

#[test]
fn what_lies_beside_an_adapter_is_said() {
    for (case, words) in [
        ("value-head-file", &["v_head.summary.weight is not merged", "value head"][..]),
        ("trl-value-head-in-file", &["v_head.summary.bias is not merged", "value head"]),
    ] {
        Report::merge(case).warned(words);
    }
}

#[test]
fn a_base_that_holds_the_change_already_is_noticed() {
    Report::merge("merged-twice").warned(&["the base holds this adapter's change already", "this very adapter"]);
}

/// The base's names stay, which transformers reads as well as the ones that PEFT writes.
#[test]
fn a_bias_that_the_disk_calls_beta() {
    let report = Report::merge("bert-legacy-gamma-beta-bias-all");
    let reference = Checkpoint::open(&report.folder.join("merged")).unwrap();
    let output = report.output();
    assert_eq!(output.tensors().len(), reference.tensors().len());
    for (name, ours) in output.tensors() {
        let name = name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias");
        assert_equal_by_rule(&name, &values(ours), &values(reference.tensor(&name).unwrap()), FloatDtype::F32, 1.0);
    }
    let base = Checkpoint::open(&report.request.base).unwrap();
    let beta = "bert.embeddings.LayerNorm.beta";
    assert_ne!(values(output.tensor(beta).unwrap()), values(base.tensor(beta).unwrap()));
}

/// Head and embedding are one tensor in the base and apart in the output, whatever they are called.
fn takes_apart(case: &'static str, embedding: &str, head: &str) {
    let report = Report::merge(case);
    report.warned(&[embedding, head, "tie_word_embeddings"]);
    let (base, output) = (Checkpoint::open(&report.request.base).unwrap(), report.output());
    let values = |model: &Checkpoint, name: &str| model.tensor(name).unwrap().read_all().unwrap();
    assert_eq!(values(&output, head), values(&base, embedding), "{case}: the head was not trained");
    assert_ne!(values(&output, embedding), values(&base, embedding), "{case}: the embedding was");
    assert_eq!(output.config().get("tie_word_embeddings"), Some(&Value::Bool(false)), "{case}");
}

#[test]
fn whisper_has_its_head_in_proj_out() {
    takes_apart("whisper-tied-lora-embed", "model.decoder.embed_tokens.weight", "proj_out.weight");
}

#[test]
fn biogpt_has_its_head_in_output_projection() {
    takes_apart("biogpt-tied-lora-embed", "biogpt.embed_tokens.weight", "output_projection.weight");
}

#[test]
fn mamba_has_its_embedding_in_the_backbone() {
    takes_apart("mamba-tied-lora-embed", "backbone.embeddings.weight", "lm_head.weight");
}

/// A loader that believes the config would give the trained head back to the embedding.
#[test]
fn a_tied_head_that_the_base_has_on_disk_is_untied_when_it_is_trained() {
    let report = Report::merge("tied-config-head-on-disk-lora-head");
    report.equals_reference();
    assert_eq!(report.output().config().get("tie_word_embeddings"), Some(&Value::Bool(false)));
}

#[test]
fn equal_copies_of_a_resized_weight_stay_one() {
    let report = Report::merge("t5-resized-vocab");
    let output = report.output();
    assert_eq!(output.tensor("shared.weight").unwrap().shape()[0], 100);
    for name in ["lm_head.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"] {
        assert!(output.tensor(name).is_none(), "{name} is written though it is tied");
    }
    assert_eq!(output.config().get("tie_word_embeddings"), Some(&Value::Bool(true)));
    assert_eq!(output.config().integer("vocab_size"), Some(100));
}

#[test]
fn an_end_that_training_changed() {
    let report = Report::merge("eos-changed-by-training");
    report.equals_reference();
    report.warned(&["eos_token", "`t7`", "generation_config.json"]);
    assert_eq!(report.json("tokenizer_config.json")["eos_token"], "t7");
    assert_eq!(report.json("generation_config.json")["eos_token_id"], serde_json::json!([7, 1]));
}

#[test]
fn a_vocabulary_that_was_left_to_its_default() {
    let report = Report::merge("resized-vocab-size-left-to-default");
    let embedding = "language_model.model.embed_tokens.weight";
    let rows = report.output().tensor(embedding).unwrap().shape()[0];
    assert_eq!(report.json("config.json")["text_config"]["vocab_size"], rows);
}

#[test]
fn a_reward_head_on_a_language_model() {
    let report = Report::merge("reward-score-on-causal-base");
    report.warned(&["LlamaForSequenceClassification", "score.weight", "1 label"]);
    report.warned(&["lm_head.weight", "left out"]);
    let config = report.json("config.json");
    assert_eq!(config["architectures"], serde_json::json!(["LlamaForSequenceClassification"]));
    assert_eq!(config["num_labels"], 1);
    assert_eq!(config["id2label"], serde_json::json!({"0": "LABEL_0"}));
    let output = report.output();
    assert!(output.tensor("score.weight").is_some() && output.tensor("lm_head.weight").is_none());
}

#[test]
fn code_that_the_folder_lacks() {
    let report = Report::merge("auto-map-code-missing");
    report.equals_reference();
    report.warned(&["modeling_x.py", "auto_map"]);
}

/// The pair of a case, as its `expected.json` names it, and an output of its own.
struct Report {
    case: &'static str,
    folder: PathBuf,
    request: MergeRequest,
    /// What the plan warned of.
    warnings: Vec<String>,
    _output: tempfile::TempDir,
}

impl Report {
    fn of(case: &'static str) -> Self {
        let folder = repository().join("tests/reports").join(case);
        let expected: Value =
            serde_json::from_str(&std::fs::read_to_string(folder.join("expected.json")).unwrap()).unwrap();
        let input = |index: usize| folder.join(expected["merge"][index].as_str().unwrap());
        let output = tempfile::tempdir().unwrap();
        let request = MergeRequest::new(input(0), input(1), output.path().join("merged"));
        Self { case, request, folder, warnings: Vec::new(), _output: output }
    }

    /// Merges it, and asks `verify` about the result.
    fn merge(case: &'static str) -> Self {
        let report = Self::of(case);
        let plan = MergePlan::new(&report.request).unwrap();
        let warnings = plan.warnings.iter().map(ToString::to_string).collect();
        merged(&report.request);
        verifies(&report.request);
        Self { warnings, ..report }
    }

    fn output(&self) -> Checkpoint {
        Checkpoint::open(&self.request.output).unwrap()
    }

    fn json(&self, file: &str) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.request.output.join(file)).unwrap()).unwrap()
    }

    fn equals_reference(&self) {
        let merged = self.folder.join("merged");
        // Some references are weights alone.
        let reference = if merged.join("config.json").is_file() {
            Checkpoint::open(&merged).unwrap()
        } else {
            let tensors = open_weights(&merged.join("model.safetensors")).unwrap().tensors();
            let base = Checkpoint::open(&self.request.base).unwrap();
            base.with_tensors(base.config().text().as_str(), tensors).unwrap()
        };
        assert_equals_reference(self.case, &self.request, &reference);
    }

    /// Asserts that the plan warned with all of `words` in one sentence.
    fn warned(&self, words: &[&str]) {
        let said = |warning: &String| words.iter().all(|word| warning.contains(word));
        assert!(self.warnings.iter().any(said), "{}: none of {:#?} says {words:?}", self.case, self.warnings);
    }
}

/// Runs the program as people do; it must refuse, say all of `words`, and write nothing.
fn refused(case: &'static str, words: &[&str]) {
    let report = Report::of(case);
    let program = Command::new(env!("CARGO_BIN_EXE_lorafuse"))
        .arg("merge")
        .args([&report.request.base, &report.request.adapters[0].path])
        .arg("-o")
        .arg(&report.request.output)
        .output()
        .unwrap();
    let said = String::from_utf8(program.stderr).unwrap();
    assert_eq!(program.status.code(), Some(1), "{case}: {said}");
    for word in words {
        assert!(said.contains(word), "{case} does not say {word:?}: {said}");
    }
    let above = report.request.output.parent().unwrap();
    assert_eq!(std::fs::read_dir(above).unwrap().count(), 0, "{case}: something was written");
}

/// A folder that no test names would be held by none.
#[test]
fn every_case_is_held_by_a_test() {
    let source = include_str!("reports.rs");
    let entries = std::fs::read_dir(repository().join("tests/reports")).unwrap().flatten();
    let folders: Vec<String> =
        entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert!(folders.len() > 20, "{folders:?}");
    for name in folders {
        assert!(source.contains(&format!("\"{name}\"")), "no test holds {name}");
    }
}
