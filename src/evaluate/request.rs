//! What is to be evaluated, before anything is opened.

use std::path::{Path, PathBuf};

use super::EvalError;
use crate::{error::IoContext as _, plan::AdapterRequest};

/// Bytes of hidden states held at once unless told otherwise: 32,768 tokens of a model 2,048 wide.
pub const DEFAULT_MEMORY_BUDGET_BYTES: u64 = 256 << 20;

/// Models and texts; every model scores every text.
#[derive(Clone, Debug)]
pub struct EvalRequest {
    /// The models; differences are taken against the first.
    pub models: Vec<ModelSource>,
    /// The texts.
    pub texts: Vec<EvalText>,
    /// Tokens of a window; `None` takes 2048, or the shortest context among the models.
    pub window: Option<usize>,
    /// Bytes of hidden states held at once, beside the weights of one layer; weights are read again for each such
    /// group of windows.
    pub memory_budget_bytes: u64,
}

impl EvalRequest {
    /// All models on all texts, with the usual window and memory.
    #[must_use]
    pub fn new(models: Vec<ModelSource>, texts: Vec<EvalText>) -> Self {
        Self { models, texts, window: None, memory_budget_bytes: DEFAULT_MEMORY_BUDGET_BYTES }
    }
}

/// Where a model comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelSource {
    /// A folder, as it is stored.
    Stored(PathBuf),
    /// A base with adapters at run time, computed as Wx + s·B(Ax); no merge is involved. Tokens are the base's.
    WithAdapters {
        /// The base model's folder.
        base: PathBuf,
        /// The adapters and their strengths.
        adapters: Vec<AdapterRequest>,
    },
}

impl ModelSource {
    /// The model's folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Stored(path) | Self::WithAdapters { base: path, .. } => path,
        }
    }
}

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
    /// Token ids, the same for each model.
    Tokens(Vec<u32>),
}

impl EvalText {
    /// A text.
    #[must_use]
    pub fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), content: TextContent::Text(text.into()) }
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

    /// Reads a UTF-8 file as one text, named after the file.
    ///
    /// # Errors
    /// A file that cannot be read or is not UTF-8.
    pub fn read(path: &Path) -> Result<Self, EvalError> {
        Ok(Self::text(file_name(path), read_utf8(path)?))
    }

    /// Reads a UTF-8 file, each line a text of its own.
    ///
    /// # Errors
    /// As [`Self::read`], or a file with nothing but blank lines.
    pub fn read_lines(path: &Path) -> Result<Vec<Self>, EvalError> {
        let name = file_name(path);
        let lines = Self::lines(&name, &read_utf8(path)?);
        if lines.is_empty() {
            return Err(EvalError::NothingToScore { text: name, token_count: 0 });
        }
        Ok(lines)
    }

    /// Reads a JSON list of token ids.
    ///
    /// # Errors
    /// A file that cannot be read or holds anything else.
    pub fn read_tokens(path: &Path) -> Result<Self, EvalError> {
        let bytes = std::fs::read(path).at("read the token ids", path)?;
        let ids = serde_json::from_slice(&bytes)
            .map_err(|error| EvalError::BadTokenList { problem: error.to_string(), path: path.to_owned() })?;
        Ok(Self::tokens(file_name(path), ids))
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn read_utf8(path: &Path) -> Result<String, EvalError> {
    let bytes = std::fs::read(path).at("read the text", path)?;
    String::from_utf8(bytes)
        .map_err(|error| EvalError::NotUtf8 { offset: error.utf8_error().valid_up_to() as u64, path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_as_in_the_file() {
        let texts = EvalText::lines("a.txt", "one\r\n\n  \nzwei\n");
        assert_eq!(texts, [EvalText::text("a.txt:1", "one"), EvalText::text("a.txt:4", "zwei")]);
    }
}
