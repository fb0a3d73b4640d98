//! One pass over the weights of a merged model: every tensor compared with what base and adapter give.

use std::{collections::BTreeSet, ops::Range};

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::{
    Agreement, ChangeSums, ChangedSet, Check, Detail, Evidence, Question, Reference, RoundingPolicy, TensorVerdict,
    VerifyError, VerifyOptions,
    agreement::Observed,
    audit::Audit,
    exact::{Exact, read_f64},
    packed::PackedWeight,
    packing_fit::LoaderRule,
    verdict::{self, Found},
};
use crate::{
    checkpoint::{Checkpoint, LogicalTensor},
    job::{JobContext, JobEvent, Stage},
    numeric::{FloatDtype, Noise, block_tiles, widen_to_f64},
};

/// Elements of a tile: three f64 buffers of it for each thread.
const TILE_ELEMENTS: usize = 1 << 18;

/// Tiles read before their bytes are hashed in order: 16 MB of float32.
const BATCH_TILES: usize = 16;

/// Compares all tensors with what the audited matching makes of the base; without a reference, only finiteness is
/// checked.
pub(super) fn check(
    merged: &Checkpoint,
    reference: Option<&Reference>,
    audit: Audit,
    options: &VerifyOptions,
    job: &JobContext,
) -> Result<(Vec<Check>, Option<ChangedSet>), VerifyError> {
    let source_bytes = |tensor: &LogicalTensor| Some(reference?.source_of(tensor)?.byte_count());
    let compared_bytes = |tensor: &LogicalTensor| tensor.byte_count() + source_bytes(tensor).unwrap_or(0);
    job.start_stage(Stage::Verifying, merged.tensors().values().map(compared_bytes).sum());
    let mut set = ChangedSet::default();
    let (mut non_finite, mut turned_over) = (Vec::new(), Vec::new());
    let rule = LoaderRule::of(merged);
    for tensor in in_file_order(merged) {
        job.set_current(tensor.name());
        let may_be_packed = rule.as_ref().is_some_and(|rule| rule.packs(tensor.name()) != Some(false));
        let packed = if may_be_packed { judge_packed(tensor, merged, reference, job)? } else { None };
        let is_packed = packed.is_some();
        let mut verdict = packed.map_or_else(|| judge(tensor, reference, options, job), Ok)?;
        if !is_packed
            && !verdict.agreement.is_correct()
            && audit.open_orientations.contains(tensor.name())
            && let Some(other) = judge_turned_over(tensor, reference, options, job)?
        {
            turned_over.push(tensor.name().to_owned());
            verdict = other;
        }
        let non_finite_count = verdict.agreement.non_finite_count;
        if non_finite_count > 0 {
            non_finite.push(Detail::NonFinite { tensor: tensor.name().to_owned(), count: non_finite_count });
        }
        if let Some(reference) = reference {
            set.classify(verdict, reference, FloatDtype::of(tensor.dtype()).is_some());
        }
        job.send(JobEvent::TensorDone { name: tensor.name().to_owned() });
    }
    let finite = Check::judged(
        Question::Finite,
        Evidence::ValuesRead { value_count: merged.parameter_count() },
        non_finite,
        Vec::new(),
    );
    let Some(reference) = reference else {
        let skipped = Check::skipped(Question::ChangedTargets, Evidence::NeedsReference);
        return Ok((vec![finite, skipped], None));
    };
    let is_missing = |name: &&String| merged.tensor(name).is_none();
    let added = reference.matching.applied.iter().map(|applied| &applied.tensor);
    let expected: BTreeSet<&String> = reference.base.tensors().keys().chain(added).collect();
    set.missing = expected.into_iter().filter(is_missing).cloned().collect();
    let mut found = Found { problems: audit.problems, warnings: audit.warnings };
    if !turned_over.is_empty() {
        found.warnings.push(Detail::TurnedOver { names: turned_over });
    }
    Ok((vec![verdict::check(&set, merged, reference, options, found), finite], Some(set)))
}

/// Tensors as they lie on disk, so that reading is sequential.
fn in_file_order(merged: &Checkpoint) -> Vec<&LogicalTensor> {
    let mut tensors: Vec<&LogicalTensor> = merged.tensors().values().collect();
    tensors.sort_by_key(|tensor| (tensor.file().name(), tensor.file_offset()));
    tensors
}

/// Judges one tensor by one rounding, or by the one that was told; then by those of other tools, where they may explain
/// it better.
fn judge(
    tensor: &LogicalTensor,
    reference: Option<&Reference>,
    options: &VerifyOptions,
    job: &JobContext,
) -> Result<TensorVerdict, VerifyError> {
    let exact = reference.map(|reference| Exact::new(tensor, reference, job)).transpose()?.flatten();
    judge_by(tensor, exact.as_ref(), options, job)
}

/// The verdict on a tensor that was judged before, against another base.
pub(super) fn judge_again(
    tensor: &LogicalTensor,
    merged: &Checkpoint,
    reference: &Reference,
    options: &VerifyOptions,
    job: &JobContext,
) -> Result<TensorVerdict, VerifyError> {
    let exact = Exact::new(tensor, reference, job)?;
    job.extend_stage(bytes_of_pass(tensor, exact.as_ref()));
    if let Some(verdict) = judge_packed(tensor, merged, Some(reference), job)? {
        return Ok(verdict);
    }
    judge_by(tensor, exact.as_ref(), options, job)
}

/// The verdict on a tensor that is packed as NF4, where most of it is what packing the exact result gives; another is
/// judged by the values that it unpacks to, which may be the base's own, or those of another merge.
fn judge_packed(
    tensor: &LogicalTensor,
    merged: &Checkpoint,
    reference: Option<&Reference>,
    job: &JobContext,
) -> Result<Option<TensorVerdict>, VerifyError> {
    let (Some(packed), Some(reference)) = (PackedWeight::of(tensor, merged), reference) else { return Ok(None) };
    let Some(exact) = Exact::new(tensor, reference, job)? else { return Ok(None) };
    if FloatDtype::of(exact.source.dtype()).is_none() {
        return Ok(None);
    }
    let verdict = packed.judge(&exact, job)?;
    let is_packing = verdict.agreement.wrong_count <= verdict.agreement.element_count / 2;
    if is_packing {
        job.advance(bytes_of_pass(tensor, Some(&exact)));
    }
    Ok(is_packing.then_some(verdict))
}

/// The verdict on a tensor whose updates lie in the other order of dimensions, where that is a correct merge.
fn judge_turned_over(
    tensor: &LogicalTensor,
    reference: Option<&Reference>,
    options: &VerifyOptions,
    job: &JobContext,
) -> Result<Option<TensorVerdict>, VerifyError> {
    let exact = reference.map(|reference| Exact::turned_over(tensor, reference, job)).transpose()?.flatten();
    job.extend_stage(bytes_of_pass(tensor, exact.as_ref()));
    let verdict = judge_by(tensor, exact.as_ref(), options, job)?;
    Ok(Some(verdict).filter(|verdict| verdict.agreement.is_correct()))
}

fn judge_by(
    tensor: &LogicalTensor,
    exact: Option<&Exact>,
    options: &VerifyOptions,
    job: &JobContext,
) -> Result<TensorVerdict, VerifyError> {
    let noise = options.rounding.noise(tensor.name()).filter(|_| exact.is_some_and(Exact::is_updated));
    let policy = if noise.is_some() { RoundingPolicy::Stochastic } else { RoundingPolicy::Once };
    let pass = Pass { tensor, exact, policy, noise };
    let verdict = pass.run(job, true)?;
    let is_updated = exact.is_some_and(Exact::is_updated);
    let halves = exact.filter(|exact| exact.is_added_twice()).map(|_| RoundingPolicy::InHalves);
    let on_the_way = exact.filter(|exact| exact.is_rounded_on_the_way()).map(|_| RoundingPolicy::InOwnDtype);
    let may_be_other = halves.is_some() || on_the_way.is_some() || RoundingPolicy::may_be_other(&verdict.agreement);
    if noise.is_some() || !is_updated || verdict.agreement.is_correct() || !may_be_other {
        return Ok(verdict);
    }
    for policy in RoundingPolicy::OTHERS.into_iter().chain(halves).chain(on_the_way) {
        job.extend_stage(bytes_of_pass(tensor, exact));
        let other = Pass { policy, ..pass }.run(job, false)?;
        if other.agreement.is_correct() {
            return Ok(TensorVerdict { agreement: other.agreement, policy, ..verdict });
        }
    }
    Ok(verdict)
}

/// Bytes that one pass over a tensor reads: its own, and those of what it is compared with.
fn bytes_of_pass(tensor: &LogicalTensor, exact: Option<&Exact>) -> u64 {
    tensor.byte_count() + exact.map_or(0, |exact| exact.source.byte_count())
}

/// One tensor under one policy.
#[derive(Clone, Copy)]
struct Pass<'a> {
    tensor: &'a LogicalTensor,
    exact: Option<&'a Exact>,
    policy: RoundingPolicy,
    noise: Option<Noise>,
}

/// What a tile says, and its bytes, for the hash.
struct TileVerdict {
    agreement: Agreement,
    change: ChangeSums,
    bytes: Vec<u8>,
}

impl Pass<'_> {
    /// Reads the tensor tile by tile; the first time it takes the hash of a target.
    fn run(&self, job: &JobContext, is_first: bool) -> Result<TensorVerdict, VerifyError> {
        let tensor = self.tensor;
        let shape = tensor.tile_shape();
        let is_hashed = is_first && self.exact.is_some_and(|exact| exact.is_target);
        let mut verdict = TensorVerdict { policy: self.policy, ..TensorVerdict::new(tensor.name()) };
        let mut hasher = blake3::Hasher::new();
        let block = self.exact.map_or(1, Exact::row_block);
        let tiles: Vec<Range<usize>> = block_tiles(shape, block, TILE_ELEMENTS).collect();
        let byte_count = bytes_of_pass(tensor, self.exact);
        for batch in tiles.chunks(BATCH_TILES) {
            let judge = |rows: &Range<usize>| {
                job.check_cancelled()?;
                let tile = self.judge_tile(rows.clone())?;
                job.advance(byte_count * rows.len() as u64 / shape.rows as u64);
                Ok::<_, VerifyError>(tile)
            };
            for tile in batch.par_iter().map(judge).collect::<Result<Vec<_>, _>>()? {
                verdict.agreement = verdict.agreement.merge(tile.agreement);
                verdict.change = verdict.change.merge(tile.change);
                if is_hashed {
                    hasher.update(&tile.bytes);
                }
            }
        }
        verdict.blake3 = is_hashed.then(|| hasher.finalize().to_hex().to_string());
        Ok(verdict)
    }

    fn judge_tile(&self, rows: Range<usize>) -> Result<TileVerdict, VerifyError> {
        let Self { tensor, exact, .. } = *self;
        let mut bytes = vec![0; tile_byte_count(tensor, &rows)];
        tensor.read_row_bytes(rows.clone(), &mut bytes)?;
        let is_comparable = exact.is_none_or(|exact| FloatDtype::of(exact.source.dtype()).is_some());
        let Some(dtype) = FloatDtype::of(tensor.dtype()).filter(|_| is_comparable) else {
            return compare_bytes(tensor, exact.map(|exact| &exact.source), rows, bytes);
        };
        let mut stored = vec![0.0; bytes.len() / dtype.byte_count()];
        widen_to_f64(dtype, &bytes, &mut stored);
        let mut change = ChangeSums::default();
        let agreement = match exact {
            Some(exact) if exact.is_updated() => {
                let first_element = (rows.start * tensor.tile_shape().columns) as u64;
                let tile = exact.rows(rows, self.policy)?;
                for ((source, value), stored) in tile.source.iter().zip(&tile.values).zip(&stored) {
                    change.observe(*source, *value, *stored);
                }
                self.policy.compare(dtype, &stored, &tile, (self.noise, first_element))
            }
            Some(exact) => compare_taken(dtype, exact, rows, &stored, &bytes)?,
            // Without a base each value is its own reference: only finiteness is learned.
            None => compare_with(dtype, &stored, &stored),
        };
        Ok(TileVerdict { agreement, change, bytes })
    }
}

fn tile_byte_count(tensor: &LogicalTensor, rows: &Range<usize>) -> usize {
    rows.len() * tensor.tile_shape().columns * tensor.dtype().bitsize() / 8
}

/// A tensor whose values are taken: the same bytes, or the same values rounded to another dtype.
fn compare_taken(
    dtype: FloatDtype,
    exact: &Exact,
    rows: Range<usize>,
    stored: &[f64],
    bytes: &[u8],
) -> Result<Agreement, VerifyError> {
    let source = read_f64(&exact.source, exact.source.float_dtype()?, rows.clone())?;
    let mut agreement = compare_with(dtype, stored, &source);
    if exact.source.dtype() == dtype.stored() && agreement.changed_count == 0 {
        // Two bit patterns may be one value, as −0 and 0 and all NaN are.
        let mut expected = vec![0; bytes.len()];
        exact.source.read_row_bytes(rows, &mut expected)?;
        let size = dtype.byte_count();
        let differing = bytes.chunks(size).zip(expected.chunks(size)).filter(|(stored, expected)| stored != expected);
        agreement.changed_count = if bytes == expected { 0 } else { differing.count() as u64 };
    }
    Ok(agreement)
}

fn compare_with(dtype: FloatDtype, stored: &[f64], source: &[f64]) -> Agreement {
    let mut agreement = Agreement::default();
    for (stored, source) in stored.iter().zip(source) {
        let base = dtype.round_to_nearest(*source);
        let taken =
            Observed { stored: *stored, exact: *source, expected: base, within: (base, base), delta_bound: 0.0, base };
        agreement.observe(dtype, taken);
        // A lost sign of zero is a lost bit.
        agreement.changed_count += u64::from(*stored == base && stored.is_sign_negative() != base.is_sign_negative());
    }
    agreement
}

/// Integers and packed weights: equal bytes, or changed.
fn compare_bytes(
    tensor: &LogicalTensor,
    base: Option<&LogicalTensor>,
    rows: Range<usize>,
    bytes: Vec<u8>,
) -> Result<TileVerdict, VerifyError> {
    let element_count = (rows.len() * tensor.tile_shape().columns) as u64;
    let mut agreement = Agreement { element_count, exact_count: element_count, ..Default::default() };
    if let Some(base) = base {
        let is_equal = base.dtype() == tensor.dtype() && {
            let mut expected = vec![0; bytes.len()];
            base.read_row_bytes(rows, &mut expected)?;
            bytes == expected
        };
        agreement.changed_count = if is_equal { 0 } else { element_count };
    }
    Ok(TileVerdict { agreement, change: ChangeSums::default(), bytes })
}
