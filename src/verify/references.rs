//! Independent: no config of the folder refers to anything outside of it, and no file is a link to elsewhere.

use std::path::Path;

use serde_json::Value;

use super::{Check, Detail, Evidence, Question, VerifyRequest, links};
use crate::{
    checkpoint::{Checkpoint, FileRole, JsonText, read_text},
    error::IoAction,
};

/// Files of prose and templates are searched for paths up to this size.
const MAX_SEARCHED_BYTES: u64 = 4 << 20;

/// Keys that name where a model came from; loaders ignore them.
const LINEAGE_KEYS: [&str; 3] = ["_name_or_path", "name_or_path", "base_model_name_or_path"];

/// What was found in the configs and the file list.
#[derive(Default)]
struct Findings {
    problems: Vec<Detail>,
    warnings: Vec<Detail>,
    string_count: usize,
}

/// Looks at every string of every JSON config and at every file.
pub(super) fn check(merged: &Checkpoint, request: &VerifyRequest) -> Check {
    let inputs: Vec<String> = request
        .base
        .iter()
        .chain(request.adapters.iter().map(|adapter| &adapter.path))
        .filter_map(|path| dunce::canonicalize(path).ok())
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    let mut findings = Findings::default();
    let mut config_count = 0;
    for path in config_paths(merged) {
        let name = path.strip_prefix(merged.root()).unwrap_or(&path).display().to_string();
        let Ok(text) = read_text(&path, IoAction::ReadConfig) else {
            findings.problems.push(Detail::UnreadableConfig { file: name });
            continue;
        };
        match JsonText::parse(text) {
            Ok(json) => {
                config_count += 1;
                let base = request.base.as_deref();
                let context = Context { file: &name, root: merged.root(), inputs: &inputs, base };
                context.visit(&json.value(), "", &mut findings);
            }
            Err(error) => {
                findings.problems.push(Detail::BadJson { file: name, problem: error.to_string() });
            }
        }
    }
    let (links, file_count) = links::leading_outside(merged.root());
    findings.problems.extend(links);
    findings.problems.extend(texts_that_name(&inputs, merged));
    let evidence = if findings.problems.is_empty() {
        Evidence::Inside { value_count: findings.string_count, config_count, file_count }
    } else {
        Evidence::Outside
    };
    Check::judged(Question::Independent, evidence, findings.problems, findings.warnings)
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
    base: Option<&'a Path>,
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
        // Templates and tokens are text for the model, whatever they look like.
        let is_prose = ["chat_template", "content"].contains(&key);
        let may_be_path = LINEAGE_KEYS.contains(&key) || text.contains(['/', '\\']);
        if may_be_path && !is_prose && self.names_base(text) {
            findings.problems.push(Detail::NamesBase { place, text: text.to_owned() });
        } else if self.inputs.iter().any(|input| text.contains(input.as_str())) || !is_prose && is_path(text) {
            findings.problems.push(Detail::IsPath { place, text: text.to_owned() });
        } else if LINEAGE_KEYS.contains(&key) && !text.is_empty() {
            findings.warnings.push(Detail::StillNames { place, text: text.to_owned() });
        } else if key == "auto_map" {
            self.visit_code(text, place, findings);
        }
    }

    /// Whether `text` is the base's folder, from here or from the folder's own place.
    fn names_base(&self, text: &str) -> bool {
        let Some(base) = self.base.and_then(|base| base.canonicalize().ok()).filter(|_| !text.is_empty()) else {
            return false;
        };
        [Path::new(text).to_owned(), self.root.join(text)]
            .iter()
            .any(|path| path.canonicalize().is_ok_and(|path| path == base))
    }

    /// `modeling_x.XModel` must be a file here; `repo--modeling_x.XModel` is code on a server.
    fn visit_code(&self, text: &str, place: String, findings: &mut Findings) {
        if let Some((repository, _)) = text.split_once("--") {
            findings.problems.push(Detail::RemoteCode { place, repository: repository.to_owned() });
        } else if let Some((module, _)) = text.split_once('.')
            && !self.root.join(format!("{module}.py")).is_file()
        {
            // What the base has wrong already, a merge cannot mend.
            let is_as_in_base = self.base.is_some_and(|base| !base.join(format!("{module}.py")).is_file());
            let list = if is_as_in_base { &mut findings.warnings } else { &mut findings.problems };
            list.push(Detail::MissingCode { place, module: module.to_owned() });
        }
    }
}

/// Whether a value is a path of some machine, on whichever system it was written.
fn is_path(text: &str) -> bool {
    let is_drive = |start: &[u8]| matches!(start, [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    let goes_up = text.starts_with("../") || text.starts_with("..\\") || text.starts_with("~/");
    text.starts_with('/') || is_drive(text.as_bytes()) || text.starts_with("\\\\") || goes_up
}

/// Texts that name a folder of base or adapter anywhere.
fn texts_that_name(inputs: &[String], merged: &Checkpoint) -> Vec<Detail> {
    let is_text =
        |role| matches!(role, FileRole::ModelCard | FileRole::ChatTemplate | FileRole::Support | FileRole::Licence);
    let texts = merged.side_files().iter().filter(|file| is_text(file.role) && file.byte_count <= MAX_SEARCHED_BYTES);
    let name_of = |path: &str, text: &str| {
        let named = inputs.iter().find(|input| text.contains(input.as_str()))?;
        Some(Detail::TextNames { file: path.to_owned(), path: named.clone() })
    };
    let mut problems: Vec<Detail> = texts
        .filter_map(|file| {
            let text = read_text(&file.path_below(merged.root()), IoAction::ReadSideText).ok()?;
            name_of(&file.relative_path, &text)
        })
        .collect();
    for file in merged.files() {
        problems.extend(file.metadata().values().find_map(|text| name_of(file.name(), text)));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_every_system_are_paths() {
        for path in ["/data/base", "C:\\models\\base", "D:/models", "\\\\server\\models", "../base", "~/models/base"] {
            assert!(is_path(path), "{path}");
        }
        for name in ["org/base", "base", "a: b", "", "{% if x %}/{% endif %}"] {
            assert!(!is_path(name), "{name}");
        }
    }
}
