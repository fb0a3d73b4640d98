//! Weight files and indices that are damaged or hostile: a clear error with a hint before anything is written, never a
//! panic or a runaway allocation. What is merely unusual travels through a merge unharmed.

use std::path::Path;

use lorafuse::{
    adapter::Adapter,
    checkpoint::{Checkpoint, CheckpointError, INDEX_FILE},
    error::Hint as _,
    job::JobContext,
    numeric::FloatDtype,
    plan::{DtypePolicy, MergePlan, MergeRequest},
    verify::{self, VerifyRequest},
};
use serde_json::{Value, json};

use crate::support::{
    self, FileBuilder, bytes, listing, merged, noise, put, put_toy, toy_base_file, toy_request, with_header,
};

/// What a toy merge is refused with, after `change` was made to its folder; nothing may have been written.
fn refusal(change: impl Fn(&Path)) -> String {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    change(root.path());
    let before = listing(root.path());
    let error = MergePlan::new(&toy_request(root.path())).unwrap_err();
    assert_eq!(listing(root.path()), before, "nothing is written");
    assert!(error.hint().is_some(), "{error} has no hint");
    error.to_string()
}

/// The same file as a base's weights and as an adapter's.
fn assert_rejects(file: &[u8], message: &str) {
    for place in ["base/model.safetensors", "adapter/adapter_model.safetensors"] {
        let refusal = refusal(|root| put(&root.join(place), file));
        assert!(refusal.contains(message), "{place}: {refusal:?} does not say {message:?}");
        assert!(refusal.len() < 1_000, "{place}: an endless message");
    }
}

/// The same file with `data_len` bytes behind a header.
fn assert_rejects_header(header: impl AsRef<[u8]>, data_len: usize, message: &str) {
    assert_rejects(&[with_header(header.as_ref()), vec![0; data_len]].concat(), message);
}

/// A header's text with one entry for each (name, dtype, shape, offsets), as JSON text so that anything can be said.
fn header(entries: &[(&str, &str, &str, &str)]) -> String {
    let entry = |(name, dtype, shape, offsets): &(&str, &str, &str, &str)| {
        format!(r#""{name}": {{"dtype": "{dtype}", "shape": {shape}, "data_offsets": {offsets}}}"#)
    };
    format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
}

/// Weights in two shards, with an index that `edit` changes: its text.
fn put_sharded(root: &Path, edit: impl Fn(&mut Value)) -> String {
    let layer = |layer: usize| {
        let name = format!("model.layers.{layer}.proj.weight");
        FileBuilder::default().f32(&name, &[6, 4], noise(2 + layer))
    };
    std::fs::remove_file(root.join("base/model.safetensors")).ok();
    put(&root.join("base/a.safetensors"), layer(0).f32("model.norm.weight", &[4], noise(4)).build());
    put(&root.join("base/b.safetensors"), layer(1).f32("lm_head.weight", &[10, 4], noise(5)).build());
    let mut index = json!({"metadata": {"total_size": 0}, "weight_map": {
        "model.layers.0.proj.weight": "a.safetensors",
        "model.norm.weight": "a.safetensors",
        "model.layers.1.proj.weight": "b.safetensors",
        "lm_head.weight": "b.safetensors",
    }});
    edit(&mut index);
    put(&root.join("base").join(INDEX_FILE), index.to_string());
    index.to_string()
}

fn assert_rejects_index(edit: impl Fn(&mut Value), message: &str) {
    let refusal = refusal(|root| {
        put_sharded(root, &edit);
    });
    assert!(refusal.contains(message), "{refusal:?} does not say {message:?}");
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let whole = toy_base_file().build();
    let root = tempfile::tempdir().unwrap();
    put(&root.path().join("config.json"), "{}");
    for len in 0..whole.len() {
        put(&root.path().join("model.safetensors"), &whole[..len]);
        let error = Checkpoint::open(root.path()).unwrap_err();
        assert!(error.hint().is_some(), "{len} bytes: {error}");
        let is_named = match len {
            0..8 => matches!(error, CheckpointError::NoHeader { .. }),
            _ => matches!(error, CheckpointError::HeaderTooLong { .. } | CheckpointError::Truncated { .. }),
        };
        assert!(is_named, "{len} bytes: {error}");
    }
    put(&root.path().join("model.safetensors"), &whole);
    Checkpoint::open(root.path()).unwrap();
}

#[test]
fn an_index_or_config_cut_off_anywhere_is_refused() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    let index = put_sharded(root.path(), |_| {});
    let base = root.path().join("base");
    let config = std::fs::read_to_string(base.join("config.json")).unwrap();
    for (name, whole) in [(INDEX_FILE, index), ("config.json", config)] {
        for len in 0..whole.len() {
            put(&base.join(name), &whole[..len]);
            let error = Checkpoint::open(&base).unwrap_err();
            assert!(matches!(error, CheckpointError::BadJson { .. }) && error.hint().is_some(), "{len}: {error}");
        }
        put(&base.join(name), &whole);
        Checkpoint::open(&base).unwrap();
    }
}

#[test]
fn lengths_that_lie_are_refused_before_anything_is_allocated() {
    let good = toy_base_file().build();
    let with_length = |length: u64| [&length.to_le_bytes(), &good[8..]].concat();
    assert_rejects(b"", "too short to be safetensors (0 bytes)");
    assert_rejects(&good[..5], "too short to be safetensors (5 bytes)");
    for claimed in [1 << 60, u64::MAX, good.len() as u64 - 7] {
        assert_rejects(&with_length(claimed), "the header claims");
    }
    assert_rejects(&with_length(0), "EOF while parsing");
    assert_rejects(&[&good[..], &[0; 3]].concat(), "goes on after its last tensor (3 B of unknown content)");

    // A file without content that has the length for its claim.
    let sparse = refusal(|root| {
        let path = root.join("base/model.safetensors");
        put(&path, 100_000_001_u64.to_le_bytes());
        std::fs::File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    });
    assert!(sparse.contains("no reader of the format takes more than 100 MB"), "{sparse}");
}

#[test]
fn headers_that_are_no_header_are_refused() {
    assert_rejects_header("not json", 0, "expected");
    assert_rejects_header("[]", 0, "expected an object with a member for each tensor");
    assert_rejects_header(r#"{"a": 3}"#, 0, "expected struct");
    assert_rejects_header("{} {}", 0, "trailing characters");
    assert_rejects_header(b"{\"a\xff\": {}}", 0, "not UTF-8 from byte 3 on");
    assert_rejects_header(r#"{"__metadata__": {"format": 3}}"#, 0, "expected a string");
    assert_rejects_header(r#"{"a": {"dtype": "F32"}}"#, 0, "missing field `shape`");
    let stride = r#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4], "stride": [1]}}"#;
    assert_rejects_header(stride, 4, "unknown field `stride`");
    let endless = format!(r#"{{"a": {{"{}": 0}}}}"#, "#y".repeat(100_000));
    assert_rejects_header(endless, 0, "unknown field `#y#y");
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_rejects_header(format!(r#"{{"a": {}}}"#, deep(100_000)), 0, "at line 1 column");
    assert_rejects_header(header(&[("a", "F32", &deep(100_000), "[0, 4]")]), 4, "expected usize");
    let ones = vec!["1"; 1_000_000].join(",");
    assert_rejects_header(header(&[("a", "U8", &format!("[{ones}]"), "[0, 1]")]), 1, "at most 64 dimensions");
}

#[test]
fn numbers_that_contradict_each_other_are_refused() {
    let entry = |shape: &str, offsets: &str| header(&[("a", "F32", shape, offsets)]);
    assert_rejects_header(entry("[2]", "[0, 4]"), 4, "`a` has 4 bytes, 2 of F32 need 8");
    assert_rejects_header(entry("[]", "[0, 8]"), 8, "`a` has 8 bytes, 1 of F32 need 4");
    assert_rejects_header(entry("[1]", "[4, 0]"), 4, "ends before it begins");
    assert_rejects_header(entry("[1]", "[8, 12]"), 12, "begins at byte 8, but the tensor before it ends at 0");
    assert_rejects_header(entry("[-1]", "[0, 4]"), 4, "invalid value: integer `-1`");
    assert_rejects_header(entry("[1.5]", "[0, 4]"), 4, "floating point `1.5`");
    assert_rejects_header(entry("[1]", "[0, 4.0]"), 4, "floating point `4.0`");
    assert_rejects_header(entry("[1]", "[0, 1e400]"), 4, "number out of range");
    assert_rejects_header(entry("[1]", "[0]"), 4, "invalid length 1");
    assert_rejects_header(entry("[1]", "[0, 4, 8]"), 4, "at line 1 column");
    assert_rejects_header(entry("[1]", "[0, null]"), 4, "invalid type: null");
    assert_rejects_header(entry("[4294967296, 4294967296]", "[0, 4]"), 4, "more elements than a file can hold");
    assert_rejects_header(entry("[18446744073709551616]", "[0, 4]"), 4, "invalid type");
    let pair = |second: &str| header(&[("a", "F32", "[2]", "[0, 8]"), ("b", "U8", "[4]", second)]);
    assert_rejects_header(pair("[4, 8]"), 8, "`b` begins at byte 4, inside of the tensor before it");
    assert_rejects_header(pair("[10, 14]"), 14, "`b` begins at byte 10, but the tensor before it ends at 8");
    assert_rejects_header(pair("[0, 4]"), 8, "inside of the tensor before it");
}

#[test]
fn dtypes_whose_size_is_unknown_or_wrong_are_refused_by_name() {
    let entry = |dtype: &str, shape: &str| header(&[("a", dtype, shape, "[0, 4]")]);
    assert_rejects_header(entry("FLOAT", "[1]"), 4, "`a`: the dtype `FLOAT` is unknown");
    assert_rejects_header(entry("", "[1]"), 4, "`a`: the dtype `` is unknown");
    assert_rejects_header(entry("F99", "[1]"), 4, "`a` does not fill its last byte: 1 of F99");
    assert_rejects_header(entry("U4", "[7]"), 4, "`a` does not fill its last byte: 7 of U4");
    assert_rejects_header(entry("U4", "[6]"), 4, "`a` has 4 bytes, 6 of U4 need 3");
}

#[test]
fn one_name_for_two_tensors_is_refused() {
    let twice = header(&[("a", "U8", "[4]", "[0, 4]"), ("b", "U8", "[0]", "[4, 4]"), ("a", "U8", "[4]", "[4, 8]")]);
    assert_rejects_header(twice, 8, "two tensors are named `a`");
    let first_is_wrong = header(&[("a", "U8", "[9]", "[0, 4]"), ("a", "U8", "[4]", "[0, 4]")]);
    assert_rejects_header(first_is_wrong, 4, "two tensors are named `a`");
    let spelt_differently = header(&[("a", "U8", "[4]", "[0, 4]"), ("\\u0061", "U8", "[4]", "[4, 8]")]);
    assert_rejects_header(spelt_differently, 8, "two tensors are named `a`");
    let across = refusal(|root| {
        put_sharded(root, |_| {});
        let copy = FileBuilder::default()
            .f32("model.layers.1.proj.weight", &[6, 4], noise(3))
            .f32("lm_head.weight", &[10, 4], noise(5))
            .f32("model.norm.weight", &[4], noise(4));
        put(&root.join("base/b.safetensors"), copy.build());
    });
    assert!(across.contains("hold the same tensor (a.safetensors, b.safetensors): model.norm.weight"), "{across}");
}

#[test]
fn an_index_that_leads_elsewhere_is_refused() {
    for shard in
        ["../b.safetensors", "/etc/b.safetensors", "sub/b.safetensors", "..\\b.safetensors", "C:b.safetensors", ""]
    {
        let edit = |index: &mut Value| index["weight_map"]["lm_head.weight"] = shard.into();
        assert_rejects_index(edit, "outside its folder");
    }
    for shard in ["config.json", "lorafuse.lock", "b.safetensors.part"] {
        let edit = |index: &mut Value| index["weight_map"]["lm_head.weight"] = shard.into();
        assert_rejects_index(edit, "no weight file");
    }
}

#[test]
fn an_index_that_disagrees_with_its_shards_is_refused() {
    let set =
        |tensor: &'static str, shard: &'static str| move |index: &mut Value| index["weight_map"][tensor] = shard.into();
    assert_rejects_index(set("lm_head.weight", "c.safetensors"), "names c.safetensors, not in the folder");
    assert_rejects_index(
        set("lm_head.weight", "a.safetensors"),
        "the index says that a.safetensors holds lm_head.weight, but b.safetensors does",
    );
    assert_rejects_index(set("ghost.weight", "a.safetensors"), "names 1 tensor that no shard holds: ghost.weight");
    assert_rejects_index(|index| index["weight_map"] = json!(3), "expected an object with the shard of each tensor");
    assert_rejects_index(|index| index["weight_map"] = json!({"a": 3}), "expected a string");
    assert_rejects_index(|index| *index = json!({"metadata": {}}), "missing field `weight_map`");
    assert_rejects_index(|index| index["metadata"] = json!([]), "invalid type: sequence");
    assert_rejects_index(|index| index["weight_map"] = json!({}), "no tensor");

    let as_text = |text: &[u8]| {
        refusal(|root| {
            put_sharded(root, |_| {});
            put(&root.join("base").join(INDEX_FILE), text);
        })
    };
    let twice = as_text(br#"{"weight_map": {"lm_head.weight": "a.safetensors", "lm_head.weight": "b.safetensors"}}"#);
    assert!(twice.contains("`lm_head.weight` is named twice"), "{twice}");
    let deep = as_text(format!(r#"{{"weight_map": {{}}, "metadata": {}"#, "[".repeat(100_000)).as_bytes());
    assert!(deep.contains("at line 1 column"), "{deep}");
    let not_text = as_text(b"{\"weight_map\": {\"a\xff\": \"a.safetensors\"}}");
    assert!(not_text.contains("UTF-8"), "{not_text}");
}

/// transformers takes the list of shards from the index and loads all that they hold.
#[test]
fn a_tensor_that_the_index_forgot_is_part_of_the_model() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    put_sharded(root.path(), |index| {
        index["weight_map"].as_object_mut().unwrap().remove("lm_head.weight");
    });
    let base = Checkpoint::open(&root.path().join("base")).unwrap();
    merged(&toy_request(root.path()));
    let merged = Checkpoint::open(&root.path().join("merged")).unwrap();
    assert_eq!(bytes(&merged, "lm_head.weight"), bytes(&base, "lm_head.weight"));
    assert_eq!(merged.index().unwrap().shard_of("lm_head.weight"), Some("b.safetensors"));
}

/// Tensors that no adapter touches, as (name, dtype, shape, bytes): packed, of unknown dtypes, scalars, without
/// elements.
const UNUSUAL: [(&str, &str, &[usize], usize); 16] = [
    ("packed.even", "U4", &[6, 4], 12),
    ("packed.rows_share_bytes", "F4", &[2, 3], 3),
    ("packed.vector", "U4", &[6], 3),
    ("packed.six", "F6_E2M3", &[4, 3], 9),
    ("eight.e4m3", "F8_E4M3", &[5, 3], 15),
    ("eight.e8m0", "F8_E8M0", &[1, 1, 2], 2),
    ("future.wide", "I128", &[1], 16),
    ("future.named", "F4_E2M1", &[4], 2),
    ("double", "F64", &[2, 2], 32),
    ("complex", "C64", &[1, 3], 24),
    ("scalar.flag", "BOOL", &[], 1),
    ("scalar.step", "I64", &[], 8),
    ("empty.integers", "I64", &[0], 0),
    ("empty.of_many_rows", "I8", &[1 << 58, 0], 0),
    ("zero_and_last.floats", "F32", &[3, 0, 5], 0),
    ("zero_and_last.more", "BF16", &[0, 1 << 58], 0),
];

fn unusual_data(index: usize, len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from((index * 37 + at * 11) % 251).unwrap()).collect()
}

#[test]
fn unusual_tensors_travel_through_a_merge_to_the_byte() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    let mut file = toy_base_file();
    for (index, (name, dtype, shape, len)) in UNUSUAL.into_iter().enumerate() {
        file = file.raw(name, dtype, shape, unusual_data(index, len));
    }
    put(&root.path().join("base/model.safetensors"), file.f32("scalar.float", &[], noise(9)).build());
    let policies = [DtypePolicy::Keep, DtypePolicy::Convert(FloatDtype::BF16), DtypePolicy::Convert(FloatDtype::F32)];
    for (number, (dtype, max_shard_bytes)) in
        policies.into_iter().flat_map(|dtype| [(dtype, None), (dtype, Some(100))]).enumerate()
    {
        let output = root.path().join(format!("merged-{number}"));
        let request = MergeRequest { output, dtype, max_shard_bytes, ..toy_request(root.path()) };
        merged(&request);
        let merged = Checkpoint::open(&request.output).unwrap();
        for (index, (name, stored, shape, len)) in UNUSUAL.into_iter().enumerate() {
            let tensor = merged.tensor(name).unwrap();
            assert_eq!(bytes(&merged, name), unusual_data(index, len), "{name} under {dtype:?}");
            assert_eq!(tensor.shape(), shape);
            let converted = match (dtype, FloatDtype::of(stored.parse().unwrap())) {
                (DtypePolicy::Convert(asked), Some(_)) => asked.to_string(),
                _ => stored.to_owned(),
            };
            assert_eq!(tensor.dtype().to_string(), converted, "{name} under {dtype:?}");
        }
        let scalar = support::values(merged.tensor("scalar.float").unwrap());
        assert!((scalar[0] - f64::from(noise(9)(0))).abs() < 2e-3, "{scalar:?}");
        let proof = VerifyRequest { merged: request.output, base: Some(request.base), adapters: request.adapters };
        let report = verify::run(&proof, &JobContext::unwatched()).unwrap();
        assert!(report.is_passed(), "{report:#?}");
    }
}

#[test]
fn a_changed_packed_tensor_fails_the_proof() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    let with_packed = |data: Vec<u8>| toy_base_file().raw("packed", "F4", &[2, 3], data).build();
    put(&root.path().join("base/model.safetensors"), with_packed(vec![1, 2, 3]));
    let request = toy_request(root.path());
    merged(&request);
    let weights = request.output.join("model.safetensors");
    let mut changed = std::fs::read(&weights).unwrap();
    *changed.last_mut().unwrap() = 4;
    put(&weights, changed);
    let proof = VerifyRequest { merged: request.output, base: Some(request.base), adapters: request.adapters };
    let report = verify::run(&proof, &JobContext::unwatched()).unwrap();
    assert!(!report.is_passed());
    assert_eq!(report.changed_set.unwrap().changed_without_reason, ["packed"]);
}

/// A Hugging Face cache: names in `snapshots/<commit>` are links to `blobs/<hash>`.
#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;

    use super::*;

    fn into_cache(folder: &Path, blobs: &Path) {
        std::fs::create_dir_all(blobs).unwrap();
        for (number, name) in listing(folder).into_iter().enumerate() {
            let blob = blobs.join(format!("{}-{number}", folder.file_name().unwrap().display()));
            std::fs::rename(folder.join(&name), &blob).unwrap();
            symlink(&blob, folder.join(&name)).unwrap();
        }
    }

    #[test]
    fn a_cache_of_links_merges_into_a_folder_of_files() {
        let root = tempfile::tempdir().unwrap();
        put_toy(root.path());
        put_sharded(root.path(), |_| {});
        put(&root.path().join("base/tokenizer.json"), "{}");
        let before = merged(&MergeRequest { output: root.path().join("plain"), ..toy_request(root.path()) });
        for folder in ["base", "adapter"] {
            into_cache(&root.path().join(folder), &root.path().join("blobs"));
        }
        let receipt = merged(&toy_request(root.path()));
        assert_eq!(receipt.files.len(), before.files.len());
        for name in listing(&root.path().join("plain")) {
            let path = root.path().join("merged").join(&name);
            assert!(path.symlink_metadata().unwrap().is_file(), "{name} is a link");
            assert!(std::fs::read(&path).unwrap() == std::fs::read(root.path().join("plain").join(&name)).unwrap());
        }
    }

    #[test]
    fn links_to_nothing_and_to_themselves_are_missing_files() {
        let dangling = refusal(|root| {
            put_sharded(root, |_| {});
            std::fs::remove_file(root.join("base/b.safetensors")).unwrap();
            symlink(root.join("no-such-blob"), root.join("base/b.safetensors")).unwrap();
        });
        assert!(dangling.contains("names b.safetensors, not in the folder"), "{dangling}");
        let circle = refusal(|root| {
            std::fs::remove_file(root.join("base/model.safetensors")).unwrap();
            symlink(root.join("base/model.safetensors"), root.join("base/model.safetensors")).unwrap();
        });
        assert!(circle.contains("no weights in this folder"), "{circle}");
    }

    #[test]
    fn two_names_of_one_file_are_two_copies() {
        let error = refusal(|root| {
            put_sharded(root, |_| {});
            std::fs::remove_file(root.join("base/b.safetensors")).unwrap();
            symlink(root.join("base/a.safetensors"), root.join("base/b.safetensors")).unwrap();
        });
        assert!(error.contains("two shards hold the same tensor"), "{error}");
    }
}

#[test]
fn text_files_of_terabytes_cost_no_memory() {
    for name in ["base/config.json", "adapter/adapter_config.json", "base/tokenizer.json"] {
        let error = refusal(|root| {
            put(&root.join(name), "{}");
            // An adapter's own tokenizer makes the plan read both.
            put(&root.join("adapter/tokenizer.json"), "{}");
            let file = std::fs::File::options().write(true).open(root.join(name)).unwrap();
            file.set_len(1 << 40).unwrap();
        });
        assert!(error.contains("1.10 TB where at most"), "{error}");
    }
}

#[test]
fn an_adapter_file_is_held_to_the_same_rules() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    let whole = support::toy_adapter_file().build();
    for len in 0..whole.len() {
        put(&root.path().join("adapter/adapter_model.safetensors"), &whole[..len]);
        let error = Adapter::open(&root.path().join("adapter")).unwrap_err();
        assert!(error.hint().is_some(), "{len} bytes: {error}");
    }
}
