//! Keeps reads, arithmetic and writes going, and puts them back into file order.

use std::{collections::BTreeMap, ops::Range};

use crossbeam_channel::{Receiver, Sender, TryRecvError};

use super::{
    ShardFile, ShardTally,
    assembler::Assembler,
    packer::Packer,
    reader::ReadItem,
    work::{WorkItem, WorkKind},
    writer::{Home, WriteItem},
};
use crate::{
    error::{IoAction, IoContext as _},
    job::JobContext,
    merge::{Kernel, MergeError, TileJob, TileResult},
    numeric::{FloatDtype, TileStats},
    plan::TensorStep,
    platform::{PageBuffer, page_remainder},
};

/// The thread that calls the kernel; it waits for the disk only when there is nothing else to do.
pub(super) struct Coordinator<'a, 't> {
    target: &'t ShardFile<'a>,
    kernel: &'t mut dyn Kernel,
    tally: &'t mut ShardTally<'a>,
    job: &'t JobContext,
    window: usize,
    assembler: Assembler<'a>,
    /// Read, but not yet their turn.
    read_ahead: BTreeMap<u64, ReadItem>,
    next_submit: u64,
    /// The step of each tile in the kernel.
    in_kernel: BTreeMap<u64, usize>,
    /// What packs the tensor whose turn it is, where it is packed.
    packer: Option<(usize, Packer<'a>)>,
    /// Ready to be written, but not yet their turn.
    finished: BTreeMap<u64, Finished>,
    next_release: u64,
}

/// Bytes on their way to the writers.
enum Finished {
    Computed { step: usize, result: TileResult },
    Passed(ReadItem),
}

/// The ends of the channels that the coordinator holds; dropped together, they end the other threads.
struct Ends<'a> {
    reads: Receiver<Result<ReadItem, MergeError>>,
    writes: Sender<WriteItem<'a>>,
    inputs: Sender<PageBuffer>,
    free_outputs: Receiver<PageBuffer>,
}

impl<'a, 't> Coordinator<'a, 't> {
    pub(super) fn new(
        target: &'t ShardFile<'a>,
        kernel: &'t mut dyn Kernel,
        tally: &'t mut ShardTally<'a>,
        job: &'t JobContext,
        window: usize,
    ) -> Self {
        Self {
            target,
            kernel,
            tally,
            job,
            window,
            assembler: Assembler::new(target.file, target.shard.byte_count),
            read_ahead: BTreeMap::new(),
            next_submit: 0,
            in_kernel: BTreeMap::new(),
            packer: None,
            finished: BTreeMap::new(),
            next_release: 0,
        }
    }

    /// Works until everything that is read is handed to the writers.
    pub(super) fn run(
        mut self,
        reads: Receiver<Result<ReadItem, MergeError>>,
        writes: Sender<WriteItem<'a>>,
        inputs: Sender<PageBuffer>,
        free_outputs: Receiver<PageBuffer>,
    ) -> Result<(), MergeError> {
        let ends = Ends { reads, writes, inputs, free_outputs };
        let result = self.run_all(&ends);
        // A failed run leaves no tile behind that the next user of the kernel would take for its own.
        while !self.in_kernel.is_empty() && self.collect(&ends).is_ok() {}
        // After a failure too: the last tensor that the tally has as complete may end in this page.
        let flushed = self.flush(&ends);
        result.and(flushed)
    }

    /// Hands the unfinished last page to the writers.
    fn flush(&mut self, ends: &Ends<'a>) -> Result<(), MergeError> {
        match self.assembler.finish().at(IoAction::ReadBackPage, self.target.path)? {
            Some(pages) => Self::send(ends, WriteItem::Pages { pages, home: Home::None, advance: 0 }),
            None => Ok(()),
        }
    }

    fn run_all(&mut self, ends: &Ends<'a>) -> Result<(), MergeError> {
        self.write(ends, PageBuffer::of(&self.target.shard.header), 0, Home::None)?;
        let mut is_reading = true;
        loop {
            self.job.check_cancelled()?;
            let outstanding = usize::try_from(self.next_submit - self.next_release).unwrap_or(usize::MAX);
            let has_room = self.in_kernel.len() < self.kernel.capacity() && outstanding < self.window;
            if has_room && let Some(item) = self.read_ahead.remove(&self.next_submit) {
                self.next_submit += 1;
                self.submit(ends, item)?;
            } else if has_room && is_reading {
                is_reading = self.receive(ends)?;
            } else if self.in_kernel.is_empty() {
                break;
            } else {
                self.collect(ends)?;
            }
            self.release(ends)?;
        }
        Ok(())
    }

    fn step(&self, index: usize) -> &'a TensorStep {
        &self.target.shard.steps[index]
    }

    /// Takes the next read; with tiles in the kernel it does not wait for one. False when there will be no more.
    fn receive(&mut self, ends: &Ends<'a>) -> Result<bool, MergeError> {
        let read = if self.in_kernel.is_empty() {
            ends.reads.recv().map_err(|_| TryRecvError::Disconnected)
        } else {
            ends.reads.try_recv()
        };
        match read {
            Ok(read) => {
                let read = read?;
                self.read_ahead.insert(read.item.ticket, read);
                Ok(true)
            }
            Err(TryRecvError::Disconnected) => Ok(false),
            Err(TryRecvError::Empty) => self.collect(ends).map(|()| true),
        }
    }

    /// Sends a tile to the kernel, and lets pass what stays as it is.
    fn submit(&mut self, ends: &Ends<'a>, read: ReadItem) -> Result<(), MergeError> {
        let (ticket, index) = (read.item.ticket, read.item.step);
        self.tally.begin(index, self.job);
        let WorkKind::Tile { rows, dtypes: (input_dtype, output_dtype), updates, noise } = read.item.kind else {
            self.finished.insert(ticket, Finished::Passed(read));
            return Ok(());
        };
        let columns = self.step(index).source.tile_shape().columns;
        let mut output = ends.free_outputs.recv().map_err(|_| writers_are_gone())?;
        // Sums that are packed afterwards only pass through the buffer.
        let is_packed = self.step(index).tables().is_some();
        let offset = if is_packed { 0 } else { self.tile_offset(index, &rows, output_dtype) };
        output.place(offset, rows.len() * columns * output_dtype.byte_count());
        self.in_kernel.insert(ticket, index);
        let input = read.buffer;
        let tile = TileJob { ticket, rows, columns, input, input_dtype, output, output_dtype, updates, noise };
        self.kernel.submit(tile)
    }

    fn tile_offset(&self, index: usize, rows: &Range<usize>, output_dtype: FloatDtype) -> u64 {
        let step = self.step(index);
        let first_element = rows.start as u64 * step.source.tile_shape().columns as u64;
        step.offset + first_element * output_dtype.byte_count() as u64
    }

    fn collect(&mut self, ends: &Ends<'a>) -> Result<(), MergeError> {
        let collected = self.kernel.collect()?;
        let known = collected.and_then(|result| Some((self.in_kernel.remove(&result.ticket)?, result)));
        let Some((step, mut result)) = known else {
            self.in_kernel.clear();
            return Err(MergeError::DeviceLost { device: self.kernel.device() });
        };
        // W is looked at again where its change is told from that of its code.
        if self.step(step).tables().is_none() {
            ends.inputs.try_send(std::mem::take(&mut result.input)).ok();
        }
        self.finished.insert(result.ticket, Finished::Computed { step, result });
        Ok(())
    }

    /// Hands on everything whose turn it is.
    fn release(&mut self, ends: &Ends<'a>) -> Result<(), MergeError> {
        while let Some(finished) = self.finished.remove(&self.next_release) {
            self.next_release += 1;
            let index = match finished {
                Finished::Computed { step: index, result } if self.step(index).tables().is_some() => {
                    self.pack(ends, index, result)?;
                    index
                }
                Finished::Computed { step: index, result } => {
                    self.add(ends, index, (result.output, Home::Output), &result.stats)?;
                    index
                }
                Finished::Passed(read) => self.pass(ends, read)?,
            };
            self.tally.complete_if_done(index, &self.kernel.name(), self.job)?;
        }
        Ok(())
    }

    /// Packs a tile, and writes the codes; behind the last of a tensor, its tables.
    fn pack(&mut self, ends: &Ends<'a>, index: usize, result: TileResult) -> Result<(), MergeError> {
        let step = self.step(index);
        let learns = self.tally.keeps_evidence;
        if self.packer.as_ref().is_none_or(|(at, _)| *at != index) {
            self.packer = Packer::of(step, learns).map(|packer| (index, packer));
        }
        let Some((_, packer)) = &mut self.packer else { unreachable!("only packed steps come here") };
        let TileResult { mut output, stats, input, .. } = result;
        let input_dtype = step.source.float_dtype()?;
        let (codes, packing) = packer.push((input_dtype, &input), bytemuck::cast_slice(&output))?;
        ends.inputs.try_send(input).ok();
        let tables = packer.is_complete().then(|| packer.tables());
        let stats = if step.action.is_update() { stats.packed(&packing) } else { stats };
        output.place(step.offset + self.tally.byte_count_so_far(index), codes.len());
        output.copy_from_slice(&codes);
        self.add(ends, index, (output, Home::Output), &stats)?;
        if let Some(tables) = tables {
            self.packer = None;
            let mut buffer = PageBuffer::default();
            buffer.place(step.offset + self.tally.byte_count_so_far(index), tables.len());
            buffer.copy_from_slice(&tables);
            self.add(ends, index, (buffer, Home::None), &TileStats::default())?;
        }
        Ok(())
    }

    /// Writes the next bytes of a tensor, with what was learned of them.
    fn add(
        &mut self,
        ends: &Ends<'a>,
        index: usize,
        (buffer, home): (PageBuffer, Home),
        stats: &TileStats,
    ) -> Result<(), MergeError> {
        let offset = self.step(index).offset + self.tally.byte_count_so_far(index);
        self.tally.add_computed(index, &buffer, stats);
        self.write(ends, buffer, offset, home)
    }

    /// Writes what stays as it is.
    fn pass(&mut self, ends: &Ends<'a>, read: ReadItem) -> Result<usize, MergeError> {
        let ReadItem { item: WorkItem { step: index, kind, .. }, buffer } = read;
        let step = self.step(index);
        let offset = step.offset + self.tally.byte_count_so_far(index);
        if let (WorkKind::Span { range }, Some((source, source_offset))) = (kind, step.source.span()) {
            let byte_count = range.end - range.start;
            self.tally.add_copied(index, byte_count);
            ends.inputs.try_send(buffer).ok();
            let (source_path, source_offset) = (source.path(), source_offset + range.start);
            let source = source.handle();
            Self::send(ends, WriteItem::Span { source, source_path, source_offset, offset, byte_count })?;
        } else {
            self.tally.add_copied(index, buffer.len() as u64);
            self.write(ends, buffer, offset, Home::Input)?;
        }
        Ok(index)
    }

    /// Hands bytes to the writers: as they are, or as whole pages.
    fn write(
        &mut self,
        ends: &Ends<'a>,
        mut buffer: PageBuffer,
        offset: u64,
        mut home: Home,
    ) -> Result<(), MergeError> {
        if !self.target.is_direct {
            return Self::send(ends, WriteItem::Bytes { buffer, offset, home });
        }
        let advance = buffer.len() as u64;
        if buffer.pages_mut().1 != page_remainder(offset) {
            (buffer, home) = Self::moved(ends, buffer, offset, home)?;
        }
        let (before_gap, pages) = self.assembler.push(buffer, offset).at(IoAction::ReadBackPage, self.target.path)?;
        if let Some(pages) = before_gap {
            Self::send(ends, WriteItem::Pages { pages, home: Home::None, advance: 0 })?;
        }
        Self::send(ends, WriteItem::Pages { pages, home, advance })
    }

    /// The same bytes in a buffer that stands at `offset`: they leave the base's file at another place in a page.
    fn moved(ends: &Ends<'a>, buffer: PageBuffer, offset: u64, home: Home) -> Result<(PageBuffer, Home), MergeError> {
        let mut placed = ends.free_outputs.recv().map_err(|_| writers_are_gone())?;
        placed.place(offset, buffer.len());
        placed.copy_from_slice(&buffer);
        if home == Home::Input {
            ends.inputs.try_send(buffer).ok();
        }
        Ok((placed, Home::Output))
    }

    fn send(ends: &Ends<'a>, item: WriteItem<'a>) -> Result<(), MergeError> {
        ends.writes.send(item).map_err(|_| writers_are_gone())
    }
}

/// Never seen: the error of the writer that is gone takes its place.
fn writers_are_gone() -> MergeError {
    MergeError::Cancelled(crate::job::Cancelled)
}
