//! From values to 4-bit normal floats, as bitsandbytes' reference writes them: one scale a block, the largest magnitude
//! in it, and the code of the nearest value.
//!
//! Blocks pay no heed to rows, and none looks at another: any run of whole blocks gives the bytes of the whole tensor.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use super::NF4;
use crate::numeric::{
    CpuLevel, FloatDtype,
    lanes::{Element, LANE_COUNT, Lanes, with_element},
    level::LaneLoop,
};

/// Values that are in memory at a time: the largest block, or several smaller ones.
const STRIP: usize = 4096;

/// The smallest divisor, so that a block of zeros divides by something.
const SMALLEST_SCALE: f32 = 1e-38;

/// Half way between a code's value and the next one's, where the lower code wins.
const BOUNDS: [f32; 15] = {
    let (mut bounds, mut code) = ([0.0; 15], 0);
    while code < 15 {
        bounds[code] = f32::midpoint(NF4[code], NF4[code + 1]);
        code += 1;
    }
    bounds
};

/// A value that has no place among the codes: the scale of its block would be no number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NotFinite {
    /// Its place in what was encoded.
    pub element: usize,
    /// NaN or an infinity.
    pub value: f32,
}

/// How values become codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nf4Encoder {
    /// Elements of a block: a power of two from 32 to 4096.
    pub block: usize,
    /// The dtype of the values.
    pub dtype: FloatDtype,
}

impl Nf4Encoder {
    /// The block sizes that bitsandbytes has.
    pub const BLOCKS: [usize; 8] = [32, 64, 128, 256, 512, 1024, 2048, 4096];

    /// Encodes the elements in `bytes`, which begin a block and end one, or the tensor: two codes to a byte of `codes`,
    /// the first in the high half, and one scale a block in `absmax`.
    ///
    /// # Errors
    /// The first value that is NaN or infinite; what is written by then has no meaning.
    ///
    /// # Panics
    /// If the slices do not belong to as many elements, or the block is none of [`Self::BLOCKS`].
    pub fn encode(&self, bytes: &[u8], codes: &mut [u8], absmax: &mut [f32]) -> Result<(), NotFinite> {
        self.encode_at(CpuLevel::detected(), bytes, codes, absmax)
    }

    /// [`Self::encode`] with the instructions of `level`, which changes nothing but the speed.
    ///
    /// # Errors
    /// As [`Self::encode`].
    ///
    /// # Panics
    /// As [`Self::encode`].
    pub fn encode_at(
        &self,
        level: CpuLevel,
        bytes: &[u8],
        codes: &mut [u8],
        absmax: &mut [f32],
    ) -> Result<(), NotFinite> {
        assert!(Self::BLOCKS.contains(&self.block), "bitsandbytes has no blocks of {}", self.block);
        let count = bytes.len() / self.dtype.byte_count();
        assert_eq!(bytes.len(), count * self.dtype.byte_count(), "bytes and elements must agree");
        assert_eq!(codes.len(), count.div_ceil(2), "codes and elements must agree");
        assert_eq!(absmax.len(), count.div_ceil(self.block), "scales and elements must agree");
        level.run(Encode { dtype: self.dtype, block: self.block, bytes, codes, absmax })
    }
}

struct Encode<'a> {
    dtype: FloatDtype,
    block: usize,
    bytes: &'a [u8],
    codes: &'a mut [u8],
    absmax: &'a mut [f32],
}

impl LaneLoop for Encode<'_> {
    type Output = Result<(), NotFinite>;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> Self::Output {
        with_element!(self.dtype, E => self.encode::<E, L>(lanes))
    }
}

impl Encode<'_> {
    #[inline(always)]
    fn encode<E: Element, L: Lanes>(self, lanes: L) -> Result<(), NotFinite> {
        let mut values = [[0.0; LANE_COUNT]; STRIP / LANE_COUNT];
        let mut absmax = self.absmax.iter_mut();
        let strips = self.bytes.chunks(STRIP * self.dtype.byte_count()).zip(self.codes.chunks_mut(STRIP / 2));
        for (index, (bytes, codes)) in strips.enumerate() {
            let count = bytes.len() / self.dtype.byte_count();
            E::widen_all(lanes, bytes, &mut values.as_flattened_mut()[..count]);
            let blocks = values.as_flattened_mut()[..count].chunks_mut(self.block);
            for (block, (values, absmax)) in blocks.zip(&mut absmax).enumerate() {
                *absmax = largest_magnitude(values);
                if !absmax.is_finite() {
                    let place = values.iter().position(|value| !value.is_finite()).unwrap_or(0);
                    let element = index * STRIP + block * self.block + place;
                    return Err(NotFinite { element, value: values[place] });
                }
                // The reference multiplies by the rounded inverse here, and divides in a last, shorter block.
                if values.len() == self.block {
                    let inverse = 1.0 / absmax.max(SMALLEST_SCALE);
                    for value in values {
                        *value *= inverse;
                    }
                } else {
                    *absmax = absmax.max(SMALLEST_SCALE);
                    for value in values {
                        *value /= *absmax;
                    }
                }
            }
            // A zero is what fills the last byte of an odd count.
            values.as_flattened_mut()[count..count.next_multiple_of(LANE_COUNT)].fill(0.0);
            let (whole, last_codes) = codes.as_chunks_mut::<{ LANE_COUNT / 2 }>();
            lanes.count_below(&BOUNDS, &values[..whole.len()], whole);
            if !last_codes.is_empty() {
                let mut counts = [[0; LANE_COUNT / 2]];
                lanes.count_below(&BOUNDS, &values[whole.len()..][..1], &mut counts);
                last_codes.copy_from_slice(&counts[0][..last_codes.len()]);
            }
        }
        Ok(())
    }
}

/// The largest magnitude; infinite or NaN where one value is, since their bits are the largest of all.
#[inline(always)]
fn largest_magnitude(values: &[f32]) -> f32 {
    f32::from_bits(values.iter().fold(0, |largest, value| largest.max(value.to_bits() & 0x7fff_ffff)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::numeric::{
        codec::{DYNAMIC_MAP, FourBit, NestedScales},
        narrow, widen,
    };

    /// What bitsandbytes makes of tensors (`tests/tools/make_nf4_codes.py`).
    #[derive(Deserialize)]
    struct Golden {
        dynamic_map: String,
        cases: Vec<Case>,
    }

    #[derive(Debug, Deserialize)]
    struct Case {
        dtype: FloatDtype,
        block: usize,
        count: usize,
        zeros: [usize; 2],
        first: Vec<u32>,
        codes: String,
        absmax: String,
        nested_codes: String,
        nested_absmax: Vec<u32>,
        nested_offset: u32,
    }

    impl Case {
        fn bytes(&self) -> Vec<u8> {
            let mut state = 1_u32;
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                ((state >> 8) as f32 - 8_388_608.0) / 8_388_608.0
            };
            let mut values: Vec<f32> = (0..self.count).map(|_| next() * next() * next() * 0.1).collect();
            values[self.zeros[0]..self.zeros[1]].fill(0.0);
            for (value, bits) in values.iter_mut().zip(&self.first) {
                *value = f32::from_bits(*bits);
            }
            bytes_of(self.dtype, &values)
        }
    }

    fn golden() -> Golden {
        serde_json::from_str(include_str!("../../../tests/expected/nf4.json")).unwrap()
    }

    fn bytes_of(dtype: FloatDtype, values: &[f32]) -> Vec<u8> {
        let mut bytes = vec![0; values.len() * dtype.byte_count()];
        narrow(dtype, values, &mut bytes);
        bytes
    }

    fn encoded(encoder: Nf4Encoder, level: CpuLevel, bytes: &[u8]) -> Result<(Vec<u8>, Vec<f32>), NotFinite> {
        let count = bytes.len() / encoder.dtype.byte_count();
        let (mut codes, mut absmax) = (vec![0; count.div_ceil(2)], vec![0.0; count.div_ceil(encoder.block)]);
        encoder.encode_at(level, bytes, &mut codes, &mut absmax)?;
        Ok((codes, absmax))
    }

    fn hex(bytes: &[u8]) -> String {
        use std::fmt::Write as _;
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    fn digest(bytes: &[u8]) -> String {
        hex(&Sha256::digest(bytes))
    }

    #[test]
    fn codes_and_scales_are_those_of_bitsandbytes() {
        let golden = golden();
        assert!(golden.cases.len() > 40);
        for case in golden.cases {
            let encoder = Nf4Encoder { block: case.block, dtype: case.dtype };
            for level in CpuLevel::available() {
                let (codes, absmax) = encoded(encoder, level, &case.bytes()).unwrap();
                assert_eq!(digest(&codes), case.codes, "{level}: codes of {case:?}");
                assert_eq!(digest(&bytes_of(FloatDtype::F32, &absmax)), case.absmax, "{level}: scales of {case:?}");
            }
        }
    }

    /// The mean of the scales may be a unit away, which moves the scales of scales with it.
    #[test]
    fn nested_scales_are_those_of_bitsandbytes() {
        let golden = golden();
        assert_eq!(digest(&bytes_of(FloatDtype::F32, &*DYNAMIC_MAP)), golden.dynamic_map);
        for case in golden.cases {
            let encoder = Nf4Encoder { block: case.block, dtype: case.dtype };
            let (_, absmax) = encoded(encoder, CpuLevel::detected(), &case.bytes()).unwrap();
            let nested = NestedScales::of(&absmax);
            assert_eq!(hex(&nested.codes), case.nested_codes, "{case:?}");
            assert!(nested.offset.to_bits().abs_diff(case.nested_offset) <= 1, "{case:?}");
            let ulp = FloatDtype::F32.ulp(nested.offset.into());
            let expected: Vec<f32> = case.nested_absmax.iter().map(|bits| f32::from_bits(*bits)).collect();
            assert_eq!(nested.absmax.len(), expected.len());
            for (ours, theirs) in nested.absmax.iter().zip(expected) {
                assert!(f64::from((ours - theirs).abs()) <= ulp, "{ours:e} and {theirs:e} of {case:?}");
            }
        }
    }

    #[test]
    fn what_is_no_number_is_named() {
        for dtype in [FloatDtype::F32, FloatDtype::F16, FloatDtype::BF16] {
            for value in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                // In a whole block, and in the short one at the end.
                for element in [70, 130] {
                    let mut values = vec![0.5; 131];
                    values[element] = value;
                    let bytes = bytes_of(dtype, &values);
                    for level in CpuLevel::available() {
                        let problem = encoded(Nf4Encoder { block: 64, dtype }, level, &bytes).unwrap_err();
                        assert_eq!(problem.element, element);
                        assert_eq!(problem.value.to_bits() | 0x0040_0000, value.to_bits() | 0x0040_0000);
                    }
                }
            }
        }
    }

    proptest! {
        /// Blocks one after the other, and the scalar rule, give what the whole tensor gives at any level.
        #[test]
        fn any_run_of_whole_blocks_is_that_of_the_whole(
            bits in proptest::collection::vec(any::<u32>(), 1..400),
            split in 0_usize..13,
            dtype in prop_oneof![Just(FloatDtype::BF16), Just(FloatDtype::F16), Just(FloatDtype::F32)],
        ) {
            let values: Vec<f32> = bits.into_iter().map(f32::from_bits).map(|v| if v.is_finite() { v % 60_000.0 } else { 0.0 }).collect();
            let bytes = bytes_of(dtype, &values);
            let encoder = Nf4Encoder { block: 32, dtype };
            let (codes, absmax) = encoded(encoder, CpuLevel::Portable, &bytes).unwrap();
            let at = (split * 32 * dtype.byte_count()).min(bytes.len());
            for level in CpuLevel::available() {
                let (mut parts, mut scales) = encoded(encoder, level, &bytes[..at]).unwrap();
                let (rest, rest_scales) = encoded(encoder, level, &bytes[at..]).unwrap();
                parts.extend(rest);
                scales.extend(rest_scales);
                prop_assert_eq!(&parts, &codes);
                prop_assert_eq!(&scales, &absmax);
            }
            // What is decoded is nowhere further away than half of the widest gap between two codes.
            let (mut decoded, mut exact) = (vec![0.0; values.len()], vec![0.0; values.len()]);
            let mut decoded_bytes = vec![0; values.len() * 4];
            FourBit { table: NF4, block: 32, dtype: FloatDtype::F32 }.decode(&(0..values.len()), &codes, &absmax, &mut decoded_bytes);
            widen(FloatDtype::F32, &decoded_bytes, &mut decoded);
            widen(dtype, &bytes, &mut exact);
            for (index, (decoded, exact)) in decoded.iter().zip(&exact).enumerate() {
                prop_assert!((decoded - exact).abs() <= absmax[index / 32].max(SMALLEST_SCALE) * 0.1521, "element {}", index);
            }
        }
    }
}
