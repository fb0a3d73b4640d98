//! What the GPU's kernel promises, on whatever adapter there is; in continuous integration that is Mesa's lavapipe.

use std::{ops::Range, sync::Arc};

use super::{chunks::ChunkLimits, *};
use crate::{
    adapter::{RowUpdate, WeightedUpdate},
    numeric::{FloatDtype, LowRank, TileStats, narrow, widen, widen_to_f64},
    platform::PageBuffer,
    skip::skip,
};

const DTYPES: [FloatDtype; 3] = [FloatDtype::F32, FloatDtype::F16, FloatDtype::BF16];
const DTYPES_BF16: (FloatDtype, FloatDtype) = (FloatDtype::BF16, FloatDtype::BF16);

/// A kernel on the first adapter; `None`, a skipped test, where the machine has no driver at all.
fn kernel() -> Option<GpuKernel> {
    let Some(found) = find().into_iter().next() else {
        skip("there is no adapter, not even a software renderer");
        return None;
    };
    Some(GpuKernel::open(&found).unwrap())
}

/// The same with buffers of at most `binding_byte_count` bytes.
fn narrow_kernel(binding_byte_count: usize) -> Option<GpuKernel> {
    let mut kernel = kernel()?;
    kernel.context.limits = ChunkLimits { binding_byte_count, group_count: 3 };
    Some(kernel)
}

/// Values of about ±`magnitude`, the same each time.
fn noise(seed: u64, count: usize, magnitude: f32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((state >> 40) as f32 / (1_u32 << 23) as f32 - 1.0) * magnitude
    };
    (0..count).map(|_| next()).collect()
}

/// An update of about a tenth of the weights, whatever its rank.
fn low_rank(seed: u64, (rows, columns): (usize, usize), rank: usize) -> LowRank {
    let left = noise(seed, rows * rank, 0.1 / (rank as f32).sqrt());
    let right = noise(seed + 1, rank * columns, 0.05);
    LowRank::new((rows, columns), rank, 1.7, left, right)
}

fn weighted(update: impl RowUpdate + 'static, strength: f64) -> WeightedUpdate {
    WeightedUpdate::new(Arc::new(update), strength)
}

/// The rows `tile` of a matrix, with W as f32 and what is added.
struct Case {
    tile: Range<usize>,
    columns: usize,
    dtypes: (FloatDtype, FloatDtype),
    weights: Vec<f32>,
    updates: Arc<[WeightedUpdate]>,
}

impl Case {
    /// A whole matrix of ordinary weights with one update.
    fn new((rows, columns): (usize, usize), rank: usize, dtypes: (FloatDtype, FloatDtype)) -> Self {
        let weights = noise(7, rows * columns, 0.06);
        let updates = Arc::from([weighted(low_rank(3, (rows, columns), rank), 0.9)]);
        Self { tile: 0..rows, columns, dtypes, weights, updates }
    }

    /// W with an update that adds nothing.
    fn unchanged(weights: Vec<f32>, columns: usize, dtypes: (FloatDtype, FloatDtype)) -> Self {
        let rows = weights.len() / columns;
        let zero = LowRank::new((rows, columns), 1, 1.0, vec![0.0; rows], vec![0.0; columns]);
        Self { tile: 0..rows, columns, dtypes, weights, updates: Arc::from([weighted(zero, 1.0)]) }
    }

    fn element_count(&self) -> usize {
        self.tile.len() * self.columns
    }

    fn job(&self, ticket: u64) -> TileJob {
        let (mut input, mut output) = (PageBuffer::default(), PageBuffer::default());
        input.place(0, self.element_count() * self.dtypes.0.byte_count());
        narrow(self.dtypes.0, &self.weights, &mut input);
        output.place(ticket * 6, self.element_count() * self.dtypes.1.byte_count());
        output.fill(0xaa);
        let (rows, columns, updates) = (self.tile.clone(), self.columns, Arc::clone(&self.updates));
        TileJob {
            ticket,
            rows,
            columns,
            input,
            input_dtype: self.dtypes.0,
            output,
            output_dtype: self.dtypes.1,
            updates,
            noise: None,
        }
    }

    fn run(&self, kernel: &mut dyn Kernel) -> TileResult {
        kernel.submit(self.job(1)).unwrap();
        let result = kernel.collect().unwrap().unwrap();
        assert_eq!(kernel.in_flight(), 0);
        result
    }

    /// Δ and W + Δ in f64.
    fn exact(&self) -> (Vec<f64>, Vec<f64>) {
        let mut stored = vec![0; self.element_count() * self.dtypes.0.byte_count()];
        narrow(self.dtypes.0, &self.weights, &mut stored);
        let mut weights = vec![0.0; self.element_count()];
        widen_to_f64(self.dtypes.0, &stored, &mut weights);
        let mut delta = vec![0.0; self.element_count()];
        for part in self.updates.iter() {
            let low_rank = part.update.as_low_rank().unwrap();
            low_rank.to_f64().accumulate_rows(self.tile.clone(), part.strength, &mut delta);
        }
        let sum = weights.iter().zip(&delta).map(|(weight, delta)| weight + delta).collect();
        (delta, sum)
    }

    /// Compares the GPU's tile with the CPU's and with the exact result; gives the numbers of elements, of the GPU and of
    /// the CPU, that are not the exact result rounded once.
    fn check(&self, kernel: &mut GpuKernel) -> (usize, usize) {
        let before = kernel.tally.gpu_count();
        let on_gpu = self.run(kernel);
        assert_eq!(kernel.tally.gpu_count(), before + 1, "the GPU computed it");
        let on_cpu = self.run(&mut kernel.cpu);
        let odd_counts = (self.check_rounding(&on_gpu), self.check_rounding(&on_cpu));
        let element_bytes = self.dtypes.1.byte_count();
        let different = on_gpu.output.chunks(element_bytes).zip(on_cpu.output.chunks(element_bytes));
        let different = different.filter(|(gpu, cpu)| gpu != cpu).count() as u64;
        assert_stats_agree(&on_gpu.stats, &on_cpu.stats, different);
        odd_counts
    }

    fn check_rounding(&self, result: &TileResult) -> usize {
        let dtype = self.dtypes.1;
        let mut values = vec![0.0; self.element_count()];
        widen_to_f64(dtype, &result.output, &mut values);
        let (delta, exact) = self.exact();
        let largest_delta = delta.iter().copied().map(f64::abs).fold(0.0, f64::max);
        let mut odd_count = 0;
        for (index, (value, exact)) in values.iter().zip(&exact).enumerate() {
            let bound = 0.5 * dtype.ulp(*exact) + largest_delta / f64::from(1 << 20);
            assert!((value - exact).abs() <= bound, "element {index}: {value:e}, exactly {exact:e}");
            odd_count += usize::from(*value != rounded(dtype, *exact));
        }
        odd_count
    }
}

/// `value` rounded once to nearest even; `half` drops the low bits of an f64 first.
fn rounded(dtype: FloatDtype, value: f64) -> f64 {
    let ulp = dtype.ulp(value);
    (value / ulp).round_ties_even() * ulp
}

/// Sums within 10⁻⁵; counts equal, but for the elements whose outputs are not.
fn assert_stats_agree(gpu: &TileStats, cpu: &TileStats, different: u64) {
    let near = |left: f64, right: f64| (left - right).abs() <= 1e-5 * left.abs().max(right.abs());
    assert!(near(gpu.weight_square_sum, cpu.weight_square_sum), "{gpu:?} {cpu:?}");
    assert!(near(gpu.delta_square_sum, cpu.delta_square_sum), "{gpu:?} {cpu:?}");
    assert!(near(f64::from(gpu.max_magnitude), f64::from(cpu.max_magnitude)), "{gpu:?} {cpu:?}");
    // E·Δ of an element that rounds the other way differs by a unit in the last place times Δ, in either direction.
    let odd_effect = 0.01 * different as f64 * (cpu.delta_square_sum / cpu.element_count as f64).sqrt();
    assert!((gpu.effect_delta_sum - cpu.effect_delta_sum).abs() <= 1e-5 * cpu.effect_delta_sum.abs() + odd_effect);
    assert_eq!(gpu.element_count, cpu.element_count);
    assert!(gpu.changed_count.abs_diff(cpu.changed_count) <= different, "{gpu:?} {cpu:?}");
    assert_eq!(gpu.base_non_finite_count, cpu.base_non_finite_count);
    assert_eq!(gpu.output_non_finite_count, cpu.output_non_finite_count);
}

/// As near to the exact result rounded once as the CPU comes, and bf16 in at least 99.99 %; `check` holds the others to
/// half a unit and the product's error.
fn assert_rounded_once(case: &Case, kernel: &mut GpuKernel, rank: usize) {
    let (odd_count, odd_on_cpu) = case.check(kernel);
    let (element_count, (input, output)) = (case.element_count(), case.dtypes);
    println!("rank {rank}, {input} → {output}: {odd_count} of {element_count} not exact, {odd_on_cpu} on the CPU");
    // A driver may sum in another order, which moves the few elements near the middle of two values.
    assert!(odd_count * 4 <= odd_on_cpu * 5 + 32, "{input} → {output}: {odd_count}, {odd_on_cpu} on the CPU");
    assert!(output != FloatDtype::BF16 || odd_count * 10_000 <= element_count, "{input} → {output}: {odd_count}");
}

#[test]
fn every_pair_of_dtypes_is_rounded_once() {
    let Some(mut kernel) = kernel() else { return };
    for input in DTYPES {
        for output in DTYPES {
            assert_rounded_once(&Case::new((520, 258), 16, (input, output)), &mut kernel, 16);
        }
    }
    for rank in [1, 256] {
        assert_rounded_once(&Case::new((520, 258), rank, DTYPES_BF16), &mut kernel, rank);
    }
}

#[test]
fn any_shape_and_rank_is_computed() {
    let Some(mut kernel) = kernel() else { return };
    let shapes = [
        ((1, 1), 1),
        ((1_001, 1), 1),
        ((1, 1_001), 3),
        ((33, 7), 2),
        ((17, 33), 5),
        ((16, 32), 16),
        ((65, 66), 17),
        ((70, 4_099), 16),
        ((3, 5_000), 256),
        ((100, 130), 256),
    ];
    for (shape, rank) in shapes {
        for dtypes in [DTYPES_BF16, (FloatDtype::F16, FloatDtype::F32)] {
            Case::new(shape, rank, dtypes).check(&mut kernel);
        }
    }
}

#[test]
fn a_tile_is_computed_with_the_rows_of_its_factors() {
    let Some(mut kernel) = kernel() else { return };
    for (columns, tile) in [(64, 100..197), (51, 31..32), (51, 299..300)] {
        let mut case = Case::new((300, columns), 8, (FloatDtype::BF16, FloatDtype::F32));
        case.weights = noise(11, tile.len() * columns, 0.06);
        case.tile = tile;
        case.check(&mut kernel);
    }
}

#[test]
fn what_is_larger_than_a_buffer_is_cut_by_rows_and_by_columns() {
    for binding_byte_count in [1_028, 4_096] {
        let Some(mut kernel) = narrow_kernel(binding_byte_count) else { return };
        for (shape, rank) in [((90, 33), 4), ((9, 1_203), 16), ((200, 64), 5), ((1, 3_001), 7), ((2_001, 1), 1)] {
            let limits = kernel.context.limits;
            let grid = chunks::FactorGrid::new(shape.0, shape.1, rank, limits).unwrap();
            assert!(grid.chunks(&(0..shape.0)).len() > 1, "the case is cut");
            for dtypes in [(FloatDtype::BF16, FloatDtype::F16), (FloatDtype::F32, FloatDtype::BF16)] {
                Case::new(shape, rank, dtypes).check(&mut kernel);
            }
        }
        let several: Vec<_> = (0..3).map(|index| weighted(low_rank(index, (60, 300), 3), 0.5)).collect();
        let case = Case::new((60, 300), 3, DTYPES_BF16);
        Case { updates: several.into(), ..case }.check(&mut kernel);
    }
}

#[test]
fn several_updates_add_up_with_their_strengths() {
    let Some(mut kernel) = kernel() else { return };
    let shape = (75, 96);
    let updates = [
        weighted(low_rank(1, shape, 16), 1.0),
        weighted(low_rank(2, shape, 3), -0.5),
        weighted(low_rank(5, shape, 40), 0.1),
    ];
    let case = Case::new(shape, 1, (FloatDtype::F32, FloatDtype::F32));
    Case { updates: Arc::from(updates), ..case }.check(&mut kernel);
}

#[test]
fn every_f16_and_bf16_is_widened_and_every_f32_narrowed_as_on_the_cpu() {
    let Some(mut kernel) = kernel() else { return };
    // All patterns of 16 bits, in f32 with the same value.
    for dtype in [FloatDtype::F16, FloatDtype::BF16] {
        let stored: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
        let mut values = vec![0.0; 1 << 16];
        widen(dtype, &stored, &mut values);
        for output in DTYPES {
            assert_same_floats(&Case::unchanged(values.clone(), 256, (dtype, output)), &mut kernel);
        }
    }
    // Patterns of 32 bits: around every boundary of the 16-bit dtypes, and many others.
    let mut patterns: Vec<u32> = (0..1_u32 << 16).map(|index| index.wrapping_mul(0x9e37_79b1)).collect();
    for high in 0..=u16::MAX {
        let middle = u32::from(high) << 16;
        patterns.extend([0x0fff, 0x1000, 0x1001, 0x7fff, 0x8000, 0x8001].map(|low| middle | low));
    }
    let values: Vec<f32> = patterns.into_iter().map(f32::from_bits).collect();
    for output in DTYPES {
        assert_same_floats(&Case::unchanged(values.clone(), 256, (FloatDtype::F32, output)), &mut kernel);
    }
}

/// Bit for bit, but that a NaN may be any NaN.
fn assert_same_floats(case: &Case, kernel: &mut GpuKernel) {
    let (on_gpu, on_cpu) = (case.run(kernel), case.run(&mut kernel.cpu));
    let dtype = case.dtypes.1;
    let widened = |bytes: &[u8]| {
        let mut values = vec![0.0; case.element_count()];
        widen(dtype, bytes, &mut values);
        values
    };
    let element_bytes = dtype.byte_count();
    let gpu_values = widened(&on_gpu.output);
    let cpu_values = widened(&on_cpu.output);
    for (index, (gpu, cpu)) in gpu_values.iter().zip(&cpu_values).enumerate() {
        let bytes = index * element_bytes..(index + 1) * element_bytes;
        let same = on_gpu.output[bytes.clone()] == on_cpu.output[bytes] || (gpu.is_nan() && cpu.is_nan());
        let weight = case.weights[index];
        assert!(same, "{:?} {weight:e} ({:#010x}): {gpu:e} and {cpu:e}", case.dtypes, weight.to_bits());
    }
    let counts = |stats: &TileStats| {
        (stats.changed_count, stats.base_non_finite_count, stats.output_non_finite_count, stats.max_magnitude)
    };
    assert_eq!(counts(&on_gpu.stats), counts(&on_cpu.stats));
}

#[test]
fn nan_and_infinity_are_counted_and_stay() {
    let Some(mut kernel) = kernel() else { return };
    for dtype in DTYPES {
        // Both shaders: an even and an odd number of columns.
        for columns in [64, 33] {
            let mut case = Case::new((40, columns), 4, (dtype, dtype));
            case.weights[3] = f32::NAN;
            case.weights[columns] = f32::INFINITY;
            case.weights[40 * columns - 1] = f32::NEG_INFINITY;
            let (on_gpu, on_cpu) = (case.run(&mut kernel), case.run(&mut kernel.cpu));
            assert_eq!((on_gpu.stats.base_non_finite_count, on_gpu.stats.output_non_finite_count), (3, 3));
            assert_eq!(on_gpu.stats.max_magnitude, f32::INFINITY);
            assert_eq!(on_gpu.stats.changed_count, on_cpu.stats.changed_count);
            let mut values = vec![0.0; case.element_count()];
            widen(dtype, &on_gpu.output, &mut values);
            assert!(values[3].is_nan());
            assert_eq!((values[columns], values[40 * columns - 1]), (f32::INFINITY, f32::NEG_INFINITY));
            assert_eq!(values.iter().filter(|value| !value.is_finite()).count(), 3);
        }
    }
}

#[test]
fn an_overflow_in_float16_is_counted_with_its_magnitude() {
    let Some(mut kernel) = kernel() else { return };
    let low_rank = LowRank::new((20, 32), 1, 1.0, vec![1.0; 20], [vec![60_000.0], vec![0.0; 31]].concat());
    let mut case = Case::unchanged(vec![1.0; 640], 32, (FloatDtype::F16, FloatDtype::F16));
    case.updates = Arc::from([weighted(low_rank, 1.0)]);
    case.weights[0] = 10_000.0;
    let stats = case.run(&mut kernel).stats;
    assert_eq!((stats.output_non_finite_count, stats.base_non_finite_count), (1, 0));
    assert_eq!((stats.max_magnitude, stats.changed_count), (70_000.0, 20));
}

/// Doubles W: a method that transforms instead of adding.
struct Doubling;
impl RowUpdate for Doubling {
    fn apply_rows(&self, _rows: Range<usize>, tile: &mut [f32]) {
        for value in tile {
            *value *= 2.0;
        }
    }
}

#[test]
fn what_is_not_for_a_gpu_is_computed_on_the_cpu_and_counted_there() {
    let Some(mut kernel) = kernel() else { return };
    let shape = (30, 40);
    let many: Vec<_> = (0..17).map(|index| weighted(low_rank(index, shape, 2), 0.1)).collect();
    let cases = [
        Case { updates: Arc::from([]), ..Case::new(shape, 1, (FloatDtype::F32, FloatDtype::F16)) },
        Case { updates: Arc::from([weighted(Doubling, 1.0)]), ..Case::new(shape, 1, DTYPES_BF16) },
        Case { updates: many.into(), ..Case::new(shape, 1, DTYPES_BF16) },
        Case {
            updates: Arc::from([weighted(LowRank::new(shape, 0, 1.0, vec![], vec![]), 1.0)]),
            ..Case::new(shape, 1, DTYPES_BF16)
        },
        Case { tile: 0..0, weights: Vec::new(), ..Case::new(shape, 1, DTYPES_BF16) },
    ];
    for (index, case) in cases.iter().enumerate() {
        let (result, expected) = (case.run(&mut kernel), case.run(&mut kernel.cpu));
        assert!(*result.output == *expected.output, "case {index}");
        assert_eq!(result.stats, expected.stats, "case {index}");
        assert_eq!(kernel.tally.gpu_count(), 0, "case {index}");
        assert_eq!(kernel.tally.cpu_count(), 1 + index as u64);
    }
    let tall = LowRank::new((30_000, 3), 1, 1.0, vec![1.0; 30_000], vec![1.0; 3]);
    let mut tiny = Case::unchanged(vec![1.0; 6], 3, DTYPES_BF16);
    tiny.updates = Arc::from([weighted(tall, 1.0)]);
    kernel.context.limits.binding_byte_count = 2;
    tiny.run(&mut kernel);
    assert_eq!(kernel.tally.cpu_count(), 6, "not even one row of L fits a buffer");
}

#[test]
fn tiles_of_several_tensors_overlap_and_each_comes_back_once() {
    let Some(mut kernel) = kernel() else { return };
    let cases: Vec<Case> = (0..5)
        .map(|index| {
            let case = Case::new((20 + index, 48), 1 + index, DTYPES_BF16);
            if index == 2 { Case { updates: Arc::from([]), ..case } } else { case }
        })
        .collect();
    let expected: Vec<TileResult> = cases.iter().map(|case| case.run(&mut kernel.cpu)).collect();
    let capacity = kernel.capacity();
    let mut seen = vec![0; 4 * cases.len()];
    let check = |result: &TileResult, seen: &mut Vec<i32>| {
        let ticket = usize::try_from(result.ticket).unwrap();
        seen[ticket] += 1;
        let expected = &expected[ticket / 4];
        let different = result.output.iter().zip(expected.output.iter()).filter(|(left, right)| left != right).count();
        assert!(different <= 2, "tile {ticket}: {different} bytes differ");
        assert_stats_agree(&result.stats, &expected.stats, different as u64);
    };
    for ticket in 0..4 * cases.len() {
        while kernel.in_flight() == capacity {
            check(&kernel.collect().unwrap().unwrap(), &mut seen);
        }
        kernel.submit(cases[ticket / 4].job(ticket as u64)).unwrap();
    }
    while let Some(result) = kernel.collect().unwrap() {
        check(&result, &mut seen);
    }
    assert!(seen.iter().all(|count| *count == 1), "{seen:?}");
    assert_eq!((kernel.tally.gpu_count(), kernel.tally.cpu_count()), (16, 4));
}

#[test]
fn factors_are_uploaded_once_for_the_tiles_of_a_tensor() {
    let Some(mut kernel) = kernel() else { return };
    let (case, other) = (Case::new((20, 48), 4, DTYPES_BF16), Case::new((20, 48), 4, DTYPES_BF16));
    case.run(&mut kernel);
    let first = kernel.factors.as_ref().unwrap().left[0].clone();
    case.run(&mut kernel);
    assert!(kernel.factors.as_ref().unwrap().left[0] == first);
    other.run(&mut kernel);
    assert!(kernel.factors.as_ref().unwrap().left[0] != first);
}

/// Whatever is asked of the kernel from now on, it says that the device is lost.
fn assert_lost(kernel: &mut GpuKernel) {
    let case = Case::new((40, 64), 4, DTYPES_BF16);
    let name = kernel.device();
    for _ in 0..2 {
        let submitted = kernel.submit(case.job(9)).unwrap_err();
        let collected = kernel.collect().err().expect("nothing can be collected");
        for error in [submitted, collected] {
            assert!(matches!(&error, MergeError::DeviceLost { device } if *device == name), "{error}");
        }
    }
    assert!(kernel.context.failure().is_some());
}

#[test]
fn a_device_that_is_lost_under_way_is_an_error_and_stays_one() {
    let Some(mut kernel) = kernel() else { return };
    let case = Case::new((300, 512), 16, DTYPES_BF16);
    for ticket in 0..3 {
        kernel.submit(case.job(ticket)).unwrap();
    }
    kernel.context.device.destroy();
    let collected: Result<Vec<_>, _> = (0..3).map(|_| kernel.collect()).collect();
    assert!(matches!(collected, Err(MergeError::DeviceLost { .. })));
    assert_lost(&mut kernel);
}

#[test]
fn a_device_that_is_lost_between_tiles_is_an_error_at_the_next() {
    let Some(mut kernel) = kernel() else { return };
    Case::new((40, 64), 4, DTYPES_BF16).check(&mut kernel);
    kernel.context.device.destroy();
    assert_lost(&mut kernel);
}

#[test]
fn running_out_of_memory_is_an_error_and_no_panic() {
    let Some(mut kernel) = kernel() else { return };
    // More than any device allows: wgpu reports it where memory errors are reported.
    let _ = kernel.context.device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: u64::MAX / 4 * 4,
        usage: wgpu::BufferUsages::STORAGE,
        mapped_at_creation: false,
    });
    assert_lost(&mut kernel);
}
