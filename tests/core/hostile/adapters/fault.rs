//! Faults that are put into the toy pair.

use std::path::Path;

use serde_json::Value;

use crate::support::{FileBuilder, put, toy_adapter_config};

/// One fault: its name, how the toy pair gets it, and what the message must contain.
pub struct Fault {
    pub name: &'static str,
    pub put: fn(&Path),
    pub says: &'static [&'static str],
}

pub fn weights(root: &Path, file: &FileBuilder) {
    put(&root.join("adapter/adapter_model.safetensors"), file.build());
}

pub fn config(root: &Path, changes: &Value) {
    let mut config = toy_adapter_config();
    for (key, value) in changes.as_object().unwrap() {
        config[key] = value.clone();
    }
    put(&root.join("adapter/adapter_config.json"), config.to_string());
}
