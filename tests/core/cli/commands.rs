//! The program as people run it, in temporary folders: exit codes, messages, and nothing left behind.

use std::{path::Path, process::Output};

use serde_json::Value;

use crate::{
    gguf::models::Case,
    support::{self, FileBuilder, golden, listing, lorafuse, noise, put, put_toy, sample, stderr},
};

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
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

    let one_too_many = support::toy_adapter_file().f32("base_model.model.model.extra.bias", &[4], noise(3));
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
    let parts = [
        "28 of 28 targets recomputed",
        "11 of 11 others equal the base",
        "korean_chat.txt",
        "363.10",
        "lower by 41 % on korean_chat.txt, higher ",
        "Rounding alone: base as BF16",
        "The merge equals base + adapter up to rounding",
        "three_sentences.txt: too little text to conclude (1 block of 128 tokens)",
    ];
    let report = std::fs::read_to_string(root.path().join("lorafuse-demo-2/report.md")).unwrap();
    for part in parts {
        assert!(text.contains(part), "{part} in {text}");
    }
    for part in &parts[2..] {
        assert!(report.contains(part), "{part} in {report}");
    }
    assert!(report.contains("## Amount of change\n\n| amount of change | text | mean KL |"), "{report}");
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
    let pairs: Vec<_> = document["divergences"].as_array().unwrap().iter().collect();
    let pair = |index: usize| (pairs[index]["reference"].as_u64(), pairs[index]["model"].as_u64());
    assert_eq!([0, 1, 2].map(pair), [(0, 1), (0, 2), (1, 2)].map(|(one, other)| (Some(one), Some(other))));
    assert!(pairs[2]["kl"]["mean"].as_f64().unwrap() < 1e-9 && pairs[2]["same_top1"]["value"] == 1.0);
    assert!(document["conclusions"].as_array().unwrap().iter().all(Value::is_string));
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
fn compare_takes_a_cast_as_control_and_says_what_follows() {
    let root = tempfile::tempdir().unwrap();
    let case = golden("llama-lora");
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(case.join("expected.json")).unwrap()).unwrap();
    put(&root.path().join("ids.json"), expected["input_ids"].to_string());
    let path = |part: &str| case.join(part).display().to_string();
    let (base, adapter, merged) = (path("base"), path("adapter"), path("merged"));
    let args =
        ["compare", &base, &merged, "--adapter", &adapter, "--tokens", "ids.json", "--cast", "bf16"].map(str::to_owned);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = lorafuse(root.path(), &args);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    for part in [
        "base → base as BF16",
        "base + adapter → merged",
        "the amount of change, never its quality",
        "- Amount of change from base to merged: KL ",
        "- ids.json: too little text to conclude (1 block of 128 tokens).",
        "- Rounding alone: base as BF16 is base with every weight in BF16",
        "- The merge equals base + adapter up to rounding: merged against base + adapter",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let wrong = [&args[..args.len() - 1], &["int8"]].concat();
    assert_eq!(lorafuse(root.path(), &wrong).status.code(), Some(2), "a cast is to 16 bits");
}

#[test]
fn compare_brings_texts_of_its_own() {
    let root = tempfile::tempdir().unwrap();
    // The texts are the same for every model; a small one reads them in seconds.
    let model = Case::new("qwen2");
    let base = model.folder.path().display().to_string();
    let output = lorafuse(root.path(), &["compare", &base, "--builtin-texts", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let texts = document["models"][0]["texts"].as_array().unwrap();
    assert_eq!(texts.len(), 2, "English and Korean");
    for text in texts {
        assert!(text["perplexity_interval"]["block_count"].as_u64().unwrap() >= 60, "{text}");
    }
}

#[test]
fn texts_that_cannot_be_read_are_named_with_a_hint() {
    let root = tempfile::tempdir().unwrap();
    let base = sample().join("base").display().to_string();
    put(&root.path().join("one.jsonl"), "{\"text\": \"a b\"}\n{\"title\": \"c\"}\n");
    put(&root.path().join("binary.txt"), [0x41, 0xff, 0xff]);
    put(&root.path().join("empty.txt"), "");
    put(&root.path().join("outside.json"), "[1, 4096]");
    let golden = golden("llama-lora").join("base").display().to_string();
    for (model, option, file, name) in [
        (&base, "--text", "one.jsonl", "line 2 is no document: it has no `text`"),
        (&base, "--text", "binary.txt", "no text in UTF-8 or CP949 (UTF-8 ends at byte 1)"),
        (&base, "--text", "empty.txt", "the file holds no text"),
        (&base, "--tokens", "outside.json", "the token id 4096, but the vocabulary has 4,096 tokens"),
        (&golden, "--text", "one.jsonl", "line 2"),
    ] {
        assert_refused(root.path(), &["compare", model, option, file], &[name]);
    }
    put(&root.path().join("good.txt"), "a b");
    assert_refused(root.path(), &["compare", &golden, "--text", "good.txt"], &["no tokenizer.json"]);
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

#[test]
fn compare_times_models_in_processes_of_their_own_and_lets_them_answer() {
    let root = tempfile::tempdir().unwrap();
    let path = |part: &str| sample().join(part).display().to_string();
    let (base, adapter, text) = (path("base"), path("adapter"), path("texts/three_sentences.txt"));
    let args = ["compare", &base, "--adapter", &adapter, "--text", &text, "--prompt", "To be, or", "--runs", "3"];
    let output = lorafuse(root.path(), &[&args[..], &["--json"]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(document["prompt"], "To be, or");
    for model in document["models"].as_array().unwrap() {
        let forward = &model["forward_seconds"];
        assert_eq!(forward["runs"], 3);
        assert!(forward["mean"].as_f64().unwrap() > 0.0 && forward["std"].as_f64().unwrap() >= 0.0);
        assert!(model["load_seconds"].as_f64().unwrap() > 0.0);
        // Four bytes for each weight at the least.
        let weights = 4 * model["parameters"].as_u64().unwrap();
        assert!(model["peak_memory_bytes"].as_u64().unwrap() > weights, "{model:#}");
        assert!(model["decode_seconds_per_token"]["mean"].as_f64().unwrap() > 0.0);
        assert!(!model["answer"]["text"].as_str().unwrap().is_empty());
    }
    let table = stdout(&lorafuse(root.path(), &args));
    for part in ["time and memory", "tokens/s", "> To be, or", "in turn with the others: 3 passes"] {
        assert!(table.contains(part), "{part} in {table}");
    }
    let untimed = lorafuse(root.path(), &["compare", &base, "--text", &text, "--runs", "0", "--json"]);
    assert!(!stdout(&untimed).contains("forward_seconds"));
}
