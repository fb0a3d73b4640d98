//! Vocabularies in which scores decide what is merged first: from `tokenizer.model`, or from `tokenizer.json` alone.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    files::Files,
    merges,
    sentence_piece::Piece,
    vocabulary::{Kind, SENTENCE_PIECE, Slots, Token, Vocabulary, looks_special},
};
use crate::gguf::{ExportError, Family};

/// The score of a token that no merge makes.
const UNMERGED_SCORE: f32 = -1e6;

/// The vocabulary in `tokenizer.model`, with what other files add to it; for an embedding of `rows` rows.
pub(super) fn from_model(
    files: &Files,
    pieces: Vec<Piece>,
    has_dummy_prefix: bool,
    family: Family,
    rows: usize,
) -> Result<Vocabulary, ExportError> {
    let piece_count = pieces.len();
    if piece_count > rows {
        return Err(ExportError::TooManyTokens { tokens: piece_count, rows, path: files.root().to_owned() });
    }
    refuse_disagreement(files, &pieces)?;
    let mut slots = Slots::new(rows);
    for (id, piece) in pieces.into_iter().enumerate() {
        let kind = match piece.kind {
            2 => Kind::Unknown,
            3 => Kind::Control,
            5 => Kind::Unused,
            6 => Kind::Byte,
            _ => Kind::Normal,
        };
        slots.put(id, Token { text: piece.text, kind, score: piece.score });
    }
    for (content, id) in files.added.as_ref().and_then(Value::as_object).into_iter().flatten() {
        let id = id.as_u64().and_then(|id| usize::try_from(id).ok());
        let id = id.ok_or_else(|| files.bad("added_tokens.json", "an id is no number"))?;
        slots.put(id, Token { text: content.clone(), ..Token::added("", false) });
    }
    let is_phi = family == Family::Phi3;
    let added = |content: &str, is_special: bool| {
        if is_phi {
            return Token { text: content.to_owned(), ..Token::added("", is_special) };
        }
        Token::added(content, is_special || looks_special(content))
    };
    for token in files.decoder_tokens()? {
        slots.put(token.id, added(&token.content, token.is_special));
    }
    // What training adds stands in tokenizer.json alone.
    let known = slots.tokens.len().max(piece_count);
    for token in files.added_tokens()? {
        if is_phi || token.id >= known {
            slots.put(token.id, added(&token.content, token.is_special));
        }
    }
    let add_space_prefix = match family {
        Family::Gemma2 | Family::Gemma3 => Some(false),
        _ if !has_dummy_prefix => Some(false),
        Family::Llama | Family::Mixtral => files.config.get("add_prefix_space").and_then(Value::as_bool),
        _ => None,
    };
    let adds_in_json =
        files.json.as_ref().map(|json| adds_space(&json["normalizer"]) || adds_space(&json["pre_tokenizer"]));
    if adds_in_json.is_some_and(|adds| adds != add_space_prefix.unwrap_or(true)) {
        return Err(
            files.bad("tokenizer.json", "it and the other files differ in whether a blank is put before a text")
        );
    }
    if has_dummy_prefix && matches!(family, Family::Gemma2 | Family::Gemma3) {
        return Err(files.bad("tokenizer.model", "it puts a blank before a text, as no Gemma does"));
    }
    Ok(vocabulary(slots, add_space_prefix))
}

/// The vocabulary of `tokenizer.json` alone: the order of its merges is that of the scores which it was made from.
pub(super) fn from_json(files: &Files, json: &Value, mut slots: Slots) -> Result<Vocabulary, ExportError> {
    refuse_other_steps(files, json)?;
    let mut ranks: HashMap<String, usize> = HashMap::new();
    for (rank, (left, right)) in merges(files, json)?.into_iter().enumerate() {
        ranks.entry(left + &right).or_insert(rank);
    }
    let unknown = json["model"]["unk_token"].as_str();
    for token in &mut slots.tokens {
        let is_unknown = unknown == Some(token.text.as_str());
        if is_unknown {
            token.kind = Kind::Unknown;
        } else if token.kind == Kind::Normal && is_byte(&token.text) {
            token.kind = Kind::Byte;
        }
        #[expect(clippy::cast_precision_loss, reason = "ranks far below 2²⁴ are exact")]
        let of_rank = |rank: &usize| -(*rank as f32);
        token.score = match token.kind {
            Kind::Normal => ranks.get(&token.text).map_or(UNMERGED_SCORE, of_rank),
            Kind::Unused => token.score,
            _ => 0.0,
        };
    }
    let add_space_prefix = Some(adds_space(&json["normalizer"]) || adds_space(&json["pre_tokenizer"]));
    Ok(vocabulary(slots, add_space_prefix))
}

fn vocabulary(Slots { tokens, left_out, .. }: Slots, add_space_prefix: Option<bool>) -> Vocabulary {
    let pre = "default".to_owned();
    Vocabulary { model: SENTENCE_PIECE, pre, tokens, merges: Vec::new(), add_space_prefix, left_out }
}

/// Refuses files that do not name the same tokens by the same ids as `tokenizer.model`.
fn refuse_disagreement(files: &Files, pieces: &[Piece]) -> Result<(), ExportError> {
    let in_json = files.added_tokens()?;
    let in_config = files.decoder_tokens()?;
    let differs = |file: &str, id: usize| files.bad(file, format!("its token {id} is not that of tokenizer.model"));
    for (file, tokens) in [("tokenizer.json", &in_json), ("tokenizer_config.json", &in_config)] {
        let other = tokens.iter().find(|token| pieces.get(token.id).is_some_and(|piece| piece.text != token.content));
        if let Some(token) = other {
            return Err(differs(file, token.id));
        }
    }
    for (id, piece) in pieces.iter().enumerate().filter(|(_, piece)| piece.kind == 4) {
        if !in_json.iter().chain(&in_config).any(|token| token.id == id) {
            let problem = format!("its token {:?} is the user's own, and no other file says so", piece.text);
            return Err(files.bad("tokenizer.model", problem));
        }
    }
    let Some(json) = &files.json else { return Ok(()) };
    refuse_other_steps(files, json)?;
    let vocabulary = json["model"]["vocab"].as_object();
    let vocabulary = vocabulary.ok_or_else(|| files.bad("tokenizer.json", "its model has no vocabulary"))?;
    let is_added = |id: usize, text: &str| in_json.iter().any(|token| token.id == id && token.content == text);
    for (id, piece) in pieces.iter().enumerate() {
        let in_vocabulary = vocabulary.get(&piece.text).and_then(Value::as_u64) == Some(id as u64);
        if !in_vocabulary && !is_added(id, &piece.text) {
            return Err(differs("tokenizer.json", id));
        }
    }
    for (text, id) in vocabulary {
        let id = id.as_u64().and_then(|id| usize::try_from(id).ok());
        let id = id.ok_or_else(|| files.bad("tokenizer.json", "an id of the vocabulary is no number"))?;
        let is_piece = pieces.get(id).is_some_and(|piece| piece.text == *text);
        if !is_piece && !is_added(id, text) {
            return Err(differs("tokenizer.json", id));
        }
    }
    Ok(())
}

/// Refuses whatever is done to a text but writing its blanks as `▁`, one more before it at most.
fn refuse_other_steps(files: &Files, json: &Value) -> Result<(), ExportError> {
    let mut steps = vec![&json["normalizer"], &json["pre_tokenizer"]];
    let mut writes_blanks = false;
    while let Some(step) = steps.pop() {
        let is_known = match step["type"].as_str() {
            None => step.is_null(),
            Some("Sequence") => {
                let inner = step.get("normalizers").or_else(|| step.get("pretokenizers")).and_then(Value::as_array);
                steps.extend(inner.into_iter().flatten());
                true
            }
            Some("Prepend") => step["prepend"] == "▁",
            Some("Replace") => {
                writes_blanks = true;
                step["pattern"]["String"] == " " && step["content"] == "▁"
            }
            Some("Metaspace") => {
                writes_blanks = true;
                step["replacement"] == "▁" && step["split"] == false
            }
            // Gemma's: no blank is left to cut at.
            Some("Split") => step["pattern"]["String"] == " ",
            Some(_) => false,
        };
        if !is_known {
            let step = crate::error::shortened(&step.to_string());
            return Err(files.bad("tokenizer.json", format!("llama.cpp does not know this step: {step}")));
        }
    }
    if writes_blanks { Ok(()) } else { Err(files.bad("tokenizer.json", "it leaves blanks as they are")) }
}

/// Whether a step of the normalizer or the pre-tokenizer puts a space before a text.
fn adds_space(step: &Value) -> bool {
    match step["type"].as_str() {
        Some("Sequence") => {
            let inner = step.get("normalizers").or_else(|| step.get("pretokenizers")).and_then(Value::as_array);
            inner.into_iter().flatten().any(adds_space)
        }
        Some("Prepend") => step["prepend"] == "▁",
        Some("Metaspace") => {
            let scheme = step.get("prepend_scheme").and_then(Value::as_str);
            scheme.map_or(step["add_prefix_space"] == true, |scheme| scheme != "never")
        }
        _ => false,
    }
}

/// `<0xA0>` and the like.
fn is_byte(text: &str) -> bool {
    let digits = text.strip_prefix("<0x").and_then(|text| text.strip_suffix('>'));
    digits.is_some_and(|digits| digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}
