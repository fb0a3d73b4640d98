//! What a config says of packed weights, completed by the file that older packers left beside it.

use std::path::Path;

use serde_json::Value;

use super::PackedError;
use crate::{
    checkpoint::{JsonProblem, read_text},
    error::IoAction,
};

/// Files of packers, with the method of those that name none.
const BESIDE: [(&str, &str); 2] = [("quantize_config.json", "gptq"), ("quant_config.json", "awq")];

/// What the file `name` in `root` says; `None` where there is none.
///
/// # Errors
/// A file that cannot be read or is no JSON.
pub(super) fn read_beside(root: &Path, name: &str) -> Result<Option<Value>, PackedError> {
    let path = root.join(name);
    if !path.is_file() {
        return Ok(None);
    }
    let text = read_text(&path, IoAction::ReadConfig)?;
    let said = serde_json::from_str(&text).map_err(|error| {
        let problem = JsonProblem::new(&text, &error);
        PackedError::BadState { tensor: name.to_owned(), problem }
    });
    said.map(Some)
}

/// The keys of a packer.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    config: Value,
    beside: Value,
}

impl Settings {
    /// `config`, the part of `config.json`, with what a file in `root` says beyond it, where one may.
    pub fn read(config: Option<&Value>, root: Option<&Path>) -> Result<Self, PackedError> {
        let mut beside = Value::Null;
        for (name, method) in BESIDE {
            let Some(said) = root.map(|root| read_beside(root, name)).transpose()?.flatten() else { continue };
            beside = said;
            if let Value::Object(keys) = &mut beside {
                keys.entry("quant_method").or_insert_with(|| method.into());
            }
            break;
        }
        Ok(Self { config: config.cloned().unwrap_or_default(), beside })
    }

    /// The value of `key`, if it has one.
    pub fn get(&self, key: &str) -> Option<&Value> {
        [&self.config, &self.beside].into_iter().find_map(|keys| keys.get(key).filter(|value| !value.is_null()))
    }

    /// The method, where one is named.
    pub fn method(&self) -> Option<&str> {
        self.get("quant_method")?.as_str()
    }

    /// The whole number under the first of `keys` that is there; `None` where none is.
    pub fn integer(&self, keys: &[&'static str]) -> Result<Option<i64>, PackedError> {
        let Some((key, value)) = keys.iter().find_map(|key| Some((*key, self.get(key)?))) else { return Ok(None) };
        let bad = || PackedError::BadConfig { key, said: value.to_string() };
        value.as_i64().ok_or_else(bad).map(Some)
    }

    /// Refuses what any of `keys` says that is not one of `read`, whatever its case.
    pub fn only(&self, keys: &[&'static str], read: &[&str]) -> Result<(), PackedError> {
        for key in keys {
            let Some(value) = self.get(key) else { continue };
            let is_read = value.as_str().is_some_and(|said| read.iter().any(|read| read.eq_ignore_ascii_case(said)));
            if !is_read {
                let said = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                return Err(PackedError::OtherLayout { key, said });
            }
        }
        Ok(())
    }
}
