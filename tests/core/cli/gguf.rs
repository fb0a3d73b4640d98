//! `gguf`: a finished model as one file, from the command line.

use std::path::Path;

use lorafuse::checkpoint::gguf::GgufHeader;
use serde_json::Value;

use crate::support::{lorafuse, sample, stderr};

fn base() -> String {
    sample().join("base").display().to_string()
}

fn file_names(folder: &Path) -> Vec<String> {
    folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_model_becomes_the_file_that_the_plan_says() {
    let root = tempfile::tempdir().unwrap();
    let plan = lorafuse(root.path(), &["gguf", &base(), "--type", "q4_k_m", "--dry-run", "--json"]);
    assert!(plan.status.success(), "{}", stderr(&plan));
    assert!(file_names(root.path()).is_empty());
    let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
    let written = lorafuse(root.path(), &["gguf", &base(), "--type", "q4_k_m"]);
    assert!(written.status.success(), "{}", stderr(&written));
    assert!(stderr(&written).contains("note: 4 of 30 weights have rows"), "{}", stderr(&written));
    let path = root.path().join("base-Q4_K_M.gguf");
    assert_eq!(plan["output"], "base-Q4_K_M.gguf");
    assert_eq!(path.metadata().unwrap().len(), plan["files"][0]["bytes"].as_u64().unwrap());
    let header = GgufHeader::open(&path).unwrap();
    assert_eq!(header.tensors.len(), plan["files"][0]["tensors"].as_array().unwrap().len());
    let again = lorafuse(root.path(), &["gguf", &base(), "--type", "q4_k_m"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("there is a file already"), "{}", stderr(&again));
}

#[test]
fn an_unknown_type_is_a_usage_error_that_lists_the_known_ones() {
    let root = tempfile::tempdir().unwrap();
    let output = lorafuse(root.path(), &["gguf", &base(), "--type", "iq2_xs"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("Q4_K_M"), "{}", stderr(&output));
}

/// What the window's user does with folders: merge, prove, compare, with one file in between.
#[test]
fn base_and_adapter_become_a_file_that_is_proven_compared_and_timed() {
    let root = tempfile::tempdir().unwrap();
    let adapter = sample().join("adapter").display().to_string();
    let run = |args: &[&str]| {
        let output = lorafuse(root.path(), args);
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        output
    };
    run(&["gguf", &base(), "--adapter", &adapter, "--type", "q8_0", "-o", "merged.gguf"]);
    assert_eq!(file_names(root.path()), ["merged.gguf"]);
    run(&["verify", "merged.gguf", "--base", &base(), "--adapter", &adapter]);
    // A GGUF file as the base of a GGUF file.
    run(&["gguf", &base(), "--type", "f16", "-o", "base.gguf"]);
    run(&["gguf", "base.gguf", "--adapter", &adapter, "--type", "q8_0", "-o", "of-gguf.gguf"]);
    run(&["verify", "of-gguf.gguf", "--base", "base.gguf", "--adapter", &adapter]);
    let text = sample().join("texts/three_sentences.txt").display().to_string();
    let compared = run(&["compare", &base(), "merged.gguf", "--text", &text]);
    assert!(!stderr(&compared).contains("not timed"), "{}", stderr(&compared));
    let several = lorafuse(root.path(), &["gguf", &base(), "--type", "q8_0,f16", "-o", "one.gguf"]);
    assert_eq!(several.status.code(), Some(2), "several types are no one file");
}

/// A folder says how it is run, and so does the program; a file alone has the commands only.
#[test]
fn the_commands_that_run_it_are_printed() {
    let root = tempfile::tempdir().unwrap();
    let folder = lorafuse(root.path(), &["gguf", &base(), "-o", "a folder", "--seal"]);
    assert!(folder.status.success(), "{}", stderr(&folder));
    let said = String::from_utf8(folder.stdout).unwrap();
    assert!(said.contains("ollama create base -f 'a folder/Modelfile' && ollama run base"), "{said}");
    assert!(said.contains("llama-cli -m 'a folder/base-Q8_0.gguf'"), "{said}");
    let mut names = file_names(&root.path().join("a folder"));
    names.sort();
    assert_eq!(names, ["Modelfile", "README.md", "SHA256SUMS", "base-Q8_0.gguf"]);
    let file = lorafuse(root.path(), &["gguf", &base(), "-o", "one.gguf", "--json"]);
    assert!(file.status.success(), "{}", stderr(&file));
    let document: Value = serde_json::from_slice(&file.stdout).unwrap();
    assert_eq!(document["commands"]["llama_cpp"], "llama-cli -m one.gguf");
    assert_eq!(document["receipt"]["beside"], serde_json::json!([]));
}
