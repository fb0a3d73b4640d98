//! One shard as a pipeline: threads that read ahead, a kernel that computes, threads that write behind.
//!
//! All of them work on row tiles in a fixed set of buffers, so that the bytes in flight are bounded whatever the model.
//! Tiles are submitted and written in file order: a tensor's hash is taken as its bytes pass, and direct I/O gets
//! whole pages.

mod assembler;
mod coordinator;
mod packer;
mod reader;
mod shard_file;
mod tally;
mod work;
mod writer;

use std::{panic::resume_unwind, sync::Mutex, thread};

use crossbeam_channel::{Receiver, Sender, bounded};

use self::{coordinator::Coordinator, reader::Sources, work::WorkList, writer::Writer};
pub(super) use self::{
    shard_file::ShardFile,
    tally::{ShardTally, copied},
    work::ready_updates,
};
use super::{Kernel, MergeError};
use crate::{
    error::{IoAction, IoContext as _},
    job::JobContext,
    plan::MergePlan,
    platform::{DirectFile, PageBuffer},
};

/// Two keep the disk busy while one of them waits for the processor.
const READER_COUNT: usize = 2;
const WRITER_COUNT: usize = 2;

/// Writes the steps of a shard that `tally` does not have yet, through `kernel`.
///
/// # Errors
/// A failed read or write, a lost device, a base or a result that is not finite, a cancelled job. What `tally` has then
/// is complete in the file.
pub(super) fn run<'a>(
    plan: &MergePlan,
    target: &ShardFile<'a>,
    kernel: &mut dyn Kernel,
    tally: &mut ShardTally<'a>,
    job: &JobContext,
) -> Result<(), MergeError> {
    let ShardFile { shard, file, path, is_direct } = *target;
    tally.keeps_evidence = kernel.keeps_evidence();
    let direct = if is_direct { DirectFile::for_writing(file) } else { DirectFile::through_cache(file) };
    let is_direct = direct.is_direct();
    let sources = Sources::new(shard, is_direct);
    let list = Mutex::new(WorkList::new(plan, shard, tally.pending(), !is_direct, job));
    // Tiles between submission and their turn to be written.
    let window = kernel.capacity() + 2;
    // Each stage may hold its share, and one more is on its way: nobody ever waits for a buffer that cannot come back.
    let buffer_count = window + READER_COUNT + 2 * WRITER_COUNT + 1;
    let (inputs, free_inputs) = pool(buffer_count);
    let (outputs, free_outputs) = pool(buffer_count);
    let (read_sender, reads) = bounded(buffer_count);
    let (writes, write_receiver) = bounded(WRITER_COUNT);
    let result = thread::scope(|scope| {
        for index in 0..READER_COUNT {
            let (free_inputs, read_sender) = (free_inputs.clone(), read_sender.clone());
            let (list, sources) = (&list, &sources);
            thread::Builder::new()
                .name(format!("read-{index}"))
                .spawn_scoped(scope, move || reader::read_all(list, sources, shard, &free_inputs, &read_sender))
                .at(IoAction::StartThread, path)?;
        }
        // Only the readers hold these ends now: when they are done or the coordinator is, the other side notices.
        drop((free_inputs, read_sender));
        let mut writers = Vec::new();
        for index in 0..WRITER_COUNT {
            // Each owns its ends of the pools: with the last writer, nobody waits for a buffer that cannot come back.
            let writer = Writer { file, direct: &direct, path, job, inputs: inputs.clone(), outputs: outputs.clone() };
            let items = write_receiver.clone();
            let handle = thread::Builder::new()
                .name(format!("write-{index}"))
                .spawn_scoped(scope, move || writer.write_all(&items))
                .at(IoAction::StartThread, path)?;
            writers.push(handle);
        }
        drop((write_receiver, outputs));
        let target = ShardFile { shard, file, path, is_direct };
        let coordinator = Coordinator::new(&target, kernel, tally, job, window);
        let result = coordinator.run(reads, writes, inputs, free_outputs);
        // A writer's own error says more than the closed channel that it leaves behind.
        let written = writers.into_iter().map(|handle| handle.join().unwrap_or_else(|panic| resume_unwind(panic)));
        written.fold(Ok(()), Result::and).and(result)
    });
    result?;
    // Pages reach beyond the end: those of this run, or of an interrupted one that wrote past the cache.
    file.set_len(shard.byte_count).at(IoAction::SetShardSize, path)?;
    Ok(())
}

/// A set of buffers: the end that takes them back, and the end that hands them out.
fn pool(count: usize) -> (Sender<PageBuffer>, Receiver<PageBuffer>) {
    let (give, take) = bounded(count);
    for _ in 0..count {
        give.try_send(PageBuffer::default()).expect("the pool has room for its own buffers");
    }
    (give, take)
}
