//! Which files travel with the weights, and from where.

use std::{collections::BTreeMap, path::PathBuf};

use super::{PlanError, SpecialTokens, TokenizerChoice};
use crate::{
    adapter::Adapter,
    checkpoint::{Checkpoint, FileRole, JsonText, SideFile, read_text},
    error::IoAction,
};

/// What a tokenizer is beside its vocabulary.
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";

/// Keys of `tokenizer_config.json` that name a folder of the machine where it was saved.
const TOKENIZER_PATH_KEYS: [&str; 2] = ["name_or_path", "tokenizer_file"];

/// One file beside the weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideFileStep {
    /// Path below the output, with `/` between components.
    pub relative_path: String,
    /// What it is for.
    pub role: FileRole,
    /// What will be in it.
    pub content: SideFileContent,
}

/// What a side file will hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SideFileContent {
    /// The bytes of another file.
    CopyOf {
        /// That file.
        source: PathBuf,
        /// Its size.
        byte_count: u64,
    },
    /// This text.
    Text(String),
}

impl SideFileStep {
    /// Bytes that it takes.
    #[must_use]
    pub fn byte_count(&self) -> u64 {
        match &self.content {
            SideFileContent::CopyOf { byte_count, .. } => *byte_count,
            SideFileContent::Text(text) => text.len() as u64,
        }
    }

    /// What it will hold, where that is JSON.
    pub(super) fn json(&self) -> Option<serde_json::Value> {
        let text = match &self.content {
            SideFileContent::CopyOf { source, .. } => read_text(source, IoAction::ReadModelConfig).ok()?,
            SideFileContent::Text(text) => text.clone(),
        };
        Some(JsonText::parse(text).ok()?.value())
    }
}

/// Tokenizer and template by `choice`, support files and licences of the base, licences of the adapters.
pub(super) fn steps(
    base: &Checkpoint,
    adapters: &[Adapter],
    choice: &TokenizerChoice,
    special_tokens: &SpecialTokens,
) -> Result<Vec<SideFileStep>, PlanError> {
    let mut steps = BTreeMap::new();
    for file in base.side_files() {
        let is_wanted = match file.role {
            FileRole::Tokenizer => choice.vocabulary_from.is_none(),
            FileRole::ChatTemplate => choice.template_from.is_none(),
            FileRole::Support | FileRole::Licence => true,
            FileRole::Config | FileRole::ModelCard | FileRole::Weights | FileRole::Adapter | FileRole::Leftover => {
                false
            }
        };
        if is_wanted {
            add(&mut steps, file, file.path_below(base.side_root()));
        }
    }
    let chosen = |from: Option<usize>, role: FileRole| {
        let adapter = from.and_then(|index| adapters.get(index));
        adapter.into_iter().flat_map(move |adapter| {
            let files = adapter.side_files().iter().filter(move |file| file.role == role);
            files.map(|file| (file, file.path_below(adapter.root())))
        })
    };
    for (file, source) in
        chosen(choice.vocabulary_from, FileRole::Tokenizer).chain(chosen(choice.template_from, FileRole::ChatTemplate))
    {
        add(&mut steps, file, source);
    }
    add_inline_template(&mut steps, adapters, choice)?;
    add_adapter_licences(&mut steps, adapters);
    if !special_tokens.changes.is_empty() {
        add_missing_config(&mut steps);
    }
    steps.into_values().map(|step| edited(super::side_text::readable(step)?, special_tokens)).collect()
}

fn add(steps: &mut BTreeMap<String, SideFileStep>, file: &SideFile, source: PathBuf) {
    let content = SideFileContent::CopyOf { source, byte_count: file.byte_count };
    let relative_path = file.relative_path.clone();
    steps.insert(relative_path.clone(), SideFileStep { relative_path, role: file.role, content });
}

/// A template that the adapter keeps inside `tokenizer_config.json` becomes a file, which takes precedence in
/// transformers, so that it works beside the base's tokenizer too.
fn add_inline_template(
    steps: &mut BTreeMap<String, SideFileStep>,
    adapters: &[Adapter],
    choice: &TokenizerChoice,
) -> Result<(), PlanError> {
    const TEMPLATE_FILE: &str = "chat_template.jinja";
    let Some(adapter) = choice.template_from.and_then(|index| adapters.get(index)) else { return Ok(()) };
    if steps.contains_key(TEMPLATE_FILE) {
        return Ok(());
    }
    let path = adapter.root().join("tokenizer_config.json");
    let text = read_text(&path, IoAction::ReadChatTemplate)?;
    let config: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| PlanError::BadTokenizer { problem: crate::error::brief(&error), path: path.clone() })?;
    if let Some(template) = config["chat_template"].as_str() {
        let step = SideFileStep {
            relative_path: TEMPLATE_FILE.to_owned(),
            role: FileRole::ChatTemplate,
            content: SideFileContent::Text(template.to_owned()),
        };
        steps.insert(step.relative_path.clone(), step);
    }
    Ok(())
}

/// An adapter's licence travels too, under a name of its own where the base has one of the same name.
fn add_adapter_licences(steps: &mut BTreeMap<String, SideFileStep>, adapters: &[Adapter]) {
    for (index, adapter) in adapters.iter().enumerate() {
        for file in adapter.side_files().iter().filter(|file| file.role == FileRole::Licence) {
            let source = file.path_below(adapter.root());
            let is_taken = steps.contains_key(&file.relative_path);
            let relative_path = if is_taken {
                format!("{}.adapter-{}", file.relative_path, index + 1)
            } else {
                file.relative_path.clone()
            };
            add(steps, &SideFile { relative_path, ..file.clone() }, source);
        }
    }
}

/// A tokenizer of one file has nowhere else to say what its special tokens are.
fn add_missing_config(steps: &mut BTreeMap<String, SideFileStep>) {
    if steps.contains_key("tokenizer.json") {
        steps.entry(TOKENIZER_CONFIG.to_owned()).or_insert_with(|| SideFileStep {
            relative_path: TOKENIZER_CONFIG.to_owned(),
            role: FileRole::Tokenizer,
            content: SideFileContent::Text("{}".to_owned()),
        });
    }
}

/// The configs with the special tokens that training changed, and without the paths of the machine where they were
/// saved; any other file as it is.
fn edited(step: SideFileStep, special_tokens: &SpecialTokens) -> Result<SideFileStep, PlanError> {
    const EDITED: [&str; 3] = [TOKENIZER_CONFIG, "special_tokens_map.json", "generation_config.json"];
    let name = step.relative_path.as_str();
    if !EDITED.contains(&name) {
        return Ok(step);
    }
    let text = match &step.content {
        SideFileContent::CopyOf { source, .. } => read_text(source, IoAction::ReadModelConfig)?,
        SideFileContent::Text(text) => text.clone(),
    };
    let Ok(mut edited) = JsonText::parse(text.clone()) else { return Ok(step) };
    match name {
        "generation_config.json" => special_tokens.edit_generation(&mut edited),
        "special_tokens_map.json" => special_tokens.edit_tokenizer(&mut edited, true),
        _ => {
            for key in TOKENIZER_PATH_KEYS {
                edited.remove(&[key]);
            }
            special_tokens.edit_tokenizer(&mut edited, false);
        }
    }
    if edited.as_str() == text {
        return Ok(step);
    }
    Ok(SideFileStep { content: SideFileContent::Text(edited.as_str().to_owned()), ..step })
}
