//! Adapters whose tensors or settings cannot be merged, or not into this base.

use serde_json::json;

use super::fault::{Fault, config, weights};
use crate::support::{FileBuilder, noise, put, toy_adapter_file, toy_base_file};

const LAYER: &str = "base_model.model.model.layers.0.proj";

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

/// All of them.
pub const FAULTS: &[Fault] = &[
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
            let base = toy_base_file().f32("model.layers.0.self_attn.qkv_proj.weight", &[12, 4], noise(41));
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
        says: &["every update", "zero", "before training"],
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
        name: "a square weight of which config and name disagree",
        put: |root| {
            let base = toy_base_file().f32("model.layers.0.q_proj.weight", &[4, 4], noise(41));
            put(&root.join("base/model.safetensors"), base.build());
            config(root, &json!({"fan_in_fan_out": true}));
            weights(root, &pair(FileBuilder::default(), "base_model.model.model.layers.0.q_proj", (4, 4)));
        },
        says: &["layers.0.q_proj", "square", "`\"fan_in_fan_out\": false`", "merge_and_unload"],
    },
    Fault {
        name: "nested parameters that fit in either order",
        put: |root| {
            let base = toy_base_file().f32("model.mix.first", &[2, 4, 4], noise(41));
            let base = base.f32("model.mix.second", &[2, 4, 4], noise(42));
            put(&root.join("base/model.safetensors"), base.build());
            config(root, &json!({"target_modules": [], "target_parameters": ["mix.first", "mix.second"]}));
            let factors = |file: FileBuilder, module: &str, seed| {
                file.f32(&format!("{module}.lora_A.weight"), &[4, 4], noise(seed)).f32(
                    &format!("{module}.lora_B.weight"),
                    &[4, 4],
                    noise(seed + 1),
                )
            };
            let file = factors(FileBuilder::default(), "base_model.model.model.mix", 5);
            weights(root, &factors(file, "base_model.model.model.mix.base_layer", 7));
        },
        says: &["parameters first, second", "in more than one order", "merge_and_unload"],
    },
    Fault {
        name: "an embedding taken apart from its twin where the class has one",
        put: |root| {
            put(
                &root.join("base/config.json"),
                r#"{"model_type": "t5", "architectures": ["T5ForConditionalGeneration"]}"#,
            );
            let base = FileBuilder::default().f32("shared.weight", &[10, 4], noise(41));
            put(&root.join("base/model.safetensors"), base.build());
            let name = "base_model.model.decoder.embed_tokens";
            let file = FileBuilder::default().f32(&format!("{name}.lora_embedding_A"), &[2, 10], noise(5));
            weights(root, &file.f32(&format!("{name}.lora_embedding_B"), &[4, 2], noise(6)));
        },
        says: &["taken apart", "the model's class has them as one", "no merged form"],
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
        name: "OSF",
        put: |root| config(root, &json!({"peft_type": "OSF"})),
        says: &["OSF", "replaces singular vectors of the base"],
    },
    Fault {
        name: "FRoD",
        put: |root| config(root, &json!({"peft_type": "FROD"})),
        says: &["FRoD", "decomposition of the base"],
    },
    Fault {
        name: "AdaMSS",
        put: |root| config(root, &json!({"peft_type": "ADAMSS"})),
        says: &["AdaMSS", "clustering"],
    },
    Fault {
        name: "KaSA",
        put: |root| config(root, &json!({"kasa_config": {"beta": 0.1}})),
        says: &["KaSA", "drops the smallest singular components"],
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
        name: "Poly",
        put: |root| config(root, &json!({"peft_type": "POLY"})),
        says: &["Poly", "every task", "no merged form"],
    },
    Fault {
        name: "Lily",
        put: |root| config(root, &json!({"peft_type": "LILY"})),
        says: &["Lily", "every input", "no merged form"],
    },
    Fault {
        name: "Shadow",
        put: |root| config(root, &json!({"peft_type": "SHADOW"})),
        says: &["Shadow", "second network", "no merged form"],
    },
    Fault {
        name: "Arrow",
        put: |root| config(root, &json!({"arrow_config": {"top_k": 1}})),
        says: &["Arrow", "depends on the input", "no merged form"],
    },
    Fault {
        name: "OFT of old PEFT",
        put: |root| {
            config(root, &json!({"peft_type": "OFT", "r": 2}));
            weights(root, &FileBuilder::default().f32(&format!("{LAYER}.oft_r"), &[2, 2, 2], noise(5)));
        },
        says: &["OFT from before PEFT 0.16", "merge_and_unload"],
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
            let base = toy_base_file().f32("model.conv.weight", &[6, 2, 3], noise(41));
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
            let base = toy_base_file().f32("model.conv.weight", &[6, 2, 3], noise(41));
            put(&root.join("base/model.safetensors"), base.build());
            let file = toy_adapter_file().f32(&format!("{name}.lora_A.weight"), &[2, 4, 3], noise(5));
            weights(root, &file.f32(&format!("{name}.lora_B.weight"), &[6, 2, 1], noise(6)));
        },
        says: &["model.conv", "2 groups", "no merged form"],
    },
];
