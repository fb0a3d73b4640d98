//! `Q2_K` and `Q3_K`, which are read and not written: without an importance matrix they cost too much of a model.

use super::{K_BLOCK_LEN, half_at};

/// The code of a value: 32 bytes hold those of 128 values.
fn two_bits(codes: &[u8], index: usize) -> u8 {
    codes[index / 128 * 32 + index % 32] >> (index % 128 / 32 * 2) & 3
}

/// Values of `Q2_K` blocks: sixteen 4-bit scales and minima, codes of two bits, scale, scale of the minima.
pub(super) fn decode_two(bytes: &[u8], values: &mut [f32]) {
    for (bytes, values) in bytes.chunks_exact(84).zip(values.chunks_exact_mut(K_BLOCK_LEN)) {
        let (table, codes) = (&bytes[..16], &bytes[16..80]);
        let (scale, min) = (half_at(bytes, 80), half_at(bytes, 82));
        for (index, value) in values.iter_mut().enumerate() {
            let entry = table[index / 16];
            let code = two_bits(codes, index);
            *value = scale * f32::from(entry & 15) * f32::from(code) - min * f32::from(entry >> 4);
        }
    }
}

/// Values of `Q3_K` blocks: the high bits, codes of two bits, sixteen signed 6-bit scales, scale.
pub(super) fn decode_three(bytes: &[u8], values: &mut [f32]) {
    for (bytes, values) in bytes.chunks_exact(110).zip(values.chunks_exact_mut(K_BLOCK_LEN)) {
        let (high_bits, codes, table) = (&bytes[..32], &bytes[32..96], &bytes[96..108]);
        let scale = half_at(bytes, 108);
        for (index, value) in values.iter_mut().enumerate() {
            let sub = index / 16;
            let low = table[sub % 8] >> (sub / 8 * 4) & 15;
            let high = table[8 + sub % 4] >> (sub / 4 * 2) & 3;
            let own_scale = scale * f32::from((low | high << 4).cast_signed() - 32);
            let code = two_bits(codes, index);
            let is_high = high_bits[index % 32] >> (index / 32) & 1 == 1;
            *value = own_scale * f32::from(code.cast_signed() - if is_high { 0 } else { 4 });
        }
    }
}
