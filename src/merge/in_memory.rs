//! A merge that is not written: a checkpoint whose rows are computed as they are read, by the arithmetic of the CPU.

use std::{
    cell::Cell,
    fmt,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use super::{TileJob, TileResult, cpu::Worker, pipeline};
use crate::{
    adapter::{WeightedUpdate, composition::row_block},
    checkpoint::{Checkpoint, CheckpointError, ComputedRows, LogicalTensor, Storage, WeightFile},
    job::JobContext,
    numeric::{
        CpuLevel, FloatDtype, PackedSum, block_tiles,
        codec::{FourBit, NF4, NestedScales, Nf4Encoder},
    },
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

/// The same before its rounding: what the merge changes in float32, and the rest as the base has it.
///
/// # Errors
/// A config of the plan that is no JSON object.
pub(super) fn in_float32(plan: &Arc<MergePlan>) -> Result<Checkpoint, CheckpointError> {
    let in_float32 = |step: &TensorStep| {
        let is_rounded = !step.action.is_copy() && FloatDtype::of(step.output_dtype).is_some();
        let output_dtype = if is_rounded { FloatDtype::F32.stored() } else { step.output_dtype };
        tensor(plan, &TensorStep { output_dtype, ..step.clone() })
    };
    plan.base.with_tensors(&plan.config_text, plan.steps().map(in_float32).collect())
}

fn tensor(plan: &Arc<MergePlan>, step: &TensorStep) -> LogicalTensor {
    let shape = step.source.shape().to_vec();
    let storage = if step.action.is_copy() {
        step.source.storage().clone()
    } else {
        let (plan, step) = (Arc::clone(plan), step.clone());
        let (updates, loading) = (Mutex::new(None), Mutex::new(()));
        Storage::Computed(Arc::new(MergedRows { plan, step, updates, loading, nested: OnceLock::new() }))
    };
    LogicalTensor::new(step.name.clone(), shape, step.output_dtype, storage)
}

/// What a thread computes with, kept from read to read.
struct Workplace {
    worker: Worker,
    input: PageBuffer,
    output: PageBuffer,
}

impl Default for Workplace {
    fn default() -> Self {
        let worker = Worker::without_evidence(CpuLevel::detected());
        Self { worker, input: PageBuffer::default(), output: PageBuffer::default() }
    }
}

thread_local! {
    static WORKPLACE: Cell<Option<Workplace>> = const { Cell::new(None) };
}

/// One tensor of the merge.
struct MergedRows {
    plan: Arc<MergePlan>,
    step: TensorStep,
    updates: Mutex<Option<Arc<[WeightedUpdate]>>>,
    /// Held while they are loaded.
    loading: Mutex<()>,
    /// Its scales, where they are packed too.
    nested: OnceLock<NestedScales>,
}

impl fmt::Debug for MergedRows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MergedRows").field("step", &self.step).finish_non_exhaustive()
    }
}

impl MergedRows {
    /// The updates, loaded and with the passes behind them that look at W first.
    fn updates(&self) -> Result<Arc<[WeightedUpdate]>, CheckpointError> {
        if let Some(updates) = self.loaded() {
            return Ok(updates);
        }
        // A thread of the pool that waits here would take on other work of the pool, which may come here again.
        let is_alone = rayon::current_thread_index().is_none();
        let _loading = is_alone.then(|| self.loading.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(updates) = self.loaded() {
            return Ok(updates);
        }
        let updates = pipeline::ready_updates(&self.plan, &self.step, &JobContext::unwatched());
        let updates = updates.map_err(|error| CheckpointError::NotComputed {
            tensor: self.step.name.clone(),
            problem: error.to_string(),
            path: self.plan.base.root().to_owned(),
        })?;
        *self.kept() = Some(Arc::clone(&updates));
        Ok(updates)
    }

    fn loaded(&self) -> Option<Arc<[WeightedUpdate]>> {
        self.kept().clone()
    }

    fn kept(&self) -> MutexGuard<'_, Option<Arc<[WeightedUpdate]>>> {
        self.updates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ComputedRows for MergedRows {
    fn file(&self) -> &Arc<dyn WeightFile> {
        self.step.source.file()
    }

    fn forget(&self) {
        *self.kept() = None;
    }

    fn read_row_bytes(&self, rows: Range<usize>, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let step = &self.step;
        let columns = step.source.tile_shape().columns;
        let dtype = self.output_dtype()?;
        let Some(tables) = step.tables() else {
            let block = row_block(&self.updates()?);
            let whole = rows.start / block * block..rows.end.next_multiple_of(block);
            let skipped = (rows.start - whole.start) * columns * dtype.byte_count();
            return self.compute(whole, dtype, |computed| {
                bytes.copy_from_slice(&computed[skipped..skipped + bytes.len()]);
            });
        };
        let (whole, codes, mut scales) = self.packed(rows.clone())?;
        let codec = FourBit { table: NF4, block: tables.format.block, dtype: tables.dtype };
        let wanted = rows.start * columns..rows.end * columns;
        let first = whole.start * columns;
        if tables.format.is_double {
            let blocks = codec.blocks(&(first..first + 2 * codes.len()));
            scales = self.nested_scales()?.scales(blocks.start..blocks.start + scales.len()).collect();
        }
        // Runs begin with a block, so that places in them are places in the tensor.
        let wanted = wanted.start - first..wanted.end - first;
        codec.decode(&wanted, &codes[FourBit::code_bytes(&wanted)], &scales[codec.blocks(&wanted)], bytes);
        Ok(())
    }
}

/// Rows, the codes of their elements and a scale for each of their blocks.
type PackedRows = (Range<usize>, Vec<u8>, Vec<f32>);

impl MergedRows {
    fn output_dtype(&self) -> Result<FloatDtype, CheckpointError> {
        let TensorStep { name, source, output_dtype, .. } = &self.step;
        FloatDtype::of(*output_dtype).ok_or_else(|| CheckpointError::NotFloat {
            tensor: name.clone(),
            dtype: *output_dtype,
            path: source.file().path().to_owned(),
        })
    }

    /// Computes whole blocks of rows, merged and rounded to `dtype`, and gives them to `take`.
    fn compute<T>(
        &self,
        rows: Range<usize>,
        output_dtype: FloatDtype,
        take: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, CheckpointError> {
        let TensorStep { name, source, action, .. } = &self.step;
        let (columns, input_dtype) = (source.tile_shape().columns, source.float_dtype()?);
        let updates = self.updates()?;
        // Taken out, because reading may come here again on this thread.
        let Workplace { mut worker, mut input, mut output } = WORKPLACE.take().unwrap_or_default();
        input.place(0, rows.len() * columns * input_dtype.byte_count());
        source.read_row_bytes(rows.clone(), &mut input)?;
        output.place(0, rows.len() * columns * output_dtype.byte_count());
        let noise = if action.is_update() { self.plan.rounding.noise(name) } else { None };
        let tile = TileJob { ticket: 0, rows, columns, input, input_dtype, output, output_dtype, updates, noise };
        let TileResult { input, output, .. } = worker.compute(tile);
        let taken = take(&output);
        WORKPLACE.set(Some(Workplace { worker, input, output }));
        Ok(taken)
    }

    /// The codes of `rows` and of those around them that share a block.
    fn packed(&self, rows: Range<usize>) -> Result<PackedRows, CheckpointError> {
        let Some(tables) = self.step.tables() else { unreachable!("asked of packed tensors") };
        let shape = self.step.source.tile_shape();
        let block = tables.format.block;
        // As many rows as end with a block, and with one of the updates.
        let in_block = (1..=block).find(|rows| (rows * shape.columns).is_multiple_of(block)).unwrap_or(block);
        let in_update = row_block(&self.updates()?);
        let together = (1..=in_update).map(|times| times * in_block).find(|rows| rows.is_multiple_of(in_update));
        let together = together.unwrap_or(in_block);
        let whole = rows.start / together * together..rows.end.next_multiple_of(together).min(shape.rows);
        let sums =
            self.compute(whole.clone(), FloatDtype::F32, |sums| bytemuck::cast_slice::<u8, f32>(sums).to_vec())?;
        let sum: &[f32] = &sums;
        let (mut codes, mut scales) = (vec![0; sum.len().div_ceil(2)], vec![0.0; sum.len().div_ceil(block)]);
        let run = PackedSum { encoder: Nf4Encoder { block, dtype: tables.dtype }, weight: sum, sum };
        run.write(&mut codes, &mut scales, false).map_err(|error| CheckpointError::NotComputed {
            tensor: self.step.name.clone(),
            problem: format!("{} has no code", error.value),
            path: self.plan.base.root().to_owned(),
        })?;
        Ok((whole, codes, scales))
    }

    /// The scales as they are packed, for which all of them are looked at once.
    fn nested_scales(&self) -> Result<&NestedScales, CheckpointError> {
        if let Some(scales) = self.nested.get() {
            return Ok(scales);
        }
        let shape = self.step.source.tile_shape();
        let block = self.step.tables().map_or(1, |tables| tables.format.block);
        let mut scales: Vec<f32> = Vec::new();
        for rows in block_tiles(shape, 1, self.plan.tile_elements) {
            let (whole, _, of_run) = self.packed(rows)?;
            // Runs may share their last block with the next.
            scales.truncate(whole.start * shape.columns / block);
            scales.extend(of_run);
        }
        Ok(self.nested.get_or_init(|| NestedScales::of(&scales)))
    }
}
