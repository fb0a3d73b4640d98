//! What people need beside GGUF files to run them: the commands, a `Modelfile` for Ollama, and a `README.md`.

mod chat;
mod commands;
mod modelfile;
mod readme;
mod template;

use std::path::Path;

pub use self::commands::{RunCommands, lora_command};
use self::template::{ChatTemplate, Found};
use super::{FileType, GgufExport};
use crate::checkpoint::gguf::{GgufArray, GgufValue};

/// What Ollama reads.
pub const MODELFILE: &str = "Modelfile";

/// What people read.
pub const README: &str = "README.md";

/// Where the values come from, as the reader of a folder should know it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The model, or the base of `adapters`.
    pub base: String,
    /// What was merged into it.
    pub adapters: Vec<String>,
    /// Licences that the cards name, with whose they are.
    pub licences: Vec<(String, String)>,
    /// The licence files that lie in the folder.
    pub licence_files: Vec<String>,
}

/// A file of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFile {
    /// Its name.
    pub name: String,
    /// What most of its weights are.
    pub file_type: FileType,
    /// Its bytes.
    pub byte_count: u64,
    /// Bits of a weight, all tensors together.
    pub bits_per_weight: String,
}

/// Everything that a folder of GGUF files says of itself.
#[derive(Clone, Debug)]
pub struct ReadyToRun {
    /// The model's name, without a type.
    pub name: String,
    /// The files; the first one is what the `Modelfile` runs.
    pub files: Vec<RunFile>,
    provenance: Provenance,
    template: Found,
    stops: Vec<String>,
}

impl ReadyToRun {
    /// What goes with `exports`, each with the name of its file; they are one model in several types.
    #[must_use]
    pub fn new<'a>(
        name: &str,
        exports: impl IntoIterator<Item = (&'a str, &'a GgufExport)>,
        provenance: Provenance,
    ) -> Self {
        let mut files = Vec::new();
        let mut metadata: &[(String, GgufValue)] = &[];
        for (name, export) in exports {
            metadata = &export.header.metadata;
            files.push(RunFile {
                name: name.to_owned(),
                file_type: export.file_type,
                byte_count: export.header.file_byte_count(),
                bits_per_weight: format!("{:.2}", export.bits_per_weight()),
            });
        }
        let keys = Keys(metadata);
        let template = ChatTemplate::found(&keys);
        Self { name: name.to_owned(), files, provenance, template, stops: keys.ends() }
    }

    /// The texts to be written, by the names of their files.
    #[must_use]
    pub fn texts(&self) -> Vec<(&'static str, String)> {
        vec![(MODELFILE, modelfile::text(self)), (README, readme::text(self))]
    }

    /// The commands for `folder`, in which the files lie.
    #[must_use]
    pub fn commands(&self, folder: &Path) -> RunCommands {
        let first = self.files.first().map_or("", |file| file.name.as_str());
        RunCommands::of_folder(folder, &self.name, first)
    }

    /// Whether the `Modelfile` says how a chat is written.
    #[must_use]
    pub fn has_template(&self) -> bool {
        matches!(self.template, Found::Proven(_))
    }
}

/// The metadata of a file.
struct Keys<'a>(&'a [(String, GgufValue)]);

impl<'a> Keys<'a> {
    fn get(&self, key: &str) -> Option<&'a GgufValue> {
        self.0.iter().find(|(own, _)| own == key).map(|(_, value)| value)
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        match self.get(key) {
            Some(GgufValue::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The text of the token under `tokenizer.ggml.ROLE_token_id`.
    fn token(&self, role: &str) -> Option<&'a str> {
        let Some(GgufValue::U32(id)) = self.get(&format!("tokenizer.ggml.{role}_token_id")) else { return None };
        let Some(GgufValue::Array(GgufArray::String(tokens))) = self.get("tokenizer.ggml.tokens") else { return None };
        tokens.get(usize::try_from(*id).ok()?).map(String::as_str)
    }

    /// Whether llama.cpp puts the token of a beginning before a text; it does for SentencePiece unless told otherwise.
    fn adds_bos(&self) -> bool {
        match self.get("tokenizer.ggml.add_bos_token") {
            Some(GgufValue::Bool(adds)) => *adds,
            _ => self.text("tokenizer.ggml.model") == Some("llama"),
        }
    }

    /// The texts of the tokens that end an answer.
    fn ends(&self) -> Vec<String> {
        let mut ends: Vec<String> = Vec::new();
        for end in ["eos", "eot"].into_iter().filter_map(|role| self.token(role)) {
            if !ends.iter().any(|known| known == end) && modelfile::is_plain(end) {
                ends.push(end.to_owned());
            }
        }
        ends
    }
}
