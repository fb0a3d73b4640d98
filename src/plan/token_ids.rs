//! The ids that a folder's tokenizer files give.

use std::{collections::HashMap, path::Path};

use serde_json::Value;

use super::{PlanError, tokenizer::read_json};
use crate::{checkpoint::read_text, error::IoAction};

/// Token → id, as far as the files say it.
#[derive(Debug, Default)]
pub(super) struct TokenIds {
    ids: HashMap<String, u64>,
    /// Whether the whole vocabulary was read; a SentencePiece model alone is not.
    pub is_whole: bool,
}

impl TokenIds {
    /// Reads the files of `root`, those that are most often right last.
    ///
    /// # Errors
    /// A file that cannot be read or is no JSON.
    pub fn read(root: &Path) -> Result<Self, PlanError> {
        let mut found = Self::default();
        if let Some(Value::Object(vocabulary)) = read_json(&root.join("vocab.json"))? {
            found.take_all(&vocabulary);
        }
        let lines = root.join("vocab.txt");
        if lines.is_file() {
            let text = read_text(&lines, IoAction::ReadVocabulary)?;
            found.ids.extend(text.lines().zip(0..).map(|(token, id)| (token.to_owned(), id)));
            found.is_whole = true;
        }
        if let Some(tokenizer) = read_json(&root.join("tokenizer.json"))? {
            found.take_tokenizer(&tokenizer);
        }
        if let Some(Value::Object(added)) = read_json(&root.join("added_tokens.json"))? {
            found.ids.extend(added.into_iter().filter_map(|(token, id)| Some((token, id.as_u64()?))));
        }
        if let Some(config) = read_json(&root.join("tokenizer_config.json"))? {
            let added = config["added_tokens_decoder"].as_object().into_iter().flatten();
            let added = added.filter_map(|(id, token)| Some((token["content"].as_str()?.to_owned(), id.parse().ok()?)));
            found.ids.extend(added);
        }
        Ok(found)
    }

    /// The id of `token`.
    pub fn id(&self, token: &str) -> Option<u64> {
        self.ids.get(token).copied()
    }

    fn take_all(&mut self, vocabulary: &serde_json::Map<String, Value>) {
        self.ids.extend(vocabulary.iter().filter_map(|(token, id)| Some((token.clone(), id.as_u64()?))));
        self.is_whole = true;
    }

    fn take_tokenizer(&mut self, tokenizer: &Value) {
        match &tokenizer["model"]["vocab"] {
            Value::Object(vocabulary) => self.take_all(vocabulary),
            // Unigram models list [piece, score] pairs, by id.
            Value::Array(pieces) => {
                self.ids
                    .extend(pieces.iter().zip(0..).filter_map(|(piece, id)| Some((piece[0].as_str()?.to_owned(), id))));
                self.is_whole = true;
            }
            _ => {}
        }
        let added = tokenizer["added_tokens"].as_array().into_iter().flatten();
        self.ids.extend(added.filter_map(|token| Some((token["content"].as_str()?.to_owned(), token["id"].as_u64()?))));
    }
}
