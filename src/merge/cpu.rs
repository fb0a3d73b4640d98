//! Tiles on the CPU: Δ as a product that stays in the cache, then one pass that adds it, rounds once, and learns.

use std::{ops::Range, thread};

use crossbeam_channel::{Receiver, Sender};

use super::{Kernel, MergeError, TileJob, TileResult, device::Device};
use crate::{
    adapter::{
        WeightedUpdate,
        composition::{DeltaBuffers, row_block},
    },
    error::{IoAction, IoContext as _},
    numeric::{CpuLevel, FloatDtype, TileBytes, TileShape, TileStats, block_tiles, widen_at},
    platform::PageBuffer,
};

/// Elements of a block, whose Δ (1 MiB) stays in the caches of a core between the product and the pass that adds it.
const BLOCK_ELEMENTS: usize = 64 * 4096;

/// Rows of a block at the least: a product of fewer spends its time on reading the right factor again.
const MIN_BLOCK_ROWS: usize = 64;

/// One worker thread for each core, a tile each, and one tile more so that none waits for the disk.
pub struct CpuKernel {
    jobs: Sender<TileJob>,
    results: Receiver<TileResult>,
    worker_count: usize,
    level: CpuLevel,
    learns: bool,
    in_flight: usize,
}

impl CpuKernel {
    /// Starts one worker for each core, with the best instructions of the processor; they end with the kernel.
    ///
    /// # Errors
    /// A system that starts no thread.
    pub fn new() -> Result<Self, MergeError> {
        Self::with(thread::available_parallelism().map_or(1, usize::from), CpuLevel::detected())
    }

    /// Starts `worker_count` workers (at least one) that use `level`, or the best instructions below it that the
    /// processor has.
    ///
    /// # Errors
    /// A system that starts no thread.
    pub fn with(worker_count: usize, level: CpuLevel) -> Result<Self, MergeError> {
        Self::start(worker_count, level, true)
    }

    /// As [`Self::new`], for the benchmark that says what evidence costs: no statistics, no hashes.
    ///
    /// # Errors
    /// A system that starts no thread.
    pub fn bare() -> Result<Self, MergeError> {
        Self::start(thread::available_parallelism().map_or(1, usize::from), CpuLevel::detected(), false)
    }

    fn start(worker_count: usize, level: CpuLevel, learns: bool) -> Result<Self, MergeError> {
        let (worker_count, level) = (worker_count.max(1), level.min(CpuLevel::detected()));
        let capacity = worker_count + 1;
        let (jobs, job_receiver) = crossbeam_channel::bounded::<TileJob>(capacity);
        let (result_sender, results) = crossbeam_channel::bounded(capacity);
        for index in 0..worker_count {
            let (jobs, results) = (job_receiver.clone(), result_sender.clone());
            thread::Builder::new()
                .name(format!("merge-{index}"))
                .spawn(move || work(&jobs, &results, Worker { learns, ..Worker::new(level) }))
                .at(IoAction::StartWorker, std::path::Path::new("merge"))?;
        }
        Ok(Self { jobs, results, worker_count, level, learns, in_flight: 0 })
    }
}

impl Kernel for CpuKernel {
    fn device(&self) -> Device {
        Device::Cpu { thread_count: self.worker_count, level: self.level }
    }

    fn keeps_evidence(&self) -> bool {
        self.learns
    }

    fn capacity(&self) -> usize {
        self.worker_count + 1
    }

    fn in_flight(&self) -> usize {
        self.in_flight
    }

    fn submit(&mut self, tile: TileJob) -> Result<(), MergeError> {
        self.jobs.send(tile).map_err(|_| MergeError::DeviceLost { device: self.device() })?;
        self.in_flight += 1;
        Ok(())
    }

    fn collect(&mut self) -> Result<Option<TileResult>, MergeError> {
        if self.in_flight == 0 {
            return Ok(None);
        }
        let result = self.results.recv().map_err(|_| MergeError::DeviceLost { device: self.device() })?;
        self.in_flight -= 1;
        Ok(Some(result))
    }
}

fn work(jobs: &Receiver<TileJob>, results: &Sender<TileResult>, mut worker: Worker) {
    for tile in jobs {
        if results.send(worker.compute(tile)).is_err() {
            return;
        }
    }
}

/// The buffers of one worker, reused from tile to tile.
pub(super) struct Worker {
    level: CpuLevel,
    learns: bool,
    /// Δ of a block in f32, on a page boundary: vectors that straddle cache lines cost a few per cent.
    delta: PageBuffer,
    buffers: DeltaBuffers,
}

impl Worker {
    pub fn new(level: CpuLevel) -> Self {
        Self { level, learns: true, delta: PageBuffer::default(), buffers: DeltaBuffers::default() }
    }

    /// One that learns nothing of the tiles, and computes the same.
    pub fn without_evidence(level: CpuLevel) -> Self {
        Self { learns: false, ..Self::new(level) }
    }

    /// Computes a whole tile on this thread.
    pub fn compute(&mut self, tile: TileJob) -> TileResult {
        let TileJob { ticket, rows, columns, input, input_dtype, mut output, output_dtype, updates, noise } = tile;
        let (level, learns) = (self.level, self.learns);
        if updates.is_empty() {
            let bytes = TileBytes { input: &input, input_dtype, output: &mut output, output_dtype };
            let stats = bytes.write_converted(level);
            return TileResult { ticket, output, stats, input };
        }
        let mut stats = TileStats::default();
        for block in blocks(TileShape { rows: rows.len(), columns }, row_block(&updates)) {
            let elements = block.start * columns..block.end * columns;
            let bytes_of = |dtype: FloatDtype| elements.start * dtype.byte_count()..elements.end * dtype.byte_count();
            let input = &input[bytes_of(input_dtype)];
            let block_rows = rows.start + block.start..rows.start + block.end;
            let (delta, scaled) = self.delta(&block_rows, &updates, (input_dtype, input), elements.len());
            let (input, input_dtype) =
                scaled.map_or((input, input_dtype), |scaled| (bytemuck::cast_slice(scaled), FloatDtype::F32));
            let bytes = TileBytes { input, input_dtype, output: &mut output[bytes_of(output_dtype)], output_dtype };
            let first_element = (rows.start + block.start) as u64 * columns as u64;
            stats.merge(&match noise {
                None if learns => bytes.write_sum(level, delta),
                None => bytes.write_sum_bare(level, delta),
                Some(noise) => bytes.write_sum_by_chance(level, delta, noise, first_element),
            });
        }
        TileResult { ticket, output, stats, input }
    }

    /// What `updates` change of `rows`, and what it is to be added to where that is not W ([`DeltaBuffers::write`]).
    fn delta(
        &mut self,
        rows: &Range<usize>,
        updates: &[WeightedUpdate],
        (dtype, weight): (FloatDtype, &[u8]),
        element_count: usize,
    ) -> (&[f32], Option<&[f32]>) {
        let Self { level, delta, buffers, .. } = self;
        delta.place(0, element_count * size_of::<f32>());
        let delta: &mut [f32] = bytemuck::cast_slice_mut(delta);
        let scaled = buffers.write(updates, rows, &|widened| widen_at(*level, dtype, weight, widened), delta);
        (delta, scaled)
    }
}

/// Cuts a tile into blocks of nearly the same number of rows, so that none is left with a few; each is a multiple of
/// `row_block`.
fn blocks(tile: TileShape, row_block: usize) -> impl Iterator<Item = Range<usize>> {
    let wished_rows = (BLOCK_ELEMENTS / tile.columns.max(1)).max(MIN_BLOCK_ROWS);
    let block_count = (tile.rows / wished_rows).max(1);
    block_tiles(tile, row_block, tile.rows.div_ceil(block_count) * tile.columns)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        adapter::RowUpdate,
        numeric::{LowRank, narrow, widen},
    };

    /// Doubles W: a method that transforms instead of adding.
    struct Doubling;
    impl RowUpdate for Doubling {
        fn apply_rows(&self, _rows: Range<usize>, tile: &mut [f32]) {
            for value in tile {
                *value *= 2.0;
            }
        }
    }

    fn compute(
        values: &[f32],
        columns: usize,
        dtypes: (FloatDtype, FloatDtype),
        updates: Vec<WeightedUpdate>,
    ) -> (Vec<f32>, TileStats) {
        let mut input = PageBuffer::of(&vec![0; values.len() * dtypes.0.byte_count()]);
        let output = PageBuffer::of(&vec![0; values.len() * dtypes.1.byte_count()]);
        narrow(dtypes.0, values, &mut input);
        let mut kernel = CpuKernel::new().unwrap();
        let rows = 0..values.len() / columns;
        let tile = TileJob {
            ticket: 0,
            rows,
            columns,
            input,
            input_dtype: dtypes.0,
            output,
            output_dtype: dtypes.1,
            updates: updates.into(),
            noise: None,
        };
        kernel.submit(tile).unwrap();
        let result = kernel.collect().unwrap().unwrap();
        assert!(kernel.collect().unwrap().is_none());
        let mut out = vec![0.0; values.len()];
        widen(dtypes.1, &result.output, &mut out);
        (out, result.stats)
    }

    #[test]
    fn a_method_that_transforms_acts_on_what_was_added_before() {
        let low_rank = LowRank::new((2, 2), 1, 1.0, vec![1.0, 2.0], vec![10.0, 20.0]);
        let updates = vec![WeightedUpdate::new(Arc::new(low_rank), 0.5), WeightedUpdate::new(Arc::new(Doubling), 1.0)];
        let (out, stats) = compute(&[1.0, 2.0, 3.0, 4.0], 2, (FloatDtype::F32, FloatDtype::F32), updates);
        assert_eq!(out, [12.0, 24.0, 26.0, 48.0]);
        assert_eq!(stats.changed_count, 4);
        assert_eq!(stats.gain(), Some(1.0));
    }

    #[test]
    fn a_conversion_changes_nothing_but_the_dtype() {
        let (out, stats) = compute(&[1.0, -0.0, 1.001, 3.0], 4, (FloatDtype::F32, FloatDtype::BF16), Vec::new());
        assert_eq!(out, [1.0, 0.0, 1.0, 3.0]);
        assert!(out[1].is_sign_negative());
        assert_eq!((stats.changed_count, stats.element_count), (0, 4));
    }

    #[test]
    fn an_overflow_in_float16_is_counted_with_its_magnitude() {
        let low_rank = LowRank::new((1, 2), 1, 1.0, vec![1.0], vec![60_000.0, 0.0]);
        let updates = vec![WeightedUpdate::new(Arc::new(low_rank), 1.0)];
        let (_, stats) = compute(&[10_000.0, 1.0], 2, (FloatDtype::F16, FloatDtype::F16), updates);
        assert_eq!((stats.output_non_finite_count, stats.max_magnitude), (1, 70_000.0));
    }

    #[test]
    fn the_name_tells_the_instructions_that_are_used() {
        let kernel = CpuKernel::with(1, CpuLevel::Portable).unwrap();
        assert_eq!(kernel.name(), format!("CPU, 1 thread, {}", CpuLevel::Portable));
        let best = CpuKernel::with(2, CpuLevel::Avx512).unwrap();
        assert_eq!(best.name(), format!("CPU, 2 threads, {}", CpuLevel::detected()));
    }

    #[test]
    fn blocks_cover_a_tile_and_none_has_few_rows() {
        for (rows, columns) in [(0, 5), (1, 1), (73, 14_336), (127, 4096), (256, 4096), (300, 5000), (1_000_000, 1)] {
            let blocks: Vec<_> = blocks(TileShape { rows, columns }, 1).collect();
            assert_eq!(blocks.iter().map(ExactSizeIterator::len).sum::<usize>(), rows);
            let shortest = blocks.iter().map(ExactSizeIterator::len).min().unwrap_or(0);
            assert!(shortest >= rows.min(MIN_BLOCK_ROWS / 2), "{rows} × {columns}: {blocks:?}");
            assert!(blocks.iter().all(|block| block.len() < 2 * MIN_BLOCK_ROWS.max(BLOCK_ELEMENTS / columns)));
        }
    }

    #[test]
    fn several_blocks_agree_with_one_row_at_a_time() {
        let (rows, columns) = (200, 2_000);
        let values: Vec<f32> = (0..rows * columns).map(|i| ((i * 7919) % 1013) as f32 / 1013.0 - 0.5).collect();
        let left: Vec<f32> = (0..rows * 3).map(|i| (i as f32).sin()).collect();
        let right: Vec<f32> = (0..3 * columns).map(|i| (i as f32).cos() * 0.1).collect();
        let low_rank = LowRank::new((rows, columns), 3, 2.0, left.clone(), right.clone());
        let updates = vec![WeightedUpdate::new(Arc::new(low_rank), 1.0)];
        let (out, stats) = compute(&values, columns, (FloatDtype::F32, FloatDtype::F32), updates);
        assert_eq!(stats.element_count, (rows * columns) as u64);
        for (row, column) in [(0, 0), (131, 1_999), (199, 1_000)] {
            let delta: f64 =
                (0..3).map(|k| f64::from(left[row * 3 + k]) * f64::from(right[k * columns + column])).sum();
            let expected = f64::from(values[row * columns + column]) + 2.0 * delta;
            assert!((f64::from(out[row * columns + column]) - expected).abs() < 1e-6);
        }
    }
}
