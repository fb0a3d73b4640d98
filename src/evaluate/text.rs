//! What is scored: texts, collections of documents, or token ids.

use std::path::Path;

use super::{EvalError, text_file};
use crate::{checkpoint::read_text_bytes, error::IoAction};

/// A text to score, or the tokens of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalText {
    /// How the report calls it.
    pub name: String,
    /// What is scored.
    pub content: TextContent,
}

/// The content of an [`EvalText`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextContent {
    /// Text, tokenized by each model's own tokenizer.
    Text(String),
    /// Documents that are scored apart and counted together.
    Documents(Vec<String>),
    /// Token ids, the same for each model.
    Tokens(Vec<u32>),
}

/// One run of tokens that starts anew: nothing before it is context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Document<'a> {
    Text(&'a str),
    Tokens(&'a [u32]),
}

impl EvalText {
    /// A text.
    #[must_use]
    pub fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), content: TextContent::Text(text.into()) }
    }

    /// Documents that are scored apart and counted together.
    #[must_use]
    pub fn documents(name: impl Into<String>, documents: Vec<String>) -> Self {
        Self { name: name.into(), content: TextContent::Documents(documents) }
    }

    /// The token ids of a text.
    #[must_use]
    pub fn tokens(name: impl Into<String>, ids: Vec<u32>) -> Self {
        Self { name: name.into(), content: TextContent::Tokens(ids) }
    }

    /// Each line of `text` as a text of its own (`name:1`, `name:2` …); blank lines are left out.
    #[must_use]
    pub fn lines(name: &str, text: &str) -> Vec<Self> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        lines.map(|(index, line)| Self::text(format!("{name}:{}", index + 1), line)).collect()
    }

    /// The texts that come with the program, one in English and one in Korean, both in the public domain.
    #[must_use]
    pub fn builtin() -> Vec<Self> {
        vec![
            Self::text("english.txt (built in)", include_str!("../../assets/texts/english.txt")),
            Self::text("korean.txt (built in)", include_str!("../../assets/texts/korean.txt")),
        ]
    }

    /// Reads a file as one text, named after the file.
    ///
    /// It is UTF-8, or CP949 where it is no UTF-8, which its name then says. A `.jsonl` file has one document a line,
    /// under the key `text`.
    ///
    /// # Errors
    /// A file that cannot be read, is neither UTF-8 nor CP949, or holds no text; a line without `text`.
    pub fn read(path: &Path) -> Result<Self, EvalError> {
        let file = text_file::read(path)?;
        if text_file::is_json_lines(path) {
            let documents = text_file::json_lines(&file.text, path)?.into_iter().map(|(_, text)| text).collect();
            return Ok(Self::documents(file.name, documents));
        }
        if file.text.trim().is_empty() {
            return Err(EvalError::EmptyText { path: path.to_owned() });
        }
        Ok(Self::text(file.name, file.text))
    }

    /// Reads a file, each line (of a `.jsonl` file: each document) a text of its own.
    ///
    /// # Errors
    /// As [`Self::read`], or a file with nothing but blank lines.
    pub fn read_lines(path: &Path) -> Result<Vec<Self>, EvalError> {
        let file = text_file::read(path)?;
        if text_file::is_json_lines(path) {
            let documents = text_file::json_lines(&file.text, path)?.into_iter();
            return Ok(documents.map(|(line, text)| Self::text(format!("{}:{line}", file.name), text)).collect());
        }
        let lines = Self::lines(&file.name, &file.text);
        if lines.is_empty() {
            return Err(EvalError::NothingToScore { text: file.name, token_count: 0 });
        }
        Ok(lines)
    }

    /// Reads a JSON list of token ids.
    ///
    /// # Errors
    /// A file that cannot be read or holds anything else.
    pub fn read_tokens(path: &Path) -> Result<Self, EvalError> {
        let bytes = read_text_bytes(path, IoAction::ReadTokenIds)?;
        let ids = serde_json::from_slice(&bytes)
            .map_err(|error| EvalError::BadTokenList { problem: crate::error::brief(&error), path: path.to_owned() })?;
        Ok(Self::tokens(text_file::name_of(path), ids))
    }

    /// Its documents: one, but for a collection.
    pub(super) fn parts(&self) -> Vec<Document<'_>> {
        match &self.content {
            TextContent::Text(text) => vec![Document::Text(text)],
            TextContent::Documents(documents) => documents.iter().map(|text| Document::Text(text)).collect(),
            TextContent::Tokens(ids) => vec![Document::Tokens(ids)],
        }
    }

    /// How a message calls its document `index`.
    pub(super) fn part_name(&self, index: usize) -> String {
        match &self.content {
            TextContent::Documents(_) => format!("{} (document {})", self.name, index + 1),
            TextContent::Text(_) | TextContent::Tokens(_) => self.name.clone(),
        }
    }

    /// Its bytes as UTF-8; `None` for token ids.
    pub(super) fn utf8_byte_count(&self) -> Option<u64> {
        match &self.content {
            TextContent::Text(text) => Some(text.len() as u64),
            TextContent::Documents(documents) => Some(documents.iter().map(|text| text.len() as u64).sum()),
            TextContent::Tokens(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_as_in_the_file() {
        let texts = EvalText::lines("a.txt", "one\r\n\n  \nzwei\n");
        assert_eq!(texts, [EvalText::text("a.txt:1", "one"), EvalText::text("a.txt:4", "zwei")]);
    }

    #[test]
    fn bytes_and_names_follow_the_documents() {
        let texts = EvalText::documents("a.jsonl", vec!["é".to_owned(), "b".to_owned()]);
        assert_eq!((texts.utf8_byte_count(), texts.parts().len()), (Some(3), 2));
        assert_eq!(texts.part_name(1), "a.jsonl (document 2)");
        assert_eq!(EvalText::tokens("ids", vec![1]).utf8_byte_count(), None);
    }
}
