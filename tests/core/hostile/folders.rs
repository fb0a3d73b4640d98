//! Folders of the wrong kind, adapters that do not fit or that decide another merge, values that are no numbers: a clear
//! error, nothing written.

use std::path::Path;

use lorafuse::{
    adapter::{Adapter, AdapterError},
    checkpoint::{Checkpoint, CheckpointError},
    error::Hint as _,
    job::JobContext,
    merge::{self, MergeError},
    numeric::FloatDtype,
    plan::{DtypePolicy, MergePlan, PlanError},
};
use serde_json::json;

use crate::support::{self, FileBuilder, noise, put, put_toy, toy_adapter_config, toy_adapter_file, toy_request};

/// The error that planning the toy ends with after `change` was made to it.
fn plan_error(change: impl Fn(&Path)) -> PlanError {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    change(root.path());
    let before = support::listing(root.path());
    let error = MergePlan::new(&toy_request(root.path())).unwrap_err();
    assert_eq!(support::listing(root.path()), before, "nothing is written");
    assert!(error.hint().is_some(), "{error} has no hint");
    error
}

/// The error that merging the toy ends with after `change` was made to it.
fn merge_error(change: impl Fn(&Path), dtype: DtypePolicy) -> MergeError {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    change(root.path());
    let before = support::listing(root.path());
    let plan = MergePlan::new(&lorafuse::plan::MergeRequest { dtype, ..toy_request(root.path()) }).unwrap();
    let error = merge::run(&plan, &JobContext::unwatched()).unwrap_err();
    assert_eq!(support::listing(root.path()), before, "nothing is left behind");
    assert!(error.hint().is_some(), "{error} has no hint");
    error
}

fn put_adapter(root: &Path, file: &FileBuilder) {
    put(&root.join("adapter/adapter_model.safetensors"), file.build());
}

fn put_config(root: &Path, key: &str, value: serde_json::Value) {
    let mut config = toy_adapter_config();
    config[key] = value;
    put(&root.join("adapter/adapter_config.json"), config.to_string());
}

#[test]
fn folders_of_the_wrong_kind_are_named() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    let (base, adapter) = (root.path().join("base"), root.path().join("adapter"));
    assert!(matches!(Checkpoint::open(&adapter), Err(CheckpointError::IsAdapter { .. })));
    assert!(matches!(Adapter::open(&base), Err(AdapterError::IsModel { .. })));
    assert!(matches!(Checkpoint::open(&root.path().join("none")), Err(CheckpointError::Missing { .. })));
    assert!(matches!(Checkpoint::open(&base.join("config.json")), Err(CheckpointError::NotAFolder { .. })));
    assert!(Adapter::open(root.path()).unwrap().root().ends_with("adapter"), "the only adapter below");
}

#[test]
fn factors_that_do_not_pair_are_refused() {
    let prefix = "base_model.model.model.layers.0.proj";
    let a = |rank| FileBuilder::default().f32(&format!("{prefix}.lora_A.weight"), &[rank, 4], noise(1));
    let b = |file: FileBuilder, shape: &[usize]| file.f32(&format!("{prefix}.lora_B.weight"), shape, noise(2));
    let open = |file: &FileBuilder| {
        let root = tempfile::tempdir().unwrap();
        put_toy(root.path());
        put_adapter(root.path(), file);
        Adapter::open(&root.path().join("adapter")).unwrap_err()
    };
    assert!(matches!(open(&a(2)), AdapterError::Unpaired { absent: "lora_B", .. }));
    assert!(matches!(open(&b(FileBuilder::default(), &[6, 2])), AdapterError::Unpaired { absent: "lora_A", .. }));
    assert!(matches!(open(&b(a(2), &[6, 3])), AdapterError::FactorShapes { .. }));
    assert!(matches!(open(&b(a(2), &[6, 2, 1])), AdapterError::FactorShapes { .. }));
    assert!(matches!(open(&b(a(3), &[6, 3])), AdapterError::RankMismatch { stored: 3, configured: 2, .. }));
    assert!(matches!(
        open(&FileBuilder::default().raw("x.lora_A.weight", "F32", &[0, 4], vec![])),
        AdapterError::EmptyTensors { .. }
    ));
    assert!(matches!(open(&FileBuilder::default()), AdapterError::Empty { .. }));
    let twice = b(a(2), &[6, 2]).f32(&format!("{prefix}.lora_A.second.weight"), &[2, 4], noise(3));
    assert!(matches!(open(&twice), AdapterError::SeveralAdapters { .. }));
    let integers = FileBuilder::default().raw(&format!("{prefix}.lora_A.weight"), "I32", &[2, 4], vec![0; 32]).raw(
        &format!("{prefix}.lora_B.weight"),
        "I32",
        &[6, 2],
        vec![0; 48],
    );
    assert!(matches!(open(&integers), AdapterError::PackedWeights { .. }));
}

#[test]
fn configs_that_decide_another_merge_are_refused_by_name() {
    let refused = [
        ("peft_type", json!("POLY"), "Poly"),
        ("peft_type", json!("XLORA"), "X-LoRA"),
        ("peft_type", json!("PROMPT_TUNING"), "prompt tuning"),
        ("peft_type", json!("PREFIX_TUNING"), "prefix tuning"),
        ("peft_type", json!("P_TUNING"), "p-tuning"),
        ("peft_type", json!("OSF"), "OSF"),
        ("peft_type", json!("PSOFT"), "PSOFT"),
        ("peft_type", json!("FROM_TOMORROW"), "FROM_TOMORROW"),
        ("init_lora_weights", json!("pissa"), "PiSSA"),
        ("init_lora_weights", json!("pissa_niter_4"), "PiSSA"),
        ("init_lora_weights", json!("corda"), "CorDA"),
        ("init_lora_weights", json!("loftq"), "LoftQ"),
        ("init_lora_weights", json!("lora_ga"), "LoRA-GA"),
        ("layer_replication", json!([[0, 1]]), "layer replication"),
        ("alora_invocation_tokens", json!([1, 2]), "aLoRA"),
        ("kasa_config", json!({"a": 1}), "KaSA"),
        ("arrow_config", json!({"a": 1}), "Arrow"),
    ];
    for (key, value, name) in refused {
        let error = plan_error(|root| put_config(root, key, value.clone()));
        let PlanError::Adapter(AdapterError::Unsupported { feature, .. }) = &error else { panic!("{key}: {error}") };
        assert!(feature.to_string().contains(name), "{key}: {feature}");
    }
    let error = plan_error(|root| put_config(root, "lora_alpha", json!(null)));
    assert!(matches!(error, PlanError::Adapter(AdapterError::MissingKey { key: "lora_alpha", .. })), "{error}");
    let error = plan_error(|root| put(&root.join("adapter/adapter_config.json"), "{oops"));
    assert!(matches!(error, PlanError::Adapter(AdapterError::BadConfig { .. })), "{error}");
}

#[test]
fn what_does_not_fit_is_listed_by_name() {
    let too_many = plan_error(|root| {
        let name = "base_model.model.model.layers.7.proj";
        let file = toy_adapter_file().f32(&format!("{name}.lora_A.weight"), &[2, 4], noise(1)).f32(
            &format!("{name}.lora_B.weight"),
            &[6, 2],
            noise(2),
        );
        put_adapter(root, &file);
    });
    let text = too_many.to_string();
    assert!(text.contains("4 of 6 adapter tensors have a place"), "{text}");
    assert!(text.contains("base_model.model.model.layers.7.proj.lora_A.weight"), "{text}");
    assert!(text.contains("nearest: model.layers.0.proj"), "{text}");

    let other_shape = plan_error(|root| {
        let prefix = "base_model.model.model.layers.0.proj";
        let file = FileBuilder::default().f32(&format!("{prefix}.lora_A.weight"), &[2, 5], noise(1)).f32(
            &format!("{prefix}.lora_B.weight"),
            &[6, 2],
            noise(2),
        );
        put_adapter(root, &file);
    });
    assert!(other_shape.to_string().contains("the adapter is for 6 × 5, the base has 6 × 4"), "{other_shape}");

    let unknown_copy = plan_error(|root| {
        put_adapter(root, &toy_adapter_file().f32("base_model.model.model.extra.weight", &[10, 4], noise(5)));
    });
    assert!(unknown_copy.to_string().contains("base_model.model.model.extra.weight"), "{unknown_copy}");

    let wide_copy = plan_error(|root| {
        put_adapter(root, &toy_adapter_file().f32("base_model.model.model.norm.weight", &[5], noise(5)));
    });
    assert!(wide_copy.to_string().contains("the adapter is for 5, the base has 4"), "{wide_copy}");

    let unknown_factor = plan_error(|root| {
        let name = "base_model.model.model.layers.0.proj.lora_diag";
        put_adapter(root, &toy_adapter_file().f32(name, &[2], noise(5)));
    });
    assert!(unknown_factor.to_string().contains("unknown to the adapter's method"), "{unknown_factor}");

    let missing_bias = plan_error(|root| {
        let name = "base_model.model.model.layers.0.proj.lora_B.bias";
        put_adapter(root, &toy_adapter_file().f32(name, &[6], noise(5)));
    });
    assert!(missing_bias.to_string().contains("no bias in it"), "{missing_bias}");

    let resized = plan_error(|root| {
        let name = "base_model.model.model.embed_tokens";
        let file = toy_adapter_file().f32(&format!("{name}.lora_embedding_A"), &[2, 12], noise(5)).f32(
            &format!("{name}.lora_embedding_B"),
            &[4, 2],
            noise(6),
        );
        put_adapter(root, &file);
    });
    assert!(resized.to_string().contains("training resized the vocabulary to 12 rows"), "{resized}");

    let integers = plan_error(|root| {
        let file = FileBuilder::default().raw("model.layers.0.proj.weight", "I8", &[6, 4], vec![0; 24]).f32(
            "model.layers.1.proj.weight",
            &[6, 4],
            noise(3),
        );
        put(&root.join("base/model.safetensors"), file.build());
    });
    assert!(integers.to_string().contains("I8"), "{integers}");

    let quantized = plan_error(|root| {
        put(&root.join("base/config.json"), r#"{"quantization_config": {"quant_method": "hqq"}}"#);
    });
    assert!(matches!(&quantized, PlanError::QuantizedBase { method, .. } if method == "hqq"), "{quantized}");
}

#[test]
fn a_prefix_that_all_modules_lack_is_found() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    let renamed = FileBuilder::default().f32("layers.0.proj.weight", &[6, 4], noise(2)).f32(
        "layers.1.proj.weight",
        &[6, 4],
        noise(3),
    );
    put(&root.path().join("base/model.safetensors"), renamed.build());
    let plan = MergePlan::new(&toy_request(root.path())).unwrap();
    assert_eq!(plan.matching.applied.len(), 2);
    assert!(
        plan.warnings.iter().any(|warning| warning.to_string().contains("`model.` is taken from every module path")),
        "{:?}",
        plan.warnings
    );
}

#[test]
fn outputs_that_would_harm_an_input_are_refused() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    put(&root.path().join("full/precious.txt"), "kept");
    std::fs::create_dir(root.path().join("empty")).unwrap();
    let plan = |output: &Path| {
        MergePlan::new(&lorafuse::plan::MergeRequest { output: output.to_owned(), ..toy_request(root.path()) })
            .map(|_| ())
    };
    assert!(matches!(plan(&root.path().join("full")), Err(PlanError::OutputExists { .. })));
    assert!(matches!(plan(&root.path().join("full/precious.txt")), Err(PlanError::OutputExists { .. })));
    assert!(matches!(plan(&root.path().join("base")), Err(PlanError::OutputExists { .. })));
    for inside in ["base/merged", "adapter/merged", "base/../base/merged"] {
        assert!(matches!(plan(&root.path().join(inside)), Err(PlanError::OutputInsideInput { .. })), "{inside}");
    }
    plan(&root.path().join("empty")).unwrap();
    plan(&root.path().join("new/deep/merged")).unwrap();
}

#[test]
fn values_that_are_not_numbers_stop_the_merge() {
    let nan_adapter = merge_error(
        |root| {
            let prefix = "base_model.model.model.layers.0.proj";
            let file = FileBuilder::default()
                .f32(&format!("{prefix}.lora_A.weight"), &[2, 4], |index| if index == 3 { f32::NAN } else { 1.0 })
                .f32(&format!("{prefix}.lora_B.weight"), &[6, 2], noise(2));
            put_adapter(root, &file);
        },
        DtypePolicy::Keep,
    );
    assert!(matches!(nan_adapter, MergeError::Adapter(AdapterError::NonFinite { .. })), "{nan_adapter}");

    let untrained = merge_error(
        |root| {
            let prefix = "base_model.model.model.layers.0.proj";
            let file = FileBuilder::default().f32(&format!("{prefix}.lora_A.weight"), &[2, 4], noise(1)).f32(
                &format!("{prefix}.lora_B.weight"),
                &[6, 2],
                |_| 0.0,
            );
            put_adapter(root, &file);
        },
        DtypePolicy::Keep,
    );
    assert!(matches!(untrained, MergeError::Adapter(AdapterError::NoEffect { .. })), "{untrained}");

    let infinite_base = merge_error(
        |root| {
            let file = FileBuilder::default()
                .f32("model.layers.0.proj.weight", &[6, 4], |index| if index == 5 { f32::INFINITY } else { 1.0 })
                .f32("model.layers.1.proj.weight", &[6, 4], noise(3));
            put(&root.join("base/model.safetensors"), file.build());
        },
        DtypePolicy::Keep,
    );
    assert!(
        matches!(&infinite_base, MergeError::BaseNotFinite { tensor, .. } if tensor == "model.layers.0.proj.weight"),
        "{infinite_base}"
    );

    let overflow = merge_error(
        |root| {
            let file = FileBuilder::default()
                .f32("model.layers.0.proj.weight", &[6, 4], |index| if index == 5 { 70_000.0 } else { 1.0 })
                .f32("model.layers.1.proj.weight", &[6, 4], noise(3));
            put(&root.join("base/model.safetensors"), file.build());
        },
        DtypePolicy::Convert(FloatDtype::F16),
    );
    let text = overflow.to_string();
    assert!(text.contains("model.layers.0.proj.weight does not fit into F16") && text.contains("70000"), "{text}");
}

#[test]
fn configs_found_in_public_open_or_are_refused_for_a_true_reason() {
    let (mut opened, mut refused) = (0, Vec::new());
    for entry in std::fs::read_dir(support::repository().join("tests/wild")).unwrap().flatten() {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let config: serde_json::Value = serde_json::from_str(&text).unwrap();
        let rank = config["r"].as_u64().map_or(8, |rank| usize::try_from(rank).unwrap());
        let root = tempfile::tempdir().unwrap();
        let prefix = "base_model.model.model.layers.0.self_attn.q_proj";
        let file = FileBuilder::default().f32(&format!("{prefix}.lora_A.weight"), &[rank, 4], noise(1)).f32(
            &format!("{prefix}.lora_B.weight"),
            &[6, rank],
            noise(2),
        );
        put(&root.path().join("adapter_config.json"), &text);
        put(&root.path().join("adapter_model.safetensors"), file.build());
        match Adapter::open(root.path()) {
            Ok(adapter) => {
                opened += 1;
                let scaling = adapter.targets()[0].scaling().unwrap();
                assert_eq!(Some(scaling.alpha), config["lora_alpha"].as_f64(), "{}", entry.path().display());
            }
            Err(error) => refused.push((entry.file_name().to_string_lossy().into_owned(), error.to_string())),
        }
    }
    // 17.json belongs to another library: it holds nothing but the name of a base model.
    let names: Vec<&str> = refused.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((opened, names), (36, vec!["17.json"]), "{refused:#?}");
    assert!(
        refused[0].1.contains("names no method (peft_type), and the weights beside it look like LORA"),
        "{}",
        refused[0].1
    );
}
