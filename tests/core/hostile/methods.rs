//! Adapters of PEFT's other methods that cannot be merged: an error that says why, before anything is written.

use lorafuse::{error::Hint as _, job::JobContext, merge, plan::MergePlan};
use serde_json::{Value, json};

use crate::support::{FileBuilder, listing, noise, put_adapter, put_model, toy_base_file, toy_config, toy_request};

const LAYER: &str = "base_model.model.model.layers.0.proj";

/// A file with these F32 tensors of the toy's first layer (6 × 4), filled with noise.
fn layer(tensors: &[(&str, &[usize])]) -> FileBuilder {
    tensors.iter().enumerate().fold(FileBuilder::default(), |file, (seed, (name, shape))| {
        file.f32(&format!("{LAYER}.{name}"), shape, noise(40 + seed))
    })
}

fn indices(file: FileBuilder, name: &str, shape: &[usize], values: &[i32]) -> FileBuilder {
    file.raw(&format!("{LAYER}.{name}"), "I32", shape, values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

/// Says that merging is refused, with `words` in the message, and that nothing is left behind.
#[expect(clippy::needless_pass_by_value, reason = "each fault writes its config out in the call")]
fn refused(config: Value, file: &FileBuilder, words: &[&str]) {
    let root = tempfile::tempdir().unwrap();
    put_model(root.path(), &toy_config(), &toy_base_file());
    put_adapter(root.path(), "adapter", &config, file);
    let before = listing(root.path());
    let request = toy_request(root.path());
    let (message, hint) = match MergePlan::resolved(&request) {
        Err(error) => (error.to_string(), error.hint()),
        Ok(plan) => {
            let error = merge::run(&plan, &JobContext::unwatched()).expect_err("a refusal");
            (error.to_string(), error.hint())
        }
    };
    for word in words {
        assert!(message.contains(word), "{config}: {word:?} is missing in {message}");
    }
    assert!(hint.is_some(), "{config}: {message}");
    assert_eq!(listing(root.path()), before, "{config}");
}

#[test]
fn a_projection_that_was_not_saved_is_not_drawn() {
    let vera = layer(&[("vera_lambda_b", &[6]), ("vera_lambda_d", &[2])]);
    refused(json!({"peft_type": "VERA", "r": 2}), &vera, &["VeRA", "save_projection"]);
    let pvera = layer(&[("pvera_lambda_b", &[6]), ("pvera_lambda_d", &[4])]);
    refused(json!({"peft_type": "PVERA", "r": 2}), &pvera, &["PVeRA", "save_projection"]);
    let small = vera.f32("base_model.vera_A", &[2, 4], noise(1)).f32("base_model.vera_B", &[5, 2], noise(2));
    refused(json!({"peft_type": "VERA", "r": 2}), &small, &["vera_B 5 × 2"]);
    let narrow = layer(&[("vera_lambda_b", &[6]), ("vera_lambda_d", &[2])])
        .f32("base_model.vera_A", &[2, 3], noise(1))
        .f32("base_model.vera_B", &[6, 2], noise(2));
    refused(json!({"peft_type": "VERA", "r": 2}), &narrow, &["6 output features", "6 × 4"]);
}

#[test]
fn elements_outside_of_the_weight_are_found_before_anything_is_written() {
    let config = || json!({"peft_type": "SHIRA", "r": 1});
    let values = || layer(&[("shira_weight", &[10])]);
    let rows = [0, 1, 2, 3, 4, 5, 0, 1, 2, 3];
    let with = |columns: [i32; 10]| indices(values(), "shira_indices", &[2, 10], &[rows, columns].concat());
    refused(config(), &with([0, 1, 2, 3, 4, 0, 1, 2, 3, 0]), &["shira_indices", "index 4", "below 4"]);
    refused(config(), &with([0, 1, 2, 3, -1, 0, 1, 2, 3, 0]), &["index -1"]);
    refused(config(), &values(), &["no shira_indices"]);
    let halves = values().f32(&format!("{LAYER}.shira_indices"), &[2, 10], |_| 0.5);
    refused(config(), &halves, &["index -1"]);
    let other_rank = indices(values(), "shira_indices", &[2, 10], &[0; 20]);
    refused(json!({"peft_type": "SHIRA", "r": 2}), &other_rank, &["5 rows and columns together", "6 × 4"]);
    let short = indices(values(), "shira_indices", &[2, 9], &[0; 18]);
    refused(config(), &short, &["shira_indices 2 × 9"]);
}

#[test]
fn a_reflection_needs_a_direction() {
    let zero = FileBuilder::default().f32(&format!("{LAYER}.hra_u"), &[4, 2], |index| (index % 2) as f32);
    refused(json!({"peft_type": "HRA", "r": 2}), &zero, &["hra_u", "without length"]);
    let twice = FileBuilder::default().f32(&format!("{LAYER}.hra_u"), &[4, 2], |index| 1.0 + (index / 2) as f32);
    refused(json!({"peft_type": "HRA", "r": 2, "apply_GS": true}), &twice, &["hra_u", "follows from the others"]);
    refused(json!({"peft_type": "HRA", "r": 2}), &layer(&[("hra_u", &[5, 2])]), &["5 input features", "6 × 4"]);
}

#[test]
fn a_bank_holds_every_vector_that_is_asked_for() {
    let config = || json!({"peft_type": "VBLORA", "r": 1, "topk": 2});
    let bank = |file: FileBuilder, vectors| file.f32("base_model.vblora_vector_bank", &[vectors, 2], noise(9));
    let logits = || layer(&[("vblora_logits_A", &[1, 2, 3]), ("vblora_logits_B", &[3, 1, 3])]);
    refused(config(), &logits(), &["no vblora_vector_bank"]);
    refused(config(), &bank(logits(), 4), &["vblora_vector_bank 4 × 2"]);
    refused(json!({"peft_type": "VBLORA", "r": 1}), &bank(logits(), 3), &["topk"]);
    refused(json!({"peft_type": "VBLORA", "r": 1, "topk": 4}), &bank(logits(), 3), &["vblora_logits_A 1 × 2 × 3"]);
    let top = layer(&[("vblora_logits_A_topk_weights", &[1, 2, 1]), ("vblora_logits_B_topk_weights", &[3, 1, 1])]);
    let top = indices(top, "vblora_logits_A_topk_indices", &[1, 2, 2], &[0, 1, 2, 3]);
    let top = indices(top, "vblora_logits_B_topk_indices", &[3, 1, 2], &[0, 1, 2, 0, 1, 2]);
    refused(config(), &bank(top, 3), &["vblora_logits_A_topk_indices", "index 3", "below 3"]);
}

#[test]
fn shapes_that_contradict_each_other_the_config_or_the_base_are_named() {
    let grid = layer(&[("gralora_A", &[2, 2, 3]), ("gralora_B", &[2, 3, 3])]);
    refused(json!({"peft_type": "GRALORA", "r": 3, "alpha": 3}), &grid, &["gralora_A 2 × 2 × 3"]);
    let grid = || layer(&[("gralora_A", &[2, 2, 4]), ("gralora_B", &[2, 4, 3])]);
    refused(json!({"peft_type": "GRALORA", "r": 8, "alpha": 3}), &grid(), &["rank 4", "says 8"]);
    refused(json!({"peft_type": "GRALORA", "r": 4}), &grid(), &["alpha"]);
    let hybrid = json!({"peft_type": "GRALORA", "r": 4, "alpha": 3, "hybrid_r": 2});
    refused(hybrid, &grid(), &["no gralora_A_general"]);

    let delora =
        layer(&[("delora_A", &[2, 4]), ("delora_B", &[6, 2]), ("delora_lambda", &[1]), ("delora_w_norm", &[4])]);
    refused(json!({"peft_type": "DELORA", "r": 4}), &delora, &["rank 2", "says 4"]);
    let delora = layer(&[("delora_A", &[2, 4]), ("delora_B", &[6, 2]), ("delora_lambda", &[1])]);
    refused(json!({"peft_type": "DELORA", "r": 2}), &delora, &["no delora_w_norm"]);

    let road = || layer(&[("road_theta", &[3]), ("road_alpha", &[3])]);
    refused(json!({"peft_type": "ROAD", "group_size": 2}), &road(), &["variant"]);
    refused(json!({"peft_type": "ROAD", "variant": "road_1", "group_size": 4}), &road(), &["road_theta 3"]);
    refused(json!({"peft_type": "ROAD", "variant": "road_2", "group_size": 3}), &road(), &["road_theta 3"]);
    let other = layer(&[("road_theta", &[8]), ("road_alpha", &[8])]);
    refused(
        json!({"peft_type": "ROAD", "variant": "road_2", "group_size": 4}),
        &other,
        &["8 output features", "6 × 4"],
    );

    let miss = |shape: &[usize]| layer(&[("miss_block", shape)]);
    refused(json!({"peft_type": "MISS", "r": 2, "init_weights": "bat"}), &miss(&[3, 2, 3]), &["miss_block 3 × 2 × 3"]);
    refused(json!({"peft_type": "MISS", "r": 2, "init_weights": "mini"}), &miss(&[2, 5]), &["multiple of 5", "6 × 4"]);
    refused(json!({"peft_type": "MISS", "r": 5}), &miss(&[5, 6]), &["6 output features", "6 × 4"]);
    refused(json!({"peft_type": "C3A", "block_size": 3}), &layer(&[("c3a_kernel", &[2, 1, 3])]), &["6 × 3", "6 × 4"]);
    refused(json!({"peft_type": "HIRA", "r": 2}), &layer(&[("hira_A", &[2, 4])]), &["no hira_B"]);
    let hira = layer(&[("hira_A", &[2, 4]), ("hira_B", &[6, 3])]);
    refused(json!({"peft_type": "HIRA", "r": 2}), &hira, &["hira_B 6 × 3"]);
}

#[test]
fn a_bias_needs_a_bias_to_be_added_to() {
    refused(json!({"peft_type": "BEFT"}), &layer(&[("beft_bias", &[1, 6])]), &["no bias"]);
    refused(json!({"peft_type": "BEFT"}), &layer(&[("beft_bias", &[2, 6])]), &["beft_bias 2 × 6"]);
}

#[test]
fn values_that_are_no_numbers_and_values_without_effect_are_named() {
    let nan = FileBuilder::default().f32(&format!("{LAYER}.c3a_kernel"), &[3, 2, 2], |_| f32::NAN);
    refused(json!({"peft_type": "C3A", "block_size": 2}), &nan, &["NaN", "c3a_kernel"]);
    let zero = FileBuilder::default().f32(&format!("{LAYER}.miss_block"), &[2, 6], |_| 0.0);
    refused(json!({"peft_type": "MISS", "r": 2}), &zero, &["zero"]);
    let untrained = FileBuilder::default().f32(&format!("{LAYER}.road_theta"), &[6], |_| 0.0).f32(
        &format!("{LAYER}.road_alpha"),
        &[6],
        |_| 1.0,
    );
    refused(json!({"peft_type": "ROAD", "variant": "road_2", "group_size": 2}), &untrained, &["zero"]);
}

#[test]
fn what_was_drawn_and_not_saved_is_named() {
    let vector = FileBuilder::default().f32("base_model.unilora_theta_d", &[8], noise(1));
    refused(json!({"peft_type": "UNILORA", "r": 2}), &vector, &["Uni-LoRA", "does not hold the indices"]);
    let values = layer(&[("supertuning_values", &[3])]);
    refused(json!({"peft_type": "SUPERTUNING"}), &values, &["Super-Tuning", "does not hold the indices"]);
    let outside = indices(values, "supertuning_indices", &[3], &[0, 7, 24]);
    refused(json!({"peft_type": "SUPERTUNING"}), &outside, &["supertuning_indices", "index 24", "below 24"]);
    let tiny = || layer(&[("tinylora_A", &[2, 4]), ("tinylora_B", &[6, 2])]);
    refused(json!({"peft_type": "TINYLORA"}), &tiny(), &["TinyLoRA", "save_projection"]);
    let own = layer(&[("tinylora_A", &[2, 4]), ("tinylora_B", &[6, 2]), ("tinylora_P", &[3, 2, 2])])
        .f32("base_model.tinylora_v.0", &[3], noise(1))
        .f32("base_model.tinylora_v.1", &[3], noise(2));
    refused(json!({"peft_type": "TINYLORA"}), &own, &["TinyLoRA", "order of the model's modules"]);
}

#[test]
fn functions_that_are_not_known_are_named() {
    let waves = || layer(&[("waveft_spectrum", &[5])]);
    let config = json!({"peft_type": "WAVEFT", "scaling": 2, "random_loc_seed": 1, "wavelet_family": "db11"});
    refused(config, &waves(), &["WaveFT", "wavelet_family", "db11"]);
    refused(json!({"peft_type": "WAVEFT", "scaling": 2}), &waves(), &["random_loc_seed"]);
    let network = layer(&[("peanut_A.weight", &[2, 6]), ("peanut_B.weight", &[6, 2])]);
    refused(json!({"peft_type": "PEANUT", "scaling": 1, "act_fn": "snake"}), &network, &["PEANuT", "act_fn", "snake"]);
    refused(json!({"peft_type": "PEANUT", "scaling": 1, "depth": 1}), &network, &["no peanut_encoders"]);
}

#[test]
fn rotations_spectra_and_blocks_must_fit() {
    let boft = |blocks: &[usize]| layer(&[("boft_R", blocks), ("boft_s", &[6, 1])]);
    refused(json!({"peft_type": "BOFT"}), &boft(&[1, 3, 2, 2]), &["6 × 6", "6 × 4"]);
    refused(json!({"peft_type": "BOFT"}), &boft(&[3, 2, 2, 2]), &["boft_R 3 × 2 × 2 × 2"]);
    refused(json!({"peft_type": "BOFT"}), &boft(&[1, 2, 2, 3]), &["boft_R 1 × 2 × 2 × 3"]);
    let spectrum = layer(&[("fourierft_spectrum", &[25])]);
    let config = json!({"peft_type": "FOURIERFT", "scaling": 1, "random_loc_seed": 1});
    refused(config, &spectrum, &["25 elements or more", "6 × 4"]);
    let blocks = layer(&[("lora_A.weight", &[3, 2]), ("lora_B.weight", &[6, 3])]);
    let config = json!({"peft_type": "LORA", "r": 3, "lora_alpha": 3, "use_bdlora": {"target_modules_bd_a": ["proj"], "nblocks": 2}});
    refused(config, &blocks, &["lora_A.weight 3 × 2"]);
    let deft = layer(&[("deft_P", &[6, 2]), ("deft_R", &[3, 4])]);
    refused(json!({"peft_type": "DEFT", "r": 2}), &deft, &["deft_R 3 × 4"]);
    let glora = layer(&[("glora_A.X", &[1]), ("glora_B.X", &[5, 1])]);
    refused(json!({"peft_type": "GLORA"}), &glora, &["5 output features", "6 × 4"]);
}
