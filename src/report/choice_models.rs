//! The models that tell which base an adapter belongs to: the packed one that training saw, or its original.

use std::path::{Path, PathBuf};

use super::ModelRole;
use crate::{
    evaluate::{MergeChoice, ModelSource},
    numeric::codec::Nf4Format,
    plan::{AdapterRequest, DtypePolicy, MergeRequest},
};

/// A base as its trainer saw it: packed in a folder, or a plain one that was packed while it was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainedBase {
    /// The folder.
    pub folder: PathBuf,
    /// How the trainer packed it; `None` where the folder holds packed weights.
    pub quantization: Option<Nf4Format>,
}

/// Packed base + adapter, the merge into the packed base and the one into its `original`, both under `dtype`; no folder
/// is needed for either.
#[must_use]
pub fn choice_models(
    trained: &TrainedBase,
    original: &Path,
    adapters: &[AdapterRequest],
    dtype: DtypePolicy,
) -> (Vec<(ModelRole, ModelSource)>, MergeChoice) {
    let original = TrainedBase { folder: original.to_owned(), quantization: None };
    let models = vec![
        (ModelRole::Trained, with_adapters(trained, adapters)),
        (ModelRole::IntoPacked, merge_in_memory(trained, adapters, dtype)),
        (ModelRole::IntoOriginal, merge_in_memory(&original, adapters, dtype)),
    ];
    (models, MergeChoice { trained: 0, own_merge: 1, other_merge: 2 })
}

/// `base` with `adapters` at run time.
#[must_use]
pub fn with_adapters(base: &TrainedBase, adapters: &[AdapterRequest]) -> ModelSource {
    ModelSource::WithAdapters {
        base: base.folder.clone(),
        trained_quantization: base.quantization,
        adapters: adapters.to_vec(),
    }
}

/// The merge of `adapters` into `base`, computed as it is read.
#[must_use]
pub fn merge_in_memory(base: &TrainedBase, adapters: &[AdapterRequest], dtype: DtypePolicy) -> ModelSource {
    ModelSource::InMemory(MergeRequest {
        adapters: adapters.to_vec(),
        trained_quantization: base.quantization,
        dtype,
        ..MergeRequest::new(&base.folder, "", &base.folder)
    })
}
