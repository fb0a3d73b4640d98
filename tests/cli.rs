//! The program as people run it, in temporary folders: exit codes, messages, and nothing left behind.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod common;

use std::{
    path::Path,
    process::{Command, Output},
};

use common::{FileBuilder, golden, listing, noise, put, put_toy, sample};
use serde_json::Value;

fn lorafuse(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lorafuse")).current_dir(folder).args(args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Runs a merge that must fail with exit code 1, an error with all `names`, a hint, and no trace.
fn assert_refused(root: &Path, args: &[&str], names: &[&str]) {
    let before = listing(root);
    let output = lorafuse(root, args);
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.starts_with("error: "), "{message}");
    assert!(message.contains("\nhint: "), "{message}");
    assert!(names.iter().all(|name| message.contains(name)), "{names:?} in {message}");
    assert_eq!(stdout(&output), "", "stdout is data");
    assert_eq!(listing(root), before, "nothing is left behind");
}

#[test]
fn mistakes_are_named_with_a_hint_and_leave_nothing_behind() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    put_toy(root);
    let merge = ["merge", "base", "adapter", "-o", "merged"];

    assert_refused(root, &["merge", "bose", "adapter", "-o", "merged"], &["no such folder", "bose"]);
    assert_refused(root, &["merge", "adapter", "base", "-o", "merged"], &["holds an adapter, not a base model"]);

    put(&root.join("taken/model.txt"), "precious");
    assert_refused(root, &["merge", "base", "adapter", "-o", "taken"], &["exists and is not empty", "taken"]);
    assert_eq!(std::fs::read_to_string(root.join("taken/model.txt")).unwrap(), "precious");

    let weights = root.join("base/model.safetensors");
    let whole = std::fs::read(&weights).unwrap();
    put(&weights, &whole[..whole.len() - 40]);
    assert_refused(root, &merge, &["truncated", "model.safetensors"]);
    put(&weights, &whole);

    let prefix = "base_model.model.model.layers.0.proj";
    let other_shape = FileBuilder::default().f32(&format!("{prefix}.lora_A.weight"), &[2, 8], noise(1)).f32(
        &format!("{prefix}.lora_B.weight"),
        &[6, 2],
        noise(2),
    );
    put(&root.join("adapter/adapter_model.safetensors"), other_shape.build());
    assert_refused(root, &merge, &["model.layers.0.proj", "6 × 8", "6 × 4", "org/toy"]);

    let one_too_many = common::toy_adapter_file().f32("base_model.model.model.extra.bias", &[4], noise(3));
    put(&root.join("adapter/adapter_model.safetensors"), one_too_many.build());
    assert_refused(root, &merge, &["4 of 5 adapter tensors", "base_model.model.model.extra.bias"]);
}

#[test]
fn usage_errors_have_their_own_code() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    for args in [
        &["merge", "base"][..],
        &["merge", "base", "adapter"],
        &["merge", "base", "adapter", "-o", "merged", "--dtype", "int4"],
        &["merge", "base", "adapter", "-o", "merged", "--max-shard-size", "big"],
        &["merge", "base", "adapter", "-o", "merged", "--strength", "1", "--strength", "2"],
    ] {
        let output = lorafuse(root.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn a_merge_writes_a_verified_model_and_json_for_programs() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    let output = lorafuse(root.path(), &["merge", "base", "adapter", "-o", "out/merged", "--dtype", "bf16", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(document["plan"]["updated_tensors"], 2);
    assert_eq!(document["merge"]["tensors"].as_array().unwrap().len(), 4);
    assert!(!stdout(&output).contains(&*root.path().to_string_lossy()), "a report names no path of the machine");

    let args = ["verify", "out/merged", "--base", "base", "--adapter", "adapter", "--json"];
    let output = lorafuse(root.path(), &args);
    assert!(output.status.success(), "{}", stderr(&output));
    let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert!(document["checks"].as_array().unwrap().iter().all(|check| check["outcome"] != "failed"), "{document:#}");
    assert_eq!(document["changed_set"]["changed_as_target"].as_array().unwrap().len(), 2);
}

#[test]
fn a_dry_run_writes_nothing() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    let output = lorafuse(root.path(), &["merge", "base", "adapter", "-o", "merged", "--dry-run"]);
    assert!(output.status.success());
    assert!(stdout(&output).contains("4 of 4 adapter tensors land on 2 base tensors"), "{}", stdout(&output));
    assert_eq!(listing(root.path()), ["adapter", "base"]);
}

#[test]
fn a_dry_run_tells_whole_tensors_from_copies() {
    let root = tempfile::tempdir().unwrap();
    let case = golden("llama-modules-to-save");
    let paths = [case.join("base"), case.join("adapter")].map(|path| path.to_string_lossy().into_owned());
    let output = lorafuse(root.path(), &["merge", &paths[0], &paths[1], "-o", "merged", "--dry-run"]);
    let text = stdout(&output);
    let row = |title: &str| text.lines().find(|line| line.starts_with(title)).unwrap_or_default().to_owned();
    assert!(row("Replaced").contains("2 tensors"), "{text}");
    assert!(row("Added").contains("0 tensors"), "{text}");
}

#[test]
fn verify_fails_on_a_changed_byte_a_leftover_and_the_wrong_strength() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    put_toy(root);
    assert!(lorafuse(root, &["merge", "base", "adapter", "-o", "merged"]).status.success());
    let verify = ["verify", "merged", "--base", "base", "--adapter", "adapter"];
    let failing = |args: &[&str], needle: &str| {
        let output = lorafuse(root, args);
        assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
        assert!(stdout(&output).contains(needle), "{}", stdout(&output));
    };
    assert!(lorafuse(root, &verify).status.success());
    failing(&[&verify[..], &["--strength", "0.5"]].concat(), "are not what base and adapter give");

    let weights = root.join("merged/model.safetensors");
    let whole = std::fs::read(&weights).unwrap();
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    put(&weights, &changed);
    failing(&verify, "model.norm.weight differs from the base and is no target");
    put(&weights, &whole[..whole.len() - 1]);
    failing(&verify, "truncated");
    put(&weights, &whole);

    put(&root.join("merged/adapter_config.json"), "{}");
    failing(&verify, "adapter_config.json would be loaded again");
    std::fs::remove_file(root.join("merged/adapter_config.json")).unwrap();

    let config = std::fs::read_to_string(root.join("merged/config.json")).unwrap();
    let outside = config.replacen('{', r#"{"auto_map": {"AutoModel": "org/repo--modeling_x.X"},"#, 1);
    put(&root.join("merged/config.json"), outside);
    failing(&verify, "loads code from the repository `org/repo`");
}

#[test]
fn demo_runs_the_whole_pipeline_and_overwrites_nothing() {
    let root = tempfile::tempdir().unwrap();
    put(&root.path().join("lorafuse-demo-1/precious.txt"), "kept");
    let output = lorafuse(root.path(), &["demo"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(listing(root.path()), ["lorafuse-demo-1", "lorafuse-demo-2"]);
    assert_eq!(listing(&root.path().join("lorafuse-demo-1")), ["precious.txt"]);
    assert_eq!(listing(&root.path().join("lorafuse-demo-2")), ["merged", "report.json", "report.md"]);
    let text = stdout(&output);
    for part in ["28 of 28 targets recomputed", "11 of 11 others equal the base", "korean_chat.txt", "363.10"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn compare_scores_models_on_token_ids() {
    let root = tempfile::tempdir().unwrap();
    let case = golden("llama-lora");
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(case.join("expected.json")).unwrap()).unwrap();
    put(&root.path().join("ids.json"), expected["input_ids"].to_string());
    let path = |part: &str| case.join(part).display().to_string();
    let (base, adapter, merged) = (path("base"), path("adapter"), path("merged"));
    let args =
        ["compare", &base, &merged, "--adapter", &adapter, "--tokens", "ids.json", "--json", "-o", "report.json"];
    let output = lorafuse(root.path(), &args);
    assert!(output.status.success(), "{}", stderr(&output));
    let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let models = document["models"].as_array().unwrap();
    assert_eq!(models.len(), 3, "base, base + adapter, merged");
    for (model, part) in [(0, "base"), (1, "merged"), (2, "merged")] {
        let ours = models[model]["texts"][0]["mean_nll"].as_f64().unwrap();
        let theirs = expected[part]["mean_nll"].as_f64().unwrap();
        assert!((ours - theirs).abs() < 2e-4, "model {model}: {ours} and {theirs}");
        assert_eq!(models[model]["texts"][0]["nll"].as_array().unwrap().len(), 47);
    }
    assert_eq!(std::fs::read_to_string(root.path().join("report.json")).unwrap(), stdout(&output));

    let again = lorafuse(root.path(), &args);
    assert_eq!(again.status.code(), Some(1), "a report is never overwritten");
    assert_eq!(lorafuse(root.path(), &["compare", &base]).status.code(), Some(2), "there must be something to score");
}

#[test]
fn inspect_shows_what_changes() {
    let root = tempfile::tempdir().unwrap();
    let base = sample().join("base").display().to_string();
    let adapter = sample().join("adapter").display().to_string();
    let output = lorafuse(root.path(), &["inspect", &base, &adapter]);
    assert!(output.status.success());
    let text = stdout(&output);
    for part in [
        "LlamaForCausalLM",
        "4,868,352 parameters",
        "56 of 56 adapter tensors land on 28 of 39",
        "32/16 = 2",
        "model.layers.0-3.mlp.gate_proj",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let output = lorafuse(root.path(), &["inspect", &base, &adapter, "--json"]);
    let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(document["matching"]["applied"].as_array().unwrap().len(), 28);
}

#[test]
fn an_adapter_alone_is_shown_with_the_base_that_it_names() {
    let root = tempfile::tempdir().unwrap();
    let adapter = sample().join("adapter").display().to_string();
    let text = stdout(&lorafuse(root.path(), &["inspect", &adapter]));
    assert!(text.contains("28 targets"), "{text}");
    assert!(text.contains("sample/base · in a folder of that name beside the adapter"), "{text}");
    let document: Value =
        serde_json::from_str(&stdout(&lorafuse(root.path(), &["inspect", &adapter, "--json"]))).unwrap();
    assert_eq!(document["suggested_base"]["found_in"], "neighbour");
}

#[test]
fn print_model_prints_what_pytorch_prints() {
    let root = tempfile::tempdir().unwrap();
    let print = |case: &str| {
        let (base, adapter) = (golden(case).join("base"), golden(case).join("adapter"));
        let args = ["inspect", &base.display().to_string(), &adapter.display().to_string(), "--print-model"];
        stdout(&lorafuse(root.path(), &args))
    };
    let llama = print("llama-regex-target");
    let expected = "LlamaForCausalLM(
  (model): LlamaModel(
    (embed_tokens): Embedding(96, 32)
    (layers): ModuleList(
      (0-1): 2 x LlamaDecoderLayer(
        (self_attn): LlamaAttention(
          (q_proj): Linear(in_features=32, out_features=32, bias=False)
";
    assert!(llama.starts_with(expected), "{llama}");
    assert!(llama.contains("(1): LlamaDecoderLayer("), "only layer 1 is wrapped, so the layers do not fold: {llama}");
    assert!(llama.contains("(base_layer): Linear(in_features=32, out_features=56, bias=False)"), "{llama}");
    assert!(print("gpt2-conv1d").contains("(c_attn): Conv1D(nf=96, nx=32)"));
}
