//! The stages of a merge, from the first look at the adapters to the rename.

use std::{
    fs::File,
    path::{Path, PathBuf},
    time::Instant,
};

use crossbeam_channel::Sender;

use super::{
    CpuKernel, IoMode, Kernel, MergeError, MergeReceipt, OutputFolder, RunEvent, TensorRecord, WrittenFile,
    device::{self, DeviceChoice},
    journal::{self, Journal},
    pipeline::{self, ShardFile, ShardTally},
    resume,
};
use crate::{
    checkpoint::Storage,
    job::{JobContext, JobEvent, JobWarning, Stage},
    matching::UpdateRef,
    plan::{Action, MergePlan, OutputShard, SideFileContent, partial_path},
    platform,
};

/// Merges on the CPU.
///
/// # Errors
/// As [`run_with`].
pub fn run(plan: &MergePlan, job: &JobContext) -> Result<MergeReceipt, MergeError> {
    run_with(&mut CpuKernel::new()?, plan, IoMode::Auto, job)
}

/// Merges on what `choice` says, and tells what that came to: what computes and why, then what computed how much.
///
/// # Errors
/// As [`run_with`]; a device that was asked for by name and is not there.
pub fn run_told(
    plan: &MergePlan,
    choice: DeviceChoice,
    tell: &Sender<RunEvent>,
    job: &JobContext,
) -> Result<MergeReceipt, MergeError> {
    let (mut kernel, chosen) = device::open(choice, plan)?;
    tell.send(RunEvent::DeviceChosen(chosen.reason)).ok();
    let receipt = run_with(&mut *kernel, plan, IoMode::Auto, job)?;
    if let Some(tally) = &chosen.tally {
        tell.send(RunEvent::of_tally(tally)).ok();
    }
    Ok(receipt)
}

/// Merges with `kernel`, from where an interrupted run of the same merge ended.
///
/// # Errors
/// An adapter with NaN or without effect, more of it lost by packing than was accepted, a target that is not finite, a float16 overflow, a failed read or write, a
/// full disk: what was written is removed then. A cancelled job: finished tensors are kept for the next run in a folder
/// that no loader takes for a model. The output does not exist either way.
pub fn run_with(
    kernel: &mut dyn Kernel,
    plan: &MergePlan,
    io: IoMode,
    job: &JobContext,
) -> Result<MergeReceipt, MergeError> {
    let started = Instant::now();
    let weight_bytes: u64 = plan.shards.iter().map(|shard| shard.byte_count).sum();
    job.start_stage(Stage::Merging, weight_bytes);
    prove_inputs(plan, job)?;
    plan.refuse_loss(job)?;
    let fingerprint = journal::fingerprint(plan, &kernel.name(), job)?;
    let folder = OutputFolder::create(&plan.output, &fingerprint)?;
    let mut journal = Journal::open(folder.partial(), &fingerprint)?;
    let is_direct = io.is_direct(weight_bytes);
    let device = kernel.device();
    let mut merge = Merge {
        plan,
        folder: &folder,
        journal: &mut journal,
        is_direct,
        job,
        resumed_byte_count: 0,
        is_written: false,
    };
    let result = merge.write(kernel);
    let Merge { resumed_byte_count, is_written, .. } = merge;
    let kept_byte_count = if is_written { weight_bytes } else { job.sample().bytes_done };
    drop(journal);
    let written = match result {
        Ok(written) => written,
        Err(error) if error.is_cancelled() => return Err(keep(folder, kept_byte_count).unwrap_or(error)),
        Err(error) => {
            let largest = plan.shards.iter().map(|shard| shard.byte_count).max().unwrap_or(0);
            return Err(explained(error, &plan.output, plan.output_bytes(), largest, job));
        }
    };
    folder.commit(&plan.config_text)?;
    Ok(MergeReceipt {
        output: plan.output.clone(),
        device,
        rounding: plan.rounding,
        bytes: plan.bytes(),
        duration_secs: started.elapsed().as_secs_f64(),
        sync_duration_secs: written.sync_started.elapsed().as_secs_f64(),
        resumed_byte_count,
        tensors: written.tensors,
        files: written.files,
    })
}

/// Looks at the values of adapters and tables, before anything is written.
///
/// # Errors
/// An adapter with NaN or without effect, a table that spoils what it belongs to, a failed read, a cancelled job.
pub(super) fn prove_inputs(plan: &MergePlan, job: &JobContext) -> Result<(), MergeError> {
    for adapter in &plan.adapters {
        adapter.scan(job)?;
    }
    prove_by_loading(plan, job)?;
    check_tables(plan, job)
}

/// Loads the updates whose values only loading can find fault with.
fn prove_by_loading(plan: &MergePlan, job: &JobContext) -> Result<(), MergeError> {
    for step in plan.steps() {
        let Action::Update { updates, .. } = &step.action else { continue };
        let is_unproven =
            |update: &&UpdateRef| update.target_in(&plan.adapters).update().is_some_and(|it| it.is_proven_by_loading());
        for update in updates.iter().filter(is_unproven) {
            job.check_cancelled()?;
            update.load(&plan.adapters)?;
        }
    }
    Ok(())
}

/// Looks at the tables of packed weights.
fn check_tables(plan: &MergePlan, job: &JobContext) -> Result<(), MergeError> {
    for step in plan.steps() {
        if let Storage::Computed(rows) = step.source.storage() {
            job.check_cancelled()?;
            rows.check()?;
        }
    }
    Ok(())
}

/// Leaves the work of a cancelled run where the next one finds it; nothing if there is none worth keeping.
pub(super) fn keep(folder: OutputFolder, byte_count: u64) -> Option<MergeError> {
    let kept_in = folder.partial().to_owned();
    (byte_count > 0).then(|| {
        folder.keep();
        MergeError::CancelledKept { byte_count, kept_in }
    })
}

/// Says how much of `byte_count` bytes for `output` is missing where the disk filled up in mid-run, or how large the
/// largest file would have been.
pub(super) fn explained(
    error: MergeError,
    output: &Path,
    byte_count: u64,
    largest_byte_count: u64,
    job: &JobContext,
) -> MergeError {
    use std::io::ErrorKind;
    match error {
        MergeError::Io(io) if matches!(io.source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
            let path = partial_path(output);
            let needed = byte_count.saturating_sub(job.sample().bytes_done);
            MergeError::DiskFull { needed, free: platform::free_bytes(&path).unwrap_or(0), path }
        }
        MergeError::Io(io) if io.source.kind() == ErrorKind::FileTooLarge => {
            MergeError::FileTooLarge { needed: largest_byte_count, path: io.path }
        }
        error => error,
    }
}

/// A merge under way.
struct Merge<'a> {
    plan: &'a MergePlan,
    folder: &'a OutputFolder,
    journal: &'a mut Journal,
    is_direct: bool,
    job: &'a JobContext,
    resumed_byte_count: u64,
    /// Whether all weights are handed to the system.
    is_written: bool,
}

/// A shard's file, reserved or left by an earlier run.
struct OpenShard<'a> {
    shard: &'a OutputShard,
    file: File,
    path: PathBuf,
    is_resumed: bool,
}

/// Everything but the name of the folder.
struct Written {
    tensors: Vec<TensorRecord>,
    files: Vec<WrittenFile>,
    sync_started: Instant,
}

impl Merge<'_> {
    fn write(&mut self, kernel: &mut dyn Kernel) -> Result<Written, MergeError> {
        // All of them first: a disk that is too full says so before minutes are spent.
        let shards = self.plan.shards.iter().map(|shard| self.open(shard)).collect::<Result<Vec<_>, _>>()?;
        let mut tensors = Vec::new();
        for shard in &shards {
            tensors.extend(self.write_shard(shard, kernel)?);
        }
        self.is_written = true;
        let sync_started = Instant::now();
        self.job.start_stage(Stage::Syncing, self.plan.output_bytes());
        let mut files = Vec::new();
        for OpenShard { shard, file, .. } in shards {
            self.job.check_cancelled()?;
            self.job.set_current(shard.file_name.as_str());
            // Windows renames no open file.
            drop(file);
            self.folder.sync_shard(&shard.file_name)?;
            self.job.advance(shard.byte_count);
            files.push(WrittenFile { name: shard.file_name.clone(), byte_count: shard.byte_count });
        }
        for shard in &self.plan.shards {
            self.folder.name_shard(&shard.file_name)?;
        }
        self.write_side_files(&mut files)?;
        self.job.check_cancelled()?;
        Ok(Written { tensors, files, sync_started })
    }

    fn open<'s>(&self, shard: &'s OutputShard) -> Result<OpenShard<'s>, MergeError> {
        let (file, is_resumed) = self.folder.open_shard(&shard.file_name, shard.byte_count)?;
        let path = self.folder.part_path(&shard.file_name);
        Ok(OpenShard { shard, file, path, is_resumed })
    }

    fn write_shard(&mut self, open: &OpenShard<'_>, kernel: &mut dyn Kernel) -> Result<Vec<TensorRecord>, MergeError> {
        let OpenShard { shard, file, path, is_resumed } = open;
        let target = ShardFile { shard, file, path, is_direct: self.is_direct };
        let mut tally = ShardTally::new(shard, self.journal);
        if *is_resumed {
            self.resumed_byte_count += resume::keep_finished(&target, &mut tally, self.job)?;
        } else {
            resume::share_with_base(&target, &mut tally, self.job)?;
        }
        match pipeline::run(self.plan, &target, kernel, &mut tally, self.job) {
            Err(MergeError::DeviceLost { device }) => {
                let warning = JobWarning::DeviceLost { device: device.to_string() };
                self.job.send(JobEvent::Warning(warning));
                pipeline::run(self.plan, &target, &mut CpuKernel::new()?, &mut tally, self.job)?;
            }
            result => result?,
        }
        tally.into_records(self.job)
    }

    fn write_side_files(&self, files: &mut Vec<WrittenFile>) -> Result<(), MergeError> {
        for step in &self.plan.side_files {
            self.job.check_cancelled()?;
            match &step.content {
                SideFileContent::CopyOf { source, .. } => self.folder.copy_file(source, &step.relative_path)?,
                SideFileContent::Text(text) => self.folder.write_text(&step.relative_path, text)?,
            }
            files.push(WrittenFile { name: step.relative_path.clone(), byte_count: step.byte_count() });
        }
        if let Some(text) = &self.plan.index_text {
            self.folder.write_text(crate::checkpoint::INDEX_FILE, text)?;
            files.push(WrittenFile { name: crate::checkpoint::INDEX_FILE.to_owned(), byte_count: text.len() as u64 });
        }
        files.push(WrittenFile { name: "config.json".to_owned(), byte_count: self.plan.config_text.len() as u64 });
        Ok(())
    }
}
