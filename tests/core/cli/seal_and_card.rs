//! What a published folder carries: hashes that `sha256sum` checks, and a model card.

use std::{
    path::Path,
    process::{Command, Output},
};

use crate::{
    skip::skip,
    support::{listing, lorafuse, put, put_toy, sample, stderr},
};

fn succeeded(folder: &Path, args: &[&str]) -> Output {
    let output = lorafuse(folder, args);
    assert!(output.status.success(), "{}", stderr(&output));
    output
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn sha256sum_checks_a_sealed_merge() {
    let root = tempfile::tempdir().unwrap();
    let (base, adapter) = (sample().join("base").display().to_string(), sample().join("adapter").display().to_string());
    succeeded(root.path(), &["merge", &base, &adapter, "-o", "merged", "--dtype", "bf16", "--seal"]);
    let merged = root.path().join("merged");
    let sealed = text(&merged.join("SHA256SUMS"));
    let names: Vec<&str> = sealed.lines().map(|line| &line[66..]).collect();
    let mut expected = listing(&merged);
    expected.retain(|name| name != "SHA256SUMS");
    assert_eq!(names, expected, "every file but the seal itself");
    let verified = String::from_utf8(succeeded(root.path(), &["verify", "merged"]).stdout).unwrap();
    assert!(verified.contains("Sealed") && verified.contains("with the SHA-256 of SHA256SUMS"), "{verified}");
    match Command::new("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(&merged).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
        Err(error) => skip(&format!("there is no sha256sum: {error}")),
    }
}

#[test]
fn the_card_tells_lineage_and_no_path() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    succeeded(
        root.path(),
        &["merge", "base", "adapter", "-o", "merged", "--dtype", "bf16", "--rounding", "stochastic", "--seed", "7"],
    );
    let card = text(&root.path().join("merged/README.md"));
    let front = card.strip_prefix("---\n").unwrap().split("\n---\n").next().unwrap();
    let expected = "base_model: org/toy\nbase_model_relation: finetune\nlibrary_name: transformers\npipeline_tag: \
                    text-generation\ntags:\n- merge\n- lora\n- lorafuse";
    assert_eq!(front, expected);
    for part in
        ["| Rounding | stochastic, seed 7 |", "| Dtype | bfloat16 |", "| Kept after rounding |", "`adapter`: LoRA"]
    {
        assert!(card.contains(part), "{part} in {card}");
    }
    for name in listing(&root.path().join("merged")) {
        let content = std::fs::read(root.path().join("merged").join(&name)).unwrap();
        let path = root.path().display().to_string();
        let names_path = content.windows(path.len()).any(|window| window == path.as_bytes());
        assert!(!names_path, "{name} names a path of the machine");
    }

    succeeded(root.path(), &["merge", "base", "adapter", "-o", "bare", "--card", "false"]);
    assert_eq!(listing(&root.path().join("bare")), ["config.json", "model.safetensors"]);
}

#[test]
fn a_path_is_no_base_model() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    let config = text(&root.path().join("adapter/adapter_config.json")).replace("org/toy", "/home/me/models/toy");
    put(&root.path().join("adapter/adapter_config.json"), config);
    succeeded(root.path(), &["merge", "base", "adapter", "-o", "merged"]);
    let card = text(&root.path().join("merged/README.md"));
    assert!(!card.contains("base_model") && !card.contains("/home/me"), "{card}");
}
