//! Merges against PEFT's own: the cases of `tests/golden`, judged by the rule of its README.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod common;

use std::collections::BTreeMap;

use common::{golden, merged, values};
use lorafuse::{
    adapter::Adapter,
    checkpoint::Checkpoint,
    job::JobContext,
    matching::{Applied, Matching},
    numeric::FloatDtype,
    plan::{AdapterRequest, MergeRequest},
    verify::{self, Outcome, VerifyRequest},
};

macro_rules! golden_cases {
    ($($name:ident: $case:literal),* $(,)?) => {
        $(#[test] fn $name() { check_case($case); })*
    };
}

golden_cases! {
    llama_lora: "llama-lora",
    llama_lora_bf16: "llama-lora-bf16",
    llama_lora_fp16: "llama-lora-fp16",
    llama_rslora: "llama-rslora",
    llama_patterns: "llama-patterns",
    llama_regex_target: "llama-regex-target",
    llama3_rope: "llama3-rope-lora",
    mistral: "mistral-lora",
    qwen3: "qwen3-lora",
    gemma2: "gemma2-lora",
    phi3_fused: "phi3-fused",
    gpt_neox_fused: "gpt_neox-fused",
    gpt2_conv1d: "gpt2-conv1d",
    falcon_fused: "falcon-fused",
    mixtral_attention: "mixtral-attn",
    llama_embedding: "llama-embedding",
    llama_modules_to_save: "llama-modules-to-save",
    bert_classifier: "bert-cls-lora",
    qwen2_bias_all: "qwen2-bias-all",
    qwen2_lora_bias: "qwen2-lora-bias",
    llama_trainable_tokens: "llama-trainable-tokens",
    llama_dora: "llama-dora",
    llama_dora_bf16: "llama-dora-bf16",
}

fn check_case(case: &str) {
    let folder = golden(case);
    let output = tempfile::tempdir().unwrap();
    let request = MergeRequest::new(folder.join("base"), folder.join("adapter"), output.path().join("merged"));
    let receipt = merged(&request);
    assert!(receipt.lost().is_empty(), "{case}: no update rounds away");

    let ours = Checkpoint::open(&request.output).unwrap();
    let expected = Checkpoint::open(&folder.join("merged")).unwrap();
    let names = |checkpoint: &Checkpoint| checkpoint.tensors().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&ours), names(&expected), "{case}: the same tensors");
    let max_deltas = max_deltas(&folder, output.path());
    for (name, expected) in expected.tensors() {
        let tensor = ours.tensor(name).unwrap();
        assert_eq!(tensor.dtype(), expected.dtype(), "{case}: {name}");
        assert_eq!(tensor.shape(), expected.shape(), "{case}: {name}");
        let max_delta = max_deltas.get(name).copied().unwrap_or(0.0);
        assert_equal_by_rule(
            &format!("{case}: {name}"),
            &values(tensor),
            &values(expected),
            tensor.float_dtype().unwrap(),
            max_delta,
        );
    }
    verifies(&request);
}

/// The rule of `tests/golden/README.md`.
fn assert_equal_by_rule(what: &str, ours: &[f64], expected: &[f64], dtype: FloatDtype, max_delta: f64) {
    if dtype == FloatDtype::F32 {
        let largest = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let worst = ours.iter().zip(expected).fold(0.0_f64, |worst, (a, b)| worst.max((a - b).abs()));
        assert!(worst <= 1e-5 * largest, "{what}: differs by {worst:e}, largest value {largest:e}");
        return;
    }
    let odd: Vec<(f64, f64)> = ours.iter().copied().zip(expected.iter().copied()).filter(|(a, b)| a != b).collect();
    let allowed = if ours.len() < 2_000 { 2 } else { ours.len() / 1_000 };
    assert!(odd.len() <= allowed, "{what}: {} of {} elements differ", odd.len(), ours.len());
    for (a, b) in odd {
        let one_ulp = dtype.ulp(a.abs().max(b.abs()));
        let cancelled = 0.5 * dtype.ulp(a) + 2.0_f64.powi(-20) * max_delta;
        assert!((a - b).abs() <= one_ulp.max(cancelled), "{what}: {a} and {b} are further than one unit apart");
    }
}

/// max |Δ| of each changed tensor, from a float32 merge of nothing but the update.
fn max_deltas(folder: &std::path::Path, scratch: &std::path::Path) -> BTreeMap<String, f64> {
    let base = Checkpoint::open(&folder.join("base")).unwrap();
    let adapters = [Adapter::open(&folder.join("adapter")).unwrap()];
    let matching = Matching::new(&base, &adapters);
    assert!(matching.is_complete());
    assert_eq!(matching.applied_tensor_count(&adapters), adapters[0].tensor_count(), "{}", scratch.display());
    matching.applied.iter().map(|applied| (applied.tensor.clone(), max_delta(applied, &base, &adapters))).collect()
}

/// The largest change of one tensor.
fn max_delta(applied: &Applied, base: &Checkpoint, adapters: &[Adapter]) -> f64 {
    let source = applied.source(base, adapters).unwrap();
    let weight = source.read_all().unwrap();
    let mut max = 0.0_f64;
    for update in &applied.updates {
        let loaded = update.load(adapters).unwrap();
        let mut changed = weight.clone();
        let rows = 0..source.tile_shape().rows;
        (1..loaded.passes()).for_each(|_| loaded.observe_rows(rows.clone(), &weight));
        loaded.apply_rows(rows, &mut changed);
        let deltas = changed.iter().zip(&weight).map(|(changed, weight)| f64::from((changed - weight).abs()));
        max += deltas.fold(0.0, f64::max);
    }
    max
}

fn verifies(request: &MergeRequest) {
    let verify_request = VerifyRequest {
        merged: request.output.clone(),
        base: Some(request.base.clone()),
        adapters: request.adapters.clone(),
    };
    let report = verify::run(&verify_request, &JobContext::unwatched()).unwrap();
    assert!(report.is_passed(), "{:#?}", report.checks);
}

/// PEFT's own merges pass too: `verify` judges anybody's folder.
#[test]
fn merges_by_peft_verify() {
    for case in ["llama-lora", "llama-lora-bf16", "llama-lora-fp16", "gpt2-conv1d", "phi3-fused"] {
        let folder = golden(case);
        let request = VerifyRequest {
            merged: folder.join("merged"),
            base: Some(folder.join("base")),
            adapters: vec![AdapterRequest { path: folder.join("adapter"), strength: 1.0 }],
        };
        let report = verify::run(&request, &JobContext::unwatched()).unwrap();
        let changed = report.checks.iter().find(|check| check.title == "Changed exactly the targets").unwrap();
        assert_eq!(changed.outcome, Outcome::Passed, "{case}: {changed:#?}");
    }
}
