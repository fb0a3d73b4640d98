//! The `Modelfile` of Ollama.

use std::fmt::Write as _;

use super::{ReadyToRun, template::Found};

/// Whether `text` can stand between two quotes of a `Modelfile` as it is.
pub(super) fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(['"', '\\', '\n', '\r', '\0'])
}

/// The text; paths in it are from where it lies.
pub(super) fn text(ready: &ReadyToRun) -> String {
    let mut out = String::new();
    if let Some(file) = ready.files.first() {
        writeln!(out, "FROM ./{}", file.name).ok();
    }
    if let Found::Proven(template) = &ready.template {
        writeln!(out, "TEMPLATE \"\"\"{}\"\"\"", template.go()).ok();
    }
    for stop in &ready.stops {
        writeln!(out, "PARAMETER stop \"{stop}\"").ok();
    }
    out
}
