//! What may be pointed at: folders, single files, entries of the Hugging Face cache, trainers' folders, mlx-lm adapters.

use std::path::{Path, PathBuf};

use lorafuse::{
    adapter::{Adapter, AdapterError, FoundIn, suggested_in},
    checkpoint::{Checkpoint, CheckpointError},
    error::Hint as _,
    plan::{MergePlan, MergeRequest},
};
use serde_json::json;

use crate::support::{
    self, FileBuilder, noise, put, put_toy, toy_adapter_config, toy_adapter_file, toy_base_file, toy_request,
};

/// A cache entry of the toy's base, as `huggingface_hub` lays it out: snapshots of links into blobs.
fn put_cache_entry(cache: &Path, id: &str, commit: &str) -> PathBuf {
    let entry = cache.join(format!("models--{}", id.replace('/', "--")));
    let snapshot = entry.join("snapshots").join(commit);
    put(&entry.join("refs/main"), format!("{commit}\n"));
    put(&entry.join("blobs/config"), r#"{"model_type": "toy", "architectures": ["ToyForCausalLM"]}"#);
    put(&entry.join("blobs/weights"), toy_base_file().build());
    std::fs::create_dir_all(&snapshot).unwrap();
    link(&snapshot, "config", "config.json");
    link(&snapshot, "weights", "model.safetensors");
    entry
}

fn link(snapshot: &Path, blob: &str, name: &str) {
    #[cfg(unix)]
    std::os::unix::fs::symlink(Path::new("../../blobs").join(blob), snapshot.join(name)).unwrap();
    // Without the right to make links, huggingface_hub puts copies there too.
    #[cfg(not(unix))]
    put(&snapshot.join(name), std::fs::read(snapshot.join("../../blobs").join(blob)).unwrap());
}

#[test]
fn a_cache_entry_opens_as_its_main_snapshot() {
    let root = tempfile::tempdir().unwrap();
    let entry = put_cache_entry(root.path(), "org/toy", "abc");
    std::fs::create_dir_all(entry.join("snapshots/older")).unwrap();
    for path in [entry.clone(), entry.join("snapshots"), entry.join("snapshots/abc")] {
        let base = Checkpoint::open(&path).unwrap();
        assert_eq!((base.name().as_str(), base.tensors().len()), ("org/toy", 4), "{}", path.display());
    }
    std::fs::remove_file(entry.join("refs/main")).unwrap();
    let error = Checkpoint::open(&entry).unwrap_err();
    assert!(
        matches!(&error, CheckpointError::SeveralSnapshots { snapshots, .. } if snapshots == &["abc", "older"]),
        "{error}"
    );
    std::fs::remove_dir(entry.join("snapshots/older")).unwrap();
    Checkpoint::open(&entry).unwrap();
    std::fs::remove_dir_all(entry.join("snapshots/abc")).unwrap();
    assert!(matches!(Checkpoint::open(&entry).unwrap_err(), CheckpointError::NoSnapshot { .. }));
}

#[test]
fn a_download_that_is_not_complete_is_named() {
    let root = tempfile::tempdir().unwrap();
    let entry = put_cache_entry(root.path(), "org/toy", "abc");
    std::fs::remove_file(entry.join("snapshots/abc/model.safetensors")).unwrap();
    #[cfg(unix)]
    link(&entry.join("snapshots/abc"), "gone", "model.safetensors");
    put(&entry.join("blobs/1234.incomplete"), "half");
    let error = Checkpoint::open(&entry).unwrap_err();
    assert!(matches!(&error, CheckpointError::IncompleteSnapshot { partial_download_count: 1, .. }), "{error}");
    #[cfg(unix)]
    assert!(error.to_string().contains("model.safetensors missing, 1 download broken off"), "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn one_weight_file_is_a_base_with_its_config_beside_it() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    let base = root.path().join("base");
    let other = base.join("other.safetensors");
    put(&other, toy_base_file().build());
    let opened = Checkpoint::open(&other).unwrap();
    assert_eq!(opened.files()[0].name(), "other.safetensors");
    let request = MergeRequest { base: other.clone(), ..toy_request(root.path()) };
    drop(support::merged(&request));
    assert_eq!(Checkpoint::open(&request.output).unwrap().tensors().len(), 4);
    std::fs::remove_file(base.join("config.json")).unwrap();
    assert!(matches!(Checkpoint::open(&other).unwrap_err(), CheckpointError::NoConfig { .. }));
}

#[test]
fn a_shard_stands_for_its_folder() {
    let base = support::golden("llama-lora/base");
    let whole = Checkpoint::open(&base).unwrap();
    let by_shard = Checkpoint::open(&base.join("model-00002-of-00006.safetensors")).unwrap();
    assert_eq!(by_shard.tensors().len(), whole.tensors().len());
}

#[test]
fn a_trainers_folder_lists_its_checkpoints_and_takes_the_only_one() {
    let root = tempfile::tempdir().unwrap();
    let put_checkpoint = |name: &str| {
        put(&root.path().join(name).join("adapter_config.json"), toy_adapter_config().to_string());
        put(&root.path().join(name).join("adapter_model.safetensors"), toy_adapter_file().build());
    };
    put_checkpoint("checkpoint-90");
    assert!(Adapter::open(root.path()).unwrap().root().ends_with("checkpoint-90"));
    put_checkpoint("checkpoint-100");
    let error = Adapter::open(root.path()).unwrap_err();
    assert!(matches!(&error, AdapterError::NoConfig { .. }), "{error}");
    assert_eq!(error.hint().as_deref(), Some("adapters lie below it, name one: checkpoint-100, checkpoint-90"));
    let file = root.path().join("checkpoint-90/adapter_model.safetensors");
    assert_eq!(Adapter::open(&file).unwrap().tensor_count(), 4);
}

#[test]
fn the_base_that_an_adapter_names_is_found_and_never_fetched() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    let cache = root.path().join("cache");
    let suggestion = |name: &str, revision: Option<&str>| {
        let mut config = toy_adapter_config();
        config["base_model_name_or_path"] = json!(name);
        config["revision"] = json!(revision);
        put(&root.path().join("adapter/adapter_config.json"), config.to_string());
        let adapter = Adapter::open(&root.path().join("adapter")).unwrap();
        suggested_in(std::slice::from_ref(&cache), &adapter).into_iter().next()
    };
    assert_eq!(suggestion("org/unknown", None), None);
    put_cache_entry(&cache, "org/toy", "abc");
    let found = suggestion("org/toy", None).unwrap();
    assert_eq!(found.found_in, FoundIn::HubCache);
    assert!(found.path.ends_with("snapshots/abc"));
    assert_eq!(suggestion("org/toy", Some("def")), None, "another revision is another base");
    assert_eq!(suggestion("org/toy-bnb-4bit", None).unwrap().name, "org/toy", "the 16-bit original");
    put_cache_entry(&cache, "org/toy-bnb-4bit", "ghi");
    assert_eq!(suggestion("org/toy-bnb-4bit", None).unwrap().name, "org/toy-bnb-4bit", "what training saw comes first");
    assert_eq!(suggestion("org/base", None).unwrap().found_in, FoundIn::Neighbour);
    assert_eq!(suggestion("../base", None).unwrap().found_in, FoundIn::NamedPath);
    assert_eq!(suggestion("../../../../etc", None), None);
    assert!(suggestion("org/toy", None).unwrap().missing.is_empty());
    let snapshot = found.path;
    std::fs::remove_file(snapshot.join("model.safetensors")).unwrap();
    assert_eq!(suggestion("org/toy", None).unwrap().missing, ["model.safetensors"]);
    let index = json!({"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}});
    put(&snapshot.join("model.safetensors.index.json"), index.to_string());
    put(&snapshot.join("model-1.safetensors"), "");
    let incomplete = suggestion("org/toy", None).unwrap();
    assert_eq!(incomplete.missing, ["model-2.safetensors"], "of a download that was broken off");

    assert_eq!(suggestion("org/base", None).unwrap().found_in, FoundIn::Neighbour);
    let inspected = || String::from_utf8(support::lorafuse(root.path(), &["inspect", "adapter"]).stdout).unwrap();
    assert!(!inspected().contains("incomplete"), "{}", inspected());
    std::fs::remove_file(root.path().join("base/model.safetensors")).unwrap();
    assert!(inspected().contains("incomplete: model.safetensors is missing"), "{}", inspected());
}

/// The toy's adapter in mlx-lm's form.
fn put_mlx(root: &Path, config: &serde_json::Value) {
    let transposed = |rows: usize, columns: usize, seed: usize| {
        move |index: usize| noise(seed)(index % rows * columns + index / rows)
    };
    let mut file = FileBuilder::default();
    for layer in 0..2 {
        let module = format!("model.layers.{layer}.proj");
        file = file.f32(&format!("{module}.lora_a"), &[4, 2], transposed(2, 4, 10 + layer)).f32(
            &format!("{module}.lora_b"),
            &[2, 6],
            transposed(6, 2, 20 + layer),
        );
    }
    put(&root.join("mlx/adapters.safetensors"), file.build());
    put(&root.join("mlx/adapter_config.json"), config.to_string());
}

#[test]
fn an_mlx_adapter_merges_as_its_peft_twin() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    // The twin has lora_alpha 4 on rank 2.
    let config = json!({"fine_tune_type": "lora", "num_layers": 2, "model": "org/toy", "lora_parameters": {"rank": 2, "scale": 2.0, "dropout": 0.0}});
    put_mlx(root.path(), &config);
    let twin = toy_request(root.path());
    let ours = MergeRequest::new(&twin.base, root.path().join("mlx"), root.path().join("ours"));
    let plan = MergePlan::new(&ours).unwrap();
    assert!(plan.warnings.iter().any(|warning| warning.to_string().contains("scale 2 read as lora_alpha 4 on rank 2")));
    for request in [&twin, &ours] {
        drop(support::merged(request));
    }
    let [twin, ours] = [&twin, &ours].map(|request| Checkpoint::open(&request.output).unwrap());
    for name in twin.tensors().keys() {
        assert_eq!(support::bytes(&ours, name), support::bytes(&twin, name), "{name}");
    }
}

#[test]
fn mlx_runs_that_are_no_adapters_are_named() {
    let root = tempfile::tempdir().unwrap();
    let error = |config: serde_json::Value| {
        put_mlx(root.path(), &config);
        Adapter::open(&root.path().join("mlx")).unwrap_err()
    };
    let full = error(json!({"fine_tune_type": "full", "lora_parameters": {"rank": 2, "scale": 2.0}}));
    assert!(
        matches!(&full, AdapterError::Unsupported { feature, .. } if feature.to_string().contains("full")),
        "{full}"
    );
    let scale = error(json!({"fine_tune_type": "lora", "lora_parameters": {"rank": 2}}));
    assert!(matches!(scale, AdapterError::MissingKey { key: "lora_parameters.scale", .. }));
}

#[test]
fn experts_of_an_mlx_adapter_become_their_own_modules() {
    let root = tempfile::tempdir().unwrap();
    put_mlx(root.path(), &json!({"fine_tune_type": "lora", "lora_parameters": {"rank": 2, "scale": 1.0}}));
    for a_shape in [&[3, 2, 4][..], &[6, 4]] {
        let file = FileBuilder::default().f32("model.layers.0.mlp.switch_mlp.up_proj.lora_a", a_shape, noise(1)).f32(
            "model.layers.0.mlp.switch_mlp.up_proj.lora_b",
            &[3, 6, 2],
            noise(2),
        );
        put(&root.path().join("mlx/adapters.safetensors"), file.build());
        let adapter = Adapter::open(&root.path().join("mlx")).unwrap();
        let modules: Vec<&str> = adapter.targets().iter().map(|target| target.module.as_str()).collect();
        assert_eq!(modules, [0, 1, 2].map(|expert| format!("model.layers.0.mlp.experts.{expert}.up_proj")));
        let second = adapter.targets()[1].tensors();
        let expected: Vec<f32> = (8..16).map(noise(1)).collect();
        assert_eq!(second[0].read_all().unwrap(), expected);
        assert_eq!(second[1].read_all().unwrap(), (12..24).map(noise(2)).collect::<Vec<_>>());
    }
}

/// mlx-lm calls the layers of every mixture by the same names, whatever the checkpoint does.
#[test]
fn experts_of_an_mlx_adapter_land_under_the_names_of_the_disk() {
    let (root, features, hidden, rank) = (tempfile::tempdir().unwrap(), 5, 4, 2);
    let layer = "model.layers.0.block_sparse_moe";
    let leaves = [
        ("w1", "gate_proj", features, hidden),
        ("w3", "up_proj", features, hidden),
        ("w2", "down_proj", hidden, features),
    ];
    let (mut base, mut file) = (FileBuilder::default(), FileBuilder::default());
    for (index, (disk, mlx, out, inner)) in leaves.into_iter().enumerate() {
        for expert in 0..3 {
            base =
                base.f32(&format!("{layer}.experts.{expert}.{disk}.weight"), &[out, inner], noise(10 * index + expert));
        }
        file = file.f32(&format!("{layer}.switch_mlp.{mlx}.lora_a"), &[3, rank, inner], noise(100 + index)).f32(
            &format!("{layer}.switch_mlp.{mlx}.lora_b"),
            &[3, out, rank],
            noise(200 + index),
        );
    }
    let config = json!({"model_type": "mixtral", "architectures": ["MixtralForCausalLM"]});
    support::put_model(root.path(), &config, &base);
    put(&root.path().join("adapter/adapters.safetensors"), file.build());
    let config = json!({"fine_tune_type": "lora", "lora_parameters": {"rank": rank, "scale": 3.0}});
    put(&root.path().join("adapter/adapter_config.json"), config.to_string());
    let merged = support::proven(&toy_request(root.path()));
    for (index, (disk, _, out, inner)) in leaves.into_iter().enumerate() {
        for expert in 0..3 {
            let name = format!("{layer}.experts.{expert}.{disk}.weight");
            let a = |k: usize, column: usize| support::noise_at(100 + index, (expert * rank + k) * inner + column);
            let b = |row: usize, k: usize| support::noise_at(200 + index, (expert * out + row) * rank + k);
            let delta = |row: usize, column: usize| (0..rank).map(|k| b(row, k) * a(k, column)).sum::<f64>();
            let expected: Vec<f64> = (0..out * inner)
                .map(|at| support::noise_at(10 * index + expert, at) + 3.0 * delta(at / inner, at % inner))
                .collect();
            support::assert_close(&name, &support::values(merged.tensor(&name).unwrap()), &expected);
        }
    }
}
