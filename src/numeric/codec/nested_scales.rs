//! Scales that are packed again (bitsandbytes' double quantisation): a byte for each, from a map of 256 values, with a
//! scale for 256 of them and one offset for the tensor.

use std::{ops::Range, sync::LazyLock};

/// Scales that share a scale, as bitsandbytes packs them.
pub const NESTED_BLOCK: usize = 256;

/// The map that bitsandbytes packs scales with (Dettmers 2016, 8-Bit Approximations for Parallelism in Deep Learning,
/// `create_dynamic_map` with a sign): seven powers of ten, each with twice as many steps as the one below.
pub static DYNAMIC_MAP: LazyLock<[f32; 256]> = LazyLock::new(dynamic_map);

/// Half way between a value of the map and the next.
static BOUNDS: LazyLock<[f32; 255]> =
    LazyLock::new(|| std::array::from_fn(|code| f32::midpoint(DYNAMIC_MAP[code], DYNAMIC_MAP[code + 1])));

/// The scales of a tensor, packed again.
#[derive(Clone, Debug, PartialEq)]
pub struct NestedScales {
    /// A code a scale, of [`DYNAMIC_MAP`].
    pub codes: Vec<u8>,
    /// A scale for every [`NESTED_BLOCK`] codes.
    pub absmax: Vec<f32>,
    /// What was taken from all scales first: their mean.
    pub offset: f32,
}

/// The scale that `code` stands for, in a block of codes with `absmax`: `map[code] · absmax + offset`, rounded twice.
#[must_use]
pub fn nested_scale(code: u8, absmax: f32, offset: f32) -> f32 {
    DYNAMIC_MAP[usize::from(code)] * absmax + offset
}

impl NestedScales {
    /// Packs all `scales` of a tensor, as bitsandbytes does it on a CPU. Its mean is summed in an order of its own, and
    /// may be a unit in the last place away.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the mean is rounded to f32")]
    pub fn of(scales: &[f32]) -> Self {
        let sum: f64 = scales.iter().copied().map(f64::from).sum();
        let offset = (sum / scales.len().max(1) as f64) as f32;
        let mut codes = vec![0; scales.len()];
        let blocks = scales.chunks(NESTED_BLOCK).zip(codes.chunks_mut(NESTED_BLOCK));
        let absmax = blocks.map(|(scales, codes)| pack(scales, offset, codes)).collect();
        Self { codes, absmax, offset }
    }

    /// The scales of `blocks`, as they are unpacked.
    pub fn scales(&self, blocks: Range<usize>) -> impl Iterator<Item = f32> {
        blocks.map(|block| nested_scale(self.codes[block], self.absmax[block / NESTED_BLOCK], self.offset))
    }
}

/// Packs a block of scales and returns its own.
fn pack(scales: &[f32], offset: f32, codes: &mut [u8]) -> f32 {
    let absmax = scales.iter().map(|scale| (scale - offset).abs()).fold(0.0, f32::max);
    if absmax == 0.0 {
        codes.fill(0);
        return absmax;
    }
    let inverse = 1.0 / absmax;
    for (code, scale) in codes.iter_mut().zip(scales) {
        *code = code_of(((scale - offset) * inverse).clamp(-1.0, 1.0));
    }
    absmax
}

/// The code of a value in −1…1: not always the nearest, since the reference looks it up for one of 65,536 steps.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "steps are whole numbers up to 65535, codes up to 255"
)]
fn code_of(value: f32) -> u8 {
    let step = ((value + 1.0) * 0.5 * 65_535.0 + 0.5) as u16;
    let nearest = -1.0 + (2.0 * f32::from(step)) / 65_535.0;
    BOUNDS.partition_point(|bound| *bound < nearest) as u8
}

/// The map, in ascending order.
#[expect(clippy::cast_possible_truncation, reason = "a power of ten is rounded to f32, as PyTorch does it")]
fn dynamic_map() -> [f32; 256] {
    let mut map = [0.0; 256];
    map[255] = 1.0;
    let mut at = 0;
    for exponent in 0..7_i32 {
        let steps = 1_usize << exponent;
        // As PyTorch spaces them: from the start up to the middle, from the end down to it, each rounded once.
        let step = (1.0 - 0.1_f32) / steps as f32;
        let boundary = |index: usize| {
            let below = index * 2 < steps + 1;
            let (from, distance) = if below { (0.1, index as f32) } else { (1.0, -((steps - index) as f32)) };
            step.mul_add(distance, from)
        };
        let power = 10.0_f64.powi(exponent - 6) as f32;
        for index in 0..steps {
            let mean = f32::midpoint(boundary(index), boundary(index + 1)) * power;
            (map[at], map[at + 1]) = (mean, -mean);
            at += 2;
        }
    }
    map.sort_by(f32::total_cmp);
    map
}
