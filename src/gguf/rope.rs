//! Rotations: the keys that say how they are stretched, and the tensors that hold what no key can.

use super::{ExportError, Family, settings::Settings};
use crate::checkpoint::gguf::GgufValue;

/// The base that readers take where none is written.
const DEFAULT_BASE: f32 = 10_000.0;

/// Keys (after the architecture's prefix) of the family's rotations.
pub(super) fn rope_keys(
    family: Family,
    settings: &Settings<'_>,
) -> Result<Vec<(&'static str, GgufValue)>, ExportError> {
    let mut keys = Vec::new();
    if family == Family::Gpt2 {
        return Ok(keys);
    }
    let default = if family == Family::Mixtral || family == Family::Gemma3 { 1e6 } else { DEFAULT_BASE };
    let stated = settings.rope_number("rope_theta")?;
    let base = match stated {
        None if family == Family::GptNeoX => settings.number(&["rotary_emb_base"], default)?,
        stated => stated.unwrap_or(default),
    };
    let is_silent =
        matches!(family, Family::Gemma | Family::Gemma2 | Family::GptNeoX | Family::StableLm | Family::Falcon);
    let is_assumed = base == DEFAULT_BASE && is_silent;
    if !is_assumed {
        keys.push(("rope.freq_base", GgufValue::F32(base)));
    }
    if family == Family::Gemma3 {
        let of_windows = settings.get("rope_parameters").and_then(|parameters| parameters.get("sliding_attention"));
        let of_windows = of_windows.and_then(|parameters| parameters.get("rope_theta")?.as_f64());
        #[expect(clippy::cast_possible_truncation, reason = "GGUF holds f32")]
        let base = match of_windows {
            Some(base) => base as f32,
            None => settings.number(&["rope_local_base_freq"], DEFAULT_BASE)?,
        };
        keys.push(("rope.freq_base_swa", GgufValue::F32(base)));
    }
    scaling_keys(family, settings, &mut keys)?;
    Ok(keys)
}

fn scaling_keys(
    family: Family,
    settings: &Settings<'_>,
    keys: &mut Vec<(&'static str, GgufValue)>,
) -> Result<(), ExportError> {
    let Some(kind) = settings.rope("rope_type") else { return Ok(()) };
    let factor = || settings.rope_number("factor")?.ok_or_else(|| settings.absent("factor"));
    match kind.as_str() {
        Some("default") => {}
        Some("llama3") if family == Family::Llama => {}
        Some("longrope" | "su") if family == Family::Phi3 => {
            let context = settings.context()?;
            let original = original_context(settings)?;
            let stretch = f64::from(context) / f64::from(original.max(1));
            let number = |key| Ok::<_, ExportError>(settings.rope_number(key)?.map(f64::from));
            let stretch = number("factor")?.unwrap_or(stretch);
            let factor = if stretch <= 1.0 { 1.0 } else { (1.0 + stretch.ln() / f64::from(original).ln()).sqrt() };
            let factor = number("attention_factor")?.unwrap_or(factor);
            #[expect(clippy::cast_possible_truncation, reason = "GGUF holds f32")]
            keys.push(("rope.scaling.attn_factor", GgufValue::F32(factor as f32)));
        }
        Some("linear") => {
            keys.push(("rope.scaling.type", "linear".into()));
            keys.push(("rope.scaling.factor", GgufValue::F32(factor()?)));
        }
        Some("yarn") => {
            let factor = yarn_factor(settings)?;
            keys.push(("rope.scaling.type", "yarn".into()));
            keys.push(("rope.scaling.factor", GgufValue::F32(factor)));
            keys.push(("rope.scaling.original_context_length", GgufValue::U32(original_context(settings)?)));
            if let Some(attention) = settings.rope_number("attention_factor")? {
                // What llama.cpp multiplies by anyway is taken off.
                keys.push(("rope.scaling.attn_factor", GgufValue::F32(attention / (1.0 + 0.1 * factor.ln()))));
            }
            for (name, own) in
                [("beta_fast", "rope.scaling.yarn_beta_fast"), ("beta_slow", "rope.scaling.yarn_beta_slow")]
            {
                if let Some(value) = settings.rope_number(name)? {
                    keys.push((own, GgufValue::F32(value)));
                }
            }
        }
        _ => return Err(settings.bad("rope_type", kind)),
    }
    Ok(())
}

/// How far `YaRN` stretches the positions; one that is null is what the context is of the one of the training.
pub(super) fn yarn_factor(settings: &Settings<'_>) -> Result<f32, ExportError> {
    if settings.is_null_in_rope("factor") {
        #[expect(clippy::cast_possible_truncation, reason = "GGUF holds f32")]
        let factor = (f64::from(settings.context()?) / f64::from(original_context(settings)?.max(1))) as f32;
        return Ok(factor);
    }
    settings.rope_number("factor")?.ok_or_else(|| settings.absent("factor"))
}

/// Positions that training began with.
pub(super) fn original_context(settings: &Settings<'_>) -> Result<u32, ExportError> {
    let key = "original_max_position_embeddings";
    let Some(value) = settings.get(key).or_else(|| settings.rope(key)) else { return settings.context() };
    value.as_u64().and_then(|count| u32::try_from(count).ok()).ok_or_else(|| settings.bad(key, value))
}

/// Values of a head that are rotated, where that is a share of them: an even number, cut as Python cuts it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small number")]
pub(super) fn rotated(settings: &Settings<'_>, keys: &[&str], default: f64) -> Result<u32, ExportError> {
    let stated = settings.rope("partial_rotary_factor").or_else(|| keys.iter().find_map(|key| settings.get(key)));
    let head_dim = settings.head_dim()?;
    let share = match stated {
        Some(value) => value.as_f64().ok_or_else(|| settings.bad(keys[0], value))?,
        None => default,
    };
    let count = (share * f64::from(head_dim)) as u32;
    if count == 0 || count > head_dim {
        return Err(settings.bad(keys[0], &share.into()));
    }
    // transformers then turns a value without a partner with the next one.
    if !count.is_multiple_of(2) {
        return Err(settings.odd_rotations(count, head_dim));
    }
    Ok(count)
}

/// Tensors of factors, one for each rotation.
pub(super) fn rope_tensors(
    family: Family,
    settings: &Settings<'_>,
) -> Result<Vec<(&'static str, Vec<f32>)>, ExportError> {
    match (family, settings.rope("rope_type").and_then(serde_json::Value::as_str)) {
        (Family::Llama, Some("llama3")) => Ok(vec![("rope_freqs.weight", llama3_factors(settings)?)]),
        (Family::Phi3, Some("longrope" | "su")) => {
            let factors = |key: &'static str| {
                let value = settings.rope(key).ok_or_else(|| settings.absent(key))?;
                #[expect(clippy::cast_possible_truncation, reason = "GGUF holds f32")]
                let numbers = value.as_array().and_then(|all| {
                    all.iter().map(|factor| factor.as_f64().map(|factor| factor as f32)).collect::<Option<Vec<f32>>>()
                });
                let half = rotated(settings, &["partial_rotary_factor"], 1.0)? as usize / 2;
                let numbers = numbers
                    .filter(|all| all.len() == half && all.iter().all(|number| number.is_finite() && *number > 0.0));
                numbers.ok_or_else(|| settings.bad(key, value))
            };
            Ok(vec![
                ("rope_factors_long.weight", factors("long_factor")?),
                ("rope_factors_short.weight", factors("short_factor")?),
            ])
        }
        _ => Ok(Vec::new()),
    }
}

/// How much slower each rotation of Llama 3 is than it would be by its base.
fn llama3_factors(settings: &Settings<'_>) -> Result<Vec<f32>, ExportError> {
    let number = |key, default: f32| Ok::<_, ExportError>(settings.rope_number(key)?.unwrap_or(default));
    let stretch = Llama3Stretch {
        factor: number("factor", 8.0)?,
        low: number("low_freq_factor", 1.0)?,
        high: number("high_freq_factor", 4.0)?,
        context: number("original_max_position_embeddings", 8192.0)?,
    };
    Ok(stretch.factors(number("rope_theta", DEFAULT_BASE)?, settings.head_dim()?))
}

/// How Llama 3 slows its rotations: long waves by a factor, short ones not at all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Llama3Stretch {
    pub(super) factor: f32,
    /// What the context is divided by for the longest wave that is slowed by a part of the factor.
    pub(super) low: f32,
    /// And for the shortest one.
    pub(super) high: f32,
    /// Positions that training began with.
    pub(super) context: f32,
}

impl Llama3Stretch {
    /// The factor of each rotation of a head of `head_dim` values, in f32 as torch computes it.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "as torch computes it")]
    pub(super) fn factors(self, base: f32, head_dim: u32) -> Vec<f32> {
        let Self { factor, low, high, context } = self;
        let factors = (0..head_dim / 2).map(|index| {
            let exponent = (2 * index) as f32 / head_dim as f32;
            // The power in f64, rounded once, is what a good f32 power gives.
            let frequency = 1.0 / (f64::from(base).powf(f64::from(exponent)) as f32);
            let wavelength = (2.0 * std::f64::consts::PI) as f32 / frequency;
            if wavelength < context / high {
                1.0
            } else if wavelength > context / low {
                factor
            } else {
                let smooth = (context / wavelength - low) / (high - low);
                1.0 / ((1.0 - smooth) / factor + smooth)
            }
        });
        factors.collect()
    }
}
