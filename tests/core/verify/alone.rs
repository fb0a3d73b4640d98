//! A merged folder in a process that has nothing else.

use std::path::Path;

use serde_json::Value;

use crate::{
    skip::skip,
    support::{self, copy_folder, golden, lorafuse, put, sample},
};

/// Copies of the sample in `root`, merged to bf16; base and adapter are gone afterwards.
fn merged_alone(root: &Path) {
    for part in ["base", "adapter"] {
        copy_folder(&sample().join(part), &root.join(part));
    }
    let output = lorafuse(root, &["merge", "base", "adapter", "-o", "merged", "--dtype", "bf16"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for part in ["base", "adapter"] {
        std::fs::remove_dir_all(root.join(part)).unwrap();
    }
}

fn verified(root: &Path) -> (bool, Value) {
    let output = lorafuse(root, &["verify", "merged", "--json"]);
    let document = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.success(), document)
}

fn stands_alone(document: &Value) -> &Value {
    document["checks"].as_array().unwrap().iter().find(|check| check["title"] == "Stands alone").unwrap()
}

#[test]
fn the_samples_certificate_passes_with_base_and_adapter_gone() {
    let root = tempfile::tempdir().unwrap();
    merged_alone(root.path());
    let (is_passed, document) = verified(root.path());
    assert!(is_passed, "{document:#}");
    let alone = &document["alone"];
    assert_eq!(stands_alone(&document)["outcome"], "passed", "{document:#}");
    assert!(alone["tokens_scored"].as_u64().unwrap() > 10 && alone["mean_nll"].as_f64().unwrap() < 12.0, "{alone}");
    assert_eq!(alone["tensors_read"], 39);
    let opened: Vec<&str> = alone["opened"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for name in ["config.json", "model-00004-of-00004.safetensors", "model.safetensors.index.json", "tokenizer.json"] {
        assert!(opened.contains(&name), "{name} in {opened:?}");
    }
    assert!(opened.iter().all(|path| !Path::new(path).is_absolute()), "{opened:?}");
    let is_confined = alone["unconfined"].is_null();
    assert!(cfg!(target_os = "linux") || !is_confined, "elsewhere it says that it was only watched");
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_reads_a_file_outside_fails_in_the_child() {
    let root = tempfile::tempdir().unwrap();
    merged_alone(root.path());
    for name in ["model-00002-of-00004.safetensors", "tokenizer.json", "config.json"] {
        let (inside, outside) = (root.path().join("merged").join(name), root.path().join("outside").join(name));
        put(&outside, std::fs::read(&inside).unwrap());
        std::fs::remove_file(&inside).unwrap();
        std::os::unix::fs::symlink(&outside, &inside).unwrap();
        let (is_passed, document) = verified(root.path());
        assert!(!is_passed, "a link out of the folder is seen without a child too: {document:#}");
        if document["alone"]["unconfined"].is_string() {
            return skip(&document["alone"]["unconfined"].to_string());
        }
        let check = stands_alone(&document);
        assert_eq!(check["outcome"], "failed", "{document:#}");
        let details = check["details"].to_string();
        assert!(details.contains(name) && details.to_lowercase().contains("permission denied"), "{details}");
        std::fs::remove_file(&inside).unwrap();
        put(&inside, std::fs::read(&outside).unwrap());
        assert!(verified(root.path()).0);
    }
}

#[test]
fn what_our_decoder_does_not_cover_is_read_and_said_so() {
    let root = tempfile::tempdir().unwrap();
    let merged = root.path().join("merged");
    copy_folder(&golden("gpt2-conv1d").join("merged"), &merged);
    let config = std::fs::read_to_string(merged.join("config.json")).unwrap();
    std::fs::remove_file(merged.join("config.json")).unwrap();
    put(&merged.join("config.json"), config.replace("GPT2LMHeadModel", "ParrotLMHeadModel"));
    let (_, document) = verified(root.path());
    let check = stands_alone(&document);
    assert_eq!(check["outcome"], "passed", "{document:#}");
    assert!(
        check["evidence"].as_str().unwrap().contains("not evaluated: the architecture ParrotLMHeadModel"),
        "{check}"
    );
    assert_eq!(document["alone"]["tokens_scored"], 0);
}

#[test]
fn a_program_that_is_none_is_said() {
    let root = tempfile::tempdir().unwrap();
    support::put_toy(root.path());
    support::merged(&support::toy_request(root.path()));
    let request =
        lorafuse::verify::VerifyRequest { merged: root.path().join("merged"), base: None, adapters: Vec::new() };
    let program = Some(root.path().join("no-such-program"));
    let options = lorafuse::verify::VerifyOptions { program, ..Default::default() };
    let error = lorafuse::verify::run_with(&request, &options, &lorafuse::job::JobContext::unwatched()).unwrap_err();
    assert!(error.to_string().contains("no-such-program"), "{error}");
}
