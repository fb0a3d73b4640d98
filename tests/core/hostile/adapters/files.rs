//! Files that are not what their place says, or not whole.

use std::path::Path;

use serde_json::json;

use super::fault::{Fault, config};
use crate::support::{FileBuilder, noise, put, repository, toy_adapter_file, toy_base_file, with_header};

/// All of them.
pub const FAULTS: &[Fault] = &[
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
            let fixture = repository().join("tests/pickle/scripted.bin");
            std::fs::copy(fixture, root.join("adapter/adapter_model.bin")).unwrap();
        },
        says: &["adapter_model.bin", "a program with its weights"],
    },
    Fault {
        name: "a pickle of PyTorch before 1.6",
        put: |root| {
            std::fs::remove_file(root.join("adapter/adapter_model.safetensors")).unwrap();
            let fixture = repository().join("tests/pickle/legacy.bin");
            std::fs::copy(fixture, root.join("adapter/adapter_model.bin")).unwrap();
        },
        says: &["adapter_model.bin", "1.6"],
    },
    Fault {
        name: "a whole model in the adapter's place",
        put: |root| {
            std::fs::remove_dir_all(root.join("adapter")).unwrap();
            put(&root.join("adapter/config.json"), r#"{"model_type": "toy"}"#);
            put(&root.join("adapter/model.safetensors"), toy_base_file().build());
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
