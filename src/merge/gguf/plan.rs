//! GGUF files before anything is written: their headers to the byte, where they go, and what speaks against it.

use std::{path::PathBuf, sync::Arc};

use super::{GgufPlace, float_model::float_model};
use crate::{
    checkpoint::Checkpoint,
    gguf::{FileType, GgufExport, LORA_ALPHA},
    merge::MergeError,
    plan::{Destination, MergePlan, PreflightCheck},
};

/// GGUF files to be written in one pass.
#[derive(Debug)]
pub struct GgufPlan {
    /// The model whose values they hold.
    pub model: Checkpoint,
    /// The merge that it is, where no folder holds it.
    pub merge: Option<Arc<MergePlan>>,
    /// Where they go.
    pub place: GgufPlace,
    /// The files, in the order of their types.
    pub files: Vec<GgufFile>,
    /// What was checked before the run, with its evidence.
    pub checks: Vec<PreflightCheck>,
}

/// One file.
#[derive(Clone, Debug)]
pub struct GgufFile {
    /// Its name; its path is that of the place where it is the only one.
    pub name: String,
    /// What will be in it.
    pub export: GgufExport,
}

impl GgufPlan {
    /// Plans the files of a finished model, a type each; without a `place` one file or a folder here, under the model's name.
    ///
    /// # Errors
    /// A model that cannot be such a file.
    pub fn of_model(model: Checkpoint, types: &[FileType], place: Option<GgufPlace>) -> Result<Self, MergeError> {
        Self::new(model, None, types, place)
    }

    /// Plans the files of a merge: its values in float32 are rounded once, to the type that is written.
    ///
    /// # Errors
    /// A model that cannot be such a file, a side file that cannot be read.
    pub fn of_merge(merge: Arc<MergePlan>, types: &[FileType], place: Option<GgufPlace>) -> Result<Self, MergeError> {
        Self::new(float_model(&merge)?, Some(merge), types, place)
    }

    fn new(
        model: Checkpoint,
        merge: Option<Arc<MergePlan>>,
        types: &[FileType],
        place: Option<GgufPlace>,
    ) -> Result<Self, MergeError> {
        let name = file_name(&model);
        let mut files: Vec<GgufFile> = Vec::new();
        for file_type in types {
            if files.iter().all(|file| file.export.file_type != *file_type) {
                let export = GgufExport::new(&model, *file_type)?;
                files.push(GgufFile { name: format!("{name}-{file_type}.gguf"), export });
            }
        }
        let place = place.unwrap_or_else(|| match files.as_slice() {
            [file] => GgufPlace::File(PathBuf::from(&file.name)),
            _ => GgufPlace::Folder(PathBuf::from(format!("{name}-GGUF"))),
        });
        Ok(Self { model, merge, place, files, checks: Vec::new() })
    }

    /// Whether it is the LoRA file of an adapter.
    #[must_use]
    pub fn is_lora(&self) -> bool {
        self.files.iter().any(|file| file.export.header.get(LORA_ALPHA).is_some())
    }

    /// The name of the model, as its files carry it.
    pub(super) fn model_name(&self) -> String {
        file_name(&self.model)
    }

    /// Checks that the files can be written where they are to go; `checks` holds what passed.
    ///
    /// # Errors
    /// An output that exists; a place that takes no files, or has too little space for them.
    pub fn check_output(&mut self) -> Result<(), MergeError> {
        self.checks.clear();
        let destination = Destination {
            output: self.place.path(),
            is_file: self.place.is_file(),
            inputs: Vec::new(),
            byte_count: self.byte_count(),
        };
        Ok(destination.check(&mut self.checks)?)
    }

    /// Bytes of the tensors of all files.
    #[must_use]
    pub fn weight_byte_count(&self) -> u64 {
        let tensors = self.files.iter().flat_map(|file| &file.export.tensors);
        tensors.map(|tensor| tensor.stored.byte_count).sum()
    }

    /// Bytes of all files.
    #[must_use]
    pub fn byte_count(&self) -> u64 {
        self.files.iter().map(|file| file.export.header.file_byte_count()).sum()
    }
}

fn file_name(model: &Checkpoint) -> String {
    model.name().replace(['/', '\\'], "-")
}
