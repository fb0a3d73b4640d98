//! A GGUF file is proven like a folder: what was merged passes, and what was damaged or not merged fails, by its name.

use std::{path::Path, sync::Arc};

use lorafuse::{
    checkpoint::{
        Checkpoint,
        gguf::{GgufHeader, GgufValue},
    },
    gguf::FileType,
    job::JobContext,
    merge::{GgufPlace, GgufPlan},
    plan::{AdapterRequest, MergePlan, MergeRequest},
    verify::{self, Detail, Evidence, Outcome, VerifyError, VerifyReport, VerifyRequest},
};

use crate::support::sample;

fn request(file: &Path, strength: Option<f64>) -> VerifyRequest {
    let adapters = strength.map(|strength| AdapterRequest { path: sample().join("adapter"), strength });
    VerifyRequest {
        merged: file.to_owned(),
        base: Some(sample().join("base")),
        adapters: adapters.into_iter().collect(),
    }
}

fn judged(file: &Path, strength: Option<f64>) -> VerifyReport {
    verify::run(&request(file, strength), &JobContext::unwatched()).unwrap()
}

fn write(file: &Path, file_type: FileType) {
    let request = MergeRequest::new(sample().join("base"), sample().join("adapter"), file);
    let merge = Arc::new(MergePlan::resolved(&request).unwrap());
    let plan = GgufPlan::of_merge(merge, &[file_type], Some(GgufPlace::of(file.to_owned()))).unwrap();
    plan.run(&JobContext::unwatched()).unwrap();
}

fn details(report: &VerifyReport) -> Vec<Detail> {
    let failed = report.checks.iter().filter(|check| check.outcome == Outcome::Failed);
    failed.flat_map(|check| check.details.clone()).collect()
}

#[test]
fn a_merge_passes_and_so_does_a_base_as_itself() {
    let root = tempfile::tempdir().unwrap();
    for file_type in [FileType::F32, FileType::Q8_0, FileType::Q4KM, FileType::Q6K] {
        let file = root.path().join(format!("{file_type}.gguf"));
        write(&file, file_type);
        let report = judged(&file, Some(1.0));
        assert!(report.is_passed(), "{file_type}: {:#?}", report.checks);
        let Evidence::Encoded { equal_count, target_count, exact_share, unchanged_count, other_count, .. } =
            report.checks[1].evidence
        else {
            panic!("{:?}", report.checks)
        };
        assert_eq!((equal_count, target_count, unchanged_count, other_count), (28, 28, 11, 11), "{file_type}");
        // In single precision nothing hides the order of a sum.
        let least = if file_type == FileType::F32 { 0.5 } else { 0.99 };
        assert!(exact_share > least, "{file_type}: {exact_share}");
    }
    let base = root.path().join("base.gguf");
    let checkpoint = Checkpoint::open(&sample().join("base")).unwrap();
    let plan = GgufPlan::of_model(checkpoint, &[FileType::Q4KM], Some(GgufPlace::of(base.clone()))).unwrap();
    plan.run(&JobContext::unwatched()).unwrap();
    assert!(judged(&base, None).is_passed());
    let wrong = details(&judged(&base, Some(1.0)));
    let farther = wrong.iter().filter(|detail| matches!(detail, Detail::FartherBlocks { .. })).count();
    assert_eq!(farther, 28, "the adapter was never applied: {wrong:?}");
}

#[test]
fn another_strength_is_not_what_was_merged() {
    let root = tempfile::tempdir().unwrap();
    for file_type in [FileType::Q8_0, FileType::Q4KM] {
        let file = root.path().join(format!("{file_type}.gguf"));
        write(&file, file_type);
        assert!(!judged(&file, Some(0.5)).is_passed(), "{file_type}");
    }
}

/// Where the block `index` of `tensor` lies, and how long it is.
fn block_of(header: &GgufHeader, tensor: &str, index: usize) -> (usize, usize) {
    let tensor = header.tensors.iter().find(|held| held.name == tensor).unwrap();
    let byte_count = tensor.ggml_type.block_byte_count();
    (usize::try_from(header.data_start + tensor.offset).unwrap() + index * byte_count, byte_count)
}

#[test]
fn one_nibble_one_scale_and_one_block_are_found() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("whole.gguf");
    write(&file, FileType::Q4KM);
    let header = GgufHeader::open(&file).unwrap();
    let whole = std::fs::read(&file).unwrap();
    let damaged = |damage: &dyn Fn(&mut [u8])| {
        let mut bytes = whole.clone();
        damage(&mut bytes);
        let file = root.path().join("damaged.gguf");
        std::fs::write(&file, bytes).unwrap();
        details(&judged(&file, Some(1.0)))
    };
    // The scales of a Q4_K block come first, its codes last.
    let (untouched, target) = ("token_embd.weight", "blk.0.attn_k.weight");
    for (tensor, is_target) in [(untouched, false), (target, true)] {
        let (start, byte_count) = block_of(&header, tensor, 1);
        for what in ["nibble", "scale", "block"] {
            let found = damaged(&|bytes| match what {
                "nibble" => bytes[start + byte_count - 9] ^= 0x80,
                "scale" => bytes[start + 1] ^= 0x04,
                _ => bytes[start..start + byte_count].fill(0),
            });
            let is_named = |detail: &Detail| match detail {
                Detail::FartherBlocks { tensor: named, wrong_count: 1, .. } => is_target && named == tensor,
                Detail::OtherBlocks { tensor: named, wrong_count: 1, .. } => !is_target && named == tensor,
                _ => false,
            };
            assert!(found.len() == 1 && is_named(&found[0]), "{what} of {tensor}: {found:?}");
        }
    }
}

#[test]
fn keys_that_are_not_the_models_are_named() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("whole.gguf");
    write(&file, FileType::Q8_0);
    let header = GgufHeader::open(&file).unwrap();
    let data = std::fs::read(&file).unwrap()[usize::try_from(header.data_start).unwrap()..].to_vec();
    let edited = |key: &str, value: GgufValue| {
        let mut metadata = header.metadata.clone();
        metadata.retain(|(known, _)| known != key);
        metadata.push((key.to_owned(), value));
        let header = GgufHeader::new(metadata, header.tensors.clone()).unwrap();
        let file = root.path().join("edited.gguf");
        std::fs::write(&file, [header.to_bytes(), data.clone()].concat()).unwrap();
        judged(&file, Some(1.0))
    };
    for key in ["llama.rope.freq_base", "llama.logit_scale"] {
        let report = edited(key, GgufValue::F32(123.0));
        assert_eq!(details(&report), [Detail::OtherKeys { names: vec![key.to_owned()] }]);
    }
    // Where it comes from is free.
    let report = edited("general.url", GgufValue::String("x".to_owned()));
    assert!(report.is_passed(), "{:#?}", report.checks);
}

#[test]
fn a_file_without_a_base_and_half_of_a_file_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("whole.gguf");
    write(&file, FileType::Q8_0);
    let alone = VerifyRequest { base: None, adapters: Vec::new(), merged: file.clone() };
    let job = JobContext::unwatched();
    assert!(matches!(verify::run(&alone, &job), Err(VerifyError::GgufWithoutBase)));
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    assert!(matches!(verify::run(&request(&file, Some(1.0)), &job), Err(VerifyError::GgufFile(_))));
}
