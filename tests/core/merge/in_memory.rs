//! Merges that are not written: the same bits as the files, for every method, and what `compare` says of both.

use std::{path::Path, sync::Arc};

use lorafuse::{
    checkpoint::{Checkpoint, LogicalTensor},
    evaluate::{self, EvalReport, EvalRequest, EvalText, ModelSource},
    job::JobContext,
    merge,
    numeric::FloatDtype,
    plan::{DtypePolicy, MergePlan, MergeRequest, Rounding},
    report::{Conclusion, conclusions},
};

use crate::support::{golden, merged, repository, sample};

fn bytes(tensor: &LogicalTensor) -> Vec<u8> {
    let shape = tensor.tile_shape();
    let mut bytes = vec![0; usize::try_from(tensor.byte_count()).unwrap()];
    tensor.read_row_bytes(0..shape.rows, &mut bytes).unwrap();
    bytes
}

/// Every tensor computed in memory has the bytes of the file that the merge writes.
fn assert_same_bits(request: &MergeRequest, what: &str) {
    let computed = merge::in_memory(&Arc::new(MergePlan::resolved(request).unwrap())).unwrap();
    merged(request);
    let stored = Checkpoint::open(&request.output).unwrap();
    assert_eq!(computed.config().text().as_str(), stored.config().text().as_str(), "{what}");
    for (name, tensor) in stored.tensors() {
        let computed = computed.tensor(name).unwrap_or_else(|| panic!("{what}: {name} is not computed"));
        assert_eq!((computed.shape(), computed.dtype()), (tensor.shape(), tensor.dtype()), "{what}: {name}");
        assert!(bytes(computed) == bytes(tensor), "{what}: {name} has other bytes");
    }
}

#[test]
fn every_golden_case_has_the_same_bits_in_memory_and_on_disk() {
    let mut count = 0;
    for entry in std::fs::read_dir(repository().join("tests/golden")).unwrap() {
        let case = entry.unwrap().path();
        let is_pair = ["base/config.json", "adapter/adapter_config.json"].iter().all(|file| case.join(file).is_file());
        let scratch = tempfile::tempdir().unwrap();
        let request = MergeRequest::new(case.join("base"), case.join("adapter"), scratch.path().join("merged"));
        // Some cases are there to be refused.
        if !is_pair || MergePlan::resolved(&request).is_err() {
            continue;
        }
        assert_same_bits(&request, &case.file_name().unwrap().to_string_lossy());
        count += 1;
    }
    assert!(count > 40, "only {count} cases were merged");
}

#[test]
fn chance_and_other_dtypes_change_nothing_about_that() {
    let scratch = tempfile::tempdir().unwrap();
    let request = |name: &str| {
        MergeRequest::new(
            golden("llama-lora").join("base"),
            golden("llama-lora").join("adapter"),
            scratch.path().join(name),
        )
    };
    let rounding = Rounding::Stochastic { seed: 7 };
    let dtype = DtypePolicy::Convert(FloatDtype::BF16);
    assert_same_bits(&MergeRequest { rounding, dtype, ..request("chance") }, "stochastic");
    let dtype = DtypePolicy::Convert(FloatDtype::F16);
    assert_same_bits(&MergeRequest { dtype, ..request("half") }, "float16");
}

fn compared(request: &MergeRequest, merged: &Path) -> (EvalReport, String) {
    let models = vec![
        ModelSource::Stored(request.base.clone()),
        ModelSource::WithAdapters {
            base: request.base.clone(),
            trained_quantization: None,
            adapters: request.adapters.clone(),
        },
        ModelSource::InMemory(request.clone()),
        ModelSource::Stored(merged.to_owned()),
    ];
    let texts = vec![EvalText::read(&sample().join("texts/three_sentences.txt")).unwrap()];
    let report = evaluate::run(&EvalRequest::new(models, texts), &JobContext::unwatched()).unwrap();
    let names: Vec<String> = report.models.iter().map(|model| model.name.clone()).collect();
    let sentences = conclusions(&report, &names).iter().map(Conclusion::to_string).collect::<Vec<_>>();
    (report, sentences.join("\n"))
}

#[test]
fn a_file_predicts_to_the_bit_what_the_merge_computes_and_a_wrong_scale_is_found() {
    let scratch = tempfile::tempdir().unwrap();
    for (name, dtype) in [("kept", DtypePolicy::Keep), ("half", DtypePolicy::Convert(FloatDtype::BF16))] {
        let right = MergeRequest {
            dtype,
            ..MergeRequest::new(sample().join("base"), sample().join("adapter"), scratch.path().join(name))
        };
        merged(&right);
        let (report, said) = compared(&right, &right.output);
        assert_eq!(report.models[2].texts[0].nll, report.models[3].texts[0].nll);
        assert!(report.divergences_of(2, 3).all(|divergence| divergence.kl.max == 0.0));
        assert!(said.contains("The file is right") && said.contains("The merge equals base + adapter"), "{said}");
        let merge_kl = report.divergences_of(1, 3).next().unwrap().kl.mean;
        if dtype == DtypePolicy::Keep {
            assert!(merge_kl < 1e-8, "base + adapter against merged f32: {merge_kl:e}");
        }

        // The same merge with the adapter at 1.1 of its scale.
        let mut wrong = MergeRequest { output: scratch.path().join(format!("{name}-wrong")), ..right.clone() };
        wrong.adapters[0].strength = 1.1;
        merged(&wrong);
        let (report, said) = compared(&right, &wrong.output);
        let wrong_kl = report.divergences_of(1, 3).next().unwrap().kl.mean;
        assert!(wrong_kl > 1e-4, "base + adapter against a merge of another scale: {wrong_kl:e}");
        assert!(said.contains("The file is not what the merge computes"), "{said}");
        assert!(said.contains("The merge is not base + adapter"), "{said}");
    }
}
