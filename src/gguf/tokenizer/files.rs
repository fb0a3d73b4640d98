//! The files of a tokenizer, read once.

use std::path::Path;

use serde_json::Value;

use crate::{
    checkpoint::{JsonProblem, SideContent},
    error::IoAction,
    gguf::ExportError,
};

/// What a folder holds of its tokenizer.
pub(super) struct Files {
    content: SideContent,
    /// The bytes of `tokenizer.json`.
    pub(super) json_text: Option<String>,
    /// `tokenizer.json`.
    pub(super) json: Option<Value>,
    /// `tokenizer_config.json`; an empty object where there is none.
    pub(super) config: Value,
    /// `added_tokens.json`.
    pub(super) added: Option<Value>,
    /// `tokenizer.model`.
    pub(super) model: Option<Vec<u8>>,
}

/// A token that stands beside a vocabulary.
pub(super) struct AddedToken {
    pub(super) id: usize,
    pub(super) content: String,
    pub(super) is_special: bool,
    /// Which of [`FLAGS`] it has.
    pub(super) flags: Vec<&'static str>,
}

/// What may be set of an added token: blanks before it or behind it belong to it, it is none inside of a word, it is
/// looked for in what a normalizer made of a text.
const FLAGS: [&str; 4] = ["lstrip", "rstrip", "single_word", "normalized"];

impl Files {
    pub(super) fn read(content: &SideContent) -> Result<Self, ExportError> {
        let json_text = text(content, "tokenizer.json")?;
        let json = json_text.as_deref().map(|text| parsed(text, content, "tokenizer.json")).transpose()?;
        let model = content.bytes("tokenizer.model", IoAction::ReadTokenizer)?;
        let config = value(content, "tokenizer_config.json")?.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        let added = value(content, "added_tokens.json")?;
        Ok(Self { content: content.clone(), json_text, json, config, added, model })
    }

    /// The text of the file `name`, where it is there.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, ExportError> {
        text(&self.content, name)
    }

    /// The JSON of the file `name`, where it is there.
    pub(super) fn value(&self, name: &str) -> Result<Option<Value>, ExportError> {
        value(&self.content, name)
    }

    /// The names of the files in `folder`, sorted.
    pub(super) fn names_in(&self, folder: &str) -> Vec<String> {
        self.content.names_in(folder)
    }

    /// Where they lie.
    pub(super) fn root(&self) -> &Path {
        self.content.root()
    }

    /// What is wrong with one of them.
    pub(super) fn bad(&self, file: &str, problem: impl Into<String>) -> ExportError {
        ExportError::BadTokenizer { file: file.to_owned(), problem: problem.into(), path: self.root().to_owned() }
    }

    /// `added_tokens` of `tokenizer.json`.
    pub(super) fn added_tokens(&self) -> Result<Vec<AddedToken>, ExportError> {
        let all = self.json.as_ref().and_then(|json| json.get("added_tokens")?.as_array());
        all.into_iter()
            .flatten()
            .map(|token| {
                let found = token.get("id").and_then(Value::as_u64).and_then(|id| added_token(id, token));
                found.ok_or_else(|| self.bad("tokenizer.json", "an added token has no id or no content"))
            })
            .collect()
    }

    /// `added_tokens_decoder` of `tokenizer_config.json`, by id.
    pub(super) fn decoder_tokens(&self) -> Result<Vec<AddedToken>, ExportError> {
        let all = self.config.get("added_tokens_decoder").and_then(Value::as_object);
        let mut tokens = all
            .into_iter()
            .flatten()
            .map(|(id, token)| {
                let found = id.parse().ok().and_then(|id| added_token(id, token));
                found.ok_or_else(|| self.bad("tokenizer_config.json", "an added token has no id or no content"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        tokens.sort_by_key(|token| token.id);
        Ok(tokens)
    }
}

fn added_token(id: u64, token: &Value) -> Option<AddedToken> {
    let flag = |key: &str| token.get(key).and_then(Value::as_bool).unwrap_or(false);
    Some(AddedToken {
        id: usize::try_from(id).ok()?,
        content: token.get("content")?.as_str()?.to_owned(),
        is_special: flag("special"),
        flags: FLAGS.into_iter().filter(|name| flag(name)).collect(),
    })
}

fn text(content: &SideContent, name: &str) -> Result<Option<String>, ExportError> {
    Ok(content.text(name, IoAction::ReadTokenizer)?)
}

fn value(content: &SideContent, name: &str) -> Result<Option<Value>, ExportError> {
    text(content, name)?.map(|text| parsed(&text, content, name)).transpose()
}

fn parsed(text: &str, content: &SideContent, name: &str) -> Result<Value, ExportError> {
    let path = content.root().join(name);
    serde_json::from_str(text).map_err(|error| ExportError::BadJson { problem: JsonProblem::new(text, &error), path })
}
