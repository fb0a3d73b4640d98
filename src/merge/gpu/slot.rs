//! One place in the ring: the buffers of a tile, used again by the tile after next.

use std::ops::Range;

use crossbeam_channel::Receiver;

use super::{
    chunks::Chunk,
    context::Context,
    factors::{Factors, MOST_UPDATES},
    pipelines::{Pipelines, Variant},
    statistics::{PARTIAL_BYTES, add_partials},
    upload::write,
};
use crate::{
    merge::{MergeError, TileJob, TileResult},
    numeric::{FloatDtype, TileStats},
};

/// Words of `Params` in `merge.wgsl`: six numbers, padded to the alignment of the table behind them.
const PARAMS_HEAD: usize = 8;

/// Buffers for tiles, one set for each chunk.
#[derive(Default)]
pub(super) struct Slot {
    chunks: Vec<ChunkBuffers>,
}

/// A tile on the device.
pub(super) struct InFlight {
    tile: TileJob,
    chunks: Vec<Chunk>,
    slot: Slot,
    submission: wgpu::SubmissionIndex,
    /// One answer for each chunk whose result was mapped.
    mapped: Receiver<bool>,
}

/// The buffers of one chunk.
struct ChunkBuffers {
    params: wgpu::Buffer,
    input: wgpu::Buffer,
    output: wgpu::Buffer,
    statistics: wgpu::Buffer,
    /// Output and statistics, where the host can read them.
    readback: wgpu::Buffer,
}

/// How many bytes a chunk needs of each buffer, in whole words.
#[derive(Clone, Copy)]
struct ChunkSizes {
    input: usize,
    output: usize,
    statistics: usize,
}

impl Slot {
    /// Uploads `tile`, has it computed and read back; returns at once.
    pub(super) fn start(
        mut self,
        context: &Context,
        pipelines: &mut Pipelines,
        factors: &Factors,
        tile: TileJob,
    ) -> InFlight {
        let chunks = factors.grid.chunks(&tile.rows);
        let mut encoder =
            context.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("tile") });
        for (index, chunk) in chunks.iter().enumerate() {
            let sizes = ChunkSizes::of(chunk, tile.input_dtype, tile.output_dtype);
            let buffers = self.buffers(context, index, sizes);
            let pieces = pieces(&tile, chunk, tile.input_dtype).map(|bytes| &tile.input[bytes]);
            write(context, &buffers.input, chunk.element_count() * tile.input_dtype.byte_count(), pieces);
            let params = params(factors, chunk);
            write(context, &buffers.params, params.len() * size_of::<u32>(), [bytemuck::cast_slice(&params)]);
            let variant = Variant { input: tile.input_dtype, output: tile.output_dtype, is_flat: chunk.is_flat() };
            let group = buffers.bind_group(context, pipelines, factors, chunk);
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(pipelines.get(&context.device, variant));
            pass.set_bind_group(0, &group, &[]);
            let (x, y) = chunk.groups();
            let count = |groups: usize| u32::try_from(groups).expect("chunks keep to the device's limits");
            pass.dispatch_workgroups(count(x), count(y), 1);
            drop(pass);
            let (output, statistics) = (sizes.output as u64, sizes.statistics as u64);
            encoder.copy_buffer_to_buffer(&buffers.output, 0, &buffers.readback, 0, output);
            encoder.copy_buffer_to_buffer(&buffers.statistics, 0, &buffers.readback, output, statistics);
        }
        let submission = context.queue.submit([encoder.finish()]);
        let (sender, mapped) = crossbeam_channel::bounded(chunks.len());
        for (buffers, chunk) in self.chunks.iter().zip(&chunks) {
            let sizes = ChunkSizes::of(chunk, tile.input_dtype, tile.output_dtype);
            let sender = sender.clone();
            buffers.readback.map_async(wgpu::MapMode::Read, 0..sizes.readback() as u64, move |result| {
                sender.try_send(result.is_ok()).ok();
            });
        }
        InFlight { tile, chunks, slot: self, submission, mapped }
    }

    /// The buffers of chunk `index`, made anew where they are too small.
    fn buffers(&mut self, context: &Context, index: usize, needed: ChunkSizes) -> &ChunkBuffers {
        if self.chunks.len() <= index {
            self.chunks.push(ChunkBuffers::new(context, needed));
        } else if !self.chunks[index].hold(needed) {
            self.chunks[index] = ChunkBuffers::new(context, needed);
        }
        &self.chunks[index]
    }
}

impl InFlight {
    /// Waits for the tile; gives the slot back for the next one.
    ///
    /// # Errors
    /// A device that is lost.
    pub(super) fn finish(self, context: &Context) -> Result<(TileResult, Slot), MergeError> {
        let Self { mut tile, chunks, slot, submission, mapped } = self;
        context.wait(submission)?;
        if chunks.iter().any(|_| mapped.try_recv() != Ok(true)) {
            return Err(context.give_up("a result could not be read back"));
        }
        let element_count = tile.rows.len() as u64 * tile.columns as u64;
        let mut stats = TileStats { element_count, ..Default::default() };
        for (buffers, chunk) in slot.chunks.iter().zip(&chunks) {
            let sizes = ChunkSizes::of(chunk, tile.input_dtype, tile.output_dtype);
            let view = buffers
                .readback
                .get_mapped_range(0..sizes.readback() as u64)
                .map_err(|error| context.give_up(&error.to_string()))?;
            let mut at = 0;
            for bytes in pieces(&tile, chunk, tile.output_dtype) {
                let piece = &view[at..at + bytes.len()];
                at += piece.len();
                tile.output[bytes].copy_from_slice(piece);
            }
            add_partials(&view[sizes.output..], &mut stats);
            drop(view);
            buffers.readback.unmap();
        }
        let TileJob { ticket, input, output, .. } = tile;
        Ok((TileResult { ticket, output, stats, input }, slot))
    }
}

impl ChunkSizes {
    fn of(chunk: &Chunk, input: FloatDtype, output: FloatDtype) -> Self {
        let whole_words = |dtype: FloatDtype| (chunk.element_count() * dtype.byte_count()).next_multiple_of(4);
        let (x, y) = chunk.groups();
        Self { input: whole_words(input), output: whole_words(output), statistics: x * y * PARTIAL_BYTES }
    }

    fn readback(self) -> usize {
        self.output + self.statistics
    }
}

impl ChunkBuffers {
    fn new(context: &Context, sizes: ChunkSizes) -> Self {
        use wgpu::BufferUsages as Usage;
        let buffer = |label, byte_count: usize, usage| {
            let size = byte_count as u64;
            context.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(label),
                size,
                usage,
                mapped_at_creation: false,
            })
        };
        let params_bytes = (PARAMS_HEAD + MOST_UPDATES * 4) * size_of::<u32>();
        Self {
            params: buffer("params", params_bytes, Usage::UNIFORM | Usage::COPY_DST),
            input: buffer("input", sizes.input, Usage::STORAGE | Usage::COPY_DST),
            output: buffer("output", sizes.output, Usage::STORAGE | Usage::COPY_SRC),
            statistics: buffer("statistics", sizes.statistics, Usage::STORAGE | Usage::COPY_SRC),
            readback: buffer("readback", sizes.readback(), Usage::MAP_READ | Usage::COPY_DST),
        }
    }

    fn hold(&self, needed: ChunkSizes) -> bool {
        let holds = |buffer: &wgpu::Buffer, byte_count: usize| buffer.size() >= byte_count as u64;
        holds(&self.input, needed.input)
            && holds(&self.output, needed.output)
            && holds(&self.statistics, needed.statistics)
            && holds(&self.readback, needed.readback())
    }

    fn bind_group(
        &self,
        context: &Context,
        pipelines: &Pipelines,
        factors: &Factors,
        chunk: &Chunk,
    ) -> wgpu::BindGroup {
        let (left, right) = (&factors.left[chunk.left_block], &factors.right[chunk.right_block]);
        let mut binding = 0;
        let entries = [&self.params, &self.input, left, right, &self.output, &self.statistics].map(|buffer| {
            let entry = wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() };
            binding += 1;
            entry
        });
        let (layout, entries) = (&pipelines.layout, entries.as_slice());
        context.device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some("chunk"), layout, entries })
    }
}

/// `Params` in `merge.wgsl`.
fn params(factors: &Factors, chunk: &Chunk) -> Vec<u32> {
    let word = |number: usize| u32::try_from(number).expect("chunks keep to the device's limits");
    let mut params = vec![
        word(chunk.rows.len()),
        word(chunk.columns.len()),
        word(chunk.first_left_row),
        word(factors.depth),
        word(factors.table.len()),
    ];
    params.resize(PARAMS_HEAD, 0);
    params.extend(factors.table.iter().flatten());
    params.resize(PARAMS_HEAD + MOST_UPDATES * 4, 0);
    params
}

/// Where the elements of `chunk` lie in the tile's bytes of `dtype`: in one piece, or one for each row.
fn pieces(tile: &TileJob, chunk: &Chunk, dtype: FloatDtype) -> impl Iterator<Item = Range<usize>> + use<> {
    let (columns, element_bytes) = (tile.columns, dtype.byte_count());
    let first_row = chunk.rows.start - tile.rows.start;
    let whole_rows = chunk.columns.len() == columns;
    let (piece_count, piece_len) =
        if whole_rows { (1, chunk.element_count()) } else { (chunk.rows.len(), chunk.columns.len()) };
    let first_element = first_row * columns + chunk.columns.start;
    (0..piece_count).map(move |row| {
        let start = first_element + row * columns;
        start * element_bytes..(start + piece_len) * element_bytes
    })
}
