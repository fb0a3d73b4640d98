//! `Q6_K`: blocks of 256 signed codes of six bits, sixteen sub-blocks of 16 with 8-bit scales of their own.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use super::{
    K_BLOCK_LEN, half_at,
    k_search::{NEARLY_ZERO, codes, nearest, scales, turned},
    put_half,
};
use crate::numeric::{lanes::Lanes, level::LaneLoop};

/// Values of a sub-block.
const SUB_LEN: usize = 16;
/// Codes are `-HALF..HALF`, stored plus `HALF`.
const HALF: i32 = 32;
/// Where the scales lie in a block, after the low and the high bits.
const SCALES_AT: usize = 128 + 64;
/// Where the scale of the block lies.
const SCALE_AT: usize = SCALES_AT + 16;
/// Bytes of a block.
const BLOCK_BYTES: usize = SCALE_AT + 2;
/// Values whose codes lie together.
const PART_LEN: usize = 128;

/// Whole blocks from values.
pub(super) struct Encode<'a> {
    pub(super) values: &'a [f32],
    pub(super) bytes: &'a mut [u8],
}

impl LaneLoop for Encode<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _lanes: L) {
        for (values, bytes) in self.values.chunks_exact(K_BLOCK_LEN).zip(self.bytes.chunks_exact_mut(BLOCK_BYTES)) {
            write_block(values, bytes);
        }
    }
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "codes of eight bits and fewer")]
fn write_block(values: &[f32], bytes: &mut [u8]) {
    let found = scales(&turned::<SUB_LEN>(values), HALF);
    let (mut max_scale, mut max_magnitude) = (0.0, 0.0);
    for scale in found.scale {
        if scale.abs() > max_magnitude {
            (max_scale, max_magnitude) = (scale, scale.abs());
        }
    }
    bytes.fill(0);
    if max_magnitude < NEARLY_ZERO {
        return;
    }
    let iscale = -128.0 / max_scale;
    let scale = put_half(bytes, SCALE_AT, 1.0 / iscale);
    let mut stored = [0_u8; K_BLOCK_LEN];
    let sub_blocks = values.as_chunks::<SUB_LEN>().0.iter().zip(stored.as_chunks_mut::<SUB_LEN>().0);
    for (sub, (values, stored)) in sub_blocks.enumerate() {
        let scale_code = nearest(iscale * found.scale[sub]).min(127) as i8;
        bytes[SCALES_AT + sub] = scale_code.cast_unsigned();
        let own = (scale * f32::from(scale_code), 0.0);
        for (stored, code) in stored.iter_mut().zip(codes(&found, sub, values, own, (-HALF, HALF - 1))) {
            *stored = (code + HALF) as u8;
        }
    }
    for (part, codes) in stored.as_chunks::<PART_LEN>().0.iter().enumerate() {
        for at in 0..32 {
            let [a, b, c, d] = [0, 32, 64, 96].map(|start| codes[start + at]);
            bytes[part * 64 + at] = a & 15 | (c & 15) << 4;
            bytes[part * 64 + 32 + at] = b & 15 | (d & 15) << 4;
            bytes[128 + part * 32 + at] = a >> 4 | b >> 4 << 2 | c >> 4 << 4 | d >> 4 << 6;
        }
    }
}

/// Values of whole blocks.
pub(super) fn decode(bytes: &[u8], values: &mut [f32]) {
    for (bytes, values) in bytes.chunks_exact(BLOCK_BYTES).zip(values.chunks_exact_mut(K_BLOCK_LEN)) {
        let scale = half_at(bytes, SCALE_AT);
        for (index, value) in values.iter_mut().enumerate() {
            let (part, place, at) = (index / PART_LEN, index % PART_LEN / 32, index % 32);
            let low = bytes[part * 64 + place % 2 * 32 + at] >> (place / 2 * 4) & 15;
            let high = bytes[128 + part * 32 + at] >> (place * 2) & 3;
            let own_scale = scale * f32::from(bytes[SCALES_AT + index / SUB_LEN].cast_signed());
            *value = own_scale * f32::from((low | high << 4).cast_signed() - 32);
        }
    }
}
