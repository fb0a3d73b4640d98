//! Changed exactly where the adapter says, by exactly what it says, and finite everywhere: one pass over the weights.

use std::collections::BTreeSet;

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde::Serialize;

use super::{
    Agreement, Check, Reference, VerifyError,
    exact::{Exact, read_f64},
};
use crate::{
    checkpoint::{Checkpoint, LogicalTensor},
    job::{JobContext, JobEvent, Stage},
    matching::Origin,
    numeric::{FloatDtype, row_tiles},
    units,
};

/// Elements of a tile: three f64 buffers of it for each thread.
const TILE_ELEMENTS: usize = 1 << 18;

/// Tensors of a merged model by what happened to them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChangedSet {
    /// Not targets, and equal to the base (converted to their dtype).
    pub unchanged: Vec<String>,
    /// Targets that hold what base and adapter give.
    pub changed_as_target: Vec<TensorVerdict>,
    /// Targets of which no element changed: Δ rounded away.
    pub lost: Vec<String>,
    /// Targets that hold something else.
    pub wrong: Vec<TensorVerdict>,
    /// Not targets, and different from the base.
    pub changed_without_reason: Vec<String>,
    /// In the base only.
    pub missing: Vec<String>,
    /// In the merged model only.
    pub extra: Vec<String>,
}

/// A recomputed target.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TensorVerdict {
    /// Its name.
    pub name: String,
    /// How its elements agree with the exact result.
    pub agreement: Agreement,
}

/// Compares all tensors; without a reference, only finiteness is checked.
pub(super) fn check(
    merged: &Checkpoint,
    reference: Option<&Reference>,
    job: &JobContext,
) -> Result<(Vec<Check>, Option<ChangedSet>), VerifyError> {
    job.start_stage(Stage::Verifying, merged.byte_count());
    let mut set = ChangedSet::default();
    let mut non_finite = Vec::new();
    for tensor in in_file_order(merged) {
        job.set_current(tensor.name());
        let agreement = judge(tensor, reference, job)?;
        if agreement.non_finite_count > 0 {
            non_finite.push(format!("{}: {} NaN or infinite", tensor.name(), units::count(agreement.non_finite_count)));
        }
        if let Some(reference) = reference {
            classify(&mut set, tensor, reference, agreement);
        }
        job.send(JobEvent::TensorDone { name: tensor.name().to_owned() });
    }
    let finite = Check::judged(
        "Finite",
        format!("{} values read", units::count(merged.parameter_count())),
        non_finite,
        Vec::new(),
    );
    let Some(reference) = reference else {
        let skipped = Check::skipped("Changed exactly the targets", "needs --base and --adapter");
        return Ok((vec![finite, skipped], None));
    };
    let is_missing = |name: &&String| merged.tensor(name).is_none();
    let added = reference.matching.applied.iter().map(|applied| &applied.tensor);
    let expected: BTreeSet<&String> = reference.base.tensors().keys().chain(added).collect();
    set.missing = expected.into_iter().filter(is_missing).cloned().collect();
    Ok((vec![changed_set_check(&set, reference), finite], Some(set)))
}

/// Tensors as they lie on disk, so that reading is sequential.
fn in_file_order(merged: &Checkpoint) -> Vec<&LogicalTensor> {
    let mut tensors: Vec<&LogicalTensor> = merged.tensors().values().collect();
    tensors.sort_by_key(|tensor| (tensor.file().name(), tensor.file_offset()));
    tensors
}

fn classify(set: &mut ChangedSet, tensor: &LogicalTensor, reference: &Reference, agreement: Agreement) {
    let name = tensor.name().to_owned();
    let Some(applied) = reference.matching.applied_to(&name) else {
        let list = match reference.base.tensor(&name) {
            None => &mut set.extra,
            Some(_) if agreement.changed_count == 0 => &mut set.unchanged,
            Some(_) => &mut set.changed_without_reason,
        };
        list.push(name);
        return;
    };
    // A tensor that took another's place may well equal it, and one that is new has nothing to be lost in.
    let may_be_lost = applied.origin == Origin::Base;
    if !agreement.is_correct() {
        set.wrong.push(TensorVerdict { name, agreement });
    } else if may_be_lost && agreement.changed_count == 0 {
        set.lost.push(name);
    } else {
        set.changed_as_target.push(TensorVerdict { name, agreement });
    }
}

/// Judges one tensor against the exact result; a tensor that is no float is compared byte by byte.
fn judge(tensor: &LogicalTensor, reference: Option<&Reference>, job: &JobContext) -> Result<Agreement, VerifyError> {
    let exact = reference.map(|reference| Exact::new(tensor, reference, job)).transpose()?.flatten();
    let source = exact.as_ref().map(|exact| exact.source);
    let shape = tensor.tile_shape();
    let tiles: Vec<_> = row_tiles(shape, TILE_ELEMENTS).collect();
    tiles
        .par_iter()
        .map(|rows| {
            job.check_cancelled()?;
            let source_dtype = source.map(|source| FloatDtype::of(source.dtype()));
            let agreement = match (FloatDtype::of(tensor.dtype()), source_dtype) {
                (Some(dtype), None | Some(Some(_))) => judge_tile(tensor, dtype, exact.as_ref(), rows.clone())?,
                _ => compare_bytes(tensor, source, rows.clone())?,
            };
            job.advance(tensor.byte_count() * rows.len() as u64 / shape.rows as u64);
            Ok(agreement)
        })
        .try_reduce(Agreement::default, |a, b| Ok(a.merge(b)))
}

fn judge_tile(
    tensor: &LogicalTensor,
    dtype: FloatDtype,
    exact: Option<&Exact<'_>>,
    rows: std::ops::Range<usize>,
) -> Result<Agreement, VerifyError> {
    let stored = read_f64(tensor, dtype, rows.clone())?;
    let mut agreement = Agreement::default();
    match exact {
        Some(exact) => {
            let tile = exact.rows(rows)?;
            for ((stored, exact), source) in stored.iter().zip(&tile.values).zip(&tile.source) {
                agreement.observe(dtype, *stored, *exact, tile.magnitude_bound, *source);
            }
        }
        // Without a base each value is its own reference: only finiteness is learned.
        None => stored.iter().for_each(|value| agreement.observe(dtype, *value, *value, 0.0, *value)),
    }
    Ok(agreement)
}

/// Integers and packed weights: equal bytes, or changed.
fn compare_bytes(
    tensor: &LogicalTensor,
    base: Option<&LogicalTensor>,
    rows: std::ops::Range<usize>,
) -> Result<Agreement, VerifyError> {
    let element_count = (rows.len() * tensor.tile_shape().columns) as u64;
    let mut agreement = Agreement { element_count, exact_count: element_count, ..Default::default() };
    let Some(base) = base else { return Ok(agreement) };
    let is_equal = base.dtype() == tensor.dtype() && {
        let byte_count = usize::try_from(element_count * tensor.dtype().bitsize() as u64 / 8).unwrap_or(0);
        let (mut stored, mut expected) = (vec![0; byte_count], vec![0; byte_count]);
        tensor.read_row_bytes(rows.clone(), &mut stored)?;
        base.read_row_bytes(rows, &mut expected)?;
        stored == expected
    };
    agreement.changed_count = if is_equal { 0 } else { element_count };
    Ok(agreement)
}

fn changed_set_check(set: &ChangedSet, reference: &Reference) -> Check {
    let mut problems = Vec::new();
    for verdict in &set.wrong {
        let Agreement { element_count, wrong_count, off_by_one_count, max_error, .. } = verdict.agreement;
        problems.push(format!(
            "{}: {} of {} values are not what base and adapter give (largest error {max_error:.3e})",
            verdict.name,
            units::count(wrong_count + off_by_one_count),
            units::count(element_count),
        ));
    }
    let lists = [("is missing", &set.missing), ("is not in the base", &set.extra)];
    for (what, names) in lists {
        problems.extend(names.iter().map(|name| format!("{name} {what}")));
    }
    if reference.adapters.is_empty() {
        let changed = set.changed_without_reason.len();
        let evidence = format!(
            "{} of {} differ from the base; which of them should needs --adapter",
            units::count(changed as u64),
            units::plural(set.unchanged.len() + changed, "tensor"),
        );
        return Check::judged("Differences from the base", evidence, problems, Vec::new());
    }
    problems
        .extend(set.changed_without_reason.iter().map(|name| format!("{name} differs from the base and is no target")));
    let warnings = set
        .lost
        .iter()
        .map(|name| format!("{name}: the update is smaller than the dtype can hold, so nothing of it is left"))
        .collect();
    Check::judged("Changed exactly the targets", changed_set_evidence(set), problems, warnings)
}

fn changed_set_evidence(set: &ChangedSet) -> String {
    let target_count = set.changed_as_target.len() + set.lost.len() + set.wrong.len();
    let sum = set.changed_as_target.iter().fold(Agreement::default(), |sum, verdict| sum.merge(verdict.agreement));
    let share = if sum.element_count == 0 { 0.0 } else { 100.0 * sum.exact_count as f64 / sum.element_count as f64 };
    format!(
        "{} of {target_count} targets recomputed and equal ({share:.3} % of {} values bit-exact, the rest by the last bit); {} of {} others equal the base",
        set.changed_as_target.len(),
        units::count(sum.element_count),
        set.unchanged.len(),
        set.unchanged.len() + set.changed_without_reason.len(),
    )
}
