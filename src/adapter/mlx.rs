//! mlx-lm's adapters in PEFT's terms: the same low-rank product, its factors transposed, its scale named directly
//! (mlx-lm 0.32, `tuner/lora.py`; spec section 3.5).
//!
//! Nothing is copied: a transposed factor is a view of the stored one, so every later room sees an ordinary adapter.

use std::{path::Path, sync::Arc};

use serde_json::{Map, Value, json};

use super::{AdapterError, Feature, Note, PeftConfig, RefusalReason, WayOut};
use crate::checkpoint::{LogicalTensor, Storage, StridedSpan};

/// Last segments of modules that are embeddings, whose factors PEFT names differently.
const EMBEDDINGS: [&str; 4] = ["embed_tokens", "wte", "embed_in", "word_embeddings"];

/// Whether `config` is mlx-lm's: it has its keys and no `peft_type`.
pub(super) fn is_mlx(config: &PeftConfig) -> bool {
    let has = |key| config.get(key).is_some();
    config.peft_type().is_none() && (has("lora_parameters") || has("fine_tune_type"))
}

/// The config in PEFT's terms: rank and scale become `r` and `lora_alpha` = scale · r, so that `lora_alpha / r` is the
/// scale.
///
/// # Errors
/// A rank or scale that is missing; a full fine-tune, which is no adapter.
pub(super) fn peft_config(config: &PeftConfig, path: &Path) -> Result<PeftConfig, AdapterError> {
    let kind = config.get("fine_tune_type").and_then(Value::as_str).unwrap_or("lora");
    if !["lora", "dora"].contains(&kind) {
        return Err(AdapterError::Unsupported {
            feature: Feature::MlxRun { kind: kind.to_owned() },
            reason: RefusalReason::WholeWeights,
            way_out: WayOut::FuseWholeModel,
            path: path.to_owned(),
        });
    }
    let missing = |key| AdapterError::MissingKey { key, path: path.to_owned() };
    let parameters = config.get("lora_parameters").ok_or_else(|| missing("lora_parameters"))?;
    let rank = parameters["rank"].as_u64().filter(|rank| *rank > 0).ok_or_else(|| missing("lora_parameters.rank"))?;
    let scale = parameters["scale"].as_f64().filter(|scale| scale.is_finite());
    let scale = scale.ok_or_else(|| missing("lora_parameters.scale"))?;
    #[expect(clippy::cast_precision_loss, reason = "ranks are far below 2^53")]
    let alpha = scale * rank as f64;
    let mut values = Map::new();
    let mut set = |key: &str, value: Value| drop(values.insert(key.to_owned(), value));
    set("peft_type", json!("LORA"));
    set("r", json!(rank));
    set("lora_alpha", json!(alpha));
    set("lora_dropout", parameters["dropout"].clone());
    // mlx-lm changes the last `num_layers` layers only.
    set("layers_to_transform", config.get("num_layers").cloned().unwrap_or(Value::Null));
    set("use_dora", json!(kind == "dora"));
    set("base_model_name_or_path", config.get("model").cloned().unwrap_or(Value::Null));
    let mut notes = config.notes().to_vec();
    notes.push(Note::MlxScale { scale, alpha, rank });
    if config.get("alpha").is_some() || parameters.get("alpha").is_some() {
        notes.push(Note::MlxAlphaIgnored { scale });
    }
    Ok(PeftConfig::translated(values, notes))
}

/// The tensors under PEFT's names, factors transposed; tensors that are no factors stay as they are.
///
/// # Errors
/// Factors of other dimensions than mlx-lm's Linear, Embedding and `SwitchLinear` layers have.
pub(super) fn peft_tensors(tensors: Vec<LogicalTensor>, path: &Path) -> Result<Vec<LogicalTensor>, AdapterError> {
    let expert_counts: Vec<(String, usize)> = tensors.iter().filter_map(expert_count).collect();
    let mut out = Vec::with_capacity(tensors.len());
    for tensor in tensors {
        let Some((module, part)) = tensor.name().rsplit_once('.') else {
            out.push(tensor);
            continue;
        };
        let experts = expert_counts.iter().find(|(other, _)| other == module).map(|(_, count)| *count);
        match (part, experts, tensor.shape().len()) {
            ("m", None, 1) => out.push(renamed(&tensor, format!("{module}.lora_magnitude_vector"))),
            ("lora_a" | "lora_b", None, 2) => {
                let name = format!("{module}.{}", factor_name(module, part));
                out.push(transposed(&tensor, name));
            }
            ("lora_a" | "lora_b", Some(count), 2 | 3) => {
                out.extend(expert_factors(&tensor, module, part, count).ok_or_else(|| unknown(&tensor, path))?);
            }
            ("lora_a" | "lora_b" | "m", _, _) => return Err(unknown(&tensor, path)),
            _ => out.push(tensor),
        }
    }
    Ok(out)
}

/// PEFT's name of a factor: embeddings have names of their own, without `.weight`.
fn factor_name(module: &str, part: &str) -> &'static str {
    let last = module.rsplit('.').next().unwrap_or(module);
    match (EMBEDDINGS.contains(&last), part) {
        (true, "lora_a") => "lora_embedding_A",
        (true, _) => "lora_embedding_B",
        (false, "lora_a") => "lora_A.weight",
        (false, _) => "lora_B.weight",
    }
}

/// The module of a `SwitchLinear`'s `lora_b` (experts × out × r), and its number of experts.
fn expert_count(tensor: &LogicalTensor) -> Option<(String, usize)> {
    match (tensor.name().strip_suffix(".lora_b"), tensor.shape()) {
        (Some(module), [experts, _, _]) => Some((module.to_owned(), *experts)),
        _ => None,
    }
}

/// One factor for each expert, under the name of the expert's own Linear layer: `switch_mlp.up_proj` holds what the
/// checkpoint calls `experts.N.up_proj`. `lora_a` is experts × r × in, or in older files (experts · r) × in.
fn expert_factors(tensor: &LogicalTensor, module: &str, part: &str, count: usize) -> Option<Vec<LogicalTensor>> {
    let (rows, columns) = match (part, tensor.shape()) {
        (_, [experts, rows, columns]) if *experts == count => (*rows, *columns),
        ("lora_a", [all_rows, columns]) if count > 0 && all_rows % count == 0 => (all_rows / count, *columns),
        _ => return None,
    };
    let (file, offset) = tensor.span()?;
    let byte_count = (rows * columns * tensor.dtype().bitsize() / 8) as u64;
    let (front, projection) = module.rsplit_once('.')?;
    let front = front.strip_suffix("switch_mlp")?;
    let suffix = if part == "lora_a" { "lora_A.weight" } else { "lora_B.weight" };
    let factor = |expert: usize| {
        let storage = Storage::Span { file: Arc::clone(file), offset: offset + expert as u64 * byte_count, byte_count };
        let name = format!("{front}experts.{expert}.{projection}.{suffix}");
        LogicalTensor::new(name, vec![rows, columns], tensor.dtype(), storage)
    };
    Some((0..count).map(factor).collect())
}

fn renamed(tensor: &LogicalTensor, name: String) -> LogicalTensor {
    LogicalTensor::new(name, tensor.shape().to_vec(), tensor.dtype(), tensor.storage().clone())
}

/// The transpose of a matrix, as a view; any other tensor as it is.
fn transposed(tensor: &LogicalTensor, name: String) -> LogicalTensor {
    let (&[rows, columns], Some((file, offset))) = (tensor.shape(), tensor.span()) else {
        return renamed(tensor, name);
    };
    let storage = Storage::Strided(StridedSpan {
        file: Arc::clone(file),
        offset,
        end: offset + tensor.byte_count(),
        strides: vec![1, columns as u64],
    });
    LogicalTensor::new(name, vec![columns, rows], tensor.dtype(), storage)
}

fn unknown(tensor: &LogicalTensor, path: &Path) -> AdapterError {
    AdapterError::Unsupported {
        feature: Feature::MlxFactor { tensor: tensor.name().to_owned(), shape: tensor.shape().to_vec() },
        reason: RefusalReason::NoSuchFactor,
        way_out: WayOut::FuseWithOwnVersion,
        path: path.to_owned(),
    }
}
