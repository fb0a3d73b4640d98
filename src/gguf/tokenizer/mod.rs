//! A tokenizer as GGUF has it: tokens, kinds, scores or merges, roles, and how text is cut.
//!
//! `tokenizer.model` is believed for its pieces, `tokenizer.json` for what was added to them; where there is only the
//! latter, scores are the ranks of its merges, with which llama.cpp finds the same tokens.

mod differences;
mod files;
pub(super) mod pre;
mod sentence_piece;
mod special;
mod spm;
mod vocabulary;

use std::collections::HashMap;

use serde_json::Value;

use self::{
    differences::{differences, strips_as_phi3},
    files::Files,
    sentence_piece::{has_dummy_prefix, odd_setting, pieces},
    vocabulary::{BYTE_LEVEL, Kind, Slots, Token, Vocabulary, looks_special},
};
use super::{ExportError, ExportNote, Family};
use crate::checkpoint::{Checkpoint, SideContent, gguf::GgufValue};

/// A tokenizer as a file holds it.
pub(super) struct TokenizerKeys {
    pub(super) keys: Vec<(String, GgufValue)>,
    /// Texts of added tokens that no row of the embedding belongs to.
    pub(super) left_out: Vec<String>,
    /// Where llama.cpp cuts text otherwise.
    pub(super) differences: Vec<ExportNote>,
    /// Whether llama.cpp is right to take it for that of Phi-3, as it does by the name of the model.
    pub(super) is_phi3: bool,
}

/// Every key of the tokenizer of `checkpoint`, whose embedding has `rows` rows.
pub(super) fn tokenizer_keys(
    checkpoint: &Checkpoint,
    family: Family,
    rows: usize,
) -> Result<TokenizerKeys, ExportError> {
    let files = Files::read(checkpoint.side_content())?;
    let mut vocabulary = vocabulary(&files, family, rows)?;
    for id in vocabulary.tokens.len()..rows {
        vocabulary.tokens.push(Token::padding(id));
    }
    let mut keys = vocabulary.keys();
    if let Some(token) = vocabulary.tokens.iter().find(|token| token.text.contains('\0')) {
        return Err(files.bad("the vocabulary", format!("the token {:?} has a zero byte in it", token.text)));
    }
    let roles = special::id_keys(&files, checkpoint, &vocabulary.tokens)?;
    let around = special::around_keys(&files, &roles)?;
    keys.extend(roles);
    keys.extend(around);
    keys.extend(special::template_keys(&files)?);
    let is_phi3 = family == Family::Phi3 && strips_as_phi3(&files)?;
    let differences = differences(&files, &vocabulary, is_phi3)?;
    Ok(TokenizerKeys { keys, left_out: vocabulary.left_out, differences, is_phi3 })
}

/// The hash that llama.cpp's converter knows tokenizers by, of the one in `folder`.
///
/// # Errors
/// A folder without `tokenizer.json`, or one that cannot be used.
pub fn check_hash(folder: &std::path::Path) -> Result<String, ExportError> {
    let files = Files::read(&SideContent::of_folder(folder))?;
    match &files.json_text {
        Some(text) => pre::check_hash(&files, text),
        None => Err(ExportError::NoTokenizer { path: folder.to_owned() }),
    }
}

fn vocabulary(files: &Files, family: Family, rows: usize) -> Result<Vocabulary, ExportError> {
    let reads_model = !matches!(family, Family::Gpt2 | Family::GptNeoX | Family::Qwen3 | Family::Qwen3Moe);
    if let Some(model) = files.model.as_deref().filter(|_| reads_model) {
        match pieces(model) {
            Some(_) if let Some(problem) = odd_setting(model) => return Err(files.bad("tokenizer.model", problem)),
            Some(pieces) => return spm::from_model(files, pieces, has_dummy_prefix(model), family, rows),
            // Llama 3 has another library's file of that name beside its tokenizer.json.
            None if files.json.is_some() => {}
            None => return Err(files.bad("tokenizer.model", "it holds no SentencePiece model")),
        }
    }
    let (Some(json), Some(text)) = (&files.json, &files.json_text) else {
        return Err(ExportError::NoTokenizer { path: files.root().to_owned() });
    };
    let kind = json["model"]["type"].as_str().unwrap_or("an unnamed model");
    if kind != "BPE" {
        return Err(ExportError::TokenizerKind { kind: kind.to_owned(), path: files.root().to_owned() });
    }
    let slots = json_tokens(files, json, rows)?;
    if has_step(&json["pre_tokenizer"], "ByteLevel") {
        let merges: Vec<String> =
            merges(files, json)?.into_iter().map(|(left, right)| format!("{left} {right}")).collect();
        if merges.is_empty() {
            return Err(files.bad("tokenizer.json", "its model has no merges"));
        }
        let pre = pre::pre_tokenizer(files, json, text)?;
        let Slots { tokens, left_out, .. } = slots;
        return Ok(Vocabulary { model: BYTE_LEVEL, pre, tokens, merges, add_space_prefix: None, left_out });
    }
    if json["model"]["byte_fallback"] == true {
        return spm::from_json(files, json, slots);
    }
    Err(ExportError::TokenizerKind { kind: "BPE without bytes".to_owned(), path: files.root().to_owned() })
}

/// Whether `step` is of a type, or a sequence with such a step in it.
fn has_step(step: &Value, kind: &str) -> bool {
    let inner = step.get("pretokenizers").and_then(Value::as_array);
    step["type"] == kind || inner.into_iter().flatten().any(|step| has_step(step, kind))
}

/// The vocabulary of `tokenizer.json` and what was added to it.
fn json_tokens(files: &Files, json: &Value, rows: usize) -> Result<Slots, ExportError> {
    let vocabulary = json["model"]["vocab"].as_object();
    let vocabulary = vocabulary.ok_or_else(|| files.bad("tokenizer.json", "its model has no vocabulary"))?;
    let mut slots = Slots::new(rows);
    if vocabulary.is_empty() {
        return Err(files.bad("tokenizer.json", "its vocabulary is empty"));
    }
    let mut texts: HashMap<usize, &str> = HashMap::new();
    for (text, id) in vocabulary {
        let id = id.as_u64().and_then(|id| usize::try_from(id).ok());
        let id = id.ok_or_else(|| files.bad("tokenizer.json", "an id of the vocabulary is no number"))?;
        if id >= rows {
            return Err(ExportError::TooManyTokens {
                tokens: id.saturating_add(1),
                rows,
                path: files.root().to_owned(),
            });
        }
        if texts.insert(id, text).is_some() {
            return Err(files.bad("tokenizer.json", format!("two tokens have the id {id}")));
        }
        slots.put(id, Token { text: text.clone(), kind: Kind::Normal, score: 0.0 });
    }
    let added = files.added_tokens()?;
    for token in &added {
        if texts.insert(token.id, &token.content).is_some_and(|text| text != token.content) {
            return Err(files.bad("tokenizer.json", format!("two tokens have the id {}", token.id)));
        }
    }
    for token in &added {
        slots.put(token.id, Token::added(&token.content, token.is_special || looks_special(&token.content)));
    }
    Ok(slots)
}

/// The merges in their order; a space inside of a part is written as the byte alphabet has it.
fn merges(files: &Files, json: &Value) -> Result<Vec<(String, String)>, ExportError> {
    let bad = || files.bad("tokenizer.json", "a merge is no pair");
    let all =
        json["model"]["merges"].as_array().ok_or_else(|| files.bad("tokenizer.json", "its model has no merges"))?;
    let pair = |merge: &Value| match merge {
        Value::String(text) => text.split_once(' ').map(|(left, right)| (left.to_owned(), right.to_owned())),
        Value::Array(parts) => match parts.as_slice() {
            [left, right] => Some((left.as_str()?.replace(' ', "Ġ"), right.as_str()?.replace(' ', "Ġ"))),
            _ => None,
        },
        _ => None,
    };
    all.iter().map(|merge| pair(merge).ok_or_else(bad)).collect()
}
