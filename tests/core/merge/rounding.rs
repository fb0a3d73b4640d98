//! The promise of the arithmetic: every merged value is the exact W + Δ rounded once, but for a few near ties.

use std::sync::Arc;

use lorafuse::{
    adapter::WeightedUpdate,
    merge::{CpuKernel, Kernel, TileJob},
    numeric::{CpuLevel, FloatDtype, LowRank, narrow, widen_to_f64},
    platform::PageBuffer,
};

const DTYPES: [FloatDtype; 3] = [FloatDtype::F32, FloatDtype::F16, FloatDtype::BF16];

/// 3 ranks × 704 × 1000 elements: over two million for each pair of dtypes.
const ROWS: usize = 704;
const COLUMNS: usize = 1000;
const RANKS: [usize; 3] = [1, 16, 256];

/// Error of the f32 product and sum, as a part of the largest |Δ|.
const PRODUCT_TOLERANCE: f64 = 1.0 / (1 << 20) as f64;

/// Noise with zero mean and the standard deviation `deviation`, nearly normal, as trained weights are.
fn weights(len: usize, deviation: f32, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1_u64 << 24) as f32 - 0.5
    };
    // Four uniform values have a variance of 4/12.
    (0..len).map(|_| (uniform() + uniform() + uniform() + uniform()) * deviation * 3.0_f32.sqrt()).collect()
}

/// A realistic update of rank `rank`: A as initialised (~1/√in), B as trained a little, s = 2.
fn update(rank: usize) -> LowRank {
    let left = weights(ROWS * rank, 0.004, rank as u64);
    let right = weights(rank * COLUMNS, 0.03, rank as u64 + 1);
    LowRank::new((ROWS, COLUMNS), rank, 2.0, left, right)
}

fn merge(kernel: &mut CpuKernel, input: &[u8], dtypes: (FloatDtype, FloatDtype), update: &Arc<LowRank>) -> Vec<u8> {
    let updates = [WeightedUpdate::new(Arc::clone(update) as _, 1.0)];
    let tile = TileJob {
        ticket: 0,
        rows: 0..ROWS,
        columns: COLUMNS,
        input: PageBuffer::of(input),
        input_dtype: dtypes.0,
        output: PageBuffer::of(&vec![0; ROWS * COLUMNS * dtypes.1.byte_count()]),
        output_dtype: dtypes.1,
        updates: Arc::new(updates),
        noise: None,
    };
    kernel.submit(tile).unwrap();
    kernel.collect().unwrap().unwrap().output.to_vec()
}

/// `value` rounded once to nearest even: dividing by a power of two is exact, so the only rounding is to whole units.
fn rounded(dtype: FloatDtype, value: f64) -> f64 {
    let unit = dtype.ulp(value);
    (value / unit).round_ties_even() * unit
}

/// Elements that are not the exact result rounded once; fails on any that is further away than f32 may lead.
fn inexact_count(dtype: FloatDtype, stored: &[u8], exact: &[f64], tolerance: f64) -> usize {
    let mut values = vec![0.0; exact.len()];
    widen_to_f64(dtype, stored, &mut values);
    let mut inexact_count = 0;
    for (stored, exact) in values.iter().zip(exact) {
        if *stored != rounded(dtype, *exact) {
            inexact_count += 1;
            let error = (stored - exact).abs();
            assert!(error <= 0.5 * dtype.ulp(*exact) + tolerance, "{dtype}: {stored:e} for {exact:e}");
        }
    }
    inexact_count
}

#[test]
fn nearly_every_value_is_the_exact_result_rounded_once() {
    for input_dtype in DTYPES {
        // Elements that are not exact, for each output dtype.
        let mut inexact_counts = [0; 3];
        for rank in RANKS {
            let mut input = vec![0; ROWS * COLUMNS * input_dtype.byte_count()];
            narrow(input_dtype, &weights(ROWS * COLUMNS, 0.02, 7 + rank as u64), &mut input);
            let update = Arc::new(update(rank));
            let reference = update.to_f64();
            let mut delta = vec![0.0; ROWS * COLUMNS];
            reference.accumulate_rows(0..ROWS, 1.0, &mut delta);
            let largest_delta = delta.iter().fold(0.0_f64, |largest, delta| largest.max(delta.abs()));
            let mut exact = vec![0.0; ROWS * COLUMNS];
            widen_to_f64(input_dtype, &input, &mut exact);
            exact.iter_mut().zip(&delta).for_each(|(exact, delta)| *exact += delta);

            let mut kernel = CpuKernel::with(2, CpuLevel::detected()).unwrap();
            for (output_dtype, inexact) in DTYPES.into_iter().zip(&mut inexact_counts) {
                let stored = merge(&mut kernel, &input, (input_dtype, output_dtype), &update);
                *inexact += inexact_count(output_dtype, &stored, &exact, PRODUCT_TOLERANCE * largest_delta);
                for level in CpuLevel::available() {
                    let mut kernel = CpuKernel::with(1, level).unwrap();
                    let other = merge(&mut kernel, &input, (input_dtype, output_dtype), &update);
                    assert!(other == stored, "{level}: {input_dtype} → {output_dtype}, rank {rank}");
                }
            }
        }
        let element_count = RANKS.len() * ROWS * COLUMNS;
        assert!(element_count > 2_000_000);
        let [_, _, bf16] = inexact_counts;
        println!("{input_dtype} → BF16: {bf16} of {element_count} are not the exact result rounded once");
        assert!(bf16 * 10_000 <= element_count, "{input_dtype} → BF16: {bf16} of {element_count} are not exact");
    }
}
