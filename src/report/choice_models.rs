//! The models that tell which base an adapter belongs to: the packed one that training saw, or its original.

use std::path::Path;

use super::ModelRole;
use crate::{
    checkpoint::{Checkpoint, CheckpointError},
    evaluate::{MergeChoice, ModelSource},
    numeric::FloatDtype,
    plan::{AdapterRequest, DtypePolicy, MergeRequest},
};

/// Packed base + adapter, the merge into the packed base and the one into its original, both in `dtype`; no folder is
/// needed for either.
#[must_use]
pub fn choice_models(
    packed: &Path,
    original: &Path,
    adapters: &[AdapterRequest],
    dtype: FloatDtype,
) -> (Vec<(ModelRole, ModelSource)>, MergeChoice) {
    let trained = ModelSource::WithAdapters { base: packed.to_owned(), adapters: adapters.to_vec() };
    let models = vec![
        (ModelRole::Trained, trained),
        (ModelRole::IntoPacked, merge_in_memory(packed, adapters, dtype)),
        (ModelRole::IntoOriginal, merge_in_memory(original, adapters, dtype)),
    ];
    (models, MergeChoice { trained: 0, own_merge: 1, other_merge: 2 })
}

/// The merge of `adapters` into `base`, computed as it is read.
#[must_use]
pub fn merge_in_memory(base: &Path, adapters: &[AdapterRequest], dtype: FloatDtype) -> ModelSource {
    ModelSource::InMemory(MergeRequest {
        adapters: adapters.to_vec(),
        dtype: DtypePolicy::Convert(dtype),
        ..MergeRequest::new(base, "", base)
    })
}

/// The dtype that the weights of the packed model in `folder` stand for; `None` where they are not packed.
///
/// # Errors
/// A folder that cannot be opened as a model.
pub fn packed_dtype(folder: &Path) -> Result<Option<FloatDtype>, CheckpointError> {
    Ok(Checkpoint::open(folder)?.quantization().map(|quantization| quantization.dtype))
}
