//! Sixteen elements at a time: how each dtype widens to f32 and is rounded from it, without a branch.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use bytemuck::{Pod, Zeroable as _};
use half::{f16, slice::HalfFloatSliceExt as _};

use super::{FloatDtype, nibbles::NibbleLanes};

/// Elements of a block: an AVX-512 register of f32, and as many lanes for the sums of every level.
pub(super) const LANE_COUNT: usize = 16;

/// A block of f32.
pub(super) type Block = [f32; LANE_COUNT];

/// Conversions for which a level has instructions that the compiler does not find by itself.
pub(super) trait Lanes: NibbleLanes {
    /// Widens little-endian f16, exactly; NaN becomes quiet.
    fn widen_f16(self, bytes: [u8; 32]) -> Block;

    /// Rounds to f16, to nearest even; NaN becomes quiet.
    fn narrow_f16(self, values: Block) -> [u8; 32];
}

/// Lanes without such instructions.
#[derive(Clone, Copy)]
pub(super) struct PortableLanes;

impl NibbleLanes for PortableLanes {}

impl Lanes for PortableLanes {
    #[inline(always)]
    fn widen_f16(self, bytes: [u8; 32]) -> Block {
        let mut halves = [f16::ZERO; LANE_COUNT];
        for (half, bytes) in halves.iter_mut().zip(bytes.as_chunks::<2>().0) {
            *half = f16::from_le_bytes(*bytes);
        }
        let mut values = [0.0; LANE_COUNT];
        halves.convert_to_f32_slice(&mut values);
        values
    }

    #[inline(always)]
    fn narrow_f16(self, values: Block) -> [u8; 32] {
        let mut halves = [f16::ZERO; LANE_COUNT];
        halves.convert_from_f32_slice(&values);
        bytes_of_halves(halves.map(f16::to_bits))
    }
}

/// A dtype as the loops see it.
pub(super) trait Element {
    /// The dtype.
    const DTYPE: FloatDtype;

    /// The smallest magnitude, as bits of an f32, that is no finite number after rounding; NaN lies above it.
    const OVERFLOW_BITS: u32;

    /// The largest finite number, as bits of an f32.
    const MAX_BITS: u32;

    /// A block on disk, little-endian.
    type Bytes: Pod;

    /// Widens a block, exactly.
    fn widen<L: Lanes>(lanes: L, bytes: Self::Bytes) -> Block;

    /// Rounds a block to nearest even; NaN stays NaN.
    fn narrow<L: Lanes>(lanes: L, values: Block) -> Self::Bytes;

    /// The same, faster, for a block without NaN.
    #[inline(always)]
    fn narrow_numbers<L: Lanes>(lanes: L, values: Block) -> Self::Bytes {
        Self::narrow(lanes, values)
    }

    /// Rounds numbers to the nearest ones of the dtype, and leaves them f32.
    #[inline(always)]
    fn round_all<L: Lanes>(lanes: L, blocks: &mut [Block]) {
        for block in blocks {
            *block = Self::widen(lanes, Self::narrow_numbers(lanes, *block));
        }
    }

    /// Rounds a block of numbers within the range of the dtype to one of the two neighbours each, as
    /// [`FloatDtype::round_by_chance`] says.
    fn narrow_by_chance<L: Lanes>(lanes: L, values: Block, random: &[u32; LANE_COUNT]) -> Self::Bytes;

    /// Widens `bytes` into as many `values`.
    #[inline(always)]
    fn widen_all<L: Lanes>(lanes: L, bytes: &[u8], values: &mut [f32]) {
        let (bytes, last_bytes) = Self::blocks(bytes);
        let (values, last_values) = values.as_chunks_mut::<LANE_COUNT>();
        for (values, bytes) in values.iter_mut().zip(bytes) {
            *values = Self::widen(lanes, *bytes);
        }
        if !last_values.is_empty() {
            let block = Self::widen(lanes, Self::padded(last_bytes));
            last_values.copy_from_slice(&block[..last_values.len()]);
        }
    }

    /// Rounds `values` into as many elements of `bytes`.
    #[inline(always)]
    fn narrow_all<L: Lanes>(lanes: L, values: &[f32], bytes: &mut [u8]) {
        let (values, last_values) = values.as_chunks::<LANE_COUNT>();
        let (bytes, last_bytes) = Self::blocks_mut(bytes);
        for (bytes, values) in bytes.iter_mut().zip(values) {
            *bytes = Self::narrow(lanes, *values);
        }
        if !last_values.is_empty() {
            let mut block = [0.0; LANE_COUNT];
            block[..last_values.len()].copy_from_slice(last_values);
            let block = Self::narrow(lanes, block);
            last_bytes.copy_from_slice(&bytemuck::bytes_of(&block)[..last_bytes.len()]);
        }
    }

    /// A block that begins with `bytes` and ends in zeros.
    #[inline(always)]
    fn padded(bytes: &[u8]) -> Self::Bytes {
        let mut block = Self::Bytes::zeroed();
        bytemuck::bytes_of_mut(&mut block)[..bytes.len()].copy_from_slice(bytes);
        block
    }

    /// Whole blocks, and the bytes that are left over.
    #[inline(always)]
    fn blocks(bytes: &[u8]) -> (&[Self::Bytes], &[u8]) {
        let (whole, rest) = bytes.split_at(bytes.len() - bytes.len() % size_of::<Self::Bytes>());
        (bytemuck::cast_slice(whole), rest)
    }

    /// Whole blocks, and the bytes that are left over.
    #[inline(always)]
    fn blocks_mut(bytes: &mut [u8]) -> (&mut [Self::Bytes], &mut [u8]) {
        let (whole, rest) = bytes.split_at_mut(bytes.len() - bytes.len() % size_of::<Self::Bytes>());
        (bytemuck::cast_slice_mut(whole), rest)
    }
}

/// Runs `$body` with `$element` standing for the type of `$dtype`.
macro_rules! with_element {
    ($dtype:expr, $element:ident => $body:expr) => {
        match $dtype {
            FloatDtype::F32 => {
                type $element = $crate::numeric::lanes::F32;
                $body
            }
            FloatDtype::F16 => {
                type $element = $crate::numeric::lanes::F16;
                $body
            }
            FloatDtype::BF16 => {
                type $element = $crate::numeric::lanes::BF16;
                $body
            }
        }
    };
}
pub(super) use with_element;

/// IEEE single precision.
pub(super) struct F32;

impl Element for F32 {
    const DTYPE: FloatDtype = FloatDtype::F32;
    const OVERFLOW_BITS: u32 = f32::INFINITY.to_bits();
    const MAX_BITS: u32 = f32::MAX.to_bits();
    type Bytes = [u8; 4 * LANE_COUNT];

    #[inline(always)]
    fn widen<L: Lanes>(_: L, bytes: Self::Bytes) -> Block {
        let mut values = [0.0; LANE_COUNT];
        for (value, bytes) in values.iter_mut().zip(bytes.as_chunks::<4>().0) {
            *value = f32::from_le_bytes(*bytes);
        }
        values
    }

    #[inline(always)]
    fn narrow<L: Lanes>(_: L, values: Block) -> Self::Bytes {
        let mut bytes = [0; 4 * LANE_COUNT];
        for (bytes, value) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(values) {
            *bytes = value.to_le_bytes();
        }
        bytes
    }

    #[inline(always)]
    fn round_all<L: Lanes>(_: L, _: &mut [Block]) {}

    // The sum is formed in f32, so nothing is dropped that chance could decide about.
    #[inline(always)]
    fn narrow_by_chance<L: Lanes>(lanes: L, values: Block, _: &[u32; LANE_COUNT]) -> Self::Bytes {
        Self::narrow(lanes, values)
    }
}

/// IEEE half precision.
pub(super) struct F16;

impl Element for F16 {
    const DTYPE: FloatDtype = FloatDtype::F16;
    // Half way between 65504 and what would be 2^16, where the tie goes to infinity.
    const OVERFLOW_BITS: u32 = 65_520.0_f32.to_bits();
    const MAX_BITS: u32 = 65_504.0_f32.to_bits();
    type Bytes = [u8; 2 * LANE_COUNT];

    #[inline(always)]
    fn widen<L: Lanes>(lanes: L, bytes: Self::Bytes) -> Block {
        lanes.widen_f16(bytes)
    }

    #[inline(always)]
    fn narrow<L: Lanes>(lanes: L, values: Block) -> Self::Bytes {
        lanes.narrow_f16(values)
    }

    #[inline(always)]
    fn narrow_by_chance<L: Lanes>(_: L, values: Block, random: &[u32; LANE_COUNT]) -> Self::Bytes {
        let mut halves = [0; LANE_COUNT];
        for lane in 0..LANE_COUNT {
            halves[lane] = half_by_chance(values[lane].to_bits(), random[lane]);
        }
        bytes_of_halves(halves)
    }
}

/// An f16 of the two around the f32 with these bits, which lies within its range.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the lower bits are what is dropped, magnitudes have no sign"
)]
#[inline(always)]
fn half_by_chance(bits: u32, random: u32) -> u16 {
    const SMALLEST_NORMAL: u32 = 0x3880_0000;
    let (sign, magnitude) = (bits >> 16 & 0x8000, bits & 0x7fff_ffff);
    // 13 bits are dropped; the carry moves on into the exponent, which has another bias.
    let normal = (magnitude.wrapping_add(random >> 19) >> 13).wrapping_sub(112 << 10);
    // Below, a unit is 2^-24 whatever the exponent; the product is exact.
    let units = f32::from_bits(magnitude) * 16_777_216.0;
    let whole = units as u32;
    let dropped = ((units - whole as f32) * 4_294_967_296.0) as u32;
    let subnormal = whole.wrapping_add(u32::from(dropped > !random));
    (sign | if magnitude >= SMALLEST_NORMAL { normal } else { subnormal }) as u16
}

/// bfloat16: the upper half of an f32.
pub(super) struct BF16;

impl Element for BF16 {
    const DTYPE: FloatDtype = FloatDtype::BF16;
    // Half way between the largest bf16 and 2^128, where the tie goes to infinity.
    const OVERFLOW_BITS: u32 = 0x7f7f_8000;
    const MAX_BITS: u32 = 0x7f7f_0000;
    type Bytes = [u8; 2 * LANE_COUNT];

    #[inline(always)]
    fn widen<L: Lanes>(_: L, bytes: Self::Bytes) -> Block {
        let mut values = [0.0; LANE_COUNT];
        for (value, bytes) in values.iter_mut().zip(bytes.as_chunks::<2>().0) {
            *value = f32::from_bits(u32::from(u16::from_le_bytes(*bytes)) << 16);
        }
        values
    }

    #[inline(always)]
    fn narrow<L: Lanes>(lanes: L, values: Block) -> Self::Bytes {
        let mut bytes = [0; 2 * LANE_COUNT];
        Self::narrow_all(lanes, &values, &mut bytes);
        bytes
    }

    // Element by element, for which the compiler finds better code than for a loop over blocks.
    #[inline(always)]
    fn narrow_all<L: Lanes>(_: L, values: &[f32], bytes: &mut [u8]) {
        for (bytes, value) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(values) {
            let quiet_nan = value.to_bits() | 0x0040_0000;
            let rounded = rounded_to_upper_half(value.to_bits());
            *bytes = ((if value.is_nan() { quiet_nan } else { rounded } >> 16) as u16).to_le_bytes();
        }
    }

    #[inline(always)]
    fn narrow_numbers<L: Lanes>(_: L, values: Block) -> Self::Bytes {
        let mut bits = [0; LANE_COUNT];
        for lane in 0..LANE_COUNT {
            bits[lane] = rounded_to_upper_half(values[lane].to_bits());
        }
        upper_halves(bits)
    }

    // Element by element, as `narrow_all`.
    #[inline(always)]
    fn round_all<L: Lanes>(_: L, blocks: &mut [Block]) {
        for value in blocks.as_flattened_mut() {
            *value = f32::from_bits(rounded_to_upper_half(value.to_bits()) & 0xffff_0000);
        }
    }

    #[inline(always)]
    fn narrow_by_chance<L: Lanes>(_: L, values: Block, random: &[u32; LANE_COUNT]) -> Self::Bytes {
        let mut bits = [0; LANE_COUNT];
        for lane in 0..LANE_COUNT {
            bits[lane] = values[lane].to_bits().wrapping_add(random[lane] >> 16);
        }
        upper_halves(bits)
    }
}

/// Adds just under half a unit of the upper 16 bits, and the last of them, so that a tie goes to the even neighbour;
/// the carry moves on into the exponent, up to infinity. NaN would be lost.
#[inline(always)]
fn rounded_to_upper_half(bits: u32) -> u32 {
    bits.wrapping_add(0x7fff + ((bits >> 16) & 1))
}

#[inline(always)]
fn upper_halves(bits: [u32; LANE_COUNT]) -> [u8; 2 * LANE_COUNT] {
    let mut halves = [0; LANE_COUNT];
    for lane in 0..LANE_COUNT {
        halves[lane] = (bits[lane] >> 16) as u16;
    }
    bytes_of_halves(halves)
}

#[inline(always)]
fn bytes_of_halves(halves: [u16; LANE_COUNT]) -> [u8; 2 * LANE_COUNT] {
    let mut bytes = [0; 2 * LANE_COUNT];
    for (bytes, half) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(halves) {
        *bytes = half.to_le_bytes();
    }
    bytes
}
