//! A shard's tensors as a list of reads, in file order.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use crate::{
    adapter::{WeightedUpdate, composition},
    job::JobContext,
    matching::load_updates,
    merge::MergeError,
    numeric::{FloatDtype, Noise, block_tiles},
    plan::{Action, MergePlan, OutputShard, TensorStep},
};

/// One thing to read, and what becomes of it.
#[derive(Clone)]
pub(super) struct WorkItem {
    /// Position in the list; results are written in this order.
    pub ticket: u64,
    /// Index into the shard's steps.
    pub step: usize,
    pub kind: WorkKind,
}

#[derive(Clone)]
pub(super) enum WorkKind {
    /// Rows that go through the kernel.
    Tile { rows: Range<usize>, dtypes: (FloatDtype, FloatDtype), updates: Arc<[WeightedUpdate]>, noise: Option<Noise> },
    /// Rows that are written as they are read, from a storage that is no plain span.
    Rows { rows: Range<usize> },
    /// A range of the tensor's bytes, written as it is read.
    Bytes { range: Range<u64> },
    /// A range of the tensor's bytes that the system copies from file to file.
    Span { range: Range<u64> },
}

/// Hands out the reads of one shard, one after the other.
pub(super) struct WorkList<'a> {
    plan: &'a MergePlan,
    shard: &'a OutputShard,
    job: &'a JobContext,
    /// Whether the system copies untouched spans; otherwise they are read and written like tiles.
    system_copies: bool,
    pending: VecDeque<usize>,
    current: (usize, VecDeque<WorkKind>),
    next_ticket: u64,
}

impl<'a> WorkList<'a> {
    pub(super) fn new(
        plan: &'a MergePlan,
        shard: &'a OutputShard,
        pending: impl IntoIterator<Item = usize>,
        system_copies: bool,
        job: &'a JobContext,
    ) -> Self {
        let pending = pending.into_iter().collect();
        Self { plan, shard, job, system_copies, pending, current: (0, VecDeque::new()), next_ticket: 0 }
    }

    /// The next read; `None` at the end.
    ///
    /// # Errors
    /// Factors that cannot be read, or a cancelled job; the list is at its end then.
    pub(super) fn next(&mut self) -> Option<Result<WorkItem, MergeError>> {
        while self.current.1.is_empty() {
            let step = self.pending.pop_front()?;
            match self.items(step) {
                Ok(items) => self.current = (step, items),
                Err(error) => {
                    self.pending.clear();
                    return Some(Err(error));
                }
            }
        }
        let kind = self.current.1.pop_front()?;
        self.next_ticket += 1;
        Some(Ok(WorkItem { ticket: self.next_ticket - 1, step: self.current.0, kind }))
    }

    fn items(&self, index: usize) -> Result<VecDeque<WorkKind>, MergeError> {
        let step = &self.shard.steps[index];
        if step.byte_count == 0 {
            return Ok(VecDeque::new());
        }
        let tiles = |block| block_tiles(step.source.tile_shape(), block, self.plan.tile_elements);
        if step.action.is_copy() {
            let step_bytes = (self.plan.tile_elements * FloatDtype::F32.byte_count()) as u64;
            let ranges = byte_ranges(step.byte_count, step_bytes);
            return Ok(match step.source.span() {
                Some(_) if self.system_copies => ranges.map(|range| WorkKind::Span { range }).collect(),
                Some(_) => ranges.map(|range| WorkKind::Bytes { range }).collect(),
                None => tiles(1).map(|rows| WorkKind::Rows { rows }).collect(),
            });
        }
        let updates = ready_updates(self.plan, step, self.job)?;
        // What is packed leaves the kernel exact, for its change to be told from what packing does.
        let output_dtype = output_float_dtype(step)?;
        let output_dtype = if step.tables().is_some() { FloatDtype::F32 } else { output_dtype };
        let dtypes = (step.source.float_dtype()?, output_dtype);
        let noise = if step.action.is_update() { self.plan.rounding.noise(&step.name) } else { None };
        let tiles = tiles(composition::row_block(&updates));
        Ok(tiles.map(|rows| WorkKind::Tile { rows, dtypes, updates: Arc::clone(&updates), noise }).collect())
    }
}

/// The updates of `step`, after the passes that only look at W, for methods that need them.
///
/// # Errors
/// Factors or weights that cannot be read, or a cancelled job.
pub(in crate::merge) fn ready_updates(
    plan: &MergePlan,
    step: &TensorStep,
    job: &JobContext,
) -> Result<Arc<[WeightedUpdate]>, MergeError> {
    let Action::Update { updates, factor } = &step.action else { return Ok(Arc::from([])) };
    let updates = load_updates(updates, *factor, &plan.adapters, &plan.strengths)?;
    let (source, shape) = (&step.source, step.source.tile_shape());
    composition::observe(&updates, |see| {
        for rows in block_tiles(shape, composition::row_block(&updates), plan.tile_elements) {
            job.check_cancelled()?;
            let mut tile = vec![0.0; rows.len() * shape.columns];
            source.read_rows(rows.clone(), &mut tile)?;
            see(rows, tile);
        }
        Ok::<_, MergeError>(())
    })?;
    Ok(updates.into())
}

/// Consecutive ranges of at most `step` bytes.
fn byte_ranges(byte_count: u64, step: u64) -> impl Iterator<Item = Range<u64>> {
    (0..byte_count.div_ceil(step)).map(move |index| index * step..((index + 1) * step).min(byte_count))
}

fn output_float_dtype(step: &TensorStep) -> Result<FloatDtype, MergeError> {
    FloatDtype::of(step.output_dtype).ok_or_else(|| {
        let path = step.source.file().path().to_owned();
        let (tensor, dtype) = (step.name.clone(), step.output_dtype);
        crate::checkpoint::CheckpointError::NotFloat { tensor, dtype, path }.into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_ranges_cover_everything_once() {
        assert_eq!(byte_ranges(10, 4).collect::<Vec<_>>(), [0..4, 4..8, 8..10]);
        assert_eq!(byte_ranges(8, 4).collect::<Vec<_>>(), [0..4, 4..8]);
        assert_eq!(byte_ranges(0, 4).count(), 0);
    }
}
