//! The models that are held beside a merged folder when it is measured.

use super::{ModelRole, Provenance, TrainedBase, merge_in_memory, with_adapters};
use crate::{
    adapter::Twin,
    evaluate::{MergeChoice, ModelSource},
    numeric::FloatDtype,
    plan::DtypePolicy,
    size::Sizes,
};

/// Models with their roles, and the question that some of them answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ComparedModels {
    /// The models, the base first where it is known.
    pub models: Vec<(ModelRole, ModelSource)>,
    /// Which of two merges is closer to what was trained, where the base has a twin on this machine or
    /// was packed while it was loaded.
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
        let choice = dtype.and_then(|dtype| add_twin(&mut models, provenance, twin, dtype));
        if let (Some(base), Some(dtype)) = (&provenance.base, dtype)
            && stored.is_some_and(|stored| stored != dtype)
        {
            models.push((ModelRole::Rounded, ModelSource::Cast { model: base.clone(), dtype }));
        }
        Self { models, choice }
    }
}

/// Adds the models that the twin of the base brings; a base that was packed while it was loaded is its own.
fn add_twin(
    models: &mut Vec<(ModelRole, ModelSource)>,
    provenance: &Provenance,
    twin: Option<&Twin>,
    dtype: FloatDtype,
) -> Option<MergeChoice> {
    let (adapters, dtype) = (&provenance.adapters, DtypePolicy::Convert(dtype));
    let place = |wanted: ModelRole| models.iter().position(|(role, _)| *role == wanted);
    let (run_time, merged, next) = (place(ModelRole::RunTime)?, place(ModelRole::Merged)?, models.len());
    let folder = match provenance.trained_quantization {
        Some(_) => provenance.base.clone()?,
        None => twin?.path.clone()?,
    };
    let other = TrainedBase { folder, quantization: None };
    if provenance.trained_quantization.is_none() && twin?.is_packed {
        models.push((ModelRole::Trained, with_adapters(&other, adapters)));
        models.push((ModelRole::IntoPacked, merge_in_memory(&other, adapters, dtype)));
        return Some(MergeChoice { trained: next, own_merge: next + 1, other_merge: merged });
    }
    models.push((ModelRole::IntoOriginal, merge_in_memory(&other, adapters, dtype)));
    Some(MergeChoice { trained: run_time, own_merge: merged, other_merge: next })
}
