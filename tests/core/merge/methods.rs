//! Merges of small made-up adapters against formulas written out in f64: what no release of PEFT shows in one file.

use lorafuse::{
    adapter::Adapter,
    checkpoint::Checkpoint,
    job::{JobContext, JobEvent},
    merge,
    plan::{AdapterRequest, MergePlan, MergeRequest, PlanError},
    verify::{self, VerifyRequest},
};
use serde_json::{Value, json};

use crate::support::{
    self, FileBuilder, assert_close, golden, low_rank_element, merged, noise, noise_at, proven, put_adapter, put_model,
    toy_config, toy_request, values,
};

#[test]
fn several_adapters_act_in_order_each_by_its_strength() {
    let root = tempfile::tempdir().unwrap();
    let (name, module) = ("model.layers.0.proj.weight", "base_model.model.model.layers.0.proj");
    put_model(root.path(), &toy_config(), &FileBuilder::default().f32(name, &[6, 4], noise(1)));
    let lora = |seed: usize, rank: usize| {
        FileBuilder::default().f32(&format!("{module}.lora_A.weight"), &[rank, 4], noise(seed)).f32(
            &format!("{module}.lora_B.weight"),
            &[6, rank],
            noise(seed + 1),
        )
    };
    put_adapter(root.path(), "first", &json!({"peft_type": "LORA", "r": 2, "lora_alpha": 4}), &lora(10, 2));
    let dora = lora(20, 3).f32(&format!("{module}.lora_magnitude_vector"), &[6], |index| 1.0 + index as f32);
    let config = json!({"peft_type": "LORA", "r": 3, "lora_alpha": 3, "use_dora": true});
    put_adapter(root.path(), "second", &config, &dora);
    let ia3 = FileBuilder::default().f32(&format!("{module}.ia3_l"), &[1, 4], noise(30));
    put_adapter(root.path(), "third", &json!({"peft_type": "IA3", "feedforward_modules": ["proj"]}), &ia3);

    let strengths = [0.5, -1.5, 0.25];
    let adapters = ["first", "second", "third"].iter().zip(strengths);
    let adapters = adapters.map(|(name, strength)| AdapterRequest { path: root.path().join(name), strength }).collect();
    let request = MergeRequest { adapters, ..toy_request(root.path()) };
    let ours = values(proven(&request).tensor(name).unwrap());

    let weight = |row: usize, column: usize| noise_at(1, row * 4 + column);
    let direction = |row: usize, column: usize| weight(row, column) + low_rank_element((20, 21), (3, 4), (row, column));
    let expected: Vec<f64> = (0..24)
        .map(|index| {
            let (row, column) = (index / 4, index % 4);
            let w = weight(row, column);
            let added = w + strengths[0] * 2.0 * low_rank_element((10, 11), (2, 4), (row, column));
            // The norm is that of the unmerged weight: PEFT holds both LoRA adapters in one layer.
            let norm = (0..4).map(|column| direction(row, column).powi(2)).sum::<f64>().sqrt();
            let scaled = (1.0 + row as f64) / norm * (added + direction(row, column) - w);
            let turned = added + strengths[1] * (scaled - added);
            turned + strengths[2] * (turned * noise_at(30, column) - turned)
        })
        .collect();
    assert_close(name, &ours, &expected);
}

/// PEFT trains a 3-D convolution's A with the layer's kernel and B with a kernel of ones (spec section 2).
#[test]
fn a_convolution_of_three_dimensions_gets_b_times_a_in_its_own_shape() {
    let root = tempfile::tempdir().unwrap();
    let (name, module) = ("model.patch.proj.weight", "base_model.model.model.patch.proj");
    let shape = [3, 2, 2, 1, 4];
    let base = FileBuilder::default().f32(name, &shape, noise(1)).f32("model.patch.proj.bias", &[3], noise(2));
    put_model(root.path(), &toy_config(), &base);
    let file = FileBuilder::default().f32(&format!("{module}.lora_A.weight"), &[2, 2, 2, 1, 4], noise(10)).f32(
        &format!("{module}.lora_B.weight"),
        &[3, 2, 1, 1, 1],
        noise(11),
    );
    put_adapter(root.path(), "adapter", &json!({"peft_type": "LORA", "r": 2, "lora_alpha": 3}), &file);
    let merged = proven(&toy_request(root.path()));
    assert_eq!(merged.tensor(name).unwrap().shape(), shape);
    let expected: Vec<f64> = (0..48)
        .map(|index| noise_at(1, index) + 1.5 * low_rank_element((10, 11), (2, 16), (index / 16, index % 16)))
        .collect();
    assert_close(name, &values(merged.tensor(name).unwrap()), &expected);
}

#[test]
fn keys_of_raw_dumps_merge_like_those_that_peft_saves() {
    let case = golden("llama-lora");
    let root = tempfile::tempdir().unwrap();
    let adapter = Adapter::open(&case.join("adapter")).unwrap();
    let mut file = FileBuilder::default();
    for tensor in adapter.tensors() {
        let name = tensor.name().replace("base_model.model.", "_orig_mod.base_model.model.base_model.model.");
        let name = name.replace(".lora_A.", ".lora_A.default.").replace(".lora_B.", ".lora_B.default.default.");
        let stored = tensor.read_all().unwrap();
        file = file.f32(&name, tensor.shape(), |index| stored[index]);
    }
    let config: Value =
        serde_json::from_str(&std::fs::read_to_string(case.join("adapter/adapter_config.json")).unwrap()).unwrap();
    put_adapter(root.path(), "adapter", &config, &file);
    let ours = proven(&MergeRequest::new(case.join("base"), root.path().join("adapter"), root.path().join("merged")));
    let expected = Checkpoint::open(&case.join("merged")).unwrap();
    for (name, expected) in expected.tensors() {
        assert_close(name, &values(ours.tensor(name).unwrap()), &values(expected));
    }
}

/// Adapters from before transformers 5 have a layer for each expert; some disks hold all experts in one parameter.
#[test]
fn adapters_of_single_experts_land_in_fused_parameters() {
    let (experts, features, hidden, rank) = (3, 5, 4, 2);
    // Stored (E, 2·I, H) and (E, H, 2·I).
    for is_transposed in [false, true] {
        let root = tempfile::tempdir().unwrap();
        let fused = "model.layers.0.feed_forward.experts.gate_up_proj";
        let shape = if is_transposed { [experts, hidden, 2 * features] } else { [experts, 2 * features, hidden] };
        put_model(root.path(), &toy_config(), &FileBuilder::default().f32(fused, &shape, noise(1)));
        let mut file = FileBuilder::default();
        for (expert, leaf, seed) in [(0, "gate_proj", 10), (2, "gate_proj", 20), (2, "up_proj", 30)] {
            let module = format!("base_model.model.model.layers.0.feed_forward.experts.{expert}.{leaf}");
            file = file.f32(&format!("{module}.lora_A.weight"), &[rank, hidden], noise(seed)).f32(
                &format!("{module}.lora_B.weight"),
                &[features, rank],
                noise(seed + 1),
            );
        }
        put_adapter(root.path(), "adapter", &json!({"peft_type": "LORA", "r": rank, "lora_alpha": 6}), &file);
        let ours = values(proven(&toy_request(root.path())).tensor(fused).unwrap());
        let expected: Vec<f64> = (0..shape.iter().product())
            .map(|index| {
                let (expert, row, column) =
                    (index / (shape[1] * shape[2]), index / shape[2] % shape[1], index % shape[2]);
                let (out, inner) = if is_transposed { (column, row) } else { (row, column) };
                let (leaf_out, is_up) = (out % features, out >= features);
                let seed = match (expert, is_up) {
                    (0, false) => 10,
                    (2, false) => 20,
                    (2, true) => 30,
                    _ => return noise_at(1, index),
                };
                noise_at(1, index) + 3.0 * low_rank_element((seed, seed + 1), (rank, hidden), (leaf_out, inner))
            })
            .collect();
        assert_close(fused, &ours, &expected);
    }
}

/// PEFT 0.17 and 0.18 took the dimensions of every expert parameter as (experts, in, out).
#[test]
fn expert_factors_of_older_releases_are_turned() {
    let (experts, features, hidden, rank) = (3, 5, 4, 2);
    let root = tempfile::tempdir().unwrap();
    let name = |expert: usize, leaf: &str| format!("model.layers.0.mlp.experts.{expert}.{leaf}.weight");
    let mut base = FileBuilder::default();
    for expert in 0..experts {
        base = base.f32(&name(expert, "gate_proj"), &[features, hidden], noise(expert)).f32(
            &name(expert, "up_proj"),
            &[features, hidden],
            noise(100 + expert),
        );
    }
    put_model(root.path(), &toy_config(), &base);
    let module = "base_model.model.model.layers.0.mlp.experts";
    // A's columns are the parameter's 2·I, B's rows its H.
    let file = FileBuilder::default()
        .f32(&format!("{module}.lora_A.weight"), &[rank * experts, 2 * features], noise(50))
        .f32(&format!("{module}.lora_B.weight"), &[hidden, rank * experts], noise(51));
    let config =
        json!({"peft_type": "LORA", "r": rank, "lora_alpha": 4, "target_parameters": ["mlp.experts.gate_up_proj"]});
    put_adapter(root.path(), "adapter", &config, &file);
    let ours = proven(&toy_request(root.path()));
    for expert in 0..experts {
        for (leaf, offset, seed) in [("gate_proj", 0, expert), ("up_proj", features, 100 + expert)] {
            let delta = |out: usize, inner: usize| -> f64 {
                (0..rank)
                    .map(|k| {
                        let a = noise_at(50, (expert * rank + k) * 2 * features + offset + out);
                        a * noise_at(51, inner * rank * experts + k * experts + expert)
                    })
                    .sum()
            };
            let expected: Vec<f64> = (0..features * hidden)
                .map(|index| noise_at(seed, index) + 2.0 * delta(index / hidden, index % hidden))
                .collect();
            let name = name(expert, leaf);
            assert_close(&name, &values(ours.tensor(&name).unwrap()), &expected);
        }
    }
}

#[test]
fn a_base_with_more_experts_than_the_adapter_is_another_base() {
    let root = tempfile::tempdir().unwrap();
    let mut base = FileBuilder::default();
    for expert in 0..4 {
        base = base.f32(&format!("model.layers.0.mlp.experts.{expert}.down_proj.weight"), &[4, 5], noise(expert));
    }
    put_model(root.path(), &toy_config(), &base);
    let module = "base_model.model.model.layers.0.mlp.experts";
    let file = FileBuilder::default().f32(&format!("{module}.lora_A.weight"), &[6, 5], noise(1)).f32(
        &format!("{module}.lora_B.weight"),
        &[4, 6],
        noise(2),
    );
    let config = json!({"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_parameters": ["mlp.experts.down_proj"]});
    put_adapter(root.path(), "adapter", &config, &file);
    let error = MergePlan::new(&toy_request(root.path())).unwrap_err();
    assert!(matches!(error, PlanError::DoesNotFit { .. }), "{error}");
}

#[test]
fn targets_without_effect_are_listed() {
    let root = tempfile::tempdir().unwrap();
    support::put_toy(root.path());
    let module = "base_model.model.model.layers.1.proj";
    let mut file = FileBuilder::default();
    for (layer, is_trained) in [(0, true), (1, false)] {
        let module = module.replace("layers.1", &format!("layers.{layer}"));
        file = file.f32(&format!("{module}.lora_A.weight"), &[2, 4], noise(layer)).f32(
            &format!("{module}.lora_B.weight"),
            &[6, 2],
            |_| if is_trained { 0.5 } else { 0.0 },
        );
    }
    put_adapter(root.path(), "adapter", &support::toy_adapter_config(), &file);
    let plan = MergePlan::new(&toy_request(root.path())).unwrap();
    let (job, watch) = JobContext::new(|| {});
    merge::run(&plan, &job).unwrap();
    drop(job);
    let warned = watch.events.try_iter().any(|event| {
        matches!(event, JobEvent::Warning(warning) if warning.to_string().contains("1 of 2 targets") && warning.to_string().contains("layers.1.proj"))
    });
    assert!(warned, "the untrained target is named");
}

/// Every method gives the same whatever tiles its tensors are cut into, first passes included.
#[test]
fn small_tiles_change_nothing() {
    let cases = [
        "gpt2-dora",
        "embedding-dora",
        "clip-conv2d-dora",
        "clip-conv2d",
        "clip-conv2d-loha",
        "clip-conv2d-lokr",
        "clip-conv2d-ia3",
        "olora",
        "llama4-experts",
        "gpt-oss-experts",
        "mixtral-experts",
        "llama-oft",
        "gpt2-ia3",
        "tokens-alone",
        "lokr-decomposed",
        "qwen2-lora-bias",
        "whisper-conv1d",
        "boft-conv2d-butterfly",
        "oft-conv2d",
        "adalora-conv2d",
        "lokr-conv1d",
        "deft-qr",
        "peanut",
        "waveft",
        "waveft-haar",
        "randlora",
        "fourierft",
    ];
    for case in cases {
        let folder = golden(case);
        let root = tempfile::tempdir().unwrap();
        let request =
            |name: &str| MergeRequest::new(folder.join("base"), folder.join("adapter"), root.path().join(name));
        merged(&request("whole"));
        let mut plan = MergePlan::new(&request("cut")).unwrap();
        plan.tile_elements = 50;
        merge::run(&plan, &JobContext::unwatched()).unwrap();
        let (whole, cut) = (
            Checkpoint::open(&root.path().join("whole")).unwrap(),
            Checkpoint::open(&root.path().join("cut")).unwrap(),
        );
        for (name, tensor) in whole.tensors() {
            assert_close(&format!("{case}: {name}"), &values(cut.tensor(name).unwrap()), &values(tensor));
        }
    }
}

/// A folder that is the base again, or that PEFT merged wrongly, is not taken for a merge.
#[test]
fn a_wrong_merge_of_any_method_fails() {
    let untouched = [
        "llama-dora",
        "llama-oft",
        "llama-loha",
        "llama-lokr",
        "llama-adalora",
        "llama-ia3",
        "ln-tuning",
        "mixtral-experts",
        "llama4-experts",
        "llama-trainable-tokens",
        "llama-modules-to-save",
        "qwen2-lora-bias",
        "clip-conv2d",
        "olora",
        "tied-resized",
        "boft-linear",
        "boft-conv2d",
        "oft-conv2d",
        "oft-embedding",
        "adalora-conv2d",
        "lokr-conv1d",
        "mha-lora",
        "bdlora",
        "qalora",
        "enable-lora",
        "fourierft",
        "randlora",
        "waveft",
        "deft-relu",
        "peanut",
    ];
    let wrong_in_peft = ["llama-tied-embedding", "llama-tied-lm-head", "tied-both-lora", "tied-ensured"];
    let folders = untouched.map(|case| (case, "base")).into_iter().chain(wrong_in_peft.map(|case| (case, "merged")));
    for (case, claimed) in folders {
        let folder = golden(case);
        let proof = VerifyRequest {
            merged: folder.join(claimed),
            base: Some(folder.join("base")),
            adapters: vec![AdapterRequest { path: folder.join("adapter"), strength: 1.0 }],
        };
        let report = verify::run(&proof, &JobContext::unwatched()).unwrap();
        assert!(!report.is_passed(), "{case}: {claimed}");
    }
}
