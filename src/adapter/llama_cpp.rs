//! A LoRA file of llama.cpp as an adapter: the file is put into PEFT's terms, so every later room sees an ordinary one.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::{Map, Value, json};

use super::{Adapter, AdapterError, CONFIG_FILE, Method, PeftConfig, group::group, support};
use crate::{
    checkpoint::{Checkpoint, CheckpointError},
    gguf::{LoraFile, is_lora_file, open_lora},
};

/// The file that `path` is, or that lies there alone in an adapter's place.
pub(super) fn file_at(path: &Path) -> Option<PathBuf> {
    if path.is_file() {
        return is_lora_file(path).then(|| path.to_owned());
    }
    if path.join(CONFIG_FILE).is_file() {
        return None;
    }
    let entries = std::fs::read_dir(path).ok()?.flatten().map(|entry| entry.path());
    let mut files = entries.filter(|path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gguf")));
    let only = files.next().filter(|path| is_lora_file(path))?;
    files.next().is_none().then_some(only)
}

/// Opens the file at `path`; the `base` tells the order of some rows.
///
/// # Errors
/// A file that is no LoRA which is known to leave the model as it is.
pub(super) fn open(path: &Path, base: Option<&Checkpoint>) -> Result<Adapter, AdapterError> {
    let lora = open_lora(path, base).map_err(of_adapter)?;
    let config = PeftConfig::translated(config(&lora), Vec::new());
    let method: Box<dyn Method> = support::method_for(&config, path)?;
    let tensors = Arc::clone(&lora.file).tensors();
    let (targets, strays) = group(&config, method.as_ref(), tensors, path)?;
    let (root, files) = (path.to_owned(), vec![lora.file]);
    Ok(Adapter { root, config, method, files, own_file_count: 1, targets, strays, side_files: Vec::new() })
}

/// llama.cpp divides one alpha by the rank of each tensor; an alpha of 0 stands for a factor of 1.
fn config(lora: &LoraFile) -> Map<String, Value> {
    let largest = lora.ranks.values().copied().max().unwrap_or(1);
    let pattern = |value: fn(usize) -> Value, is_needed: bool| -> Value {
        let others = lora.ranks.iter().filter(|(_, rank)| is_needed && **rank != largest);
        Value::Object(others.map(|(module, rank)| (module.clone(), value(*rank))).collect())
    };
    let alpha = if lora.alpha == 0.0 { json!(largest) } else { json!(lora.alpha) };
    let mut values = Map::new();
    let mut set = |key: &str, value: Value| drop(values.insert(key.to_owned(), value));
    set("peft_type", json!("LORA"));
    set("r", json!(largest));
    set("lora_alpha", alpha);
    set("rank_pattern", pattern(|rank| json!(rank), true));
    set("alpha_pattern", pattern(|rank| json!(rank), lora.alpha == 0.0));
    values
}

fn of_adapter(error: CheckpointError) -> AdapterError {
    match error {
        CheckpointError::Gguf { problem, path } => AdapterError::Gguf { problem, path },
        error => error.into(),
    }
}
