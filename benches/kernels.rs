//! How fast the CPU kernels are, beside what the memory allows: `cargo bench --bench kernels`.
//!
//! Every number is the best of many runs, so that what else the machine does matters little. GB/s counts the weights
//! read and written (Δ too where a pass reads it from memory), and "of copy" compares that with a plain copy by as many
//! threads, which moves its bytes in and out likewise.

#![expect(clippy::print_stdout, reason = "the table is what the benchmark is for")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on should say where")]

use std::{
    hint::black_box,
    sync::{Arc, Barrier},
    thread,
    time::{Duration, Instant},
};

use lorafuse::{
    adapter::WeightedUpdate,
    merge::{CpuKernel, Kernel, TileJob},
    numeric::{
        CpuLevel, FloatDtype, LowRank, TileBytes,
        codec::{
            BlockGrid, FourBit, GgmlType, Gptq, Mxfp4, NF4, NestedScales, Nf4Encoder, RowCode, Strip, decode_by_input,
        },
        narrow, narrow_at, widen_at,
    },
    platform::PageBuffer,
};

/// How long each case is repeated at least.
const CASE_DURATION: Duration = Duration::from_millis(400);

/// Elements of the arrays of conversions and passes: far larger than a cache.
const ELEMENT_COUNT: usize = 1 << 25;

/// The matrix of the whole-tile cases, and the rows of a tile (a million elements, as merges cut them).
const SIDE: usize = 4096;
const TILE_ROWS: usize = 256;

const DTYPES: [FloatDtype; 3] = [FloatDtype::F32, FloatDtype::F16, FloatDtype::BF16];

fn main() {
    // `cargo test --benches` asks for a quick look at whether it runs; there is nothing to test.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let thread_counts = [1, thread::available_parallelism().map_or(2, usize::from).max(2)];
    let copy_rates = thread_counts.map(copy_bytes_per_sec);
    println!("{}; the best of the runs of {} ms", CpuLevel::detected(), CASE_DURATION.as_millis());
    println!("{:44} {:>8} {:>12} {:>8} {:>8}", "", "threads", "G elements/s", "GB/s", "of copy");
    for (thread_count, rate) in thread_counts.into_iter().zip(copy_rates) {
        println!("{:44} {thread_count:8} {:>12} {:8.1} {:8.2}", "copy", "", rate / 1e9, 1.0);
    }
    for level in CpuLevel::available() {
        conversions(level, copy_rates[0]);
        passes(level, copy_rates[0]);
        packing(level, copy_rates[0]);
        four_bits(level, copy_rates[0]);
    }
    unpacking(copy_rates[0]);
    for level in CpuLevel::available() {
        quantisation(level, copy_rates[0]);
    }
    for (thread_count, copy_rate) in thread_counts.into_iter().zip(copy_rates) {
        for dtypes in [(FloatDtype::BF16, FloatDtype::BF16), (FloatDtype::F16, FloatDtype::F16)] {
            for rank in [16, 64, 256] {
                whole_tiles(thread_count, dtypes, rank, copy_rate);
            }
        }
    }
}

/// The shortest of the runs of `work` in [`CASE_DURATION`], after one that is not counted.
fn best_secs(mut work: impl FnMut()) -> f64 {
    work();
    let (started, mut best) = (Instant::now(), f64::INFINITY);
    while started.elapsed() < CASE_DURATION {
        let run = Instant::now();
        work();
        best = best.min(run.elapsed().as_secs_f64());
    }
    best
}

fn print_row(name: &str, thread_count: usize, element_count: usize, byte_count: usize, secs: f64, copy_rate: f64) {
    let byte_rate = byte_count as f64 / secs;
    println!(
        "{name:44} {thread_count:8} {:12.2} {:8.1} {:8.2}",
        element_count as f64 / secs / 1e9,
        byte_rate / 1e9,
        byte_rate / copy_rate
    );
}

/// Bytes that a copy reads and writes in a second, each thread in arrays of its own.
fn copy_bytes_per_sec(thread_count: usize) -> f64 {
    let barrier = Barrier::new(thread_count);
    let copy = || {
        let source = vec![1_u8; 2 * ELEMENT_COUNT];
        let mut target = vec![0_u8; 2 * ELEMENT_COUNT];
        barrier.wait();
        let secs = best_secs(|| black_box(&mut target).copy_from_slice(black_box(&source)));
        (source.len() + target.len()) as f64 / secs
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..thread_count).map(|_| scope.spawn(copy)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

/// Noise in (−amplitude, amplitude).
fn noise(len: usize, amplitude: f32) -> Vec<f32> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state as f32 / u32::MAX as f32 * 2.0 - 1.0) * amplitude
    };
    (0..len).map(|_| next()).collect()
}

fn in_dtype(dtype: FloatDtype, values: &[f32]) -> Vec<u8> {
    let mut bytes = vec![0; values.len() * dtype.byte_count()];
    narrow(dtype, values, &mut bytes);
    bytes
}

fn conversions(level: CpuLevel, copy_rate: f64) {
    let mut values = noise(ELEMENT_COUNT, 0.05);
    for dtype in DTYPES {
        let mut bytes = in_dtype(dtype, &values);
        let byte_count = bytes.len() + ELEMENT_COUNT * size_of::<f32>();
        let secs = best_secs(|| widen_at(level, dtype, black_box(&bytes), black_box(&mut values)));
        print_row(&format!("{level}: widen {dtype}"), 1, ELEMENT_COUNT, byte_count, secs, copy_rate);
        let secs = best_secs(|| narrow_at(level, dtype, black_box(&values), black_box(&mut bytes)));
        print_row(&format!("{level}: narrow to {dtype}"), 1, ELEMENT_COUNT, byte_count, secs, copy_rate);
    }
}

fn passes(level: CpuLevel, copy_rate: f64) {
    let (weight, delta) = (noise(ELEMENT_COUNT, 0.05), noise(ELEMENT_COUNT, 0.002));
    let pairs = [
        (FloatDtype::BF16, FloatDtype::BF16),
        (FloatDtype::F16, FloatDtype::F16),
        (FloatDtype::F32, FloatDtype::F32),
        (FloatDtype::F32, FloatDtype::BF16),
        (FloatDtype::F16, FloatDtype::BF16),
    ];
    for (input_dtype, output_dtype) in pairs {
        let input = in_dtype(input_dtype, &weight);
        let mut output = vec![0; ELEMENT_COUNT * output_dtype.byte_count()];
        let (input_len, output_len) = (input.len(), output.len());
        let secs = best_secs(|| {
            let bytes = TileBytes { input: black_box(&input), input_dtype, output: &mut output, output_dtype };
            black_box(bytes.write_sum(level, black_box(&delta)));
        });
        let byte_count = input_len + output_len + size_of_val(&delta[..]);
        let name = format!("{level}: add and round {input_dtype} → {output_dtype}");
        print_row(&name, 1, ELEMENT_COUNT, byte_count, secs, copy_rate);
        if input_dtype != output_dtype {
            let secs = best_secs(|| {
                let bytes = TileBytes { input: black_box(&input), input_dtype, output: &mut output, output_dtype };
                black_box(bytes.write_converted(level));
            });
            let name = format!("{level}: convert {input_dtype} → {output_dtype}");
            print_row(&name, 1, ELEMENT_COUNT, input_len + output_len, secs, copy_rate);
        }
    }
}

/// Plain weights packed.
fn packing(level: CpuLevel, copy_rate: f64) {
    let values = noise(ELEMENT_COUNT, 0.05);
    let (mut codes, mut absmax) = (vec![0; ELEMENT_COUNT / 2], vec![0.0; ELEMENT_COUNT / 64]);
    for dtype in DTYPES {
        let bytes = in_dtype(dtype, &values);
        let encoder = Nf4Encoder { block: 64, dtype };
        let byte_count = bytes.len() + codes.len() + size_of_val(&absmax[..]);
        let secs = best_secs(|| {
            encoder
                .encode_at(level, black_box(&bytes), &mut codes, &mut absmax)
                .unwrap_or_else(|problem| panic!("{problem:?}"));
        });
        print_row(&format!("{level}: pack {dtype} → NF4"), 1, ELEMENT_COUNT, byte_count, secs, copy_rate);
    }
    let byte_count = 5 * absmax.len();
    let secs = best_secs(|| drop(black_box(NestedScales::of(black_box(&absmax)))));
    print_row("pack scales again", 1, absmax.len(), byte_count, secs, copy_rate);
}

/// NF4 made plain.
fn four_bits(level: CpuLevel, copy_rate: f64) {
    let codes: Vec<u8> = in_dtype(FloatDtype::F32, &noise(ELEMENT_COUNT / 8, 0.05));
    let scales = noise(ELEMENT_COUNT / 64, 0.05);
    for dtype in DTYPES {
        let codec = FourBit { table: NF4, block: 64, dtype };
        let mut bytes = vec![0; ELEMENT_COUNT * dtype.byte_count()];
        let byte_count = bytes.len() + codes.len() + size_of_val(&scales[..]);
        let secs = best_secs(|| {
            codec.decode_at(level, &(0..ELEMENT_COUNT), black_box(&codes), black_box(&scales), black_box(&mut bytes));
        });
        print_row(&format!("{level}: unpack NF4 → {dtype}"), 1, ELEMENT_COUNT, byte_count, secs, copy_rate);
    }
}

/// Other packed weights made plain, to bfloat16.
fn unpacking(copy_rate: f64) {
    // Codes that are numbers in every format.
    let codes: Vec<u8> = in_dtype(FloatDtype::F32, &noise(ELEMENT_COUNT / 4, 0.05)).iter().map(|c| c & 0x77).collect();
    let mut bytes = vec![0; ELEMENT_COUNT * 2];
    let mut row = |name: &str, bits: usize, table_bytes: usize, work: &mut dyn FnMut(&[u8], &mut [u8])| {
        let codes = &codes[..ELEMENT_COUNT * bits / 8];
        let secs = best_secs(|| work(black_box(codes), black_box(&mut bytes)));
        print_row(name, 1, ELEMENT_COUNT, bytes.len() + codes.len() + table_bytes, secs, copy_rate);
    };
    let words = RowCode::Words { bits: 4, is_straddling: true };
    for (name, bits, code, group) in [
        ("unpack int8, a scale a row", 8, RowCode::Int8, SIDE),
        ("unpack FP8, a scale for 128", 8, RowCode::E4M3, 128),
        ("unpack 4-bit words, a scale for 128", 4, words, 128),
        ("unpack NVFP4, a scale for 16", 4, RowCode::E2M1, 16),
    ] {
        let grid = BlockGrid::over(&[ELEMENT_COUNT / SIDE, SIDE], 1, group);
        let scales = noise(ELEMENT_COUNT / group, 0.05);
        let mut values = vec![0.0; SIDE];
        row(name, bits, size_of_val(&scales[..]), &mut |codes, bytes| {
            let lines = codes.chunks_exact(SIDE * bits / 8).zip(bytes.chunks_exact_mut(SIDE * 2));
            for ((line, out), scales) in lines.zip(scales.chunks(SIDE / group)) {
                code.widen(line, &mut values);
                grid.over_row(&mut values, scales, |value, scale| *value *= scale);
                narrow(FloatDtype::BF16, &values, out);
            }
        });
    }
    let groups = vec![120; ELEMENT_COUNT / 32];
    row("unpack MXFP4, turned", 4, groups.len(), &mut |codes, bytes| {
        Mxfp4 { codes, scales: &groups, groups: SIDE / 32 }.decode(0..SIDE, bytes);
    });
    let input_groups: Vec<u32> = (0..).map(|input: u32| input / 128).take(SIDE).collect();
    let (outputs, group_count) = (ELEMENT_COUNT / SIDE, SIDE / 128);
    let scales = in_dtype(FloatDtype::BF16, &noise(outputs * group_count, 0.05));
    let zeros = vec![0x77; outputs / 2 * group_count];
    let gptq = Gptq { bits: 4, zeros_less_one: true };
    row("unpack GPTQ", 4, scales.len() + zeros.len(), &mut |codes, bytes| {
        let strip = Strip { codes, zeros: &zeros, scales: &scales, outputs, groups: &input_groups };
        decode_by_input(&gptq, FloatDtype::BF16, &strip, 0..outputs, bytes);
    });
}

/// Plain weights made into ggml's blocks.
fn quantisation(level: CpuLevel, copy_rate: f64) {
    // The searches of k-quants take seconds for what fills a memory.
    let values = noise(ELEMENT_COUNT / 16, 0.05);
    for ggml_type in [GgmlType::Q8_0, GgmlType::Q4_0, GgmlType::Q5_0, GgmlType::Q4K, GgmlType::Q5K, GgmlType::Q6K] {
        let mut bytes = vec![0; ggml_type.byte_count(values.len()).unwrap()];
        let byte_count = bytes.len() + size_of_val(&values[..]);
        let secs = best_secs(|| {
            ggml_type.encode_at(level, black_box(&values), black_box(&mut bytes)).unwrap();
        });
        print_row(&format!("{level}: encode {ggml_type}"), 1, values.len(), byte_count, secs, copy_rate);
    }
}

/// A whole matrix through the kernel, tile after tile, without a disk.
fn whole_tiles(thread_count: usize, dtypes: (FloatDtype, FloatDtype), rank: usize, copy_rate: f64) {
    let (input_dtype, output_dtype) = dtypes;
    let low_rank = LowRank::new((SIDE, SIDE), rank, 2.0, noise(SIDE * rank, 0.005), noise(rank * SIDE, 0.03));
    let updates: Arc<[_]> = [WeightedUpdate::new(Arc::new(low_rank), 1.0)].into();
    let tile_input = PageBuffer::of(&in_dtype(input_dtype, &noise(TILE_ROWS * SIDE, 0.05)));
    let tile_output = PageBuffer::of(&vec![0; TILE_ROWS * SIDE * output_dtype.byte_count()]);
    let mut buffers: Vec<_> =
        (0..SIDE / TILE_ROWS).map(|_| (PageBuffer::of(&tile_input), PageBuffer::of(&tile_output))).collect();
    let mut kernel = CpuKernel::with(thread_count, CpuLevel::detected()).unwrap();
    let secs = best_secs(|| {
        let mut finished = Vec::with_capacity(buffers.len());
        for (index, (input, output)) in buffers.drain(..).enumerate() {
            if kernel.in_flight() == kernel.capacity() {
                finished.extend(kernel.collect().unwrap());
            }
            let rows = index * TILE_ROWS..(index + 1) * TILE_ROWS;
            let (ticket, updates) = (index as u64, Arc::clone(&updates));
            let (columns, noise) = (SIDE, None);
            let tile = TileJob { ticket, rows, columns, input, input_dtype, output, output_dtype, updates, noise };
            kernel.submit(tile).unwrap();
        }
        while let Some(result) = kernel.collect().unwrap() {
            finished.push(result);
        }
        buffers.extend(finished.into_iter().map(|result| (result.input, result.output)));
    });
    let byte_count = SIDE * SIDE * (input_dtype.byte_count() + output_dtype.byte_count());
    let name = format!("merge {SIDE} × {SIDE}, rank {rank}, {input_dtype} → {output_dtype}");
    print_row(&name, thread_count, SIDE * SIDE, byte_count, secs, copy_rate);
}
