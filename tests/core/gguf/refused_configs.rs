//! What llama.cpp would compute otherwise than the config says: each refusal by its own name, beside a value that is fine.

use serde_json::{Value, json};

use super::refusals::Model;

/// In place of a value: the key is taken away.
const ABSENT: &str = "(absent)";

/// Case, key, a value that is refused, one that is not, and the refusal.
type Row = (&'static str, &'static str, Value, Value, &'static str);

fn changed(case: &str, key: &str, value: &Value) -> Model {
    let mut model = Model::new(case);
    let mut place = &mut model.config;
    let (parents, last) = key.rsplit_once('.').unwrap_or(("", key));
    for parent in parents.split('.').filter(|parent| !parent.is_empty()) {
        place = &mut place[parent];
    }
    let object = place.as_object_mut().unwrap();
    if *value == ABSENT {
        object.remove(last);
    } else {
        object.insert(last.to_owned(), value.clone());
    }
    model
}

fn assert_rows(rows: impl IntoIterator<Item = Row>) {
    for (case, key, refused, accepted, expected) in rows {
        changed(case, key, &refused).assert_refused(&format!("{case} with {key} = {refused}"), expected);
        changed(case, key, &accepted).assert_exported(&format!("{case} with {key} = {accepted}"));
    }
}

/// Rotations with another key in them.
fn rope(kind: &str, more: &Value) -> Value {
    let mut rope = json!({"rope_type": kind, "rope_theta": 10000.0});
    rope.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rope
}

fn yarn(more: &Value) -> Value {
    let mut rope = rope("yarn", &json!({"factor": 4.0, "original_max_position_embeddings": 64}));
    rope.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rope
}

#[test]
fn classes_and_activations_that_llama_cpp_does_not_compute() {
    assert_rows([
        (
            "qwen3",
            "architectures",
            json!(["Qwen9ForCausalLM"]),
            json!(["Qwen3ForCausalLM"]),
            "unknown class Qwen9ForCausalLM",
        ),
        ("llama-spm", "hidden_act", json!("gelu"), json!("swish"), "bad setting hidden_act"),
        ("gpt_neox", "hidden_act", json!("relu"), json!("gelu_fast"), "bad setting hidden_act"),
        ("gemma", "hidden_act", json!("silu"), json!("gelu_pytorch_tanh"), "bad setting hidden_act"),
        ("gpt2", "activation_function", json!("relu"), json!("gelu"), "bad setting activation_function"),
        ("falcon", "activation", json!("relu"), json!("gelu"), "bad setting activation"),
        ("gemma2", "hidden_activation", json!("silu"), json!(null), "bad setting hidden_activation"),
    ]);
}

#[test]
fn switches_that_llama_cpp_does_not_have() {
    let no_mean = json!([0]);
    assert_rows([
        ("llama-spm", "clip_qkv", json!(8.0), json!(null), "bad setting clip_qkv"),
        (
            "gpt2",
            "scale_attn_by_inverse_layer_idx",
            json!(true),
            json!(false),
            "bad setting scale_attn_by_inverse_layer_idx",
        ),
        ("gpt2", "scale_attn_weights", json!(false), json!(true), "bad setting scale_attn_weights"),
        ("gemma3", "use_bidirectional_attention", json!(true), json!(false), "bad setting use_bidirectional_attention"),
        ("gemma3", "attn_logit_softcapping", json!(50.0), json!(null), "bad setting attn_logit_softcapping"),
        ("qwen3-moe", "norm_topk_prob", json!(false), json!(true), "bad setting norm_topk_prob"),
        ("qwen3-moe", "norm_topk_prob", json!(ABSENT), json!(true), "bad setting norm_topk_prob"),
        ("qwen3-moe", "decoder_sparse_step", json!(2), json!(1), "bad setting decoder_sparse_step"),
        ("qwen3-moe", "mlp_only_layers", no_mean, json!([]), "bad setting mlp_only_layers"),
        ("gpt_neox", "attention_bias", json!(false), json!(ABSENT), "bad setting attention_bias"),
        ("olmo2", "attention_bias", json!(true), json!(ABSENT), "bad setting attention_bias"),
        ("falcon", "alibi", json!(true), json!(ABSENT), "bad setting alibi"),
        ("falcon", "bias", json!(true), json!(ABSENT), "bad setting bias"),
        ("falcon", "parallel_attn", json!(false), json!(ABSENT), "bad setting parallel_attn"),
        ("falcon", "num_ln_in_parallel_attn", json!(2), json!(1), "bad setting num_ln_in_parallel_attn"),
        ("falcon-groups", "num_ln_in_parallel_attn", json!(3), json!(null), "bad setting num_ln_in_parallel_attn"),
    ]);
}

#[test]
fn windows_and_scales_that_llama_cpp_has_otherwise() {
    let all_full = json!(["full_attention", "full_attention"]);
    let by_turns = json!(["sliding_attention", "full_attention"]);
    assert_rows([
        ("gemma2", "query_pre_attn_scalar", json!(144), json!(16), "bad setting query_pre_attn_scalar"),
        ("gemma3", "query_pre_attn_scalar", json!(ABSENT), json!(16.0), "bad setting query_pre_attn_scalar"),
        ("gemma2", "layer_types", all_full, by_turns, "bad setting layer_types"),
        ("gemma2", "layer_types", json!(["sliding_attention"]), json!(ABSENT), "bad setting layer_types"),
        ("gemma3", "sliding_window_pattern", json!(3), json!(6), "bad setting sliding_window_pattern"),
        ("gemma2", "sliding_window", json!(null), json!(8), "no setting sliding_window"),
        ("gemma3", "sliding_window", json!(null), json!(8), "no setting sliding_window"),
    ]);
    let windowed = |case: &str, types: Value, layers: u32, window: Value| {
        let mut model = changed(case, "use_sliding_window", &json!(true));
        model.config["layer_types"] = types;
        model.config["max_window_layers"] = layers.into();
        model.config["sliding_window"] = window;
        model
    };
    let refused = "bad setting use_sliding_window";
    for case in ["qwen2", "qwen3"] {
        windowed(case, json!(null), 1, json!(50)).assert_refused(case, refused);
        windowed(case, json!(["full_attention", "sliding_attention"]), 2, json!(50)).assert_refused(case, refused);
        // No layer is left for the window.
        windowed(case, json!(null), 2, json!(50)).assert_exported(case);
        windowed(case, json!(["full_attention", "full_attention"]), 1, json!(50)).assert_exported(case);
    }
    windowed("qwen3-moe", json!(null), 2, json!(50)).assert_refused("qwen3-moe", refused);
    windowed("qwen3-moe", json!(null), 2, json!(null)).assert_exported("qwen3-moe");
}

/// Gemma 3 with other senses: its class does not cap the logits that the text model alone would.
#[test]
fn a_cap_that_the_multimodal_class_does_not_apply() {
    for (cap, is_refused) in [(json!(30.0), true), (json!(null), false)] {
        let mut model = Model::new("gemma3");
        model.config["final_logit_softcapping"] = cap;
        model.config = json!({"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3", "text_config": model.config});
        if is_refused {
            model.assert_refused("a cap", "bad setting final_logit_softcapping");
        } else {
            model.assert_exported("no cap");
        }
    }
}

/// Heads whose width transformers or llama.cpp takes from the others.
#[test]
fn widths_of_heads_that_one_of_the_two_ignores() {
    for case in ["qwen2", "phi3", "olmo2", "stablelm", "falcon", "gpt_neox", "gpt2"] {
        changed(case, "head_dim", &json!(32)).assert_refused(case, "bad setting head_dim");
        changed(case, "head_dim", &json!(16)).assert_exported(case);
    }
}

#[test]
fn rotations_with_two_meanings() {
    let ropes = "rope_parameters";
    let flat = rope("default", &json!({}));
    let nested = |window: Value| json!({"full_attention": rope("default", &json!({})), "sliding_attention": window});
    let fine = nested(rope("default", &json!({})));
    let refused = "bad setting rope_parameters.sliding_attention.rope_type";
    assert_rows([
        (
            "qwen3-moe",
            "rope_scaling",
            json!({"type": "linear", "factor": 2.0}),
            json!(null),
            "bad setting rope_scaling",
        ),
        ("gemma3", ropes, flat.clone(), fine.clone(), "bad setting rope_parameters"),
        ("olmo2", ropes, fine.clone(), flat, "bad setting rope_parameters"),
        ("gemma3", ropes, nested(json!({"rope_type": "linear", "factor": 2.0})), fine.clone(), refused),
        ("gemma3", ropes, nested(json!({"type": "linear", "factor": 2.0})), fine.clone(), refused),
        ("gemma3", ropes, nested(json!({"rope_type": "default", "type": "dynamic"})), fine, refused),
        ("gpt_neox", "rope_theta", json!(777.0), json!(10000), "bad setting rotary_emb_base"),
        ("gpt_neox", "partial_rotary_factor", json!(0.5), json!(0.25), "bad setting rotary_pct"),
        (
            "phi3",
            "rope_scaling.original_max_position_embeddings",
            json!(128),
            json!(256),
            "bad setting original_max_position_embeddings",
        ),
    ]);
}

#[test]
fn rotations_that_are_no_numbers_above_zero() {
    let of_windows = |base: Value| {
        let mut model = changed("gemma3", "rope_parameters", &json!(ABSENT));
        model.config["rope_local_base_freq"] = base;
        model
    };
    for base in [json!(0.0), json!(-1), json!("x"), json!(1e300)] {
        of_windows(base).assert_refused("gemma3", "bad setting rope_local_base_freq");
    }
    of_windows(json!(5000.0)).assert_exported("gemma3");
    let linear = |factor: Value| rope("linear", &json!({"factor": factor}));
    let attention = |factor: Value| yarn(&json!({"attention_factor": factor}));
    assert_rows([
        ("llama-spm", "rope_theta", json!(0.0), json!(1.0), "bad setting rope_theta"),
        ("llama-spm", "rope_theta", json!("x"), json!(5e5), "bad setting rope_theta"),
        ("gpt_neox", "rotary_emb_base", json!(-1.0), json!(1.0), "bad setting rotary_emb_base"),
        ("olmo2", "rope_parameters", linear(json!(0)), linear(json!(2)), "bad setting factor"),
        ("olmo2", "rope_parameters", attention(json!(-1.0)), attention(json!(1.0)), "bad setting attention_factor"),
        ("gpt_neox", "rotary_pct", json!("x"), json!(0.5), "bad setting rotary_pct"),
        ("gpt_neox", "rotary_pct", json!(0.01), json!(0.125), "bad setting rotary_pct"),
        ("gpt_neox", "rotary_pct", json!(1.5), json!(1.0), "bad setting rotary_pct"),
        ("gpt_neox", "rotary_pct", json!(0.2), json!(0.26), "odd rotations 3"),
        ("stablelm", "rope_parameters.partial_rotary_factor", json!(0.7), json!(0.75), "odd rotations 11"),
    ]);
}

#[test]
fn stretched_rotations_that_llama_cpp_does_not_know() {
    let ropes = "rope_parameters";
    let plain = yarn(&json!({}));
    let linear = rope("linear", &json!({"factor": 2.0}));
    let both = json!({"mscale": 1.0, "mscale_all_dim": 0.5});
    let stated = json!({"mscale": 1.0, "mscale_all_dim": 0.5, "attention_factor": 1.0});
    let no_factor = json!({"rope_type": "yarn", "original_max_position_embeddings": 64});
    let null_factor = yarn(&json!({"factor": null}));
    let longer = yarn(&json!({"factor": null, "original_max_position_embeddings": 512}));
    let in_gemma3 = |rope: Value| json!({"full_attention": rope, "sliding_attention": {"rope_type": "default"}});
    assert_rows([
        ("olmo2", ropes, rope("dynamic", &json!({"factor": 2.0})), linear.clone(), "bad setting rope_type"),
        (
            "olmo2",
            ropes,
            json!({"type": "dynamic", "factor": 2.0}),
            json!({"type": "linear", "factor": 2.0}),
            "bad setting rope_type",
        ),
        (
            "llama-spm",
            "rope_scaling",
            json!({"type": "dynamic", "factor": 2.0}),
            json!({"type": "linear", "factor": 2.0}),
            "bad setting rope_type",
        ),
        ("olmo2", ropes, rope("linear", &json!({})), linear.clone(), "no setting factor"),
        (
            "phi3",
            "rope_scaling",
            yarn(&json!({"original_max_position_embeddings": 256})),
            json!(null),
            "bad setting rope_type",
        ),
        ("gemma3", ropes, in_gemma3(plain.clone()), in_gemma3(linear), "bad setting rope_type"),
        ("qwen3", ropes, yarn(&json!({"truncate": false})), yarn(&json!({"truncate": true})), "bad setting truncate"),
        (
            "qwen3",
            ropes,
            yarn(&json!({"extrapolation_factor": 2})),
            yarn(&json!({"extrapolation_factor": 1})),
            "bad setting extrapolation_factor",
        ),
        ("qwen3", ropes, yarn(&json!({"factor": 0.5})), yarn(&json!({"factor": 1.0})), "bad setting factor"),
        ("qwen3", ropes, longer, null_factor.clone(), "bad setting factor"),
        ("qwen3", ropes, yarn(&both), yarn(&stated), "bad setting mscale_all_dim"),
        ("qwen3", ropes, yarn(&both), yarn(&json!({"mscale": 1.0})), "bad setting mscale_all_dim"),
        ("qwen3", ropes, no_factor, null_factor, "no setting factor"),
        (
            "qwen3",
            ropes,
            yarn(&json!({"original_max_position_embeddings": "x"})),
            plain,
            "bad setting original_max_position_embeddings",
        ),
        ("qwen3", ropes, yarn(&json!({"beta_fast": "x"})), yarn(&json!({"beta_fast": 16})), "bad setting beta_fast"),
    ]);
}

#[test]
fn rotations_of_llama_3_and_long_ones_that_lack_a_number() {
    for key in ["factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"] {
        let path = format!("rope_parameters.{key}");
        changed("llama3-rope", &path, &json!(ABSENT)).assert_refused(key, &format!("no setting {key}"));
        changed("llama3-rope", &path, &json!(0)).assert_refused(key, &format!("bad setting {key}"));
        changed("llama3-rope", &path, &json!(2)).assert_exported(key);
    }
    let llama3 = Model::new("llama3-rope").config["rope_parameters"].clone();
    let long = Model::new("phi3").config["rope_scaling"].clone();
    let factors = |count: usize, factor: f64| json!(vec![factor; count]);
    assert_rows([
        ("olmo2", "rope_parameters", llama3, rope("default", &json!({})), "bad setting rope_type"),
        ("llama-spm", "rope_scaling", long, json!(null), "no setting original_max_position_embeddings"),
        (
            "phi3",
            "original_max_position_embeddings",
            json!(null),
            json!(256),
            "no setting original_max_position_embeddings",
        ),
        ("phi3", "rope_scaling.long_factor", json!(null), factors(8, 2.0), "no setting long_factor"),
        ("phi3", "rope_scaling.short_factor", json!(null), factors(8, 2.0), "no setting short_factor"),
        ("phi3", "rope_scaling.short_factor", factors(7, 2.0), factors(8, 2.0), "bad setting short_factor"),
        ("phi3", "rope_scaling.long_factor", factors(8, 0.0), factors(8, 0.5), "bad setting long_factor"),
        ("phi3", "rope_scaling.long_factor", factors(8, 1e300), factors(8, 3.0), "bad setting long_factor"),
        ("phi3", "rope_scaling.long_factor", json!("x"), factors(8, 1.0), "bad setting long_factor"),
    ]);
    let mut long = changed("llama-spm", "rope_scaling", &Model::new("phi3").config["rope_scaling"]);
    long.config["original_max_position_embeddings"] = json!(256);
    long.assert_refused("long rotations of a Llama", "bad setting rope_type");
}

#[test]
fn settings_that_are_missing_or_of_another_kind() {
    assert_rows([
        ("llama-spm", "hidden_size", json!("x"), json!(64), "bad setting hidden_size"),
        ("llama-spm", "hidden_size", json!(5_000_000_000_u64), json!(64), "bad setting hidden_size"),
        ("llama-spm", "intermediate_size", json!(ABSENT), json!(96), "no setting intermediate_size"),
        ("llama-spm", "num_hidden_layers", json!(ABSENT), json!(2), "no setting num_hidden_layers"),
        ("llama-spm", "num_attention_heads", json!(0), json!(4), "no setting num_attention_heads"),
        ("llama-spm", "num_key_value_heads", json!(0), json!(2), "bad setting num_key_value_heads"),
        ("llama-spm", "num_key_value_heads", json!(3), json!(2), "bad setting num_key_value_heads"),
        ("falcon-groups", "num_kv_heads", json!(3), json!(2), "bad setting num_kv_heads"),
        ("llama-spm", "max_position_embeddings", json!(null), json!(1), "no setting max_position_embeddings"),
        ("llama-spm", "vocab_size", json!(ABSENT), json!(392), "no setting vocab_size"),
        ("llama-spm", "rms_norm_eps", json!("x"), json!(ABSENT), "bad setting rms_norm_eps"),
        ("llama-spm", "rms_norm_eps", json!(1e300), json!(1e-5), "bad setting attention.layer_norm_rms_epsilon"),
        ("llama-spm", "attention_bias", json!(0), json!(ABSENT), "bad setting attention_bias"),
        ("llama-spm", "tie_word_embeddings", json!(0), json!(false), "bad setting tie_word_embeddings"),
        ("gpt_neox", "use_parallel_residual", json!(1), json!(false), "bad setting use_parallel_residual"),
        ("mixtral", "num_experts_per_tok", json!(ABSENT), json!(1), "no setting num_experts_per_tok"),
        ("mixtral", "num_local_experts", json!(ABSENT), json!(4), "no setting num_local_experts"),
        ("qwen3-moe", "moe_intermediate_size", json!(ABSENT), json!(32), "no setting moe_intermediate_size"),
        ("phi3", "sliding_window", json!("x"), json!(null), "bad setting sliding_window"),
    ]);
}
