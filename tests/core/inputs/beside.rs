//! Adapters of several files: shards, weights beside the factors, 8-bit floats, and what lies there by chance.

use std::path::Path;

use half::f16;
use lorafuse::{
    adapter::{Adapter, AdapterError},
    checkpoint::Checkpoint,
    error::Hint as _,
    job::JobContext,
    plan::{MergePlan, PlanError},
    verify::{self, Outcome, Question, VerifyReport, VerifyRequest},
};
use serde_json::json;

use crate::support::{
    self, FileBuilder, assert_close, merged, noise, noise_at, proven, put, put_toy, toy_adapter_config,
    toy_adapter_file, toy_request, values,
};

/// The toy, with `file` beside the adapter's own under `name`.
fn toy_with(name: &str, file: &FileBuilder) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    put(&root.path().join("adapter").join(name), file.build());
    root
}

fn norm(seed: usize) -> FileBuilder {
    FileBuilder::default().f32("base_model.model.model.norm.weight", &[4], noise(seed))
}

fn plan_error(root: &Path) -> PlanError {
    MergePlan::new(&toy_request(root)).unwrap_err()
}

/// What the plan warns of, in one text.
fn warnings(root: &Path) -> String {
    let plan = MergePlan::new(&toy_request(root)).unwrap();
    plan.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn judged(root: &Path) -> VerifyReport {
    let request = toy_request(root);
    let request = VerifyRequest { merged: request.output, base: Some(request.base), adapters: request.adapters };
    verify::run(&request, &JobContext::unwatched()).unwrap()
}

fn tensor(root: &Path, name: &str) -> Vec<f64> {
    values(Checkpoint::open(&root.join("merged")).unwrap().tensor(name).unwrap())
}

#[test]
fn weights_of_any_name_beside_the_factors_are_merged() {
    for name in ["non_lora.safetensors", "vit.safetensors", "best.safetensors"] {
        let root = toy_with(name, &norm(40));
        assert!(warnings(root.path()).contains(&format!("{name} lies beside the adapter's own weights")));
        let merge = proven(&toy_request(root.path()));
        assert_eq!(
            values(merge.tensor("model.norm.weight").unwrap()),
            (0..4).map(|at| noise_at(40, at)).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_file_beside_may_have_another_prefix_than_the_factors() {
    let trained = FileBuilder::default().f32("decoder.layers.0.proj.bias", &[6], noise(42)).f32(
        "decoder.layers.1.proj.bias",
        &[6],
        noise(43),
    );
    let root = toy_with("biases.safetensors", &trained);
    let base = support::toy_base_file().f32("model.layers.0.proj.bias", &[6], noise(5)).f32(
        "model.layers.1.proj.bias",
        &[6],
        noise(6),
    );
    put(&root.path().join("base/model.safetensors"), base.build());
    let merge = proven(&toy_request(root.path()));
    for (layer, seed) in [(0, 42), (1, 43)] {
        let expected: Vec<f64> = (0..6).map(|at| noise_at(seed, at)).collect();
        assert_eq!(values(merge.tensor(&format!("model.layers.{layer}.proj.bias")).unwrap()), expected);
    }
}

#[test]
fn a_copy_beneath_an_adapted_layer_may_lie_in_another_file() {
    let beneath = norm(40).f32("base_model.model.model.layers.0.proj.base_layer.weight", &[6, 4], noise(41));
    let root = toy_with("non_lora_state_dict.safetensors", &beneath);
    let merge = proven(&toy_request(root.path()));
    let delta = |at: usize| 2.0 * support::low_rank_element((10, 20), (2, 4), (at / 4, at % 4));
    let expected: Vec<f64> = (0..24).map(|at| noise_at(41, at) + delta(at)).collect();
    assert_close("layers.0", &values(merge.tensor("model.layers.0.proj.weight").unwrap()), &expected);
}

#[test]
fn factors_may_lie_in_another_file_but_not_twice() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    proven(&toy_request(root.path()));
    let expected = tensor(root.path(), "model.layers.1.proj.weight");
    std::fs::remove_dir_all(root.path().join("merged")).unwrap();
    let layer = |layer: usize| {
        let prefix = format!("base_model.model.model.layers.{layer}.proj");
        FileBuilder::default().f32(&format!("{prefix}.lora_A.weight"), &[2, 4], noise(10 + layer)).f32(
            &format!("{prefix}.lora_B.weight"),
            &[6, 2],
            noise(20 + layer),
        )
    };
    put(&root.path().join("adapter/adapter_model.safetensors"), layer(0).build());
    put(&root.path().join("adapter/more.safetensors"), layer(1).build());
    proven(&toy_request(root.path()));
    assert_eq!(tensor(root.path(), "model.layers.1.proj.weight"), expected);

    let root = toy_with("more.safetensors", &layer(1));
    let error = plan_error(root.path());
    assert!(matches!(error, PlanError::Adapter(AdapterError::SavedTwice { .. })), "{error}");
    let said = error.to_string();
    assert!(said.contains("adapter_model.safetensors") && said.contains("more.safetensors"), "{said}");
}

#[test]
fn a_tensor_without_a_place_stops_the_merge_and_names_file_and_way_out() {
    let extra = norm(40).f32("model.vision.proj.weight", &[3, 3], noise(41));
    let root = toy_with("extra.safetensors", &extra);
    let error = plan_error(root.path());
    assert!(error.to_string().contains("model.vision.proj.weight"), "{error}");
    let hint = error.hint().unwrap();
    assert!(hint.contains("extra.safetensors") && hint.contains("take the file out"), "{hint}");
}

#[test]
fn a_file_that_cannot_be_read_stops_the_merge_unless_it_is_a_trainers() {
    for name in ["non_lora_trainables.bin", "extra.safetensors", "extra.pt"] {
        let root = tempfile::tempdir().unwrap();
        put_toy(root.path());
        put(&root.path().join("adapter").join(name), "no weights");
        let error = plan_error(root.path());
        assert!(matches!(error, PlanError::Adapter(AdapterError::UnreadBeside { .. })), "{error}");
        assert!(error.to_string().contains(name) && error.hint().unwrap().contains("take it out"), "{error}");
    }
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    for name in [
        "training_args.bin",
        "optimizer.pt",
        "optimizer.bin",
        "scheduler.pt",
        "scaler.pt",
        "rng_state.pth",
        "rng_state_0.pth",
        "random_states_0.pkl",
        "zero_pp_rank_0_mp_rank_00_optim_states.pt",
        "global_step500/mp_rank_00_model_states.pt",
        "__0_0.distcp",
        "events.out.tfevents.1.host",
        "latest",
    ] {
        put(&root.path().join("adapter").join(name), "state");
    }
    assert_eq!(warnings(root.path()), "");
    proven(&toy_request(root.path()));
}

#[test]
fn two_files_may_say_the_same_but_not_differ() {
    let own = toy_adapter_file().f32("base_model.model.model.norm.weight", &[4], noise(40));
    for (seed, is_same) in [(40, true), (41, false)] {
        let root = toy_with("non_lora.safetensors", &norm(seed));
        put(&root.path().join("adapter/adapter_model.safetensors"), own.build());
        if is_same {
            proven(&toy_request(root.path()));
            continue;
        }
        let error = plan_error(root.path());
        let (said, hint) = (error.to_string(), error.hint().unwrap());
        assert!(said.contains("adapter_model.safetensors and non_lora.safetensors"), "{said}");
        assert!(hint.contains("keep the file that training ended with"), "{hint}");
    }
}

#[test]
fn a_full_model_beside_an_adapter_is_named_and_never_applied() {
    let other = FileBuilder::default().f32("model.norm.weight", &[4], noise(70));
    let whole = other.clone().f32("model.layers.0.proj.weight", &[6, 4], noise(71));
    for (name, file) in
        [("model.safetensors", &other), ("model-00001-of-00002.safetensors", &other), ("full.safetensors", &whole)]
    {
        let root = toy_with(name, file);
        let said = warnings(root.path());
        assert!(said.contains(name) && said.contains("full model") && said.contains("give it as the base"), "{said}");
        proven(&toy_request(root.path()));
        let expected: Vec<f64> = (0..4).map(|at| noise_at(4, at)).collect();
        assert_eq!(tensor(root.path(), "model.norm.weight"), expected, "{name}");
    }
}

/// DeepSpeed's trainer saves the factors a second time, under a model's name.
#[test]
fn the_factors_once_more_under_a_models_name_are_no_model() {
    let root = toy_with("model.safetensors", &toy_adapter_file());
    let said = warnings(root.path());
    assert!(said.contains("its weights in another form too (model.safetensors)"), "{said}");
    proven(&toy_request(root.path()));
    assert!(judged(root.path()).checks.iter().all(|check| check.question != Question::NothingLeftOut));
}

#[test]
fn a_value_head_where_trl_keeps_it_is_set_aside() {
    let head = FileBuilder::default().f32("v_head.summary.weight", &[1, 4], noise(80));
    for name in ["model.safetensors", "value_head.safetensors"] {
        let root = toy_with(name, &head);
        let said = warnings(root.path());
        assert!(said.contains("v_head.summary.weight is not merged") && !said.contains("full model"), "{said}");
        assert!(!said.contains("read as a part of it"), "{said}");
        proven(&toy_request(root.path()));
    }
    // Under a name of its own, in a file that is kept for it.
    let root = toy_with("value_head.safetensors", &FileBuilder::default().f32("summary.weight", &[1, 4], noise(80)));
    proven(&toy_request(root.path()));
    // A base that has the head takes it.
    let root = toy_with("value_head.safetensors", &head);
    let base = support::toy_base_file().f32("v_head.summary.weight", &[1, 4], noise(81));
    put(&root.path().join("base/model.safetensors"), base.build());
    let merge = proven(&toy_request(root.path()));
    let expected: Vec<f64> = (0..4).map(|at| noise_at(80, at)).collect();
    assert_eq!(values(merge.tensor("v_head.summary.weight").unwrap()), expected);
}

/// Dumps of a state dict hold what weights on disk do not.
#[test]
fn buffers_that_a_class_computes_are_set_aside() {
    let dump = norm(40).f32("base_model.model.model.layers.0.self_attn.rotary_emb.inv_freq", &[2], noise(41));
    let root = toy_with("non_lora_state_dict.safetensors", &dump);
    let said = warnings(root.path());
    assert!(said.contains("inv_freq is not merged: a buffer"), "{said}");
    proven(&toy_request(root.path()));
}

#[test]
fn shards_are_read_with_an_index_and_without_and_missing_ones_are_named() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    proven(&toy_request(root.path()));
    let expected = tensor(root.path(), "model.layers.1.proj.weight");
    std::fs::remove_dir_all(root.path().join("merged")).unwrap();
    let adapter = root.path().join("adapter");
    std::fs::remove_file(adapter.join("adapter_model.safetensors")).unwrap();
    let mut weight_map = serde_json::Map::new();
    let names = [1, 2].map(|index| format!("adapter_model-{index:05}-of-00002.safetensors"));
    for (layer, shard) in names.iter().enumerate() {
        let mut file = FileBuilder::default();
        for (factor, shape, seed) in [("lora_A", [2, 4], 10), ("lora_B", [6, 2], 20)] {
            let name = format!("base_model.model.model.layers.{layer}.proj.{factor}.weight");
            file = file.f32(&name, &shape, noise(seed + layer));
            weight_map.insert(name, json!(shard));
        }
        put(&adapter.join(shard), file.build());
    }
    let index = adapter.join("adapter_model.safetensors.index.json");
    for has_index in [false, true] {
        if has_index {
            put(&index, json!({"metadata": {}, "weight_map": weight_map}).to_string());
        }
        proven(&toy_request(root.path()));
        assert_eq!(tensor(root.path(), "model.layers.1.proj.weight"), expected);
        std::fs::remove_dir_all(root.path().join("merged")).unwrap();
    }
    std::fs::remove_file(adapter.join(&names[1])).unwrap();
    assert!(plan_error(root.path()).to_string().contains(&names[1]));
    std::fs::remove_file(index).unwrap();
    assert!(plan_error(root.path()).to_string().contains(&names[1]));
}

/// Codes of finite values: every magnitude below the format's top exponent, both signs.
fn codes(count: usize, seed: usize) -> Vec<u8> {
    (0..count).map(|at| u8::try_from((at * 37 + seed * 11) % 0x78 + at % 2 * 0x80).unwrap()).collect()
}

#[test]
fn eight_bit_floats_are_the_same_factors_in_float16() {
    for (dtype, widen) in [
        ("F8_E5M2", (|code| f16::from_bits(u16::from(code) << 8)) as fn(u8) -> f16),
        ("F8_E4M3", |code| {
            f16::from_f32(f16::from_bits(u16::from(code & 0x80) << 8 | u16::from(code & 0x7f) << 7).to_f32() * 256.0)
        }),
    ] {
        let file = |is_narrow: bool| {
            (0..2).fold(FileBuilder::default(), |file, layer| {
                [("lora_A", [2, 4]), ("lora_B", [6, 2])].into_iter().fold(file, |file, (factor, shape)| {
                    let name = format!("base_model.model.model.layers.{layer}.proj.{factor}.weight");
                    let codes = codes(shape[0] * shape[1], layer);
                    let wide = || codes.iter().flat_map(|code| widen(*code).to_le_bytes()).collect();
                    let (dtype, data) = if is_narrow { (dtype, codes.clone()) } else { ("F16", wide()) };
                    file.raw(&name, dtype, &shape, data)
                })
            })
        };
        let merge = |is_narrow| {
            let root = tempfile::tempdir().unwrap();
            put_toy(root.path());
            put(&root.path().join("adapter/adapter_model.safetensors"), file(is_narrow).build());
            let said = warnings(root.path());
            assert_eq!(said.contains(&format!("4 tensors stored as {dtype}")), is_narrow, "{said}");
            proven(&toy_request(root.path()));
            tensor(root.path(), "model.layers.1.proj.weight")
        };
        assert_eq!(merge(true), merge(false), "{dtype}");
    }
}

#[test]
fn an_adapter_that_is_quantised_itself_is_refused() {
    let name = "base_model.model.model.layers.0.proj.lora_A";
    for (weight, scale) in [("F8_E4M3", "weight_scale"), ("F8_E4M3", "weight_scale_inv"), ("I8", "weight.absmax")] {
        let root = tempfile::tempdir().unwrap();
        put_toy(root.path());
        let file = FileBuilder::default().raw(&format!("{name}.weight"), weight, &[2, 4], vec![1; 8]).f32(
            &format!("{name}.{scale}"),
            &[1],
            |_| 0.5,
        );
        put(&root.path().join("adapter/adapter_model.safetensors"), file.build());
        let error = plan_error(root.path());
        assert!(error.to_string().contains(&format!("quantised itself ({name}.{scale})")), "{error}");
    }
}

#[test]
fn dora_without_the_magnitudes_of_one_module_is_refused() {
    let magnitude = |layer: usize| format!("base_model.model.model.layers.{layer}.proj.lora_magnitude_vector");
    for uses_dora in [true, false] {
        let root = tempfile::tempdir().unwrap();
        put_toy(root.path());
        let mut config = toy_adapter_config();
        config["use_dora"] = json!(uses_dora);
        put(&root.path().join("adapter/adapter_config.json"), config.to_string());
        let one = toy_adapter_file().f32(&magnitude(0), &[6], |_| 1.0);
        put(&root.path().join("adapter/adapter_model.safetensors"), one.build());
        let error = plan_error(root.path()).to_string();
        assert!(error.contains("model.layers.1.proj has factors, but no lora_magnitude_vector"), "{error}");
        put(&root.path().join("adapter/adapter_model.safetensors"), one.f32(&magnitude(1), &[6], |_| 1.0).build());
        proven(&toy_request(root.path()));
    }
}

#[test]
fn an_adapter_folder_with_a_full_model_alone_is_no_adapter() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    let adapter = root.path().join("adapter");
    std::fs::rename(adapter.join("adapter_model.safetensors"), adapter.join("model.safetensors")).unwrap();
    let error = Adapter::open(&adapter).unwrap_err();
    assert!(matches!(error, AdapterError::OnlyFullWeights { file: "model.safetensors", .. }), "{error}");
}

#[test]
fn an_adapter_of_the_bases_own_is_named() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    put(&root.path().join("base/adapter_config.json"), toy_adapter_config().to_string());
    put(&root.path().join("base/adapter_model.safetensors"), toy_adapter_file().build());
    let said = warnings(root.path());
    assert!(said.contains("the base's folder holds an adapter of its own"), "{said}");
    let mut request = toy_request(root.path());
    request.adapters[0].path = root.path().join("base");
    let plan = MergePlan::new(&request).unwrap();
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
}

/// However `matching` places tensors, a file that it never saw is missed.
#[test]
fn a_merge_without_the_file_beside_the_adapter_fails() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    merged(&toy_request(root.path()));
    assert!(judged(root.path()).is_passed());
    put(&root.path().join("adapter/non_lora.safetensors"), norm(40).build());
    let report = judged(root.path());
    let check = report.checks.iter().find(|check| check.question == Question::NothingLeftOut).unwrap();
    assert_eq!(check.outcome, Outcome::Failed);
    assert!(check.details[0].to_string().contains("non_lora.safetensors holds 1 trained tensor"), "{check:?}");
}
