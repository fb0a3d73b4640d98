//! The merged config describes the base's model: what it says otherwise is what a merge may change, and nothing else.
//!
//! A key that one of the two leaves out has the class's default there, which tools add and drop as they save: what both say
//! is compared, and beside it the decoder that each describes, where its family is covered and its defaults are known.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Detail, Reference};
use crate::{checkpoint::Checkpoint, evaluate};

/// What a merge changes (class, vocabulary, dtype, ties, packing, labels, special tokens), what only names a model or the
/// program that wrote it, what tells how to run, train or generate, and what the names of the weights tell too, which
/// releases call otherwise; at any level of the config.
const FREE: [&str; 62] = [
    "_attn_implementation",
    "_attn_implementation_autoset",
    "_name_or_path",
    "_pre_quantization_dtype",
    "architectures",
    "attn_implementation",
    "auto_map",
    "base_model_name_or_path",
    "bos_token_id",
    "cache_implementation",
    "chunk_size_feed_forward",
    "cls_token_id",
    "compression_config",
    "custom_pipelines",
    "decoder_start_token_id",
    "dtype",
    "eos_token_id",
    "finetuning_task",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "gradient_checkpointing",
    "id2label",
    "initializer_factor",
    "initializer_range",
    "label2id",
    "layers_block_type",
    "mask_token_id",
    "n_token",
    "n_words",
    "name_or_path",
    "num_labels",
    "output_attentions",
    "output_hidden_states",
    "output_router_logits",
    "pad_token_id",
    "prefix",
    "problem_type",
    "quantization",
    "quantization_config",
    "remove_invalid_values",
    "return_dict",
    "return_dict_in_generate",
    "router_aux_loss_coef",
    "scale_decoder_outputs",
    "sep_token_id",
    "src_vocab_size",
    "task_specific_params",
    "tgt_vocab_size",
    "tie_encoder_decoder",
    "tie_word_embeddings",
    "tokenizer_class",
    "torch_dtype",
    "torchscript",
    "transformers_version",
    "unk_token_id",
    "unsloth_fixed",
    "unsloth_version",
    "use_bfloat16",
    "use_cache",
    "use_mamba_kernels",
    "vocab_size",
    "z_loss",
];

/// Ends of keys of the same kind.
const FREE_ENDS: [&str; 4] = ["dropout", "_pdrop", "layerdrop", "dropout_prob"];

/// How a text is generated, which transformers kept in the config before it had a file of its own.
const GENERATION: [&str; 21] = [
    "bad_words_ids",
    "begin_suppress_tokens",
    "diversity_penalty",
    "do_sample",
    "early_stopping",
    "encoder_no_repeat_ngram_size",
    "exponential_decay_length_penalty",
    "length_penalty",
    "max_length",
    "min_length",
    "no_repeat_ngram_size",
    "num_beam_groups",
    "num_beams",
    "num_return_sequences",
    "output_scores",
    "repetition_penalty",
    "suppress_tokens",
    "temperature",
    "top_k",
    "top_p",
    "typical_p",
];

/// Lengths that trainers set to what they trained with; they bound what is asked of a model more than what it computes.
const LENGTHS: [&str; 4] = ["max_position_embeddings", "max_seq_length", "model_max_length", "seq_length"];

/// Where rotations stand: in one object since transformers 5, beside each other before.
const ROTATIONS: [&str; 5] =
    ["partial_rotary_factor", "rope_local_base_freq", "rope_parameters", "rope_scaling", "rope_theta"];

/// What a kind of rotations that scales them says.
const SCALES: [&str; 3] = ["factor", "long_factor", "short_factor"];

/// Keys of which the merged config says something else than the base's, and those of which it may.
pub(super) fn judge(merged: &Checkpoint, reference: Option<&Reference>) -> (Vec<Detail>, Vec<Detail>) {
    let Some(reference) = reference else { return (Vec::new(), Vec::new()) };
    let [own, other] = [&reference.base, merged].map(|model| model.config().text().value());
    let mut found = Vec::new();
    compare("", &own, &other, &mut found);
    found.sort_by(|first, second| first.key.cmp(&second.key));
    let (lengths, others): (Vec<Difference>, Vec<Difference>) = found.into_iter().partition(|found| found.is_length);
    let told = |found: Vec<Difference>| found.into_iter().map(Difference::told).collect();
    let mut problems: Vec<Detail> = told(others);
    if problems.is_empty() {
        let part = evaluate::differing_part(&reference.base, merged);
        problems.extend(part.map(|part| Detail::OtherDecoder { part }));
    }
    (problems, told(lengths))
}

/// A key of which both configs say something.
#[derive(Debug)]
struct Difference {
    /// Its path.
    key: String,
    base: Value,
    merged: Value,
    is_length: bool,
}

impl Difference {
    fn told(self) -> Detail {
        let Self { key, base, merged, .. } = self;
        Detail::OtherConfig { key, base: base.to_string(), merged: merged.to_string() }
    }
}

/// Adds what `base` and `merged`, the objects at `place`, say differently.
fn compare(place: &str, base: &Value, merged: &Value, found: &mut Vec<Difference>) {
    let (Some(base), Some(merged)) = (base.as_object(), merged.as_object()) else { return };
    for (key, own) in base.iter().filter(|(key, _)| !is_free(key) && !ROTATIONS.contains(&key.as_str())) {
        let Some(other) = merged.get(key) else { continue };
        let path = format!("{place}{key}");
        if own.is_object() && other.is_object() {
            compare(&format!("{path}."), own, other, found);
        } else if !own.is_null() && !other.is_null() && !is_equal(own, other) && !is_renamed_part(place, key) {
            let is_length = LENGTHS.contains(&key.as_str());
            found.push(Difference { key: path, base: own.clone(), merged: other.clone(), is_length });
        }
    }
    let [base, merged] = [base, merged].map(rotations);
    for (key, own) in base {
        if let Some(other) = merged.get(&key).filter(|other| !is_equal(&own, other)) {
            let key = format!("{place}{key}");
            found.push(Difference { key, base: own, merged: other.clone(), is_length: false });
        }
    }
}

/// Whether `key` is the type of a part, which releases call otherwise (`qwen2_vl`, then `qwen2_vl_vision`).
fn is_renamed_part(place: &str, key: &str) -> bool {
    key == "model_type" && !place.is_empty()
}

fn is_free(key: &str) -> bool {
    FREE.contains(&key) || GENERATION.contains(&key) || FREE_ENDS.iter().any(|end| key.ends_with(end))
}

/// Whether two values are the same, however a number is written.
fn is_equal(first: &Value, second: &Value) -> bool {
    // JSON has no infinity: Python writes the bare word, which reads as blanks here, transformers 5 an object.
    let is_no_number = |value: &Value| {
        let is_blank = value.as_str().is_some_and(|text| text.chars().all(|letter| letter == ' '));
        value.is_null() || is_blank || value.get("__float__").is_some()
    };
    match (first, second) {
        _ if is_no_number(first) && is_no_number(second) => true,
        (Value::Number(first), Value::Number(second)) => first.as_f64() == second.as_f64(),
        (Value::Array(first), Value::Array(second)) => {
            first.len() == second.len() && first.iter().zip(second).all(|(first, second)| is_equal(first, second))
        }
        _ => first == second,
    }
}

/// What `config` says of rotations, by the names of transformers 5, with the kind of layers in front where each has its
/// own; a config that says anything has a type.
fn rotations(config: &Map<String, Value>) -> BTreeMap<String, Value> {
    let mut rotations = BTreeMap::new();
    let object = |key: &str| config.get(key).and_then(Value::as_object);
    let number = |key: &str| config.get(key).filter(|value| value.is_number()).cloned();
    let parameters = object("rope_parameters");
    let local = number("rope_local_base_freq").filter(|_| parameters.is_none());
    if let Some(kinds) = parameters.filter(|parameters| parameters.values().any(Value::is_object)) {
        for (kind, own) in kinds {
            put_rotation(&format!("{kind}."), own.as_object(), None, &mut rotations);
        }
    } else if let Some(local) = local {
        put_rotation("sliding_attention.", None, Some(local), &mut rotations);
        put_rotation("full_attention.", object("rope_scaling"), number("rope_theta"), &mut rotations);
    } else {
        put_rotation("", parameters.or_else(|| object("rope_scaling")), number("rope_theta"), &mut rotations);
        if let Some(factor) = number("partial_rotary_factor").filter(|_| !rotations.is_empty()) {
            rotations.entry("partial_rotary_factor".to_owned()).or_insert(factor);
        }
    }
    rotations
}

/// Adds what `said` and a base frequency beside it say.
fn put_rotation(
    place: &str,
    said: Option<&Map<String, Value>>,
    theta: Option<Value>,
    rotations: &mut BTreeMap<String, Value>,
) {
    if said.is_none() && theta.is_none() {
        return;
    }
    let name = |key: &str| format!("{place}{}", if key == "type" { "rope_type" } else { key });
    let values = said.into_iter().flatten().filter(|(_, value)| !value.is_null());
    rotations.extend(values.map(|(key, value)| (name(key), value.clone())));
    if let Some(theta) = theta {
        rotations.entry(name("rope_theta")).or_insert(theta);
    }
    // A type that scales nothing is the class's own, which releases write or leave out.
    let is_scaled = said.is_some_and(|said| SCALES.iter().any(|key| said.contains_key(*key)));
    let kind = rotations.entry(name("rope_type")).or_insert_with(|| "default".into());
    if !is_scaled {
        *kind = "default".into();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys(base: &Value, merged: &Value) -> Vec<String> {
        let mut found = Vec::new();
        compare("", base, merged, &mut found);
        found.into_iter().map(|found| found.key).collect()
    }

    #[test]
    fn what_changes_a_model_is_found_at_every_level() {
        for (key, own, other) in [
            ("rms_norm_eps", json!(1e-6), json!(1e-5)),
            ("num_attention_heads", json!(4), json!(8)),
            ("num_key_value_heads", json!(2), json!(4)),
            ("head_dim", json!(16), json!(8)),
            ("hidden_act", json!("silu"), json!("gelu")),
            ("sliding_window", json!(128), json!(64)),
            ("layer_types", json!(["full_attention"]), json!(["sliding_attention"])),
            ("final_logit_softcapping", json!(30.0), json!(50.0)),
            ("logits_scaling", json!(8), json!(16)),
            ("attention_multiplier", json!(0.5), json!(0.25)),
            ("num_experts_per_tok", json!(2), json!(1)),
            ("norm_topk_prob", json!(true), json!(false)),
            ("image_token_id", json!(7), json!(8)),
            ("time_step_limit", json!([0.0, 1.0]), json!([0.0, null])),
        ] {
            let (own, other) = (json!({key: own}), json!({key: other}));
            assert_eq!(keys(&own, &other), [key]);
            assert!(keys(&own, &own).is_empty(), "{key}");
            let nested = |part: &Value| json!({"text_config": part});
            assert_eq!(keys(&nested(&own), &nested(&other)), [format!("text_config.{key}")]);
            assert!(keys(&own, &json!({})).is_empty() && keys(&json!({}), &own).is_empty(), "{key}: a default");
        }
    }

    #[test]
    fn what_merges_and_tools_may_change_is_free() {
        for (key, own, other) in [
            ("architectures", json!(["LlamaForCausalLM"]), json!(["LlamaForSequenceClassification"])),
            ("vocab_size", json!(96), json!(100)),
            ("torch_dtype", json!("float32"), json!("bfloat16")),
            ("eos_token_id", json!(1), json!([1, 2])),
            ("tie_word_embeddings", json!(true), json!(false)),
            ("transformers_version", json!("4.57.3"), json!("5.24.0")),
            ("use_cache", json!(true), json!(false)),
            ("attention_dropout", json!(0.0), json!(0.1)),
            ("rms_norm_eps", json!(1e-5), json!(0.000_01)),
            ("head_dim", json!(16), json!(16.0)),
            ("sliding_window", json!(4096), json!(null)),
            ("time_step_limit", json!([0.0, "        "]), json!([0.0, {"__float__": "Infinity"}])),
        ] {
            assert!(keys(&json!({key: own}), &json!({key: other})).is_empty(), "{key}");
        }
        let of_type = |model_type: &str| json!({"model_type": model_type});
        assert_eq!(keys(&of_type("llama"), &of_type("mistral")), ["model_type"]);
        let part = |model_type: &str| json!({"vision_config": of_type(model_type)});
        assert!(keys(&part("qwen2_vl"), &part("qwen2_vl_vision")).is_empty(), "transformers 5 has another name for it");
    }

    #[test]
    fn rotations_are_the_same_wherever_they_stand() {
        let older = json!({"rope_theta": 500_000.0, "rope_scaling": {"type": "linear", "factor": 4.0}});
        let newer = |theta: u32, factor: u32| json!({"rope_parameters": {"rope_theta": theta, "rope_type": "linear", "factor": factor}});
        assert!(keys(&older, &newer(500_000, 4)).is_empty());
        assert_eq!(keys(&older, &newer(10_000, 4)), ["rope_theta"]);
        assert_eq!(keys(&older, &newer(500_000, 8)), ["factor"]);
        let plain = json!({"rope_theta": 500_000, "rope_scaling": null});
        assert_eq!(keys(&older, &plain), ["rope_type"]);
        assert!(
            keys(&plain, &json!({"rope_parameters": {"rope_theta": 500_000.0, "rope_type": "default"}})).is_empty()
        );
        assert!(keys(&older, &json!({})).is_empty());
        let own_kind = json!({"rope_parameters": {"rope_theta": 500_000, "rope_type": "axial"}});
        assert!(keys(&plain, &own_kind).is_empty(), "the kind of the class, which no release wrote before");
        let of_gemma = json!({"rope_theta": 1_000_000, "rope_local_base_freq": 10_000, "rope_scaling": null});
        let by_kind = |local: u32| {
            json!({"rope_parameters": {
                "full_attention": {"rope_type": "default", "rope_theta": 1_000_000},
                "sliding_attention": {"rope_type": "default", "rope_theta": local},
            }})
        };
        assert!(keys(&of_gemma, &by_kind(10_000)).is_empty());
        assert_eq!(keys(&of_gemma, &by_kind(20_000)), ["sliding_attention.rope_theta"]);
    }
}
