//! A GGUF file as a plan asks it: the tensors that it holds are those of the model.

use std::{collections::BTreeMap, fs::File, path::Path, sync::Arc};

use crate::checkpoint::{LogicalTensor, WeightFile, WeightFormat, gguf::GgufFile};

/// The file, and the tensors of the model in the order of their names.
#[derive(Debug)]
pub(super) struct ModelFile {
    pub(super) file: Arc<GgufFile>,
    pub(super) tensors: Vec<LogicalTensor>,
}

impl WeightFile for ModelFile {
    fn path(&self) -> &Path {
        self.file.path()
    }

    fn name(&self) -> &str {
        self.file.name()
    }

    fn handle(&self) -> &Arc<File> {
        self.file.handle()
    }

    fn byte_count(&self) -> u64 {
        self.file.byte_count()
    }

    fn format(&self) -> WeightFormat {
        WeightFormat::Gguf
    }

    fn header(&self) -> &[u8] {
        self.file.header()
    }

    fn metadata(&self) -> BTreeMap<String, String> {
        self.file.metadata()
    }

    fn tensors(self: Arc<Self>) -> Vec<LogicalTensor> {
        self.tensors.clone()
    }
}
