//! The models that are held beside a merged folder when it is measured.

use super::{ModelRole, Provenance, merge_in_memory};
use crate::{
    adapter::Twin,
    evaluate::{MergeChoice, ModelSource},
    numeric::FloatDtype,
    size::Sizes,
};

/// Models with their roles, and the question that some of them answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ComparedModels {
    /// The models, the base first where it is known.
    pub models: Vec<(ModelRole, ModelSource)>,
    /// Which of two merges is closer to what was trained, where the base has a twin on this machine.
    pub choice: Option<MergeChoice>,
}

impl ComparedModels {
    /// Base as stored, base + adapter at run time, merged, those that are there; where the base has a twin, what is
    /// needed to say into which of both the adapter belongs; and where the merge changed the dtype a control, without
    /// which nobody knows what rounding alone does.
    #[must_use]
    pub fn of(provenance: &Provenance, sizes: &Sizes, twin: Option<&Twin>) -> Self {
        let mut models = provenance.models();
        let (stored, dtype) = (sizes.stored.as_ref().and_then(|bar| bar.float_dtype), sizes.merged.float_dtype);
        let choice = twin.zip(dtype).and_then(|(twin, dtype)| add_twin(&mut models, provenance, twin, dtype));
        if let (Some(base), Some(dtype)) = (&provenance.base, dtype)
            && stored.is_some_and(|stored| stored != dtype)
        {
            models.push((ModelRole::Rounded, ModelSource::Cast { model: base.clone(), dtype }));
        }
        Self { models, choice }
    }
}

/// Adds the models that the twin of the base brings.
fn add_twin(
    models: &mut Vec<(ModelRole, ModelSource)>,
    provenance: &Provenance,
    twin: &Twin,
    dtype: FloatDtype,
) -> Option<MergeChoice> {
    let (folder, adapters) = (twin.path.as_ref()?, &provenance.adapters);
    let place = |wanted: ModelRole| models.iter().position(|(role, _)| *role == wanted);
    let (run_time, merged, next) = (place(ModelRole::RunTime)?, place(ModelRole::Merged)?, models.len());
    if twin.is_packed {
        let trained = ModelSource::WithAdapters { base: folder.clone(), adapters: adapters.clone() };
        models.push((ModelRole::Trained, trained));
        models.push((ModelRole::IntoPacked, merge_in_memory(folder, adapters, dtype)));
        return Some(MergeChoice { trained: next, own_merge: next + 1, other_merge: merged });
    }
    models.push((ModelRole::IntoOriginal, merge_in_memory(folder, adapters, dtype)));
    Some(MergeChoice { trained: run_time, own_merge: merged, other_merge: next })
}
