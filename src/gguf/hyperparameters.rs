//! What llama.cpp must know of a model beside its tensors, from `config.json`.

use serde_json::Value;

use super::{ExportError, Family, refusals::refuse_differences, rope, settings::Settings};
use crate::checkpoint::gguf::GgufValue;

/// Names of activations that llama.cpp computes as one.
const SILU: &[&str] = &["silu", "swish"];
const GELU: &[&str] = &["gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh"];

/// Layers of a Qwen without a window, where the config does not count them.
const DEFAULT_WINDOWLESS_LAYERS: u32 = 28;

/// A cap of scores that leaves them as they are: llama.cpp knows no Gemma 2 without one. What it divides by it goes
/// through half precision on some devices, so it is no larger.
pub(super) const NO_CAP: f32 = 4096.0;

/// Caps of Gemma 2: a key, what is meant where it is missing, and what stands for none.
const GEMMA2_CAPS: [(&str, f32, f32); 2] =
    [("attn_logit_softcapping", 50.0, NO_CAP), ("final_logit_softcapping", 30.0, 1e6)];

/// The keys of the architecture, with its prefix.
pub(super) fn hyperparameters(
    family: Family,
    settings: &Settings<'_>,
) -> Result<Vec<(String, GgufValue)>, ExportError> {
    refuse_unknown(family, settings)?;
    refuse_differences(family, settings)?;
    let count = |keys: &[&'static str]| settings.needed_count(keys, None);
    let u32_of = GgufValue::U32;
    let mut keys = vec![
        ("block_count", u32_of(settings.layers()?)),
        ("context_length", u32_of(settings.context()?)),
        ("embedding_length", u32_of(settings.hidden()?)),
        ("feed_forward_length", u32_of(feed_forward(family, settings)?)),
        ("attention.head_count", u32_of(settings.heads()?)),
    ];
    if !matches!(family, Family::Gpt2 | Family::GptNeoX) {
        keys.push(("attention.head_count_kv", u32_of(settings.key_heads()?)));
    }
    keys.push(norm_key(family, settings)?);
    let has_head_dim = match family {
        Family::Gpt2 | Family::GptNeoX | Family::Phi3 | Family::Olmo2 | Family::StableLm | Family::Falcon => false,
        Family::Mixtral | Family::Qwen2 => settings.get("head_dim").is_some(),
        _ => true,
    };
    if has_head_dim {
        keys.push(("attention.key_length", u32_of(settings.head_dim()?)));
        keys.push(("attention.value_length", u32_of(settings.head_dim()?)));
    }
    match family {
        Family::Llama | Family::Mixtral => {
            keys.push(("vocab_size", u32_of(count(&["vocab_size"])?)));
            keys.push(("rope.dimension_count", u32_of(settings.head_dim()?)));
        }
        Family::Phi3 => {
            keys.push(("rope.dimension_count", u32_of(rope::rotated(settings, &["partial_rotary_factor"], 1.0)?)));
            keys.push(("rope.scaling.original_context_length", u32_of(rope::original_context(settings)?)));
            keys.push(("attention.sliding_window", u32_of(settings.count("sliding_window")?.unwrap_or(0))));
        }
        Family::GptNeoX => {
            let keys_of_share = ["rotary_pct", "partial_rotary_factor"];
            keys.push(("rope.dimension_count", u32_of(rope::rotated(settings, &keys_of_share, 0.25)?)));
            keys.push(("use_parallel_residual", GgufValue::Bool(settings.flag("use_parallel_residual", true)?)));
        }
        Family::StableLm => {
            keys.push(("rope.dimension_count", u32_of(rope::rotated(settings, &["partial_rotary_factor"], 0.25)?)));
            keys.push(("use_parallel_residual", GgufValue::Bool(settings.flag("use_parallel_residual", false)?)));
        }
        // Whose order of queries, keys and values this is; there is no other.
        Family::Falcon => keys.push(("tensor_data_layout", "jploski".into())),
        Family::Gemma2 => {
            for (key, default, none) in GEMMA2_CAPS {
                let cap = if settings.is_null(key) { none } else { settings.number(&[key], default)? };
                keys.push((key, GgufValue::F32(cap)));
            }
            keys.push(("attention.sliding_window", u32_of(count(&["sliding_window"])?)));
        }
        Family::Gemma3 => {
            keys.push(("attention.sliding_window", u32_of(count(&["sliding_window"])?)));
            if settings.get("final_logit_softcapping").is_some() {
                let cap = settings.number(&["final_logit_softcapping"], 0.0)?;
                keys.push(("final_logit_softcapping", GgufValue::F32(cap)));
            }
        }
        Family::Qwen2 | Family::Qwen3 | Family::Qwen3Moe | Family::Gemma | Family::Olmo2 | Family::Gpt2 => {}
    }
    if family.has_experts() {
        keys.push(("expert_count", u32_of(settings.experts()?)));
        keys.push(("expert_used_count", u32_of(count(&["num_experts_per_tok"])?)));
    }
    if family == Family::Qwen3Moe {
        keys.push(("expert_feed_forward_length", u32_of(count(&["moe_intermediate_size"])?)));
    }
    keys.extend(rope::rope_keys(family, settings)?);
    for (key, value) in &keys {
        if let GgufValue::F32(number) = value
            && !number.is_finite()
        {
            return Err(settings.bad(key, &Value::from(number.to_string())));
        }
    }
    let prefix = family.architecture();
    Ok(keys.into_iter().map(|(key, value)| (format!("{prefix}.{key}"), value)).collect())
}

/// Width of a feed-forward network.
pub(super) fn feed_forward(family: Family, settings: &Settings<'_>) -> Result<u32, ExportError> {
    let is_fourfold = matches!(family, Family::Gpt2 | Family::Falcon);
    let default = if is_fourfold { settings.hidden()?.checked_mul(4) } else { None };
    settings.needed_count(
        if family == Family::Falcon { &["ffn_hidden_size"] } else { &["intermediate_size", "n_inner"] },
        default,
    )
}

fn norm_key(family: Family, settings: &Settings<'_>) -> Result<(&'static str, GgufValue), ExportError> {
    if family.has_layer_norms() {
        let epsilon = settings.number(&["layer_norm_eps", "layer_norm_epsilon"], 1e-5)?;
        return Ok(("attention.layer_norm_epsilon", GgufValue::F32(epsilon)));
    }
    let default = if matches!(family, Family::Mixtral | Family::Phi3 | Family::Olmo2) { 1e-5 } else { 1e-6 };
    Ok(("attention.layer_norm_rms_epsilon", GgufValue::F32(settings.number(&["rms_norm_eps"], default)?)))
}

/// What llama.cpp computes otherwise than the config says.
fn refuse_unknown(family: Family, settings: &Settings<'_>) -> Result<(), ExportError> {
    let activations = match family {
        Family::Gpt2 | Family::GptNeoX | Family::Falcon => GELU,
        family if family.is_gemma() => GELU,
        _ => SILU,
    };
    for key in ["hidden_act", "activation_function", "activation"] {
        settings.demand(key, |value| value.as_str().is_some_and(|name| activations.contains(&name)))?;
    }
    settings.demand("hidden_activation", |value| value.as_str().is_some_and(|name| GELU.contains(&name)))?;
    let is_off = |value: &Value| *value == Value::Bool(false);
    for key in ["clip_qkv", "scale_attn_by_inverse_layer_idx", "use_bidirectional_attention"] {
        settings.demand(key, is_off)?;
    }
    refuse_windows(family, settings)?;
    if family == Family::Olmo2 {
        settings.demand("attention_bias", is_off)?;
    }
    if family == Family::Falcon {
        settings.demand("alibi", is_off)?;
        settings.demand("bias", is_off)?;
        settings.demand("parallel_attn", |value| *value == Value::Bool(true))?;
        let most = if settings.flag("new_decoder_architecture", false)? { 2 } else { 1 };
        settings.demand("num_ln_in_parallel_attn", |count| {
            count.as_u64().is_some_and(|count| (1..=most).contains(&count))
        })?;
    }
    if family == Family::Gpt2 {
        settings.demand("scale_attn_weights", |value| *value == Value::Bool(true))?;
    }
    if family == Family::Qwen3Moe {
        if !settings.flag("norm_topk_prob", false)? {
            return Err(settings.bad("norm_topk_prob", &Value::Bool(false)));
        }
        settings.demand("decoder_sparse_step", |value| value.as_u64() == Some(1))?;
        settings.demand("mlp_only_layers", |value| value.as_array().is_some_and(Vec::is_empty))?;
    }
    if family == Family::Gemma3 {
        settings.demand("attn_logit_softcapping", |_| false)?;
    }
    if matches!(family, Family::Gemma2 | Family::Gemma3) {
        let period = if family == Family::Gemma2 { 2 } else { 6 };
        settings.demand("layer_types", |value| has_period(value, period))?;
        settings.demand("sliding_window_pattern", |value| value.as_u64() == Some(period as u64))?;
    }
    Ok(())
}

/// Refuses layers of a Qwen that see a window: llama.cpp lets all of them see everything.
fn refuse_windows(family: Family, settings: &Settings<'_>) -> Result<(), ExportError> {
    if !settings.flag("use_sliding_window", false)? || settings.is_null("sliding_window") {
        return Ok(());
    }
    let layers = u64::from(settings.layers()?);
    let has_window = match (family, settings.get("layer_types")) {
        (Family::Qwen2 | Family::Qwen3, Some(types)) => {
            !types.as_array().is_some_and(|types| types.iter().all(|kind| kind == "full_attention"))
        }
        (Family::Qwen2 | Family::Qwen3, None) => {
            u64::from(settings.needed_count(&["max_window_layers"], Some(DEFAULT_WINDOWLESS_LAYERS))?) < layers
        }
        _ => true,
    };
    if has_window { Err(settings.bad("use_sliding_window", &Value::Bool(true))) } else { Ok(()) }
}

/// Whether every `period`-th layer sees all tokens, and the others a window.
fn has_period(layer_types: &Value, period: usize) -> bool {
    let Some(types) = layer_types.as_array() else { return false };
    types.iter().enumerate().all(|(layer, kind)| {
        let is_full = (layer + 1).is_multiple_of(period);
        kind.as_str() == Some(if is_full { "full_attention" } else { "sliding_attention" })
    })
}
