//! Cases of PEFT's own test matrix, and some beside it, against PEFT's merge: `tests/peer`, equal by the rule of
//! `tests/golden/README.md`. Where PEFT rounds twice, `once/` holds the same merge rounded once, as we do.

use lorafuse::{
    checkpoint::Checkpoint,
    job::JobContext,
    plan::{AdapterRequest, MergeRequest},
    verify::{self, VerifyRequest},
};

use crate::support::{
    equality::{assert_equals_reference, verifies},
    merged, repository,
};

macro_rules! equals_peft {
    ($($name:ident: $case:literal),* $(,)?) => {
        $(#[test] fn $name() { equals_peft($case); })*
    };
}

equals_peft! {
    boft: "custom-mlp-vanilla-mlp-1-boft",
    convolution_adalora: "custom-float16-conv2d-conv2d-1-adalora",
    convolution_oft: "custom-float16-conv2d-conv2d-3-oft",
    embedding_oft: "custom-float16-embconv1d-embedding-transformers-conv1d-2-oft",
    bd_lora: "custom-float16-mlp-bd-lora-both-a-and-b",
    convolution_lokr: "mine-conv1dbigger-lokr-conv1d-whole",
    multihead_attention: "mine-mha-mha-rslora",
    ia3_on_the_inputs_of_a_conv1d: "custom-float16-embconv1d-transformers-conv1d-2-ia3",
    conv1d_hira: "custom-conv1d-conv1d-hira",
    transformers_conv1d_vera: "custom-embconv1d-embedding-transformers-conv1d-1-vera",
    mlp_hra: "custom-mlp-vanilla-mlp-1-hra",
    mlp_miss: "custom-mlp-vanilla-mlp-1-miss",
    mlp_beft: "custom-mlp-vanilla-mlp-3-beft",
    mlp_c3a: "custom-mlp-vanilla-mlp-3-c3a",
    mlp_delora: "custom-mlp-vanilla-mlp-3-delora",
    mlp_gralora: "custom-mlp-vanilla-mlp-3-gralora",
    mlp_shira: "custom-mlp-vanilla-mlp-3-shira",
    mlp_vblora: "custom-mlp-vanilla-mlp-3-vblora",
    two_doras_on_one_layer_take_the_norm_of_the_unmerged_weight: "mine-mlp-two-dora-same",
    two_ia3_on_one_layer_multiply: "multi-mlp-ia3-same",
    ia3_multiplies_what_lora_added: "order-lora-ia3-linear",
    lora_adds_to_what_ia3_multiplied: "order-ia3-lora-linear",
    lora_adds_to_what_oft_turned: "order-oft-lora-linear",
    dora_scales_what_lora_added_by_the_norm_without_it: "order-lora-dora-linear",
    dora_above_ia3_takes_the_norm_of_what_that_leaves: "order-dora-ia3-dora-linear",
    ia3_multiplies_biases_that_another_adapter_replaced: "order-biases-ia3",
    two_hiras_multiply_the_unmerged_weight: "order-hira-hira-linear",
    two_gloras_multiply_the_unmerged_weight: "order-glora-glora-linear",
    two_doras_on_conv1d_look_at_the_unmerged_weight: "order-dora-dora-conv1d",
    dora_on_conv1d_looks_at_what_ia3_left: "order-ia3-dora-conv1d",
    two_doras_on_an_embedding_look_at_the_unmerged_weight: "order-dora-dora-embedding",
    parameters_of_an_own_model_nest_as_it_registers_them: "mine-experts3d-parameter-3d",
    granite_experts_lie_in_two_linears: "mine-granitemoe-1-small-fused",
    nemotron_experts_have_no_gate: "mine-nemotron-h-1-small-fused",
    names_that_the_model_lacks_are_ignored: "mine-qwen3-moe-1-small-fused",
    layers_of_experts_become_parameters: "mine-qwen3-moe-1-small-seven",
    mixtral_experts_have_other_names_on_disk: "experts-mixtral-bare",
    a_square_parameter_lies_as_its_class_says: "experts-mixtral-square",
    bare_names_and_layers_beside_each_other: "experts-deepseek-v3-layers",
    phimoe_experts_have_other_names_on_disk: "experts-phimoe-bare",
    a_weight_of_three_dimensions_is_a_parameter: "experts-jetmoe",
    llama4_experts_are_taken_straight: "experts-llama4-square",
    gpt_oss_experts_are_taken_transposed: "experts-gpt-oss-square",
    three_parameters_nest_as_their_shapes_say: "experts-own-three",
    a_matrix_may_be_a_parameter: "experts-own-matrix",
}

/// Merges, compares with PEFT's merge, and asks `verify` about both.
fn equals_peft(case: &str) {
    let folder = repository().join("tests/peer").join(case);
    let output = tempfile::tempdir().unwrap();
    let mut request = MergeRequest::new(folder.join("base"), folder.join("adapter"), output.path().join("merged"));
    let others = ["adapter2", "adapter3"].map(|name| folder.join(name)).into_iter().filter(|path| path.is_dir());
    request.adapters.extend(others.map(|path| AdapterRequest { path, strength: 1.0 }));
    merged(&request);
    let once = folder.join("once");
    let reference = if once.is_dir() { once } else { folder.join("merged") };
    assert_equals_reference(case, &request, &Checkpoint::open(&reference).unwrap());
    verifies(&request);
    let of_peft = VerifyRequest {
        merged: folder.join("merged"),
        base: Some(request.base.clone()),
        adapters: request.adapters.clone(),
    };
    let report = verify::run(&of_peft, &JobContext::unwatched()).unwrap();
    assert!(report.is_passed(), "{case}, as PEFT merges it: {:#?}", report.checks);
}

/// A folder that no test names would be held by none.
#[test]
fn every_case_is_held_by_a_test() {
    let source = include_str!("peer.rs");
    let entries = std::fs::read_dir(repository().join("tests/peer")).unwrap().flatten();
    let folders: Vec<String> =
        entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert!(folders.len() > 20, "{folders:?}");
    for name in folders {
        assert!(source.contains(&format!("\"{name}\"")), "no test holds {name}");
    }
}
