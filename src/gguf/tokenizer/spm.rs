//! Vocabularies in which scores decide what is merged first: from `tokenizer.model`, or from `tokenizer.json` alone.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    SENTENCE_PIECE,
    files::Files,
    merges,
    sentence_piece::Piece,
    vocabulary::{Kind, Slots, Token, Vocabulary, looks_special},
};
use crate::gguf::{ExportError, Family};

/// The score of a token that no merge makes.
const UNMERGED_SCORE: f32 = -1e6;

/// The vocabulary in `tokenizer.model`, with what other files add to it; for an embedding of `rows` rows.
pub(super) fn from_model(
    files: &Files,
    pieces: Vec<Piece>,
    family: Family,
    rows: usize,
) -> Result<Vocabulary, ExportError> {
    let piece_count = pieces.len();
    if piece_count > rows {
        return Err(ExportError::TooManyTokens { tokens: piece_count, rows, path: files.root.clone() });
    }
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
        Family::Llama | Family::Mixtral => files.config.get("add_prefix_space").and_then(Value::as_bool),
        _ => None,
    };
    Ok(vocabulary(slots, add_space_prefix))
}

/// The vocabulary of `tokenizer.json` alone: the order of its merges is that of the scores which it was made from.
pub(super) fn from_json(files: &Files, json: &Value, mut slots: Slots) -> Result<Vocabulary, ExportError> {
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
