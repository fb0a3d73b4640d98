//! Adapters whose keys are spelt otherwise than the base's tensors: found by the names that transformers knows, or
//! refused with what the names suggest.

use std::path::Path;

use lorafuse::{
    adapter::Adapter,
    checkpoint::Checkpoint,
    error::Hint as _,
    matching::{Matching, OrphanReason},
    plan::{MergePlan, MergeRequest},
};
use serde_json::{Value, json};

use crate::support::{self, FileBuilder, noise, put};

/// A base with 6 × 4 matrices of these names, and an adapter with rank-2 factors for these modules.
fn put_pair(root: &Path, config: &Value, tensors: &[&str], modules: &[&str]) {
    let base = tensors
        .iter()
        .enumerate()
        .fold(FileBuilder::default(), |file, (index, name)| file.f32(name, &[6, 4], noise(index)));
    let adapter = modules.iter().enumerate().fold(FileBuilder::default(), |file, (index, module)| {
        file.f32(&format!("base_model.model.{module}.lora_A.weight"), &[2, 4], noise(50 + index)).f32(
            &format!("base_model.model.{module}.lora_B.weight"),
            &[6, 2],
            noise(90 + index),
        )
    });
    put(&root.join("base/config.json"), config.to_string());
    put(&root.join("base/model.safetensors"), base.build());
    put(&root.join("adapter/adapter_config.json"), support::toy_adapter_config().to_string());
    put(&root.join("adapter/adapter_model.safetensors"), adapter.build());
}

/// Asserts that each module lands on the tensor of the same position, by the table where `by_table`.
fn check(config: &Value, pairs: &[(&str, &str)], by_table: bool) {
    let root = tempfile::tempdir().unwrap();
    let (tensors, modules): (Vec<&str>, Vec<&str>) = pairs.iter().copied().unzip();
    put_pair(root.path(), config, &tensors, &modules);
    let base = Checkpoint::open(&root.path().join("base")).unwrap();
    let adapters = [Adapter::open(&root.path().join("adapter")).unwrap()];
    let matching = Matching::new(&base, &adapters);
    assert!(matching.is_complete(), "{config}: {:?} {:?}", matching.orphaned, matching.clashing);
    for (tensor, module) in pairs {
        let applied = matching.applied_to(tensor).unwrap_or_else(|| panic!("{tensor} does not change"));
        assert!(module.ends_with(&applied.updates[0].target_in(&adapters).module), "{module}");
    }
    assert_eq!(matching.renamed_modules[0] > 0, by_table, "{config}");
}

#[test]
fn qwen2_vl_is_found_in_both_spellings() {
    let config = json!({"model_type": "qwen2_vl", "architectures": ["Qwen2VLForConditionalGeneration"]});
    let disk = ["model.layers.0.self_attn.q_proj.weight", "visual.blocks.0.attn.qkv.weight"];
    let memory = ["model.language_model.layers.0.self_attn.q_proj", "model.visual.blocks.0.attn.qkv"];
    let old = ["model.layers.0.self_attn.q_proj", "visual.blocks.0.attn.qkv"];
    check(&config, &[(disk[0], memory[0]), (disk[1], memory[1])], true);
    check(&config, &[(disk[0], old[0]), (disk[1], old[1])], false);
    // A base that was saved in the newer spelling, an adapter from before it.
    let newer = ["model.language_model.layers.0.self_attn.q_proj.weight", "model.visual.blocks.0.attn.qkv.weight"];
    check(&config, &[(newer[0], old[0]), (newer[1], old[1])], true);
}

#[test]
fn llava_and_its_like_are_found_in_every_spelling() {
    let disk = [
        "language_model.model.layers.0.mlp.up_proj.weight",
        "vision_tower.vision_model.encoder.layers.0.mlp.fc1.weight",
        "language_model.lm_head.weight",
    ];
    for (model_type, class) in [
        ("llava", "LlavaForConditionalGeneration"),
        ("gemma3", "Gemma3ForConditionalGeneration"),
        ("paligemma", "PaliGemmaForConditionalGeneration"),
        ("mistral3", "Mistral3ForConditionalGeneration"),
    ] {
        let config = json!({
            "model_type": model_type,
            "architectures": [class],
            "text_config": {"model_type": "llama"},
            "vision_config": {"model_type": "siglip_vision_model"},
        });
        for memory in [
            [
                "model.language_model.layers.0.mlp.up_proj",
                "model.vision_tower.vision_model.encoder.layers.0.mlp.fc1",
                "lm_head",
            ],
            ["model.language_model.layers.0.mlp.up_proj", "model.vision_tower.encoder.layers.0.mlp.fc1", "lm_head"],
        ] {
            let pairs: Vec<(&str, &str)> = disk.into_iter().zip(memory).collect();
            check(&config, &pairs, true);
        }
    }
}

#[test]
fn single_renames_are_found() {
    let neox = json!({"model_type": "gpt_neox", "architectures": ["GPTNeoXForCausalLM"]});
    let layer = "gpt_neox.layers.0.attention.query_key_value";
    check(&neox, &[(&format!("{layer}.weight"), layer), ("embed_out.weight", "lm_head")], true);
    let mixtral = json!({"model_type": "mixtral", "architectures": ["MixtralForCausalLM"]});
    let query = "model.layers.0.self_attn.q_proj";
    check(
        &mixtral,
        &[
            ("model.layers.0.block_sparse_moe.gate.weight", "model.layers.0.mlp.gate"),
            (&format!("{query}.weight"), query),
        ],
        true,
    );
    let expert = "model.layers.0.block_sparse_moe.experts.3.w1";
    check(&mixtral, &[(&format!("{expert}.weight"), expert)], false);
}

#[test]
fn text_towers_and_whole_models_find_each_other() {
    let whole = json!({"model_type": "qwen3_5", "architectures": ["Qwen3_5ForConditionalGeneration"], "text_config": {"model_type": "qwen3_5_text"}});
    let tensors =
        ["model.language_model.layers.0.mlp.up_proj.weight", "model.language_model.layers.1.mlp.up_proj.weight"];
    check(&whole, &[(tensors[0], "model.layers.0.mlp.up_proj"), (tensors[1], "model.layers.1.mlp.up_proj")], true);
    let llama4 = json!({"model_type": "llama4", "architectures": ["Llama4ForConditionalGeneration"]});
    let tensors = [
        "language_model.model.layers.0.feed_forward.router.weight",
        "language_model.model.layers.1.feed_forward.router.weight",
    ];
    check(
        &llama4,
        &[(tensors[0], "model.layers.0.feed_forward.router"), (tensors[1], "model.layers.1.feed_forward.router")],
        false,
    );
    let text = json!({"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"]});
    let tensors = ["model.layers.0.mlp.up_proj.weight", "model.layers.1.mlp.up_proj.weight"];
    let modules = ["model.language_model.layers.0.mlp.up_proj", "model.language_model.layers.1.mlp.up_proj"];
    check(&text, &[(tensors[0], modules[0]), (tensors[1], modules[1])], false);
}

/// Whatever a trainer wrapped its model in stands before the names that the base has.
#[test]
fn paths_of_wrappers_are_found_beneath_them() {
    let qwen = json!({"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"]});
    let tensors = ["model.layers.0.self_attn.q_proj.weight", "model.layers.1.self_attn.q_proj.weight"];
    for wrapper in [
        "0.auto_model.",
        "0.auto_model.model.",
        "0.model.",
        "auto_model.",
        "auto_model.base_model.model.",
        "0.auto_model.base_model.model.model.",
        "pretrained_model.model.",
        "pretrained_model.base_model.model.model.",
        "llm.model.",
        "language_model.model.",
        "model.model.",
        "module.model.",
        "_orig_mod.model.",
        "",
    ] {
        let modules = [0, 1].map(|layer| format!("{wrapper}layers.{layer}.self_attn.q_proj"));
        check(&qwen, &[(tensors[0], &modules[0]), (tensors[1], &modules[1])], false);
    }
}

/// The reason for the first orphan of this pair, and the plan's message.
fn refusal(config: &Value, tensors: &[&str], modules: &[&str]) -> (OrphanReason, String) {
    let root = tempfile::tempdir().unwrap();
    put_pair(root.path(), config, tensors, modules);
    let request = MergeRequest::new(root.path().join("base"), root.path().join("adapter"), root.path().join("merged"));
    let error = MergePlan::new(&request).map(|_| ()).unwrap_err();
    assert!(error.hint().is_some());
    let base = Checkpoint::open(&request.base).unwrap();
    let adapters = [Adapter::open(&request.adapters[0].path).unwrap()];
    (Matching::new(&base, &adapters).orphaned[0].reason.clone(), error.to_string())
}

#[test]
fn what_has_no_place_is_named_with_what_that_suggests() {
    let text = json!({"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], "num_hidden_layers": 2});
    let query = "model.layers.0.self_attn.q_proj.weight";
    let (reason, message) =
        refusal(&text, &[query], &["model.visual.blocks.0.attn.qkv", "model.layers.0.self_attn.q_proj"]);
    assert_eq!(reason, OrphanReason::OtherPart { segment: "visual".to_owned(), base_is_multimodal: false });
    assert!(message.contains("2 of 4 adapter tensors have a place"), "{message}");
    assert!(message.contains("the adapter is for the multimodal model, the base is the text-only one"), "{message}");
    let (reason, _) = refusal(&text, &[query], &["model.layers.7.self_attn.q_proj"]);
    assert_eq!(reason, OrphanReason::TooFewLayers { layer_count: 2 });
    let (_, message) = refusal(&text, &[query], &["model.layers.0.self_attn.q_prjo"]);
    assert!(message.contains("(nearest: model.layers.0.self_attn.q_proj)"), "{message}");
}

#[test]
fn fused_and_split_projections_are_recognised() {
    let phi = json!({"model_type": "phi3", "architectures": ["Phi3ForCausalLM"]});
    let (reason, message) =
        refusal(&phi, &["model.layers.0.self_attn.qkv_proj.weight"], &["model.layers.0.self_attn.k_proj"]);
    assert_eq!(reason, OrphanReason::FusedInBase { fused: "model.layers.0.self_attn.qkv_proj".to_owned() });
    assert!(message.contains("as a part of model.layers.0.self_attn.qkv_proj"), "{message}");
    let parts = ["q_proj", "k_proj", "v_proj"].map(|part| format!("model.layers.0.self_attn.{part}"));
    let tensors = parts.each_ref().map(|part| format!("{part}.weight"));
    let (reason, _) = refusal(&phi, &tensors.each_ref().map(String::as_str), &["model.layers.0.self_attn.qkv_proj"]);
    assert_eq!(reason, OrphanReason::SplitInBase { parts: parts.to_vec() });
}

#[test]
fn single_experts_have_no_place_where_gate_and_up_alternate() {
    let root = tempfile::tempdir().unwrap();
    let modules = ["model.layers.0.mlp.experts.1.gate_proj"];
    put_pair(root.path(), &json!({"model_type": "gpt_oss", "architectures": ["GptOssForCausalLM"]}), &[], &modules);
    let experts = "model.layers.0.mlp.experts.gate_up_proj";
    put(&root.path().join("base/model.safetensors"), FileBuilder::default().f32(experts, &[2, 4, 6], noise(1)).build());
    let base = Checkpoint::open(&root.path().join("base")).unwrap();
    let adapters = [Adapter::open(&root.path().join("adapter")).unwrap()];
    let reason = Matching::new(&base, &adapters).orphaned[0].reason.clone();
    assert_eq!(reason, OrphanReason::ExpertsInOneTensor { tensor: experts.to_owned() });
}
