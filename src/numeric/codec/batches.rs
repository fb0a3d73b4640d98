//! The frame of formats whose codes lie as one stream of bits, in groups that share what turns them into values.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use std::ops::Range;

use super::bit_stream;
use crate::numeric::lanes::{Element, Lanes};

/// Elements that are decoded in one go: whole groups of every size, and little enough for the nearest cache.
const BATCH: usize = 1024;

/// Codes on their way to values.
pub(super) struct Batches<'a> {
    /// Bits of a code.
    pub bits: usize,
    /// Elements of a group, of which a batch has a whole number.
    pub group: usize,
    /// The codes, of whole groups.
    pub codes: &'a [u8],
    /// Where the values go.
    pub bytes: &'a mut [u8],
}

impl Batches<'_> {
    /// Makes values of all codes, batch by batch: `decode` is given the groups of a batch, their codes, and the place for
    /// their values, which are rounded after it.
    #[inline(always)]
    pub fn run<L: Lanes, E: Element>(
        self,
        lanes: L,
        byte_count: usize,
        mut decode: impl FnMut(Range<usize>, &[u8], &mut [f32]),
    ) {
        let Self { bits, group, codes, bytes } = self;
        let (mut unpacked, mut values) = ([0; BATCH], [0.0; BATCH]);
        let parts = codes.chunks(BATCH * bits / 8).zip(bytes.chunks_mut(BATCH * byte_count));
        for (index, (part, bytes)) in parts.enumerate() {
            let count = bytes.len() / byte_count;
            let first = index * (BATCH / group);
            let (unpacked, values) = (&mut unpacked[..count], &mut values[..count]);
            bit_stream::unpack(bits, part, 0..count, unpacked);
            decode(first..first + count / group, unpacked, values);
            E::narrow_all(lanes, values, bytes);
        }
    }
}
