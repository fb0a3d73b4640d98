//! LoRA files of llama.cpp: what its converter makes of an adapter, and an adapter again out of such a file.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use lorafuse::{
    adapter::{Adapter, AdapterError, FolderKind, recognize},
    checkpoint::{
        Checkpoint,
        gguf::{GgufHeader, GgufTensor, GgufValue},
    },
    gguf::{FileType, LORA_ALPHA, open_model},
    job::JobContext,
    merge::{self, GgufPlace, GgufPlan, MergeError},
    numeric::{FloatDtype, codec::GgmlType},
    plan::{DtypePolicy, MergePlan, MergeRequest},
};
use serde_json::Value;

use super::models::Case;
use crate::support::{
    assert_close, copy_folder, golden, listing, merged, proven, repository, sample, sha256_start, values,
};

const GOLDENS: [&str; 4] = ["llama-spm", "llama3-rope", "gemma2", "phi3"];

fn adapter_of(case: &str) -> PathBuf {
    repository().join("tests/golden-gguf").join(case).join("adapter")
}

/// Writes the LoRA file of `adapter`.
fn lora(base: &Path, adapter: &Path, file_type: FileType, output: &Path) -> Result<(), MergeError> {
    let merge = Arc::new(MergePlan::resolved(&MergeRequest::new(base, adapter, output)).unwrap());
    let mut plan = GgufPlan::of_lora(merge, file_type, Some(output.to_owned()))?;
    plan.check_output()?;
    plan.run(&JobContext::unwatched())?;
    Ok(())
}

/// The merge of `adapter` into `base` in float32.
fn merge_of(base: &Path, adapter: &Path, output: &Path) -> BTreeMap<String, Vec<f64>> {
    let request = MergeRequest::new(base, adapter, output);
    merged(&MergeRequest { dtype: DtypePolicy::Convert(FloatDtype::F32), ..request });
    all_values(&Checkpoint::open(output).unwrap())
}

fn all_values(model: &Checkpoint) -> BTreeMap<String, Vec<f64>> {
    model.tensors().iter().map(|(name, tensor)| (name.clone(), values(tensor))).collect()
}

fn tensor_bytes(path: &Path, tensor: &GgufTensor, header: &GgufHeader) -> Vec<u8> {
    let start = usize::try_from(header.data_start + tensor.offset).unwrap();
    std::fs::read(path).unwrap()[start..][..usize::try_from(tensor.byte_count).unwrap()].to_vec()
}

/// Names, dimensions, types, bytes and alpha are the converter's; but it forgets rsLoRA, whose alpha is alpha·√r.
#[test]
fn factors_are_those_of_llama_cpps_converter() {
    for case in GOLDENS {
        let model = Case::new(case);
        let text = std::fs::read_to_string(adapter_of(case).with_file_name("expected-lora.json")).unwrap();
        let expected: Value = serde_json::from_str(&text).unwrap();
        for (file_type, name) in [(FileType::F32, "f32"), (FileType::F16, "f16")] {
            let path = model.folder.path().join(format!("{name}.gguf"));
            lora(model.folder.path(), &adapter_of(case), file_type, &path).unwrap();
            let header = GgufHeader::open(&path).unwrap();
            let expected = &expected[name];
            let rank_root = if case == "llama-spm" { 2.0 } else { 1.0 };
            let alpha = expected["alpha"].as_f64().unwrap() * rank_root;
            assert_eq!(
                header.get(LORA_ALPHA).map(|value| format!("{value:?}")),
                Some(format!("F32({alpha:?})")),
                "{case}"
            );
            let texts = [
                ("general.architecture", expected["architecture"].as_str().unwrap()),
                ("general.type", "adapter"),
                ("adapter.type", "lora"),
            ];
            for (key, text) in texts {
                assert_eq!(header.get(key), Some(&GgufValue::from(text)), "{case} {key}");
            }
            let found = header.tensors.iter().map(|tensor| {
                let bytes = tensor_bytes(&path, tensor, &header);
                serde_json::json!([tensor.name, tensor.dims, tensor.ggml_type.name(), sha256_start(&bytes, 32)])
            });
            let mut found: Vec<Value> = found.collect();
            found.sort_by_key(ToString::to_string);
            assert_eq!(Value::Array(found), expected["tensors"], "{case} {name}");
        }
    }
}

/// The adapter, the file made of it, and the file beside a base that is a GGUF file, give one model; it is proven.
#[test]
fn a_file_merges_to_what_the_adapter_that_it_was_made_of_merges_to() {
    for case in GOLDENS {
        let model = Case::new(case);
        let (root, base) = (tempfile::tempdir().unwrap(), model.folder.path());
        let (file, base_file) = (root.path().join("lora.gguf"), root.path().join("base.gguf"));
        lora(base, &adapter_of(case), FileType::F32, &file).unwrap();
        let of_folder = merge_of(base, &adapter_of(case), &root.path().join("of-folder"));
        let request = MergeRequest::new(base, &file, root.path().join("of-file"));
        let of_file = proven(&MergeRequest { dtype: DtypePolicy::Convert(FloatDtype::F32), ..request });
        assert!(of_folder == all_values(&of_file), "{case}: not to the bit");

        let place = Some(GgufPlace::of(base_file.clone()));
        let plan = GgufPlan::of_model(open_model(base).unwrap(), &[FileType::F32], place).unwrap();
        plan.run(&JobContext::unwatched()).unwrap();
        let of_gguf = merge_of(&base_file, &file, &root.path().join("of-gguf"));
        let by_gguf = merge_of(&base_file, &adapter_of(case), &root.path().join("by-gguf"));
        assert!(of_gguf == by_gguf, "{case}: with a base that is a GGUF file");
        // And once more: the file's own file is the file.
        let again = root.path().join("again.gguf");
        lora(&base_file, &file, FileType::F32, &again).unwrap();
        let content = |path: &Path| {
            let header = GgufHeader::open(path).unwrap();
            let tensors = header.tensors.iter().map(|tensor| (tensor.clone(), tensor_bytes(path, tensor, &header)));
            (header.get(LORA_ALPHA).cloned(), tensors.collect::<Vec<_>>())
        };
        assert!(content(&again) == content(&file), "{case}");
    }
}

/// Every adapter of the golden cases becomes a file that merges to the same, or is refused with a reason.
#[test]
fn every_adapter_is_written_as_it_is_or_refused() {
    let root = tempfile::tempdir().unwrap();
    let mut written = Vec::new();
    let mut refusals = BTreeMap::new();
    for case in listing(&repository().join("tests/golden")) {
        let (base, adapter) = (golden(&case).join("base"), golden(&case).join("adapter"));
        let request = MergeRequest::new(&base, &adapter, root.path().join("none"));
        let Ok(plan) = MergePlan::resolved(&request) else { continue };
        let file = root.path().join(format!("{case}.gguf"));
        match GgufPlan::of_lora(Arc::new(plan), FileType::F32, Some(file.clone())) {
            Ok(plan) => drop(plan.run(&JobContext::unwatched()).unwrap()),
            Err(MergeError::Export(error)) => {
                refusals.insert(case, error.to_string());
                continue;
            }
            Err(error) => panic!("{case}: {error}"),
        }
        let of_folder = merge_of(&base, &adapter, &root.path().join(format!("{case}-folder")));
        let of_file = merge_of(&base, &file, &root.path().join(format!("{case}-file")));
        assert_eq!(of_folder.keys().collect::<Vec<_>>(), of_file.keys().collect::<Vec<_>>(), "{case}");
        for (name, expected) in &of_folder {
            assert_close(&format!("{case} {name}"), &of_file[name], expected);
        }
        written.push(case);
    }
    for case in [
        "llama-lora",
        "llama-rslora",
        "llama-patterns",
        "gpt2-conv1d",
        "gpt_neox-fused",
        "falcon-fused",
        "phi3-fused",
        "mixtral-experts",
        "llama-embedding",
    ] {
        assert!(written.iter().any(|known| known == case), "{case}: {:?}; {written:?}", refusals.get(case));
    }
    for (case, said) in [("llama-dora", "DoRA"), ("llama-modules-to-save", "whole tensor"), ("llama-lokr", "LoKr")] {
        assert!(refusals.get(case).is_some_and(|refusal| refusal.contains(said)), "{case}: {:?}", refusals.get(case));
    }
}

#[test]
fn other_types_round_once_and_those_that_are_none_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let (base, adapter) = (sample().join("base"), sample().join("adapter"));
    for (file_type, ggml_type) in [(FileType::Bf16, GgmlType::Bf16), (FileType::Q8_0, GgmlType::Q8_0)] {
        let path = root.path().join(format!("{file_type}.gguf"));
        lora(&base, &adapter, file_type, &path).unwrap();
        let header = GgufHeader::open(&path).unwrap();
        assert!(header.tensors.iter().any(|tensor| tensor.ggml_type == ggml_type), "{file_type}");
        for tensor in &header.tensors {
            let is_whole = tensor.dims[0].is_multiple_of(ggml_type.block_len() as u64);
            assert_eq!(tensor.ggml_type, if is_whole { ggml_type } else { GgmlType::F16 }, "{}", tensor.name);
        }
        merge_of(&base, &path, &root.path().join(format!("merged-{file_type}")));
    }
    let refused = lora(&base, &adapter, FileType::Q4KM, &root.path().join("q4.gguf")).unwrap_err().to_string();
    assert!(refused.contains("Q4_K_M"), "{refused}");
}

/// Alone, the file is an adapter; what only the base tells is not guessed.
#[test]
fn a_file_is_recognised_and_its_rows_are_not_guessed() {
    let model = Case::new("llama-spm");
    let folder = model.folder.path().join("adapter");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("lora.gguf");
    lora(model.folder.path(), &adapter_of("llama-spm"), FileType::F32, &file).unwrap();
    assert!(matches!(recognize(&file), Ok((FolderKind::Adapter, path)) if path == file));
    let alone = Adapter::open(&file).unwrap();
    assert_eq!((alone.method_name(), alone.targets().len()), ("LoRA", 6));
    let target = |part: &str| alone.targets().iter().find(|target| target.module.ends_with(part)).unwrap();
    let refused = target("q_proj").tensors()[1].read_all().unwrap_err().to_string();
    assert!(refused.contains("base model"), "{refused}");
    target("v_proj").tensors()[1].read_all().unwrap();
    // A folder with this file and nothing else.
    assert_eq!(Adapter::open(&folder).unwrap().targets().len(), 6);
    let other = Case::new("gemma2");
    let refused = Adapter::open_for(&file, &other.checkpoint()).unwrap_err();
    assert!(refused.to_string().contains("gemma2") && refused.to_string().contains("llama"), "{refused}");
}

/// A tensor's name and dimensions, the length of a row first.
type Shape<'a> = (&'a str, &'a [u64]);

/// A file with tensors of F32 and these keys.
fn put_file(path: &Path, keys: &[(&str, GgufValue)], tensors: &[Shape<'_>], value: f32) {
    let keys = keys.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    let tensor = |(name, dims): &Shape<'_>| GgufTensor::new((*name).to_owned(), dims.to_vec(), GgmlType::F32).unwrap();
    let header = GgufHeader::new(keys, tensors.iter().map(tensor).collect()).unwrap();
    let mut bytes = header.to_bytes();
    let len = usize::try_from(header.file_byte_count()).unwrap();
    while bytes.len() < len {
        bytes.extend(value.to_le_bytes());
    }
    std::fs::write(path, bytes).unwrap();
}

fn keys() -> Vec<(&'static str, GgufValue)> {
    vec![
        ("general.architecture", "llama".into()),
        ("general.type", "adapter".into()),
        ("adapter.type", "lora".into()),
        (LORA_ALPHA, GgufValue::F32(8.0)),
    ]
}

#[test]
fn a_strangers_file_is_refused_with_what_is_wrong() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("x.gguf");
    let (a, b) = ("blk.0.attn_v.weight.lora_a", "blk.0.attn_v.weight.lora_b");
    let opened = |keys: &[(&str, GgufValue)], tensors: &[Shape<'_>]| {
        put_file(&path, keys, tensors, 0.5);
        Adapter::open(&path)
    };
    opened(&keys(), &[(a, &[64, 4]), (b, &[4, 32])]).unwrap();
    let shapes: [(&[Shape<'_>], &str); 7] = [
        (&[(a, &[64, 4])], "lora_b"),
        (&[(b, &[4, 32])], "lora_a"),
        (&[(a, &[64, 4]), (b, &[5, 32])], "dimensions"),
        (&[(a, &[64, 4]), (b, &[4])], "dimensions"),
        (&[(a, &[64, 4, 3]), (b, &[4, 32, 3])], "dimensions"),
        (&[("blk.0.nothing.weight.lora_a", &[64, 4]), ("blk.0.nothing.weight.lora_b", &[4, 32])], "blk.0.nothing"),
        (&[(a, &[64, 4]), (b, &[4, 32]), ("blk.0.attn_v.weight", &[64, 32])], "blk.0.attn_v.weight"),
    ];
    for (tensors, said) in shapes {
        let refused = opened(&keys(), tensors).unwrap_err();
        assert!(
            matches!(refused, AdapterError::Gguf { .. }) && refused.to_string().contains(said),
            "{said}: {refused}"
        );
    }
    let pair: &[Shape<'_>] = &[(a, &[64, 4]), (b, &[4, 32])];
    for (index, value, said) in [
        (0, GgufValue::from("mamba"), "mamba"),
        (2, GgufValue::from("control"), "control"),
        (3, GgufValue::F32(f32::NAN), LORA_ALPHA),
        (3, GgufValue::U32(8), LORA_ALPHA),
    ] {
        let mut keys = keys();
        keys[index].1 = value;
        let refused = opened(&keys, pair).unwrap_err().to_string();
        assert!(refused.contains(said), "{said}: {refused}");
    }
    put_file(&path, &keys(), pair, 0.5);
    let whole = std::fs::read(&path).unwrap();
    for len in [5, 24, 60, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..len]).unwrap();
        assert!(Adapter::open(&path).is_err(), "{len} of {} bytes", whole.len());
    }
}

#[test]
fn values_that_are_no_numbers_stop_the_merge() {
    let model = Case::new("llama-spm");
    let base = model.folder.path().join("base");
    copy_folder(model.folder.path(), &base);
    let path = model.folder.path().join("nan.gguf");
    let pair: &[Shape<'_>] = &[("blk.0.attn_v.weight.lora_a", &[64, 4]), ("blk.0.attn_v.weight.lora_b", &[4, 32])];
    put_file(&path, &keys(), pair, f32::NAN);
    let output = model.folder.path().join("out");
    let plan = MergePlan::resolved(&MergeRequest::new(&base, &path, &output)).unwrap();
    let refused = merge::run(&plan, &JobContext::unwatched());
    assert!(refused.unwrap_err().to_string().contains("NaN"));
    assert!(!output.exists());
}
