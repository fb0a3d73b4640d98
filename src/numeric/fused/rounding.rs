//! The two ways in which a run is rounded, as the loops see them.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use super::{
    super::{
        FloatDtype,
        convert::narrow,
        lanes::{Block, Element, Lanes},
    },
    RUN_LEN,
};

/// How the numbers of a run are rounded.
pub(super) trait RunRounding: Copy {
    /// Whether the pass learns what it did; without that it only sees to the range of its results.
    const LEARNS: bool = true;

    /// Rounds block number `block` of the run, under the assumption that it stays in range.
    fn narrow<O: Element, L: Lanes>(self, lanes: L, values: Block, block: usize) -> O::Bytes;

    /// The smallest magnitude, as bits of an f32, with which a run is done with care.
    fn care_bits<O: Element>(self) -> u32;

    /// Rounds any numbers, the first of which is number `first` of the run.
    fn narrow_with_care(self, dtype: FloatDtype, values: &[f32], first: usize, bytes: &mut [u8]);
}

/// To nearest, ties to even.
#[derive(Clone, Copy)]
pub(super) struct ToNearest;

impl RunRounding for ToNearest {
    #[inline(always)]
    fn narrow<O: Element, L: Lanes>(self, lanes: L, values: Block, _: usize) -> O::Bytes {
        O::narrow_numbers(lanes, values)
    }

    #[inline(always)]
    fn care_bits<O: Element>(self) -> u32 {
        O::OVERFLOW_BITS
    }

    fn narrow_with_care(self, dtype: FloatDtype, values: &[f32], _: usize, bytes: &mut [u8]) {
        narrow(dtype, values, bytes);
    }
}

/// To a neighbour, by the random words of the run's elements.
#[derive(Clone, Copy)]
pub(super) struct ByChance<'a>(pub &'a [u32; RUN_LEN]);

impl RunRounding for ByChance<'_> {
    #[inline(always)]
    fn narrow<O: Element, L: Lanes>(self, lanes: L, values: Block, block: usize) -> O::Bytes {
        O::narrow_by_chance(lanes, values, &self.0.as_chunks().0[block])
    }

    // A number between the largest and infinity has no two neighbours.
    #[inline(always)]
    fn care_bits<O: Element>(self) -> u32 {
        O::MAX_BITS + 1
    }

    fn narrow_with_care(self, dtype: FloatDtype, values: &[f32], first: usize, bytes: &mut [u8]) {
        #[expect(clippy::cast_possible_truncation, reason = "exact: the result is a number of a narrower dtype")]
        let rounded = |(value, random): (&f32, &u32)| match f64::from(*value) {
            value if value.is_finite() => dtype.round_by_chance(value, *random) as f32,
            value => value as f32,
        };
        let rounded: Vec<f32> = values.iter().zip(&self.0[first..]).map(rounded).collect();
        narrow(dtype, &rounded, bytes);
    }
}

/// To nearest, with nothing learned: what a merge costs without its evidence, for the benchmark.
#[derive(Clone, Copy)]
pub(super) struct Bare;

impl RunRounding for Bare {
    const LEARNS: bool = false;

    #[inline(always)]
    fn narrow<O: Element, L: Lanes>(self, lanes: L, values: Block, block: usize) -> O::Bytes {
        ToNearest.narrow::<O, L>(lanes, values, block)
    }

    #[inline(always)]
    fn care_bits<O: Element>(self) -> u32 {
        ToNearest.care_bits::<O>()
    }

    fn narrow_with_care(self, dtype: FloatDtype, values: &[f32], first: usize, bytes: &mut [u8]) {
        ToNearest.narrow_with_care(dtype, values, first, bytes);
    }
}
