//! The formats with blocks of 32 values: `Q4_0`, `Q4_1`, `Q5_0`, `Q5_1` and `Q8_0`.

use super::half_at;

/// Values of a block.
pub(super) const SHORT_LEN: usize = 32;

/// Which of them: bits of a code, and whether a block has a minimum.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Short {
    /// `Q8_0`.
    Eight,
    /// `Q4_0` and `Q5_0`: codes offset by half their range.
    Offset { bits: u8 },
    /// `Q4_1` and `Q5_1`: codes above a minimum.
    Min { bits: u8 },
}

impl Short {
    /// Bytes of a block.
    pub(super) const fn block_byte_count(self) -> usize {
        match self {
            Self::Eight => 2 + SHORT_LEN,
            Self::Offset { bits } => 2 + bits as usize * SHORT_LEN / 8,
            Self::Min { bits } => 4 + bits as usize * SHORT_LEN / 8,
        }
    }
}

/// Values of whole blocks.
pub(super) fn decode(short: Short, bytes: &[u8], values: &mut [f32]) {
    let blocks = bytes.chunks_exact(short.block_byte_count()).zip(values.as_chunks_mut::<SHORT_LEN>().0);
    for (bytes, values) in blocks {
        let scale = half_at(bytes, 0);
        let (bits, offset, min, codes) = match short {
            Short::Eight => {
                for (value, code) in values.iter_mut().zip(&bytes[2..]) {
                    *value = f32::from(code.cast_signed()) * scale;
                }
                continue;
            }
            Short::Offset { bits } => (bits, 1_i8 << (bits - 1), None, &bytes[2..]),
            Short::Min { bits } => (bits, 0, Some(half_at(bytes, 2)), &bytes[4..]),
        };
        let (high, low) = codes.split_at(if bits == 5 { 4 } else { 0 });
        for (at, value) in values.iter_mut().enumerate() {
            let high = high.get(at / 8).map_or(0, |high| (high >> (at % 8) & 1) << 4);
            let code = (low[at % 16] >> (at / 16 * 4) & 15 | high).cast_signed() - offset;
            let product = f32::from(code) * scale;
            *value = min.map_or(product, |min| product + min);
        }
    }
}
