//! What a folder of GGUF files says of itself.

use std::path::Path;

use super::{
    commands::RunCommands,
    keys::Keys,
    template::{ChatTemplate, Found},
};
use crate::{
    checkpoint::gguf::GgufValue,
    gguf::{FileType, GgufExport},
};

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
    pub(super) provenance: Provenance,
    pub(super) template: Found,
    pub(super) stops: Vec<String>,
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
