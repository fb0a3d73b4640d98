//! From a file to text: UTF-8 with or without a mark, or the CP949 of Korean Windows; documents from JSON lines.

use std::path::Path;

use serde_json::Value;

use super::EvalError;
use crate::{checkpoint::read_text_bytes, error::IoAction};

/// A file's text, decoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TextFile {
    /// The file's name, and its encoding where that had to be found out.
    pub name: String,
    pub text: String,
}

/// Reads and decodes a file.
pub(super) fn read(path: &Path) -> Result<TextFile, EvalError> {
    let bytes = read_text_bytes(path, IoAction::ReadText)?;
    let name = name_of(path);
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(TextFile { name, text: text.strip_prefix('\u{feff}').unwrap_or(text).to_owned() }),
        Err(error) => {
            // What the web calls EUC-KR is CP949, all of it.
            let text = encoding_rs::EUC_KR.decode_without_bom_handling_and_without_replacement(&bytes);
            let bad = || EvalError::NotUtf8 { offset: error.valid_up_to() as u64, path: path.to_owned() };
            Ok(TextFile { name: format!("{name} (CP949)"), text: text.ok_or_else(bad)?.into_owned() })
        }
    }
}

/// The last part of a path.
pub(super) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Whether a file has one JSON object a line.
pub(super) fn is_json_lines(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("jsonl"))
}

/// The `text` of each line with the line's number; blank lines are left out.
pub(super) fn json_lines(text: &str, path: &Path) -> Result<Vec<(usize, String)>, EvalError> {
    let mut documents = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let bad = |problem: String| EvalError::BadJsonLine { line: index + 1, problem, path: path.to_owned() };
        let value: Value = serde_json::from_str(line).map_err(|error| bad(crate::error::brief(&error)))?;
        match value.get("text") {
            Some(Value::String(text)) if text.trim().is_empty() => return Err(bad("its `text` is empty".to_owned())),
            Some(Value::String(text)) => documents.push((index + 1, text.clone())),
            Some(_) => return Err(bad("its `text` is no string".to_owned())),
            None => return Err(bad("it has no `text`".to_owned())),
        }
    }
    if documents.is_empty() {
        return Err(EvalError::EmptyText { path: path.to_owned() });
    }
    Ok(documents)
}
