//! What holds for every merge: any shape, rank, dtype, strength and split gives the exact result, verified.

use lorafuse::{
    checkpoint::Checkpoint,
    job::JobContext,
    merge::{self, CpuKernel, IoMode},
    numeric::{FloatDtype, narrow},
    plan::{DtypePolicy, MergePlan, MergeRequest, Rounding},
    verify::{self, VerifyOptions, VerifyRequest},
};
use proptest::prelude::*;
use serde_json::json;

use crate::support::{self, FileBuilder, noise, put};

fn dtype() -> impl Strategy<Value = FloatDtype> {
    prop_oneof![Just(FloatDtype::F32), Just(FloatDtype::F16), Just(FloatDtype::BF16)]
}

fn policy() -> impl Strategy<Value = DtypePolicy> {
    prop_oneof![Just(DtypePolicy::Keep), dtype().prop_map(DtypePolicy::Convert)]
}

/// A tensor of noise in `dtype`.
fn with_noise(file: FileBuilder, name: &str, shape: &[usize], dtype: FloatDtype, seed: usize) -> FileBuilder {
    let count: usize = shape.iter().product();
    let values: Vec<f32> = (0..count).map(noise(seed)).collect();
    let mut bytes = vec![0; count * dtype.byte_count()];
    narrow(dtype, &values, &mut bytes);
    let label = match dtype {
        FloatDtype::F32 => "F32",
        FloatDtype::F16 => "F16",
        FloatDtype::BF16 => "BF16",
    };
    file.raw(name, label, shape, bytes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_merge_is_exact_and_proves_itself(
        (rows, columns, rank) in (1_usize..70, 1_usize..70, 1_usize..20),
        (base_dtype, adapter_dtype) in (dtype(), dtype()),
        policy in policy(),
        strength in -2.0_f64..2.0,
        tile_elements in 1_usize..5_000,
        io in prop_oneof![Just(IoMode::Cached), Just(IoMode::Direct)],
        max_shard_bytes in prop::option::of(1_u64..20_000),
        seed in 0_usize..1_000,
        rounding in prop_oneof![Just(Rounding::Nearest), any::<u64>().prop_map(|seed| Rounding::Stochastic { seed })],
    ) {
        let root = tempfile::tempdir().unwrap();
        let module = "model.layers.0.proj";
        let base = with_noise(FileBuilder::default(), &format!("{module}.weight"), &[rows, columns], base_dtype, seed);
        let base = with_noise(base, "model.norm.weight", &[columns], base_dtype, seed + 1)
            .raw("model.ids", "I64", &[3], vec![7; 24]);
        let key = |part: &str| format!("base_model.model.{module}.{part}.weight");
        let adapter = with_noise(FileBuilder::default(), &key("lora_A"), &[rank, columns], adapter_dtype, seed + 2);
        let adapter = with_noise(adapter, &key("lora_B"), &[rows, rank], adapter_dtype, seed + 3);
        put(&root.path().join("base/config.json"), "{}");
        put(&root.path().join("base/model.safetensors"), base.build());
        let config = json!({"peft_type": "LORA", "r": rank, "lora_alpha": 16});
        put(&root.path().join("adapter/adapter_config.json"), config.to_string());
        put(&root.path().join("adapter/adapter_model.safetensors"), adapter.build());

        let mut request = MergeRequest {
            dtype: policy,
            rounding,
            max_shard_bytes,
            ..MergeRequest::new(root.path().join("base"), root.path().join("adapter"), root.path().join("merged"))
        };
        request.adapters[0].strength = strength;
        let mut plan = MergePlan::new(&request).unwrap();
        plan.tile_elements = tile_elements;
        merge::run_with(&mut CpuKernel::new().unwrap(), &plan, io, &JobContext::unwatched()).unwrap();

        let merged = Checkpoint::open(&request.output).unwrap();
        prop_assert_eq!(support::bytes(&merged, "model.ids"), vec![7; 24], "integers are never converted");
        let written: u64 = merged.files().iter().map(|file| file.byte_count()).sum();
        prop_assert_eq!(written, plan.shards.iter().map(|shard| shard.byte_count).sum::<u64>());
        let proof = VerifyRequest { merged: request.output, base: Some(request.base), adapters: request.adapters };
        let options = VerifyOptions { rounding, ..VerifyOptions::default() };
        let report = verify::run_with(&proof, &options, &JobContext::unwatched()).unwrap();
        prop_assert!(report.is_passed(), "{:#?}", report);
    }
}
