//! The levels of x86-64: the one place that calls functions compiled for other instructions than the whole program.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

mod nibbles;

use std::arch::x86_64::{__m128i, __m256, _MM_FROUND_TO_NEAREST_INT, _mm256_cvtph_ps, _mm256_cvtps_ph};

use super::{
    CpuLevel,
    lanes::{Block, Lanes, PortableLanes},
    level::LaneLoop,
    nibbles::NibbleLanes,
};

/// The best level of this processor.
pub(super) fn detected() -> CpuLevel {
    let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("f16c");
    let has_avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl");
    match (has_avx2, has_avx512) {
        (true, true) => CpuLevel::Avx512,
        (true, false) => CpuLevel::Avx2,
        (false, _) => CpuLevel::Portable,
    }
}

/// Runs `work` compiled for `level`, or for the best one of this processor where it lacks that one.
pub(super) fn run<W: LaneLoop>(level: CpuLevel, work: W) -> W::Output {
    match level.min(detected()) {
        CpuLevel::Portable => work.run(PortableLanes),
        #[expect(unsafe_code, reason = "only a check at run time can allow these instructions; they double the speed")]
        // SAFETY: `detected` saw every feature that the function enables.
        CpuLevel::Avx2 => unsafe { run_avx2(work) },
        #[expect(unsafe_code, reason = "only a check at run time can allow these instructions; they double the speed")]
        // SAFETY: `detected` saw every feature that the function enables.
        CpuLevel::Avx512 => unsafe { run_avx512(work) },
    }
}

#[target_feature(enable = "avx2,f16c")]
fn run_avx2<W: LaneLoop>(work: W) -> W::Output {
    work.run(Avx2Lanes(()))
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,f16c")]
fn run_avx512<W: LaneLoop>(work: W) -> W::Output {
    work.run(Avx512Lanes(Avx2Lanes(())))
}

/// Lanes with AVX2 and F16C; a value exists only inside the functions above, whose callers know that the processor has
/// them.
#[derive(Clone, Copy)]
struct Avx2Lanes(());

/// Lanes with AVX-512, of which the same is true.
#[derive(Clone, Copy)]
struct Avx512Lanes(Avx2Lanes);

impl Lanes for Avx2Lanes {
    #[inline(always)]
    fn widen_f16(self, bytes: [u8; 32]) -> Block {
        #[expect(unsafe_code, reason = "the compiler finds no conversion instruction by itself")]
        // SAFETY: F16C is there, see `Avx2Lanes`.
        unsafe {
            widen_f16c(bytes)
        }
    }

    #[inline(always)]
    fn narrow_f16(self, values: Block) -> [u8; 32] {
        #[expect(unsafe_code, reason = "the compiler finds no conversion instruction by itself")]
        // SAFETY: F16C is there, see `Avx2Lanes`.
        unsafe {
            narrow_f16c(values)
        }
    }
}

impl Lanes for Avx512Lanes {
    #[inline(always)]
    fn widen_f16(self, bytes: [u8; 32]) -> Block {
        self.0.widen_f16(bytes)
    }

    #[inline(always)]
    fn narrow_f16(self, values: Block) -> [u8; 32] {
        self.0.narrow_f16(values)
    }
}

impl NibbleLanes for Avx2Lanes {
    #[inline(always)]
    fn look_up(self, table: &[u8; 32], codes: &[[u8; 16]], found: &mut [[u8; 64]]) {
        #[expect(unsafe_code, reason = "the compiler makes a load of every look-up")]
        // SAFETY: AVX2 is there, see `Avx2Lanes`.
        unsafe {
            nibbles::look_up_avx2(table, codes, found);
        }
    }

    #[inline(always)]
    fn count_below(self, bounds: &[f32; 15], values: &[[f32; 16]], codes: &mut [[u8; 8]]) {
        #[expect(unsafe_code, reason = "the compiler finds no search among registers")]
        // SAFETY: AVX2 is there, see `Avx2Lanes`.
        unsafe {
            nibbles::count_below_avx2(bounds, values, codes);
        }
    }
}

impl NibbleLanes for Avx512Lanes {
    #[inline(always)]
    fn look_up(self, table: &[u8; 32], codes: &[[u8; 16]], found: &mut [[u8; 64]]) {
        #[expect(unsafe_code, reason = "the compiler makes a load of every look-up")]
        // SAFETY: AVX-512 F, BW and VL are there, see `Avx512Lanes`.
        unsafe {
            nibbles::look_up_avx512(table, codes, found);
        }
    }

    #[inline(always)]
    fn count_below(self, bounds: &[f32; 15], values: &[[f32; 16]], codes: &mut [[u8; 8]]) {
        #[expect(unsafe_code, reason = "the compiler finds no search among registers")]
        // SAFETY: AVX-512 F, BW and VL are there, see `Avx512Lanes`.
        unsafe {
            nibbles::count_below_avx512(bounds, values, codes);
        }
    }
}

#[inline]
#[target_feature(enable = "avx,f16c")]
fn widen_f16c(bytes: [u8; 32]) -> Block {
    let [low, high]: [__m128i; 2] = bytemuck::cast(bytes);
    bytemuck::cast([_mm256_cvtph_ps(low), _mm256_cvtph_ps(high)])
}

#[inline]
#[target_feature(enable = "avx,f16c")]
fn narrow_f16c(values: Block) -> [u8; 32] {
    let [low, high]: [__m256; 2] = bytemuck::cast(values);
    bytemuck::cast([
        _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(low),
        _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(high),
    ])
}
