//! What the metadata of a file say of its tokens and templates.

use crate::checkpoint::gguf::{GgufArray, GgufValue};

/// The metadata of a file.
pub(super) struct Keys<'a>(pub(super) &'a [(String, GgufValue)]);

impl<'a> Keys<'a> {
    fn get(&self, key: &str) -> Option<&'a GgufValue> {
        self.0.iter().find(|(own, _)| own == key).map(|(_, value)| value)
    }

    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        match self.get(key) {
            Some(GgufValue::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The text of the token under `tokenizer.ggml.ROLE_token_id`.
    pub(super) fn token(&self, role: &str) -> Option<&'a str> {
        let Some(GgufValue::U32(id)) = self.get(&format!("tokenizer.ggml.{role}_token_id")) else { return None };
        let Some(GgufValue::Array(GgufArray::String(tokens))) = self.get("tokenizer.ggml.tokens") else { return None };
        tokens.get(usize::try_from(*id).ok()?).map(String::as_str)
    }

    /// Whether llama.cpp puts the token of a beginning before a text; it does for SentencePiece unless told otherwise.
    pub(super) fn adds_bos(&self) -> bool {
        match self.get("tokenizer.ggml.add_bos_token") {
            Some(GgufValue::Bool(adds)) => *adds,
            _ => self.text("tokenizer.ggml.model") == Some("llama"),
        }
    }

    /// The texts of the tokens that end an answer.
    pub(super) fn ends(&self) -> Vec<String> {
        let mut ends: Vec<String> = Vec::new();
        for end in ["eos", "eot"].into_iter().filter_map(|role| self.token(role)) {
            if !ends.iter().any(|known| known == end) && is_plain(end) {
                ends.push(end.to_owned());
            }
        }
        ends
    }
}

/// Whether `text` can stand between two quotes of a `Modelfile` as it is.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(['"', '\\', '\n', '\r', '\0'])
}
