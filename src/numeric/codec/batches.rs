//! The frame of formats whose codes lie as one stream of bits, in groups that share what turns them into values.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use std::ops::Range;

use super::bit_stream;
use crate::numeric::{
    FloatDtype,
    lanes::{Element, Lanes, with_element},
    level::LaneLoop,
};

/// Elements that are decoded in one go: whole groups of every size, and little enough for the nearest cache.
const BATCH: usize = 1024;

/// How the codes of whole groups become values.
pub(super) trait GroupCode {
    /// Writes the `values` of `codes`, which are those of `groups`; they are rounded to `E` after it.
    fn decode<L: Lanes, E: Element>(&self, lanes: L, groups: Range<usize>, codes: &[u8], values: &mut [f32]);
}

/// Codes on their way to values, batch by batch.
pub(super) struct Batches<'a, C> {
    pub code: C,
    /// What values are rounded to.
    pub dtype: FloatDtype,
    /// Bits of a code.
    pub bits: usize,
    /// Elements of a group; a batch has whole groups.
    pub group: usize,
    /// The codes of whole groups.
    pub codes: &'a [u8],
    /// Where their values go.
    pub bytes: &'a mut [u8],
}

impl<C: GroupCode> LaneLoop for Batches<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        with_element!(self.dtype, E => self.decode::<L, E>(lanes));
    }
}

impl<C: GroupCode> Batches<'_, C> {
    #[inline(always)]
    fn decode<L: Lanes, E: Element>(self, lanes: L) {
        let Self { code, dtype, bits, group, codes, bytes } = self;
        let (mut unpacked, mut values) = ([0; BATCH], [0.0; BATCH]);
        let size = dtype.byte_count();
        let parts = codes.chunks(BATCH * bits / 8).zip(bytes.chunks_mut(BATCH * size));
        for (index, (part, bytes)) in parts.enumerate() {
            let count = bytes.len() / size;
            let first = index * (BATCH / group);
            let (unpacked, values) = (&mut unpacked[..count], &mut values[..count]);
            bit_stream::unpack(bits, part, 0..count, unpacked);
            code.decode::<L, E>(lanes, first..first + count / group, unpacked, values);
            E::narrow_all(lanes, values, bytes);
        }
    }
}
