//! Whether a merge that failed was made into the base as a QLoRA trainer saw it, which no file says.

use std::collections::BTreeSet;

use super::{ChangedSet, Reference, VerifyError, VerifyOptions, weights};
use crate::{
    architecture::trained_names,
    checkpoint::{Checkpoint, LogicalTensor},
    job::JobContext,
    numeric::codec::{Nf4Encoder, Nf4Format},
};

/// Elements of a tensor that is tried at the most, where there is a choice.
const MAX_ELEMENTS: usize = 1 << 24;

/// The quantisation that explains one of the tensors of `set` which are wrong as judged from the plain base; the base of
/// `reference` is one of those that were tried then.
///
/// # Errors
/// A read that fails, a cancelled job.
pub(super) fn find(
    merged: &Checkpoint,
    reference: &mut Reference,
    set: &ChangedSet,
    options: &VerifyOptions,
    job: &JobContext,
) -> Result<Option<Nf4Format>, VerifyError> {
    if reference.base.trained_quantization().is_some() {
        return Ok(None);
    }
    let Ok(names) = trained_names(&reference.base) else { return Ok(None) };
    let Some((tensor, is_target)) = evidence(merged, set, &names) else { return Ok(None) };
    let plain: Vec<LogicalTensor> = reference.base.tensors().values().cloned().collect();
    let (text, names) =
        (reference.base.config().text().as_str().to_owned(), BTreeSet::from([tensor.name().to_owned()]));
    for quantization in candidates() {
        let base = reference.base.with_tensors(&text, plain.clone()).map_err(VerifyError::Base)?;
        reference.base = base.packed_as(quantization, &names);
        let agreement = weights::judge_again(tensor, merged, reference, options, job)?.agreement;
        if agreement.is_correct() && (is_target || agreement.changed_count == 0) {
            return Ok(Some(quantization));
        }
    }
    Ok(None)
}

/// The largest tensor that is not too large, and whether an adapter changes it.
fn evidence<'a>(
    merged: &'a Checkpoint,
    set: &ChangedSet,
    names: &BTreeSet<String>,
) -> Option<(&'a LogicalTensor, bool)> {
    let targets = set.wrong.iter().map(|verdict| (&verdict.name, true));
    let found = set.changed_without_reason.iter().map(|name| (name, false)).chain(targets);
    // What is packed and no target is the same from either base: codes of what has codes are these.
    let is_packed = |name: &str| {
        let stored = merged.tensor(name).map(LogicalTensor::stored_name);
        merged.quantization().is_some_and(|packed| stored.is_some_and(|stored| packed.parts.contains_key(stored)))
    };
    let found = found.filter(|(name, is_target)| names.contains(*name) && (*is_target || !is_packed(name)));
    let found = found.filter_map(|(name, is_target)| Some((merged.tensor(name)?, is_target)));
    found.max_by_key(|(tensor, _)| {
        let count = tensor.element_count();
        (count <= MAX_ELEMENTS, if count <= MAX_ELEMENTS { count } else { usize::MAX - count })
    })
}

/// What a trainer may have asked for, the usual block first.
fn candidates() -> impl Iterator<Item = Nf4Format> {
    let usual = Nf4Format::default().block;
    let blocks = [usual].into_iter().chain(Nf4Encoder::BLOCKS.into_iter().filter(move |block| *block != usual));
    blocks.flat_map(|block| [true, false].map(|is_double| Nf4Format { block, is_double }))
}
