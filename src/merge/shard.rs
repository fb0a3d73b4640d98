//! One output shard: spans copied, tiles computed, every byte at its final offset.

use std::{fs::File, path::Path, sync::Arc};

use super::{Kernel, MergeError, OutputFolder, TensorRecord, TileJob, TileResult, WeightedUpdate};
use crate::{
    error::IoContext as _,
    job::{JobContext, JobEvent},
    numeric::{TileStats, row_tiles},
    plan::{Action, MergePlan, OutputShard, TensorStep},
    platform::{self, PageBuffer},
};

/// Bytes copied between two looks at the cancel flag.
const COPY_STEP_BYTES: u64 = 16 << 20;

/// Writes `shard` into `folder`.
pub(super) fn write(
    plan: &MergePlan,
    shard: &OutputShard,
    folder: &OutputFolder,
    kernel: &mut dyn Kernel,
    job: &JobContext,
) -> Result<Vec<TensorRecord>, MergeError> {
    let path = folder.partial().join(&shard.file_name);
    let file = folder.create_shard(&shard.file_name, shard.byte_count)?;
    platform::write_all_at(&file, &shard.header, 0).at("write the header", &path)?;
    let mut writer = ShardWriter { plan, file: &file, path: &path, kernel, job, spare_buffers: Vec::new() };
    let mut records = Vec::with_capacity(shard.steps.len());
    for step in &shard.steps {
        job.set_current(step.name.as_str());
        let stats = match &step.action {
            Action::Copy => {
                writer.copy(step)?;
                None
            }
            Action::Convert => Some(writer.convert(step)?),
            Action::Update { .. } => Some(writer.update(step)?),
        };
        records.push(TensorRecord { name: step.name.clone(), action: step.label(), stats });
        job.send(JobEvent::TensorDone { name: step.name.clone() });
    }
    Ok(records)
}

struct ShardWriter<'a> {
    plan: &'a MergePlan,
    file: &'a File,
    path: &'a Path,
    kernel: &'a mut dyn Kernel,
    job: &'a JobContext,
    spare_buffers: Vec<PageBuffer>,
}

impl ShardWriter<'_> {
    fn copy(&self, step: &TensorStep) -> Result<(), MergeError> {
        let source = &step.source;
        let mut done = 0;
        while done < step.byte_count {
            self.job.check_cancelled()?;
            let byte_count = (step.byte_count - done).min(COPY_STEP_BYTES);
            platform::copy_range(
                source.file().handle(),
                source.file_offset() + done,
                self.file,
                step.offset + done,
                byte_count,
            )
            .at("copy weights", source.file().path())?;
            done += byte_count;
            self.job.advance(byte_count);
        }
        Ok(())
    }

    fn convert(&mut self, step: &TensorStep) -> Result<TileStats, MergeError> {
        let stats = self.stream(step, &Arc::from([]))?;
        if stats.output_non_finite_count > stats.base_non_finite_count {
            return Err(overflow(step, &stats));
        }
        if stats.base_non_finite_count > 0 {
            let message = format!("{} holds NaN or infinity in the base; it is passed on", step.name);
            self.job.send(JobEvent::Warning(message));
        }
        Ok(stats)
    }

    fn update(&mut self, step: &TensorStep) -> Result<TileStats, MergeError> {
        let updates = self.load_updates(step)?;
        self.observe(step, &updates)?;
        let stats = self.stream(step, &updates)?;
        if stats.base_non_finite_count > 0 {
            let path = step.source.file().path().to_owned();
            return Err(MergeError::BaseNotFinite {
                tensor: step.name.clone(),
                element_count: stats.base_non_finite_count,
                path,
            });
        }
        if stats.output_non_finite_count > 0 {
            return Err(overflow(step, &stats));
        }
        Ok(stats)
    }

    fn load_updates(&self, step: &TensorStep) -> Result<Arc<[WeightedUpdate]>, MergeError> {
        let Action::Update { updates } = &step.action else { return Ok(Arc::from([])) };
        updates
            .iter()
            .map(|reference| {
                let update = reference.load(&self.plan.adapters)?;
                Ok(WeightedUpdate { update, strength: self.plan.strengths[reference.adapter] })
            })
            .collect()
    }

    /// Runs the passes that only look at W, for methods that need them.
    fn observe(&self, step: &TensorStep, updates: &[WeightedUpdate]) -> Result<(), MergeError> {
        let passes = updates.iter().map(|weighted| weighted.update.passes()).max().unwrap_or(1);
        let shape = step.source.tile_shape();
        for pass in 1..passes {
            for rows in row_tiles(shape, self.plan.tile_elements) {
                self.job.check_cancelled()?;
                let mut tile = vec![0.0; rows.len() * shape.columns];
                step.source.read_rows(rows.clone(), &mut tile)?;
                for weighted in updates.iter().filter(|weighted| pass < weighted.update.passes()) {
                    weighted.update.observe_rows(rows.clone(), &tile);
                }
            }
        }
        Ok(())
    }

    /// Sends every tile of the tensor through the kernel, a few of them in flight.
    fn stream(&mut self, step: &TensorStep, updates: &Arc<[WeightedUpdate]>) -> Result<TileStats, MergeError> {
        let source = &step.source;
        let (input_dtype, output_dtype) = (source.float_dtype()?, output_float_dtype(step)?);
        let shape = source.tile_shape();
        let mut stats = TileStats::default();
        for rows in row_tiles(shape, self.plan.tile_elements) {
            self.job.check_cancelled()?;
            if self.kernel.in_flight() == self.kernel.capacity() {
                self.collect(&mut stats)?;
            }
            let element_count = rows.len() * shape.columns;
            let first_element = (rows.start * shape.columns) as u64;
            let output_offset = step.offset + first_element * output_dtype.byte_count() as u64;
            let mut input = self.spare_buffers.pop().unwrap_or_default();
            input.place(0, element_count * input_dtype.byte_count());
            source.read_row_bytes(rows.clone(), &mut input)?;
            let mut output = self.spare_buffers.pop().unwrap_or_default();
            output.place(output_offset, element_count * output_dtype.byte_count());
            let (columns, updates) = (shape.columns, Arc::clone(updates));
            let ticket = output_offset;
            self.kernel.submit(TileJob { ticket, rows, columns, input, input_dtype, output, output_dtype, updates })?;
        }
        while self.collect(&mut stats)? {}
        Ok(stats)
    }

    /// Writes one finished tile; false when none is in flight.
    fn collect(&mut self, stats: &mut TileStats) -> Result<bool, MergeError> {
        let Some(TileResult { ticket, output, stats: tile_stats, input }) = self.kernel.collect()? else {
            return Ok(false);
        };
        platform::write_all_at(self.file, &output, ticket).at("write weights", self.path)?;
        self.job.advance(output.len() as u64);
        stats.merge(&tile_stats);
        self.spare_buffers.extend([input, output]);
        Ok(true)
    }
}

fn output_float_dtype(step: &TensorStep) -> Result<crate::numeric::FloatDtype, MergeError> {
    crate::numeric::FloatDtype::of(step.output_dtype).ok_or_else(|| {
        let path = step.source.file().path().to_owned();
        let (tensor, dtype) = (step.name.clone(), step.output_dtype);
        crate::checkpoint::CheckpointError::NotFloat { tensor, dtype, path }.into()
    })
}

fn overflow(step: &TensorStep, stats: &TileStats) -> MergeError {
    MergeError::Overflow {
        tensor: step.name.clone(),
        element_count: stats.output_non_finite_count,
        max_magnitude: stats.max_magnitude,
        dtype: step.output_dtype,
    }
}
