//! What lies beside GGUF files in a folder: how they are run, and the licences that travel with weights.

use super::{GgufPlace, GgufPlan};
use crate::{
    checkpoint::{FileRole, card_licence},
    gguf::{Provenance, ReadyToRun, RunCommands},
    merge::{MergeError, OutputFolder},
    plan::{SideFileContent, SideFileStep},
};

impl GgufPlan {
    /// What the folder says of its files.
    #[must_use]
    pub fn ready_to_run(&self) -> ReadyToRun {
        let licence_files = self.licence_files().into_iter().map(|step| step.relative_path).collect();
        let provenance = match &self.merge {
            None => Provenance {
                base: self.model.name(),
                licences: licences([(self.model.name(), self.model.root())]),
                licence_files,
                ..Provenance::default()
            },
            Some(plan) => {
                let adapters = plan.adapters.iter().map(|adapter| (adapter.name(), adapter.root()));
                Provenance {
                    base: plan.base.name(),
                    adapters: adapters.clone().map(|(name, _)| name).collect(),
                    licences: licences(std::iter::once((plan.base.name(), plan.base.root())).chain(adapters)),
                    licence_files,
                }
            }
        };
        let exports = self.files.iter().map(|file| (file.name.as_str(), &file.export));
        ReadyToRun::new(&self.model_name(), exports, provenance)
    }

    /// What to type to run the files, or the first of them.
    #[must_use]
    pub fn commands(&self) -> RunCommands {
        match &self.place {
            GgufPlace::File(path) => RunCommands::of_file(path),
            GgufPlace::Folder(folder) => self.ready_to_run().commands(folder),
        }
    }

    /// Writes what lies beside the files; tells the names.
    pub(super) fn write_beside(&self, folder: &OutputFolder) -> Result<Vec<String>, MergeError> {
        if self.place.is_file() {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for (name, text) in self.ready_to_run().texts() {
            folder.write_text(name, &text)?;
            names.push(name.to_owned());
        }
        for step in self.licence_files() {
            match &step.content {
                SideFileContent::CopyOf { source, .. } => folder.copy_file(source, &step.relative_path)?,
                SideFileContent::Text(text) => folder.write_text(&step.relative_path, text)?,
            }
            names.push(step.relative_path);
        }
        Ok(names)
    }

    fn licence_files(&self) -> Vec<SideFileStep> {
        if let Some(plan) = &self.merge {
            return plan.side_files.iter().filter(|step| step.role == FileRole::Licence).cloned().collect();
        }
        let root = self.model.side_root();
        let files = self.model.side_files().iter().filter(|file| file.role == FileRole::Licence);
        let step = |file: &crate::checkpoint::SideFile| SideFileStep {
            relative_path: file.relative_path.clone(),
            role: file.role,
            content: SideFileContent::CopyOf { source: file.path_below(root), byte_count: file.byte_count },
        };
        files.map(step).collect()
    }
}

/// The licences that the cards in these folders name.
fn licences<'a>(folders: impl IntoIterator<Item = (String, &'a std::path::Path)>) -> Vec<(String, String)> {
    folders.into_iter().filter_map(|(name, root)| Some((name, card_licence(root)?))).collect()
}
