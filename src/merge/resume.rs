//! What an interrupted run left in a shard and may stay: tensors whose bytes are what the journal says.

use std::path::Path;

use super::{
    MergeError, TensorRecord,
    journal::hash_range,
    pipeline::{ShardFile, ShardTally, copied},
};
use crate::{
    checkpoint::LogicalTensor,
    error::{IoAction, IoContext as _},
    job::{JobContext, JobEvent},
    plan::TensorStep,
    platform,
};

/// Bytes compared between two looks at the cancel flag.
const COMPARE_STEP_BYTES: usize = 4 << 20;

/// Counts as complete what the file holds already; its bytes.
///
/// # Errors
/// A file that cannot be read, or a cancelled job.
pub(super) fn keep_finished(
    target: &ShardFile<'_>,
    tally: &mut ShardTally<'_>,
    job: &JobContext,
) -> Result<u64, MergeError> {
    let mut kept = 0;
    for index in tally.pending() {
        let step = &target.shard.steps[index];
        let Some(claim) = tally.journal().claim(&step.name).cloned() else { continue };
        job.set_current(step.name.as_str());
        if is_true(&claim, step, target, job)? {
            tally.complete(index, claim)?;
            kept += step.byte_count;
            job.advance(step.byte_count);
            job.send(JobEvent::TensorDone { name: step.name.clone() });
        }
    }
    Ok(kept)
}

/// Lets the file system share the whole of a fresh shard with the base's file, where both have one layout: every tensor
/// that is only copied is in place then.
///
/// # Errors
/// A journal that cannot be written.
pub(super) fn share_with_base(
    target: &ShardFile<'_>,
    tally: &mut ShardTally<'_>,
    job: &JobContext,
) -> Result<(), MergeError> {
    let Some(source) = base_of_layout(target) else { return Ok(()) };
    if !platform::share_blocks(source, target.file) {
        return Ok(());
    }
    for index in tally.pending() {
        let step = &target.shard.steps[index];
        if step.action.is_copy() {
            tally.complete(index, copied(step))?;
            job.advance(step.byte_count);
            job.send(JobEvent::TensorDone { name: step.name.clone() });
        }
    }
    Ok(())
}

/// The one file that holds every tensor of the shard at the same place.
fn base_of_layout<'a>(target: &ShardFile<'a>) -> Option<&'a std::fs::File> {
    let steps = &target.shard.steps;
    let (first, _) = steps.iter().find(|step| step.byte_count > 0)?.source.span()?;
    let is_in_place = |step: &TensorStep| {
        let span = step.source.span();
        step.byte_count == 0 || span.is_some_and(|(file, offset)| file.path() == first.path() && offset == step.offset)
    };
    (first.byte_count() == target.shard.byte_count && steps.iter().all(is_in_place)).then(|| &**first.handle())
}

fn is_true(
    claim: &TensorRecord,
    step: &TensorStep,
    target: &ShardFile<'_>,
    job: &JobContext,
) -> Result<bool, MergeError> {
    if claim.action != step.label() {
        return Ok(false);
    }
    if step.action.is_copy() {
        return equals_source(&step.source, step.offset, target, job);
    }
    let range = step.offset..step.offset + step.byte_count;
    let hash = hash_range(target.file, target.path, range, job)?;
    Ok(claim.blake3.as_deref() == Some(hash.to_hex().as_str()))
}

/// Whether the shard holds at `offset` what `source` holds; never for a storage that is no plain span.
fn equals_source(
    source: &LogicalTensor,
    offset: u64,
    target: &ShardFile<'_>,
    job: &JobContext,
) -> Result<bool, MergeError> {
    let Some((file, source_offset)) = source.span() else { return Ok(false) };
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    let mut done = 0;
    while done < source.byte_count() {
        job.check_cancelled()?;
        let left = source.byte_count() - done;
        let byte_count = usize::try_from(left).map_or(COMPARE_STEP_BYTES, |left| left.min(COMPARE_STEP_BYTES));
        theirs.resize(byte_count, 0);
        ours.resize(byte_count, 0);
        read(file.handle(), &mut theirs, source_offset + done, file.path())?;
        read(target.file, &mut ours, offset + done, target.path)?;
        if theirs != ours {
            return Ok(false);
        }
        done += byte_count as u64;
    }
    Ok(true)
}

fn read(file: &std::fs::File, buffer: &mut [u8], offset: u64, path: &Path) -> Result<(), MergeError> {
    platform::read_exact_at(file, buffer, offset).at(IoAction::ReadBack, path)?;
    Ok(())
}
