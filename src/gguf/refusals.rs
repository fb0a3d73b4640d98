//! What llama.cpp would compute otherwise than transformers does, though every key is there: rotations, heads, scales.

use serde_json::Value;

use super::{ExportError, Family, rope::yarn_factor, settings::Settings};

/// Layers at which llama.cpp scales the queries of a Gemma by the width of the model.
const fn large_layers(family: Family) -> u32 {
    if matches!(family, Family::Gemma2) { 46 } else { 62 }
}

/// Refuses rotations and scales that the two read otherwise.
pub(super) fn refuse_differences(family: Family, settings: &Settings<'_>) -> Result<(), ExportError> {
    refuse_rope(family, settings)?;
    if matches!(family, Family::Gemma2 | Family::Gemma3) {
        let is_large = settings.layers()? == large_layers(family);
        let scale =
            if is_large { f64::from(settings.hidden()? / settings.heads()?) } else { f64::from(settings.head_dim()?) };
        let absent = Value::from(256);
        let stated = settings.get("query_pre_attn_scalar").unwrap_or(&absent);
        if stated.as_f64() != Some(scale) {
            return Err(settings.bad("query_pre_attn_scalar", stated));
        }
        settings.demand("layer_types", |types| {
            types.as_array().is_some_and(|types| settings.layers().is_ok_and(|layers| types.len() == layers as usize))
        })?;
    }
    if settings.is_multimodal() {
        settings.demand("final_logit_softcapping", |_| false)?;
    }
    if family == Family::GptNeoX {
        settings.demand("attention_bias", |value| *value == Value::Bool(true))?;
        refuse_two(settings, "rope_theta", "rotary_emb_base")?;
        refuse_two(settings, "partial_rotary_factor", "rotary_pct")?;
    }
    // transformers or llama.cpp knows no other width of a head.
    let has_plain_heads = match family {
        Family::Qwen2 | Family::Phi3 | Family::Olmo2 | Family::StableLm => true,
        family => matches!(family, Family::Falcon | Family::GptNeoX | Family::Gpt2),
    };
    if has_plain_heads {
        let width = settings.hidden()? / settings.heads()?;
        settings.demand("head_dim", |value| value.as_u64() == Some(u64::from(width)))?;
    }
    Ok(())
}

/// Refuses two names of one number that differ.
fn refuse_two(settings: &Settings<'_>, of_rope: &str, key: &str) -> Result<(), ExportError> {
    let Some(number) = settings.rope(of_rope) else { return Ok(()) };
    settings.demand(key, |value| value.as_f64() == number.as_f64())
}

fn refuse_rope(family: Family, settings: &Settings<'_>) -> Result<(), ExportError> {
    if let (Some(parameters), Some(scaling)) = (settings.get("rope_parameters"), settings.get("rope_scaling"))
        && parameters != scaling
    {
        return Err(settings.bad("rope_scaling", scaling));
    }
    if let Some(parameters) = settings.get("rope_parameters") {
        let is_nested = parameters.get("full_attention").is_some_and(Value::is_object);
        if is_nested != (family == Family::Gemma3) {
            return Err(settings.bad("rope_parameters", parameters));
        }
        let windows = parameters.get("sliding_attention");
        for key in ["rope_type", "type"] {
            if let Some(kind) = windows.and_then(|windows| windows.get(key))
                && !kind.is_null()
                && kind.as_str() != Some("default")
            {
                return Err(settings.bad("rope_parameters.sliding_attention.rope_type", kind));
            }
        }
    }
    let refuse = |key: &str, is_known: fn(&Value) -> bool| match settings.rope(key) {
        Some(value) if !is_known(value) => Err(settings.bad(key, value)),
        _ => Ok(()),
    };
    let is_positive = |value: &Value| {
        #[expect(clippy::cast_possible_truncation, reason = "GGUF holds f32")]
        value.as_f64().is_some_and(|number| number > 0.0 && (number as f32).is_finite() && number as f32 > 0.0)
    };
    for key in ["rope_theta", "rotary_emb_base", "rope_local_base_freq", "factor", "attention_factor"] {
        refuse(key, is_positive)?;
    }
    let original = "original_max_position_embeddings";
    if let (Some(one), Some(other)) = (settings.get(original), settings.rope(original))
        && one != other
    {
        return Err(settings.bad(original, other));
    }
    match settings.rope("rope_type").and_then(Value::as_str) {
        Some("yarn") => {
            if matches!(family, Family::Phi3 | Family::Gemma3) {
                return Err(settings.bad("rope_type", &Value::from("yarn")));
            }
            refuse("truncate", |value| *value == Value::Bool(true))?;
            refuse("extrapolation_factor", |value| value.as_f64() == Some(1.0))?;
            if yarn_factor(settings)? < 1.0 {
                return Err(settings.bad("factor", settings.rope("factor").unwrap_or(&Value::Null)));
            }
            if settings.rope("attention_factor").is_none()
                && let (Some(_), Some(all)) = (settings.rope("mscale"), settings.rope("mscale_all_dim"))
            {
                return Err(settings.bad("mscale_all_dim", all));
            }
        }
        Some("llama3") => {
            for key in ["factor", "low_freq_factor", "high_freq_factor", original] {
                if settings.rope(key).is_none() {
                    return Err(settings.absent(key));
                }
                refuse(key, is_positive)?;
            }
        }
        Some("longrope" | "su") if settings.rope(original).is_none() => return Err(settings.absent(original)),
        _ => {}
    }
    Ok(())
}
