//! A small tile that a device must compute as the CPU does, before weights are trusted to it.

use std::sync::Arc;

use super::GpuKernel;
use crate::{
    adapter::WeightedUpdate,
    merge::{Kernel, MergeError, TileJob, TileResult, device::NotOpened},
    numeric::{FloatDtype, LowRank, narrow},
    platform::PageBuffer,
};

/// A shape with edges inside workgroups, in both directions.
const ROWS: usize = 70;
const COLUMNS: usize = 134;
const RANK: usize = 19;

/// Elements that a fused multiplication may round the other way, of 9380.
const MOST_DIFFERENT: usize = 10;

/// Computes the same tile on both; an error says how they differ.
pub(super) fn run(kernel: &mut GpuKernel) -> Result<(), NotOpened> {
    let failed = |error: MergeError| NotOpened::Refused { said: error.to_string() };
    let on_gpu = compute(kernel).map_err(failed)?;
    let on_cpu = compute(&mut kernel.cpu).map_err(failed)?;
    let different = on_gpu.output.as_chunks::<2>().0.iter().zip(on_cpu.output.as_chunks::<2>().0);
    let different = different.filter(|(gpu, cpu)| gpu != cpu).count();
    let count_difference = on_gpu.stats.changed_count.abs_diff(on_cpu.stats.changed_count);
    if different > MOST_DIFFERENT || count_difference > MOST_DIFFERENT as u64 {
        return Err(NotOpened::ComputesWrongly { different_count: different, element_count: ROWS * COLUMNS });
    }
    Ok(())
}

fn compute(kernel: &mut dyn Kernel) -> Result<TileResult, MergeError> {
    kernel.submit(test_tile())?;
    let device = kernel.device();
    kernel.collect()?.ok_or(MergeError::DeviceLost { device })
}

fn test_tile() -> TileJob {
    let low_rank = LowRank::new((ROWS, COLUMNS), RANK, 0.75, waves(ROWS * RANK, 0.7), waves(RANK * COLUMNS, 1.3));
    let dtype = FloatDtype::BF16;
    let byte_count = ROWS * COLUMNS * dtype.byte_count();
    let mut input = PageBuffer::default();
    input.place(0, byte_count);
    narrow(dtype, &waves(ROWS * COLUMNS, 2.1), &mut input);
    let mut output = PageBuffer::default();
    output.place(0, byte_count);
    TileJob {
        ticket: 0,
        rows: 0..ROWS,
        columns: COLUMNS,
        input,
        input_dtype: dtype,
        output,
        output_dtype: dtype,
        updates: Arc::from([WeightedUpdate::new(Arc::new(low_rank), 1.0)]),
        noise: None,
    }
}

/// Values of ±1 without a pattern that a wrong index would keep.
fn waves(count: usize, frequency: f32) -> Vec<f32> {
    (0..count).map(|index| (index as f32 * frequency).sin()).collect()
}
