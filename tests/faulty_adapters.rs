//! Adapters that cannot be merged, each through the program as people run it: the message names the tensor or key, the
//! reason and the next step, and nothing is written. `tests/expected/faulty-adapters.md` is the table of all messages;
//! `UPDATE_EXPECTED=1` writes it anew.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test in folders of its own")]

mod common;

use std::{fmt::Write as _, path::Path, process::Command};

use common::{FileBuilder, listing, noise, put, put_toy, toy_adapter_config, toy_adapter_file, with_header};
use serde_json::{Value, json};

const LAYER: &str = "base_model.model.model.layers.0.proj";

/// One fault: its name, how the toy pair gets it, and what the message must contain.
struct Fault {
    name: &'static str,
    put: fn(&Path),
    says: &'static [&'static str],
}

fn weights(root: &Path, file: &FileBuilder) {
    put(&root.join("adapter/adapter_model.safetensors"), file.build());
}

fn config(root: &Path, changes: &Value) {
    let mut config = toy_adapter_config();
    for (key, value) in changes.as_object().unwrap() {
        config[key] = value.clone();
    }
    put(&root.join("adapter/adapter_config.json"), config.to_string());
}

/// A rank-2 pair for `module`, which maps `columns` features to `rows`.
fn pair(file: FileBuilder, module: &str, (rows, columns): (usize, usize)) -> FileBuilder {
    file.f32(&format!("{module}.lora_A.weight"), &[2, columns], noise(31)).f32(
        &format!("{module}.lora_B.weight"),
        &[rows, 2],
        noise(32),
    )
}

/// The factors of layer 0, with `a` and `b` in place of ordinary values.
fn factors(a: impl Fn(usize) -> f32, b: impl Fn(usize) -> f32) -> FileBuilder {
    FileBuilder::default().f32(&format!("{LAYER}.lora_A.weight"), &[2, 4], a).f32(
        &format!("{LAYER}.lora_B.weight"),
        &[6, 2],
        b,
    )
}

const FAULTS: &[Fault] = &[
    Fault {
        name: "keys of another spelling",
        put: |root| weights(root, &pair(toy_adapter_file(), "base_model.model.model.layers.0.prj", (6, 4))),
        says: &["4 of 6 adapter tensors", "model.layers.0.prj", "nearest: model.layers.0.proj"],
    },
    Fault {
        name: "keys of the vision part",
        put: |root| weights(root, &pair(toy_adapter_file(), "base_model.model.vision_tower.layers.0.proj", (6, 4))),
        says: &["vision_tower", "the base is the text-only one"],
    },
    Fault {
        name: "layers that the base has not",
        put: |root| {
            put(
                &root.join("base/config.json"),
                r#"{"model_type": "toy", "architectures": ["ToyForCausalLM"], "num_hidden_layers": 2}"#,
            );
            weights(root, &pair(toy_adapter_file(), "base_model.model.model.layers.7.proj", (6, 4)));
        },
        says: &["layers.7.proj", "only 2 layers"],
    },
    Fault {
        name: "another model's shapes",
        put: |root| weights(root, &pair(FileBuilder::default(), LAYER, (6, 8))),
        says: &["6 × 8", "6 × 4", "org/toy"],
    },
    Fault {
        name: "a split projection where the base has it fused",
        put: |root| {
            let base = common::toy_base_file().f32("model.layers.0.self_attn.qkv_proj.weight", &[12, 4], noise(41));
            put(&root.join("base/model.safetensors"), base.build());
            weights(root, &pair(toy_adapter_file(), "base_model.model.model.layers.0.self_attn.q_proj", (4, 4)));
        },
        says: &["self_attn.q_proj", "as a part of model.layers.0.self_attn.qkv_proj"],
    },
    Fault {
        name: "lora_A without lora_B",
        put: |root| weights(root, &toy_adapter_file().f32("x.lora_A.weight", &[2, 4], noise(1))),
        says: &["x has factors, but no lora_B"],
    },
    Fault {
        name: "lora_B without lora_A",
        put: |root| weights(root, &toy_adapter_file().f32("x.lora_B.weight", &[6, 2], noise(1))),
        says: &["x has factors, but no lora_A"],
    },
    Fault {
        name: "factors of different ranks",
        put: |root| {
            let file = FileBuilder::default().f32(&format!("{LAYER}.lora_A.weight"), &[2, 4], noise(1));
            weights(root, &file.f32(&format!("{LAYER}.lora_B.weight"), &[6, 3], noise(2)));
        },
        says: &["lora_A.weight 2 × 4", "lora_B.weight 6 × 3"],
    },
    Fault {
        name: "a rank that the config denies",
        put: |root| config(root, &json!({"r": 8})),
        says: &["model.layers.0.proj has rank 2, its config says 8"],
    },
    Fault {
        name: "no lora_alpha",
        put: |root| config(root, &json!({"lora_alpha": null})),
        says: &["lora_alpha", "adapter/adapter_config.json"],
    },
    Fault {
        name: "tensors without elements (ZeRO-3)",
        put: |root| weights(root, &toy_adapter_file().raw("x.lora_A.weight", "F32", &[0, 4], vec![])),
        says: &["x.lora_A.weight", "without a single element"],
    },
    Fault {
        name: "every lora_B zero",
        put: |root| weights(root, &factors(noise(1), |_| 0.0)),
        says: &["lora_B", "zero"],
    },
    Fault {
        name: "NaN in a factor",
        put: |root| weights(root, &factors(|index| if index == 3 { f32::NAN } else { 0.5 }, noise(2))),
        says: &["layers.0.proj.lora_A.weight", "NaN"],
    },
    Fault {
        name: "infinity in a factor",
        put: |root| weights(root, &factors(noise(1), |index| if index == 3 { f32::INFINITY } else { 0.5 })),
        says: &["layers.0.proj.lora_B.weight", "infinity"],
    },
    Fault {
        name: "integer factors",
        put: |root| {
            let file = FileBuilder::default().raw(&format!("{LAYER}.lora_A.weight"), "I32", &[2, 4], vec![0; 32]);
            weights(root, &file.raw(&format!("{LAYER}.lora_B.weight"), "I32", &[6, 2], vec![0; 48]));
        },
        says: &["layers.0.proj.lora_A.weight", "I32"],
    },
    Fault {
        name: "two adapters in one file",
        put: |root| {
            let name = format!("{LAYER}.lora_A.second.weight");
            weights(root, &toy_adapter_file().f32(&name, &[2, 4], noise(3)));
        },
        says: &["lora_A.second.weight", "more than one adapter"],
    },
    Fault {
        name: "a factor that no method has",
        put: |root| weights(root, &toy_adapter_file().f32(&format!("{LAYER}.lora_diag"), &[2], noise(3))),
        says: &["lora_diag", "unknown to the adapter's method"],
    },
    Fault {
        name: "a trained bias for a layer without one",
        put: |root| weights(root, &toy_adapter_file().f32(&format!("{LAYER}.lora_B.bias"), &[6], noise(3))),
        says: &["lora_B.bias", "no bias in it"],
    },
    Fault {
        name: "a full copy of another width",
        put: |root| weights(root, &toy_adapter_file().f32("base_model.model.model.norm.weight", &[5], noise(3))),
        says: &["model.norm.weight", "the adapter is for 5, the base has 4"],
    },
    Fault {
        name: "a grown vocabulary without its rows",
        put: |root| {
            let name = "base_model.model.model.embed_tokens";
            let file = toy_adapter_file().f32(&format!("{name}.lora_embedding_A"), &[2, 12], noise(5));
            weights(root, &file.f32(&format!("{name}.lora_embedding_B"), &[4, 2], noise(6)));
        },
        says: &["embed_tokens", "resized the vocabulary to 12 rows", "the base has 10", "save_embedding_layers"],
    },
    Fault {
        name: "PiSSA, unconverted",
        put: |root| config(root, &json!({"init_lora_weights": "pissa"})),
        says: &["PiSSA", "init_lora_weights", "path_initial_model_for_weight_conversion"],
    },
    Fault {
        name: "LoftQ",
        put: |root| config(root, &json!({"init_lora_weights": "loftq"})),
        says: &["LoftQ", "quantised approximation"],
    },
    Fault {
        name: "CorDA",
        put: |root| config(root, &json!({"init_lora_weights": "corda"})),
        says: &["CorDA", "calibration"],
    },
    Fault {
        name: "LoRA-GA",
        put: |root| config(root, &json!({"init_lora_weights": "lora_ga"})),
        says: &["LoRA-GA", "gradients"],
    },
    Fault {
        name: "PSOFT",
        put: |root| config(root, &json!({"peft_type": "PSOFT"})),
        says: &["PSOFT", "signs", "merge_and_unload"],
    },
    Fault {
        name: "RandLoRA without its bases",
        put: |root| {
            config(root, &json!({"peft_type": "RANDLORA", "randlora_alpha": 20, "save_projection": false}));
            let module = "base_model.model.model.layers.0.proj";
            let file = FileBuilder::default().f32(&format!("{module}.randlora_lambda"), &[2, 2], noise(1)).f32(
                &format!("{module}.randlora_gamma"),
                &[2, 4],
                noise(2),
            );
            weights(root, &file);
        },
        says: &["RandLoRA", "save_projection"],
    },
    Fault {
        name: "VeRA without its projections",
        put: |root| {
            config(root, &json!({"peft_type": "VERA", "save_projection": false}));
            let scales = FileBuilder::default().f32(&format!("{LAYER}.vera_lambda_b"), &[6], noise(33));
            weights(root, &scales.f32(&format!("{LAYER}.vera_lambda_d"), &[2], noise(34)));
        },
        says: &["VeRA", "save_projection"],
    },
    Fault {
        name: "X-LoRA",
        put: |root| config(root, &json!({"peft_type": "XLORA"})),
        says: &["X-LoRA", "no merged form"],
    },
    Fault {
        name: "prompt tuning",
        put: |root| config(root, &json!({"peft_type": "PROMPT_TUNING"})),
        says: &["prompt tuning", "no merged form"],
    },
    Fault {
        name: "activated LoRA",
        put: |root| config(root, &json!({"alora_invocation_tokens": [1, 2]})),
        says: &["aLoRA", "depends on the prompt"],
    },
    Fault {
        name: "layer replication",
        put: |root| config(root, &json!({"layer_replication": [[0, 2], [1, 2]]})),
        says: &["layer replication", "build the deeper base first"],
    },
    Fault {
        name: "a config that is no JSON",
        put: |root| put(&root.join("adapter/adapter_config.json"), "{oops"),
        says: &["adapter_config.json"],
    },
    Fault {
        name: "no config",
        put: |root| {
            std::fs::remove_dir_all(root.join("adapter")).unwrap();
            put(&root.join("adapter/README.md"), "An adapter.");
        },
        says: &["adapter_config.json"],
    },
    Fault {
        name: "a download that broke off",
        put: |root| {
            let whole = toy_adapter_file().build();
            put(&root.join("adapter/adapter_model.safetensors"), &whole[..whole.len() - 20]);
        },
        says: &["truncated", "adapter_model.safetensors"],
    },
    Fault {
        name: "a header of 2^60 bytes",
        put: |root| {
            let mut file = with_header(b"{}");
            file[..8].copy_from_slice(&(1_u64 << 60).to_le_bytes());
            put(&root.join("adapter/adapter_model.safetensors"), file);
        },
        says: &["the header claims 1.15 EB", "adapter_model.safetensors"],
    },
    Fault {
        name: "a TorchScript archive",
        put: |root| {
            std::fs::remove_file(root.join("adapter/adapter_model.safetensors")).unwrap();
            let fixture = common::repository().join("tests/pickle/scripted.bin");
            std::fs::copy(fixture, root.join("adapter/adapter_model.bin")).unwrap();
        },
        says: &["adapter_model.bin", "a program with its weights"],
    },
    Fault {
        name: "a pickle of PyTorch before 1.6",
        put: |root| {
            std::fs::remove_file(root.join("adapter/adapter_model.safetensors")).unwrap();
            let fixture = common::repository().join("tests/pickle/legacy.bin");
            std::fs::copy(fixture, root.join("adapter/adapter_model.bin")).unwrap();
        },
        says: &["adapter_model.bin", "1.6"],
    },
    Fault {
        name: "a whole model in the adapter's place",
        put: |root| {
            std::fs::remove_dir_all(root.join("adapter")).unwrap();
            put(&root.join("adapter/config.json"), r#"{"model_type": "toy"}"#);
            put(&root.join("adapter/model.safetensors"), common::toy_base_file().build());
        },
        says: &["this folder holds a full model"],
    },
    Fault {
        name: "a full fine-tune of mlx-lm",
        put: |root| {
            let config =
                json!({"fine_tune_type": "full", "model": "org/toy", "lora_parameters": {"rank": 2, "scale": 2.0}});
            put(&root.join("adapter/adapter_config.json"), config.to_string());
        },
        says: &["mlx-lm", "full", "fuse"],
    },
    Fault {
        name: "a GGUF file in the adapter's place",
        put: |root| {
            std::fs::remove_dir_all(root.join("adapter")).unwrap();
            put(&root.join("adapter/lora-f16.gguf"), b"GGUF\x03\0\0\0");
        },
        says: &["GGUF", "PEFT's own folder"],
    },
    Fault {
        name: "a GGUF file under another name",
        put: |root| put(&root.join("adapter/adapter_model.safetensors"), b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0"),
        says: &["GGUF", "PEFT's own folder"],
    },
    Fault {
        name: "a GGUF file in the base's place",
        put: |root| {
            std::fs::remove_dir_all(root.join("base")).unwrap();
            put(&root.join("base/model-Q4_K_M.gguf"), b"GGUF\x03\0\0\0");
        },
        says: &["GGUF", "original model in safetensors"],
    },
    Fault {
        name: "a pipeline of diffusers in the base's place",
        put: |root| {
            std::fs::remove_dir_all(root.join("base")).unwrap();
            put(&root.join("base/model_index.json"), r#"{"_class_name": "StableDiffusionPipeline"}"#);
            put(&root.join("base/unet/config.json"), r#"{"_class_name": "UNet2DConditionModel"}"#);
        },
        says: &["diffusers", "fuse_lora"],
    },
    Fault {
        name: "a LoRA of kohya",
        put: |root| without_config(root, "style.safetensors", "lora_unet_mid_block_attn.lora_down.weight"),
        says: &["diffusion model", "kohya"],
    },
    Fault {
        name: "a Flux LoRA of diffusers",
        put: |root| {
            let name = "transformer.single_transformer_blocks.0.attn.to_k.lora_A.weight";
            without_config(root, "pytorch_lora_weights.safetensors", name);
        },
        says: &["diffusion model", "diffusers"],
    },
    Fault {
        name: "a UNet's LoRA with PEFT's config",
        put: |root| {
            let mapping = json!({"base_model_class": "UNet2DConditionModel", "parent_library": "diffusers.models"});
            config(root, &json!({"auto_mapping": mapping, "base_model_name_or_path": "org/sd-turbo"}));
            let module = "base_model.model.down_blocks.0.attentions.0.to_q";
            weights(root, &pair(FileBuilder::default(), module, (6, 4)));
        },
        says: &["down_blocks", "diffusion model"],
    },
    Fault {
        name: "a robot's policy of LeRobot",
        put: |root| {
            let mapping = json!({"base_model_class": "PI0Policy", "parent_library": "lerobot.policies.pi0"});
            config(root, &json!({"auto_mapping": mapping}));
            weights(root, &pair(FileBuilder::default(), "base_model.model.paligemma.lm.q", (6, 4)));
        },
        says: &["PI0Policy", "lerobot"],
    },
    Fault {
        name: "another kind of model",
        put: |root| {
            weights(root, &pair(FileBuilder::default(), "base_model.model.encoder.block.9.SelfAttention.q", (6, 4)));
        },
        says: &["another kind of model", "org/toy"],
    },
    Fault {
        name: "a base of another name",
        put: |root| {
            put(&root.join("base/config.json"), r#"{"model_type": "toy", "_name_or_path": "org/bear"}"#);
            weights(root, &pair(toy_adapter_file(), "base_model.model.model.layers.0.prj", (6, 4)));
        },
        says: &["`org/toy`", "`org/bear`"],
    },
    Fault {
        name: "a grouped convolution",
        put: |root| {
            let name = "base_model.model.model.conv";
            let base = common::toy_base_file().f32("model.conv.weight", &[6, 2, 3], noise(41));
            put(&root.join("base/model.safetensors"), base.build());
            let file = toy_adapter_file().f32(&format!("{name}.lora_A.weight"), &[2, 4, 3], noise(5));
            weights(root, &file.f32(&format!("{name}.lora_B.weight"), &[6, 1, 1], noise(6)));
        },
        says: &["model.conv", "2 groups", "no merged form"],
    },
    Fault {
        name: "a grouped convolution, as older PEFT adapts it",
        put: |root| {
            let name = "base_model.model.model.conv";
            let base = common::toy_base_file().f32("model.conv.weight", &[6, 2, 3], noise(41));
            put(&root.join("base/model.safetensors"), base.build());
            let file = toy_adapter_file().f32(&format!("{name}.lora_A.weight"), &[2, 4, 3], noise(5));
            weights(root, &file.f32(&format!("{name}.lora_B.weight"), &[6, 2, 1], noise(6)));
        },
        says: &["model.conv", "2 groups", "no merged form"],
    },
    Fault {
        name: "no peft_type",
        put: |root| config(root, &json!({"peft_type": null, "lora_alpha": null})),
        says: &["peft_type", "look like LORA"],
    },
    Fault {
        name: "peft_type \"none\"",
        put: |root| config(root, &json!({"peft_type": "none"})),
        says: &["names no method", "look like LORA"],
    },
    Fault {
        name: "weights without their config",
        put: |root| std::fs::remove_file(root.join("adapter/adapter_config.json")).unwrap(),
        says: &["without the adapter_config.json", "LORA"],
    },
    Fault {
        name: "a Git LFS pointer in the place of weights",
        put: |root| put(&root.join("adapter/adapter_model.safetensors"), LFS_POINTER),
        says: &["Git LFS pointer", "git lfs pull"],
    },
    Fault {
        name: "a Git LFS pointer in the place of pickled weights",
        put: |root| {
            std::fs::remove_file(root.join("adapter/adapter_model.safetensors")).unwrap();
            put(&root.join("adapter/adapter_model.bin"), LFS_POINTER);
        },
        says: &["Git LFS pointer", "git lfs pull"],
    },
    Fault {
        name: "a Git LFS pointer in the place of the base's config",
        put: |root| put(&root.join("base/config.json"), LFS_POINTER),
        says: &["Git LFS pointer", "git lfs pull", "base/config.json"],
    },
    Fault {
        name: "a Git LFS pointer in the place of a tokenizer",
        put: |root| put(&root.join("base/tokenizer.model"), LFS_POINTER),
        says: &["Git LFS pointer", "git lfs pull", "base/tokenizer.model"],
    },
    Fault {
        name: "a web page in the place of weights",
        put: |root| put(&root.join("adapter/adapter_model.safetensors"), "<!DOCTYPE html><html>Sign in</html>"),
        says: &["a web page", "fetch the file itself"],
    },
    Fault {
        name: "an empty config",
        put: |root| put(&root.join("adapter/adapter_config.json"), ""),
        says: &["the file is empty"],
    },
    Fault {
        name: "a config that breaks off",
        put: |root| put(&root.join("adapter/adapter_config.json"), "{\n\"peft_type\": \"LORA\",\n\"r\": 2"),
        says: &["breaks off in line 3"],
    },
    Fault {
        name: "a list in the config's place",
        put: |root| put(&root.join("adapter/adapter_config.json"), "[{\"peft_type\": \"LORA\"}]"),
        says: &["something else than an object"],
    },
    Fault {
        name: "a config with a trailing comma",
        put: |root| put(&root.join("adapter/adapter_config.json"), "{\n\"peft_type\": \"LORA\",\n}"),
        says: &["trailing comma at line 3"],
    },
];

/// What `git clone` leaves without Git LFS.
const LFS_POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:aaaaaaaaaaaa\nsize 123456\n";

/// A folder that holds one file of weights with a tensor called `name`, and no config.
fn without_config(root: &Path, file: &str, name: &str) {
    std::fs::remove_dir_all(root.join("adapter")).unwrap();
    put(&root.join("adapter").join(file), FileBuilder::default().f32(name, &[2, 4], noise(1)).build());
}

/// What the program prints when the pair in `root` is merged; it must fail and leave the folder as it was.
fn message(root: &Path, fault: &Fault) -> String {
    let before = listing(root);
    let output = Command::new(env!("CARGO_BIN_EXE_lorafuse"))
        .current_dir(root)
        .args(["merge", "base", "adapter", "-o", "merged"])
        .output()
        .unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{}: {message}", fault.name);
    assert_eq!(listing(root), before, "{}: nothing is left behind", fault.name);
    assert!(output.stdout.is_empty(), "{}: stdout is data", fault.name);
    message
}

#[test]
fn every_faulty_adapter_is_refused_with_tensor_reason_and_next_step() {
    let mut table = String::from(
        "# Faulty adapters, and what `lorafuse merge` prints\n\nWritten by `tests/faulty_adapters.rs`; none of them leaves an output.\n",
    );
    assert!(FAULTS.len() >= 25);
    for fault in FAULTS {
        let root = tempfile::tempdir().unwrap();
        put_toy(root.path());
        (fault.put)(root.path());
        let message = message(root.path(), fault);
        for part in fault.says {
            assert!(message.contains(part), "{}: {part:?} is missing in\n{message}", fault.name);
        }
        assert!(message.contains("error: ") && message.contains("\nhint: "), "{}: {message}", fault.name);
        // Which device would compute depends on the build and the machine.
        let lines: Vec<&str> = message.lines().filter(|line| !line.starts_with("device: ")).collect();
        write!(table, "\n## {}\n\n```text\n{}\n```\n", fault.name, lines.join("\n")).unwrap();
    }
    let path = common::repository().join("tests/expected/faulty-adapters.md");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), table, "see {}", path.display());
}

/// The same folder, or the same tensors in another.
#[test]
fn an_adapter_that_is_given_twice_is_refused() {
    let root = tempfile::tempdir().unwrap();
    put_toy(root.path());
    for name in ["adapter_config.json", "adapter_model.safetensors"] {
        put(&root.path().join("copy").join(name), std::fs::read(root.path().join("adapter").join(name)).unwrap());
    }
    for second in ["adapter", "copy"] {
        let output = Command::new(env!("CARGO_BIN_EXE_lorafuse"))
            .current_dir(root.path())
            .args(["merge", "base", "adapter", second, "-o", "merged"])
            .output()
            .unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains("one adapter was given twice") && message.contains("give it once"), "{message}");
    }
}
