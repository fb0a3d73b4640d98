//! Independent: no config of the folder refers to anything outside of it, and no file is a link to elsewhere.

use std::path::Path;

use serde_json::Value;

use super::{Check, VerifyRequest};
use crate::{
    checkpoint::{Checkpoint, JsonText, read_text},
    units,
};

/// Keys that name where a model came from; loaders ignore them.
const LINEAGE_KEYS: [&str; 3] = ["_name_or_path", "name_or_path", "base_model_name_or_path"];

/// What was found in the configs and the file list.
#[derive(Default)]
struct Findings {
    problems: Vec<String>,
    warnings: Vec<String>,
    string_count: usize,
}

/// Looks at every string of every JSON config and at every file.
pub(super) fn check(merged: &Checkpoint, request: &VerifyRequest) -> Check {
    let inputs: Vec<String> = request
        .base
        .iter()
        .chain(request.adapters.iter().map(|adapter| &adapter.path))
        .filter_map(|path| path.canonicalize().ok())
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    let mut findings = Findings::default();
    let mut config_count = 0;
    for path in config_paths(merged) {
        let name = path.strip_prefix(merged.root()).unwrap_or(&path).display().to_string();
        let Ok(text) = read_text(&path, "read a config") else {
            findings.problems.push(format!("{name} cannot be read"));
            continue;
        };
        match JsonText::parse(text) {
            Ok(json) => {
                config_count += 1;
                let context = Context { file: &name, root: merged.root(), inputs: &inputs };
                context.visit(&json.value(), "", &mut findings);
            }
            Err(error) => findings.problems.push(format!("{name} is not valid JSON: {error}")),
        }
    }
    let file_count = merged.side_files().len();
    for file in merged.side_files() {
        if leads_outside(&file.path_below(merged.root()), merged.root()) {
            findings.problems.push(format!("{} is a link to outside of the folder", file.relative_path));
        }
    }
    let evidence = format!(
        "{} in {} and {}: nothing points outside",
        units::plural(findings.string_count, "value"),
        units::plural(config_count, "config"),
        units::plural(file_count, "file"),
    );
    let evidence = if findings.problems.is_empty() { evidence } else { "something points outside".to_owned() };
    Check::judged("Independent of the base", evidence, findings.problems, findings.warnings)
}

/// The JSON files that describe the model; vocabularies hold any text, so they are not read.
fn config_paths(merged: &Checkpoint) -> Vec<std::path::PathBuf> {
    let is_config = |path: &str| path.ends_with("config.json") || path.ends_with(".index.json");
    let side = merged.side_files().iter().filter(|file| is_config(&file.relative_path));
    side.map(|file| file.path_below(merged.root())).collect()
}

struct Context<'a> {
    file: &'a str,
    root: &'a Path,
    inputs: &'a [String],
}

impl Context<'_> {
    fn visit(&self, value: &Value, key: &str, findings: &mut Findings) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    // Below `auto_map` and the like, what counts is the name of the map.
                    let key = if key == "auto_map" { key } else { name };
                    self.visit(member, key, findings);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.visit(item, key, findings)),
            Value::String(text) => self.visit_text(text, key, findings),
            _ => {}
        }
    }

    fn visit_text(&self, text: &str, key: &str, findings: &mut Findings) {
        findings.string_count += 1;
        let place = format!("{}: {key}", self.file);
        if LINEAGE_KEYS.contains(&key) && !text.is_empty() {
            findings.warnings.push(format!("{place} still names `{text}`; loaders ignore it"));
        } else if self.inputs.iter().any(|input| text.contains(input.as_str()))
            || Path::new(text).is_absolute() && key != "chat_template"
        {
            findings.problems.push(format!("{place} is the path `{text}`"));
        } else if key == "auto_map" {
            self.visit_code(text, &place, findings);
        }
    }

    /// `modeling_x.XModel` must be a file here; `repo--modeling_x.XModel` is code on a server.
    fn visit_code(&self, text: &str, place: &str, findings: &mut Findings) {
        if let Some((repository, _)) = text.split_once("--") {
            findings.problems.push(format!("{place} loads code from the repository `{repository}`"));
        } else if let Some((module, _)) = text.split_once('.')
            && !self.root.join(format!("{module}.py")).is_file()
        {
            findings.problems.push(format!("{place} needs {module}.py, which is not in the folder"));
        }
    }
}

fn leads_outside(path: &Path, root: &Path) -> bool {
    match (path.canonicalize(), root.canonicalize()) {
        (Ok(path), Ok(root)) => !path.starts_with(root),
        _ => true,
    }
}
