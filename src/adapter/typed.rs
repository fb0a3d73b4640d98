//! Values of a config that were written as text (`"r": "16"`, `"use_rslora": "true"`), as some trainers and most hands do.

use serde_json::{Map, Number, Value};

/// Keys whose values are text, whatever they look like.
const TEXT_KEYS: [&str; 12] = [
    "base_model_name_or_path",
    "bias",
    "exclude_modules",
    "layers_pattern",
    "megatron_core",
    "model",
    "modules_to_save",
    "peft_type",
    "peft_version",
    "revision",
    "target_modules",
    "task_type",
];

/// Members that hold numbers by module or by name.
const NUMBER_TABLES: [&str; 3] = ["rank_pattern", "alpha_pattern", "lora_parameters"];

/// Reads text that spells a number, true or false as such, and whole floats as integers; the keys whose text was read.
pub(super) fn take_typed(values: &mut Map<String, Value>) -> Vec<String> {
    let mut read = Vec::new();
    for (key, value) in values.iter_mut() {
        let has_text = match value {
            Value::Object(members) if NUMBER_TABLES.contains(&key.as_str()) => {
                // Every member, without stopping at the first.
                members.values_mut().filter_map(|member| take(member).then_some(())).count() > 0
            }
            value => !TEXT_KEYS.contains(&key.as_str()) && take(value),
        };
        if has_text {
            read.push(key.clone());
        }
    }
    read
}

/// Replaces `value` by what it spells; whether it was text.
fn take(value: &mut Value) -> bool {
    let spelt = match &*value {
        Value::String(text) => spelt(text.trim()),
        Value::Number(number) => {
            if let Some(whole) = whole(number) {
                *value = whole;
            }
            return false;
        }
        _ => None,
    };
    let Some(spelt) = spelt else { return false };
    *value = spelt;
    true
}

fn spelt(text: &str) -> Option<Value> {
    if text.eq_ignore_ascii_case("true") {
        return Some(Value::Bool(true));
    }
    if text.eq_ignore_ascii_case("false") {
        return Some(Value::Bool(false));
    }
    let starts_like_a_number = text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
    let number = starts_like_a_number.then(|| text.parse::<f64>().ok()).flatten().and_then(Number::from_f64)?;
    Some(whole(&number).unwrap_or(Value::Number(number)))
}

/// 16 for 16.0: a rank is a whole number, however it was written.
fn whole(number: &Number) -> Option<Value> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let value = number.as_f64().filter(|value| number.is_f64() && value.fract() == 0.0 && value.abs() < EXACT)?;
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
    let value = value as i64;
    Some(Value::from(value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_and_flags_are_read_from_text_and_names_are_left() {
        let Value::Object(mut values) = json!({
            "r": "16", "lora_alpha": " 32.5 ", "use_rslora": "True", "use_dora": "false", "init_lora_weights": "gaussian",
            "rank_pattern": {"q_proj": "8", "v_proj": 4}, "target_modules": "0", "revision": "7", "peft_version": "0.18",
            "init_r": 12.0, "lora_dropout": 0.5, "layers": "nan", "eva_config": null,
        }) else {
            panic!("an object");
        };
        let mut read = take_typed(&mut values);
        read.sort();
        assert_eq!(read, ["lora_alpha", "r", "rank_pattern", "use_dora", "use_rslora"]);
        let expected = json!({
            "r": 16, "lora_alpha": 32.5, "use_rslora": true, "use_dora": false, "init_lora_weights": "gaussian",
            "rank_pattern": {"q_proj": 8, "v_proj": 4}, "target_modules": "0", "revision": "7", "peft_version": "0.18",
            "init_r": 12, "lora_dropout": 0.5, "layers": "nan", "eva_config": null,
        });
        assert_eq!(Value::Object(values), expected);
    }
}
