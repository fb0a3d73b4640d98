//! The `Modelfile` of Ollama.

use std::fmt::Write as _;

use super::{contents::ReadyToRun, template::Found};

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
