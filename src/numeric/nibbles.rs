//! Codes of four bits, two to a byte with the first in the high half: from values to codes and from codes to entries of
//! a table, many at a time.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

/// Codes whose entries are looked up at a time.
pub(super) const LOOKED_UP: usize = 32;

/// What of them a level has instructions for that the compiler does not find by itself.
pub(super) trait NibbleLanes: Copy {
    /// Finds the 16-bit entries of `codes`.
    #[inline(always)]
    fn look_up(self, table: &[u8; 32], codes: &[[u8; LOOKED_UP / 2]], found: &mut [[u8; 2 * LOOKED_UP]]) {
        let entries = table.as_chunks::<2>().0;
        let pairs = found.as_flattened_mut().as_chunks_mut::<4>().0;
        for (pair, code) in pairs.iter_mut().zip(codes.as_flattened()) {
            let ([a, b], [c, d]) = (entries[usize::from(code >> 4)], entries[usize::from(code & 15)]);
            *pair = [a, b, c, d];
        }
    }

    /// The codes of `values`: how many of the ascending `bounds` lie below each.
    #[inline(always)]
    fn count_below(self, bounds: &[f32; 15], values: &[[f32; 16]], codes: &mut [[u8; 8]]) {
        for (values, codes) in values.iter().zip(codes) {
            let mut counts = [0_u32; 16];
            for bound in bounds {
                for (count, value) in counts.iter_mut().zip(values) {
                    *count = count.wrapping_add(u32::from(value > bound));
                }
            }
            for (code, [high, low]) in codes.iter_mut().zip(counts.as_chunks::<2>().0) {
                *code = (high << 4 | low).to_le_bytes()[0];
            }
        }
    }
}
