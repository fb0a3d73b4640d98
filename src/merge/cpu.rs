//! Tiles on the CPU: widen, add the updates in f32, round once, and learn from the same pass.

use std::thread;

use crossbeam_channel::{Receiver, Sender};

use super::{Kernel, MergeError, TileJob, TileResult};
use crate::{
    error::IoContext as _,
    numeric::{ElementViews, FloatDtype, TileShape, TileStats, narrow, row_tiles, widen},
};

/// Elements of one block: 64 rows of 4096, whose f32 scratch stays in a core's L2 cache.
const BLOCK_ELEMENTS: usize = 64 * 4096;

/// One worker thread for each core, a tile each, and one tile more so that none waits for the disk.
pub struct CpuKernel {
    jobs: Sender<TileJob>,
    results: Receiver<TileResult>,
    worker_count: usize,
    in_flight: usize,
}

impl CpuKernel {
    /// Starts the workers; they end with the kernel.
    ///
    /// # Errors
    /// A system that starts no thread.
    pub fn new() -> Result<Self, MergeError> {
        let worker_count = thread::available_parallelism().map_or(1, usize::from);
        let capacity = worker_count + 1;
        let (jobs, job_receiver) = crossbeam_channel::bounded::<TileJob>(capacity);
        let (result_sender, results) = crossbeam_channel::bounded(capacity);
        for index in 0..worker_count {
            let (jobs, results) = (job_receiver.clone(), result_sender.clone());
            thread::Builder::new()
                .name(format!("merge-{index}"))
                .spawn(move || work(&jobs, &results))
                .at("start a worker thread", std::path::Path::new("merge"))?;
        }
        Ok(Self { jobs, results, worker_count, in_flight: 0 })
    }
}

impl Kernel for CpuKernel {
    fn name(&self) -> String {
        format!("CPU, {}", crate::units::plural(self.worker_count, "thread"))
    }

    fn capacity(&self) -> usize {
        self.worker_count + 1
    }

    fn in_flight(&self) -> usize {
        self.in_flight
    }

    fn submit(&mut self, tile: TileJob) -> Result<(), MergeError> {
        self.jobs.send(tile).map_err(|_| MergeError::DeviceLost { device: self.name() })?;
        self.in_flight += 1;
        Ok(())
    }

    fn collect(&mut self) -> Result<Option<TileResult>, MergeError> {
        if self.in_flight == 0 {
            return Ok(None);
        }
        let result = self.results.recv().map_err(|_| MergeError::DeviceLost { device: self.name() })?;
        self.in_flight -= 1;
        Ok(Some(result))
    }
}

fn work(jobs: &Receiver<TileJob>, results: &Sender<TileResult>) {
    let mut scratch = Scratch::default();
    for tile in jobs {
        if results.send(scratch.compute(tile)).is_err() {
            return;
        }
    }
}

/// The f32 buffers of one worker, reused from tile to tile.
#[derive(Default)]
struct Scratch {
    weight: Vec<f32>,
    delta: Vec<f32>,
    sum: Vec<f32>,
    stored: Vec<f32>,
    converted: Vec<f32>,
    converted_bytes: Vec<u8>,
}

impl Scratch {
    fn compute(&mut self, tile: TileJob) -> TileResult {
        let TileJob { ticket, rows, columns, input, input_dtype, mut output, output_dtype, updates } = tile;
        let mut stats = TileStats::default();
        let shape = TileShape { rows: rows.len(), columns };
        for block in row_tiles(shape, BLOCK_ELEMENTS) {
            let elements = block.start * columns..block.end * columns;
            let bytes_of = |dtype: FloatDtype| elements.start * dtype.byte_count()..elements.end * dtype.byte_count();
            self.resize(elements.len(), output_dtype);
            widen(input_dtype, &input[bytes_of(input_dtype)], &mut self.weight);
            self.add_updates(rows.start + block.start..rows.start + block.end, &updates);
            let stored = &mut output[bytes_of(output_dtype)];
            narrow(output_dtype, &self.sum, stored);
            widen(output_dtype, stored, &mut self.stored);
            if output_dtype != input_dtype {
                narrow(output_dtype, &self.weight, &mut self.converted_bytes);
                widen(output_dtype, &self.converted_bytes, &mut self.converted);
            }
            let converted = if output_dtype == input_dtype { &self.weight } else { &self.converted };
            stats.observe(ElementViews {
                weight: &self.weight,
                delta: &self.delta,
                sum: &self.sum,
                stored: &self.stored,
                weight_converted: converted,
            });
        }
        TileResult { ticket, output, stats, input }
    }

    fn resize(&mut self, element_count: usize, output_dtype: FloatDtype) {
        for buffer in [&mut self.weight, &mut self.delta, &mut self.sum, &mut self.stored, &mut self.converted] {
            buffer.resize(element_count, 0.0);
        }
        self.converted_bytes.resize(element_count * output_dtype.byte_count(), 0);
    }

    /// Δ into `delta` and W + Δ into `sum`; exactly W where there is no update, so that −0 stays −0.
    fn add_updates(&mut self, rows: std::ops::Range<usize>, updates: &[super::WeightedUpdate]) {
        self.delta.fill(0.0);
        self.sum.copy_from_slice(&self.weight);
        for weighted in updates {
            if let Some(low_rank) = weighted.update.as_low_rank() {
                low_rank.accumulate_rows(rows.clone(), weighted.strength, &mut self.delta);
            } else {
                self.add_transformed(rows.clone(), weighted);
            }
        }
        if !updates.is_empty() {
            for (sum, delta) in self.sum.iter_mut().zip(&self.delta) {
                *sum += delta;
            }
        }
    }

    /// For methods that transform W: Δ = transformed − W, scaled by the strength.
    fn add_transformed(&mut self, rows: std::ops::Range<usize>, weighted: &super::WeightedUpdate) {
        #[expect(clippy::cast_possible_truncation, reason = "the sum is formed in f32")]
        let strength = weighted.strength as f32;
        let transformed = &mut self.stored;
        transformed.copy_from_slice(&self.weight);
        weighted.update.apply_rows(rows, transformed);
        for ((delta, transformed), weight) in self.delta.iter_mut().zip(transformed.iter()).zip(&self.weight) {
            *delta += strength * (transformed - weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{ops::Range, sync::Arc};

    use super::*;
    use crate::{adapter::RowUpdate, merge::WeightedUpdate, numeric::LowRank, platform::PageBuffer};

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
        };
        kernel.submit(tile).unwrap();
        let result = kernel.collect().unwrap().unwrap();
        assert!(kernel.collect().unwrap().is_none());
        let mut out = vec![0.0; values.len()];
        widen(dtypes.1, &result.output, &mut out);
        (out, result.stats)
    }

    #[test]
    fn methods_that_transform_and_methods_that_add_sum_up() {
        let low_rank = LowRank::new((2, 2), 1, 1.0, vec![1.0, 2.0], vec![10.0, 20.0]);
        let updates = vec![
            WeightedUpdate { update: Arc::new(low_rank), strength: 0.5 },
            WeightedUpdate { update: Arc::new(Doubling), strength: 1.0 },
        ];
        let (out, stats) = compute(&[1.0, 2.0, 3.0, 4.0], 2, (FloatDtype::F32, FloatDtype::F32), updates);
        assert_eq!(out, [7.0, 14.0, 16.0, 28.0]);
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
        let updates = vec![WeightedUpdate { update: Arc::new(low_rank), strength: 1.0 }];
        let (_, stats) = compute(&[10_000.0, 1.0], 2, (FloatDtype::F16, FloatDtype::F16), updates);
        assert_eq!((stats.output_non_finite_count, stats.max_magnitude), (1, 70_000.0));
    }

    #[test]
    fn several_blocks_agree_with_one_row_at_a_time() {
        let (rows, columns) = (200, 2_000);
        let values: Vec<f32> = (0..rows * columns).map(|i| ((i * 7919) % 1013) as f32 / 1013.0 - 0.5).collect();
        let left: Vec<f32> = (0..rows * 3).map(|i| (i as f32).sin()).collect();
        let right: Vec<f32> = (0..3 * columns).map(|i| (i as f32).cos() * 0.1).collect();
        let low_rank = LowRank::new((rows, columns), 3, 2.0, left.clone(), right.clone());
        let updates = vec![WeightedUpdate { update: Arc::new(low_rank), strength: 1.0 }];
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
