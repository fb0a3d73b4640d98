//! A vocabulary as GGUF has it: a text, a kind and a score for each id.

use crate::checkpoint::gguf::{GgufArray, GgufValue};

/// `tokenizer.ggml.model` where scores decide.
pub(super) const SENTENCE_PIECE: &str = "llama";
/// `tokenizer.ggml.model` where merges do.
pub(super) const BYTE_LEVEL: &str = "gpt2";

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(super) enum Kind {
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

/// A token.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) kind: Kind,
    pub(super) score: f32,
}

/// The score of tokens that were added to a vocabulary; they are found before anything is merged.
pub(super) const ADDED_SCORE: f32 = -1000.0;

/// All tokens, in the order of their ids.
#[derive(Debug)]
pub(super) struct Vocabulary {
    /// `tokenizer.ggml.model`.
    pub(super) model: &'static str,
    /// `tokenizer.ggml.pre`.
    pub(super) pre: String,
    pub(super) tokens: Vec<Token>,
    /// Pairs joined by a space; none where scores decide.
    pub(super) merges: Vec<String>,
    pub(super) add_space_prefix: Option<bool>,
    /// Texts of added tokens that no row of the embedding belongs to.
    pub(super) left_out: Vec<String>,
}

impl Token {
    /// A token for an id that has none.
    pub(super) fn padding(id: usize) -> Self {
        Self { text: format!("[PAD{id}]"), kind: Kind::Unused, score: -10_000.0 }
    }

    /// A token that was added to a vocabulary.
    pub(super) fn added(content: &str, is_control: bool) -> Self {
        let kind = if is_control { Kind::Control } else { Kind::UserDefined };
        // Readers match such texts as they stand, and SentencePiece's blank is a space in them.
        let text = if is_control { content.to_owned() } else { content.replace('▁', " ") };
        Self { text, kind, score: ADDED_SCORE }
    }
}

/// Tokens by their ids, as many as an embedding has rows.
pub(super) struct Slots {
    pub(super) tokens: Vec<Token>,
    pub(super) left_out: Vec<String>,
    rows: usize,
}

impl Slots {
    pub(super) fn new(rows: usize) -> Self {
        Self { tokens: Vec::new(), left_out: Vec::new(), rows }
    }

    /// Puts `token` at `id`, and paddings where ids before it have none; what has no row is left out.
    pub(super) fn put(&mut self, id: usize, token: Token) {
        if id >= self.rows {
            if !self.left_out.contains(&token.text) {
                self.left_out.push(token.text);
            }
            return;
        }
        while self.tokens.len() <= id {
            self.tokens.push(Token::padding(self.tokens.len()));
        }
        self.tokens[id] = token;
    }
}

/// Whether a text is a control token in all but name: some models do not mark theirs.
pub(super) fn looks_special(text: &str) -> bool {
    let is_between = |start: &str, end: &str| text.starts_with(start) && text.ends_with(end);
    ["<pad>", "<mask>", "<2mass>", "[@BOS@]"].contains(&text)
        || is_between("<|", "|>")
        || is_between("<｜", "｜>")
        || is_between("<unused", ">")
}

impl Vocabulary {
    /// The keys of the vocabulary itself.
    pub(super) fn keys(&self) -> Vec<(String, GgufValue)> {
        let texts = self.tokens.iter().map(|token| token.text.clone()).collect();
        let kinds = self.tokens.iter().map(|token| token.kind as i32).collect();
        let mut keys: Vec<(&str, GgufValue)> = vec![
            ("model", self.model.into()),
            ("pre", self.pre.as_str().into()),
            ("tokens", GgufValue::Array(GgufArray::String(texts))),
            ("token_type", GgufValue::Array(GgufArray::I32(kinds))),
        ];
        if self.model == SENTENCE_PIECE {
            let scores = self.tokens.iter().map(|token| token.score).collect();
            keys.push(("scores", GgufValue::Array(GgufArray::F32(scores))));
        } else if !self.merges.is_empty() {
            keys.push(("merges", GgufValue::Array(GgufArray::String(self.merges.clone()))));
        }
        keys.extend(self.add_space_prefix.map(|is_added| ("add_space_prefix", GgufValue::Bool(is_added))));
        keys.into_iter().map(|(key, value)| (format!("tokenizer.ggml.{key}"), value)).collect()
    }
}
