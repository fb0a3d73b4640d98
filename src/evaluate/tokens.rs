//! From text to token ids, as the model's own tokenizer does it.

use std::path::Path;

use tokenizers::Tokenizer;

use super::{EvalError, EvalText, text::Document};
use crate::{checkpoint::read_text_bytes, error::IoAction};

pub(super) const TOKENIZER_FILE: &str = "tokenizer.json";

/// The token ids of every text for one model.
#[derive(Debug)]
pub(super) struct TokenizedTexts {
    /// The file's bytes; empty where no text needed it.
    tokenizer: Vec<u8>,
    /// For each document of each text.
    pub ids: Vec<Vec<u32>>,
}

impl TokenizedTexts {
    /// Tokenizes `texts` for the model in `root`; `others` with the same tokenizer share their ids.
    pub fn new(root: &Path, texts: &[EvalText], others: &[Self]) -> Result<Self, EvalError> {
        let path = root.join(TOKENIZER_FILE);
        let documents: Vec<Document> = texts.iter().flat_map(EvalText::parts).collect();
        let needs_tokenizer = documents.iter().any(|document| matches!(document, Document::Text(_)));
        if needs_tokenizer && !path.is_file() {
            return Err(EvalError::NoTokenizer { path: root.to_owned() });
        }
        let bytes = if needs_tokenizer { read_text_bytes(&path, IoAction::ReadTokenizer)? } else { Vec::new() };
        if let Some(other) = others.iter().find(|other| other.tokenizer == bytes) {
            return Ok(Self { tokenizer: bytes, ids: other.ids.clone() });
        }
        let tokenizer = if needs_tokenizer { Some(load(&bytes, &path)?) } else { None };
        let encode = |document: Document| match (document, &tokenizer) {
            (Document::Tokens(ids), _) => Ok(ids.to_vec()),
            (Document::Text(text), Some(tokenizer)) => encode(tokenizer, text, &path),
            (Document::Text(_), None) => Err(EvalError::NoTokenizer { path: root.to_owned() }),
        };
        let ids = documents.into_iter().map(encode).collect::<Result<_, _>>()?;
        Ok(Self { tokenizer: bytes, ids })
    }
}

/// The tokenizer in `root`.
pub(super) fn open(root: &Path) -> Result<Tokenizer, EvalError> {
    let path = root.join(TOKENIZER_FILE);
    if !path.is_file() {
        return Err(EvalError::NoTokenizer { path: root.to_owned() });
    }
    load(&read_text_bytes(&path, IoAction::ReadTokenizer)?, &path)
}

fn load(bytes: &[u8], path: &Path) -> Result<Tokenizer, EvalError> {
    let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(|error| bad_tokenizer(&*error, path))?;
    // Trainers save the truncation of their last batch; transformers resets both on every call.
    tokenizer.with_truncation(None).map_err(|error| bad_tokenizer(&*error, path))?;
    tokenizer.with_padding(None);
    Ok(tokenizer)
}

/// The ids with the special tokens that the tokenizer itself adds, but its BOS only once.
pub(super) fn encode(tokenizer: &Tokenizer, text: &str, path: &Path) -> Result<Vec<u32>, EvalError> {
    let encoding = tokenizer.encode_fast(text, true).map_err(|error| bad_tokenizer(&*error, path))?;
    let mut ids = encoding.get_ids().to_vec();
    let begins_special = encoding.get_special_tokens_mask().first() == Some(&1);
    // A text that spells the BOS itself gets a second one from the tokenizer.
    if begins_special && ids.len() > 1 && ids[0] == ids[1] {
        ids.remove(0);
    }
    Ok(ids)
}

/// The text of `ids` for the model in `root`, special tokens left out.
pub(super) fn decode(root: &Path, ids: &[u32]) -> Result<String, EvalError> {
    open(root)?.decode(ids, true).map_err(|error| bad_tokenizer(&*error, &root.join(TOKENIZER_FILE)))
}

pub(super) fn bad_tokenizer(error: &(dyn std::error::Error + Send + Sync), path: &Path) -> EvalError {
    EvalError::BadTokenizer { problem: crate::error::brief(&error), path: path.to_owned() }
}
