//! A merge that is not written: a checkpoint whose rows are computed as they are read, by the arithmetic of the CPU.

use std::{
    fmt,
    ops::Range,
    sync::{Arc, OnceLock},
};

use super::{TileJob, cpu::Worker, pipeline};
use crate::{
    adapter::{WeightedUpdate, composition::row_block},
    checkpoint::{Checkpoint, CheckpointError, ComputedRows, LogicalTensor, Storage, WeightFile},
    job::JobContext,
    numeric::{CpuLevel, FloatDtype},
    plan::{MergePlan, TensorStep},
    platform::PageBuffer,
};

/// The model that `plan` would write, tensor by tensor and to the bit; the factors of a tensor stay in memory once it
/// was read.
///
/// # Errors
/// A config of the plan that is no JSON object.
pub fn in_memory(plan: &Arc<MergePlan>) -> Result<Checkpoint, CheckpointError> {
    let tensors = plan.steps().map(|step| tensor(plan, step)).collect();
    plan.base.with_tensors(&plan.config_text, tensors)
}

fn tensor(plan: &Arc<MergePlan>, step: &TensorStep) -> LogicalTensor {
    let shape = step.source.shape().to_vec();
    let storage = if step.action.is_copy() {
        step.source.storage().clone()
    } else {
        let (plan, step) = (Arc::clone(plan), step.clone());
        Storage::Computed(Arc::new(MergedRows { plan, step, updates: OnceLock::new() }))
    };
    LogicalTensor::new(step.name.clone(), shape, step.output_dtype, storage)
}

/// One tensor of the merge.
struct MergedRows {
    plan: Arc<MergePlan>,
    step: TensorStep,
    updates: OnceLock<Arc<[WeightedUpdate]>>,
}

impl fmt::Debug for MergedRows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MergedRows").field("step", &self.step).finish_non_exhaustive()
    }
}

impl MergedRows {
    /// The updates, loaded and with the passes behind them that look at W first.
    fn updates(&self) -> Result<Arc<[WeightedUpdate]>, CheckpointError> {
        if let Some(updates) = self.updates.get() {
            return Ok(Arc::clone(updates));
        }
        let updates = pipeline::ready_updates(&self.plan, &self.step, &JobContext::unwatched());
        let updates = updates.map_err(|error| CheckpointError::NotComputed {
            tensor: self.step.name.clone(),
            problem: error.to_string(),
            path: self.plan.base.root().to_owned(),
        })?;
        Ok(Arc::clone(self.updates.get_or_init(|| updates)))
    }
}

impl ComputedRows for MergedRows {
    fn file(&self) -> &Arc<dyn WeightFile> {
        self.step.source.file()
    }

    fn read_row_bytes(&self, rows: Range<usize>, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let TensorStep { name, source, output_dtype, action, .. } = &self.step;
        let (columns, updates) = (source.tile_shape().columns, self.updates()?);
        let block = row_block(&updates);
        let (wanted, rows) = (rows.clone(), rows.start / block * block..rows.end.next_multiple_of(block));
        let input_dtype = source.float_dtype()?;
        let output_dtype = FloatDtype::of(*output_dtype).ok_or_else(|| CheckpointError::NotFloat {
            tensor: name.clone(),
            dtype: *output_dtype,
            path: source.file().path().to_owned(),
        })?;
        let mut input = PageBuffer::default();
        input.place(0, rows.len() * columns * input_dtype.byte_count());
        source.read_row_bytes(rows.clone(), &mut input)?;
        let mut output = PageBuffer::default();
        output.place(0, rows.len() * columns * output_dtype.byte_count());
        let skipped = (wanted.start - rows.start) * columns * output_dtype.byte_count();
        let tile = TileJob {
            ticket: 0,
            rows,
            columns,
            input,
            input_dtype,
            output,
            output_dtype,
            updates,
            noise: if action.is_update() { self.plan.rounding.noise(name) } else { None },
        };
        let computed = Worker::new(CpuLevel::detected()).compute(tile).output;
        bytes.copy_from_slice(&computed[skipped..skipped + bytes.len()]);
        Ok(())
    }
}
