//! Carrying out a plan: tiles through a kernel, untouched spans as bytes, a folder that is complete or visibly not a
//! model.

mod cpu;
mod error;
mod kernel;
mod output;
mod receipt;
mod shard;

use std::time::Instant;

pub use self::{
    cpu::CpuKernel,
    error::MergeError,
    kernel::{Kernel, TileJob, TileResult, WeightedUpdate},
    output::OutputFolder,
    receipt::{MergeReceipt, TensorRecord, WrittenFile},
};
use crate::{
    job::{JobContext, Stage},
    plan::{MergePlan, SideFileContent},
};

/// Merges on the CPU.
///
/// # Errors
/// As [`run_with`].
pub fn run(plan: &MergePlan, job: &JobContext) -> Result<MergeReceipt, MergeError> {
    run_with(&mut CpuKernel::new()?, plan, job)
}

/// Merges with `kernel`.
///
/// # Errors
/// An adapter with NaN or without effect, a target that is not finite, a float16 overflow, a failed read or write, a
/// cancelled job. Whatever was written is removed then, and the output does not exist.
pub fn run_with(kernel: &mut dyn Kernel, plan: &MergePlan, job: &JobContext) -> Result<MergeReceipt, MergeError> {
    let started = Instant::now();
    job.start_stage(Stage::Merging, plan.bytes().output);
    for adapter in &plan.adapters {
        adapter.scan(job)?;
    }
    let folder = OutputFolder::create(&plan.output)?;
    let mut tensors = Vec::new();
    let mut files = Vec::new();
    for shard in &plan.shards {
        let written = shard::write(plan, shard, &folder, kernel, job)?;
        tensors.extend(written);
        files.push(WrittenFile { name: shard.file_name.clone(), byte_count: shard.byte_count });
    }
    let synced = Instant::now();
    job.start_stage(Stage::Syncing, plan.output_bytes());
    for shard in &plan.shards {
        job.check_cancelled()?;
        job.set_current(shard.file_name.as_str());
        folder.finish_shard(&shard.file_name)?;
        job.advance(shard.byte_count);
    }
    for step in &plan.side_files {
        job.check_cancelled()?;
        match &step.content {
            SideFileContent::CopyOf { source, .. } => folder.copy_file(source, &step.relative_path)?,
            SideFileContent::Text(text) => folder.write_text(&step.relative_path, text)?,
        }
        files.push(WrittenFile { name: step.relative_path.clone(), byte_count: step.byte_count() });
    }
    if let Some(text) = &plan.index_text {
        folder.write_text(crate::checkpoint::INDEX_FILE, text)?;
        files.push(WrittenFile { name: crate::checkpoint::INDEX_FILE.to_owned(), byte_count: text.len() as u64 });
    }
    // The config comes last: without it, no loader takes the folder for a model.
    folder.write_text("config.json", &plan.config_text)?;
    files.push(WrittenFile { name: "config.json".to_owned(), byte_count: plan.config_text.len() as u64 });
    job.check_cancelled()?;
    folder.commit()?;
    Ok(MergeReceipt {
        output: plan.output.clone(),
        device: kernel.name(),
        bytes: plan.bytes(),
        duration_secs: started.elapsed().as_secs_f64(),
        sync_duration_secs: synced.elapsed().as_secs_f64(),
        tensors,
        files,
    })
}
