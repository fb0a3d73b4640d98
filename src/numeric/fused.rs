//! One pass over a tile: widen W, add Δ, round once, store, and learn what that did.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

use super::{
    CpuLevel, ElementViews, FloatDtype, TileStats,
    convert::{narrow, widen},
    lanes::{Block, Element, LANE_COUNT, Lanes, with_element},
    level::LaneLoop,
};

/// Elements summed in f32 lanes before the sums are carried on in f64.
const RUN_LEN: usize = 4096;

/// Lanes of what may be combined in any order: half a block, so that all sums stay in the 16 registers of AVX2.
const COUNT_LANES: usize = LANE_COUNT / 2;

/// Elements that the careful pass holds at once, on the stack.
const CAREFUL_LEN: usize = 256;

/// The bytes of a tile before and after: as many elements in `output` as in `input`.
#[derive(Debug)]
pub struct TileBytes<'a> {
    /// W as stored.
    pub input: &'a [u8],
    /// Its dtype.
    pub input_dtype: FloatDtype,
    /// Where the result is written.
    pub output: &'a mut [u8],
    /// The dtype to round to.
    pub output_dtype: FloatDtype,
}

impl TileBytes<'_> {
    /// Writes W + Δ: the sum rounded to f32, then once to the output dtype, each to nearest even.
    ///
    /// A Δ of −0 counts as +0, so that −0 + Δ does not depend on the order in which Δ was summed.
    ///
    /// # Panics
    /// If `delta` or `output` has another number of elements than `input`.
    pub fn write_sum(self, level: CpuLevel, delta: &[f32]) -> TileStats {
        assert_eq!(delta.len(), self.element_count(), "Δ and elements must agree");
        level.run(Pass { bytes: self, delta: Some(delta) })
    }

    /// Writes W in the output dtype, rounded once.
    ///
    /// # Panics
    /// If `output` has another number of elements than `input`.
    pub fn write_converted(self, level: CpuLevel) -> TileStats {
        self.element_count();
        level.run(Pass { bytes: self, delta: None })
    }

    fn element_count(&self) -> usize {
        let element_count = self.input.len() / self.input_dtype.byte_count();
        assert_eq!(self.input.len(), element_count * self.input_dtype.byte_count(), "input must be whole elements");
        assert_eq!(self.output.len(), element_count * self.output_dtype.byte_count(), "output must be as long");
        element_count
    }
}

struct Pass<'a> {
    bytes: TileBytes<'a>,
    delta: Option<&'a [f32]>,
}

impl LaneLoop for Pass<'_> {
    type Output = TileStats;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> TileStats {
        let Pass { bytes: TileBytes { input, input_dtype, output, output_dtype }, delta } = self;
        with_element!(input_dtype, I => with_element!(output_dtype, O => match delta {
            Some(delta) => add_runs::<I, O, L>(lanes, input, delta, output),
            None => convert_runs::<I, O, L>(lanes, input, output),
        }))
    }
}

#[inline(always)]
fn add_runs<I: Element, O: Element, L: Lanes>(lanes: L, input: &[u8], delta: &[f32], output: &mut [u8]) -> TileStats {
    let mut stats = TileStats::default();
    let (input_len, output_len) = (RUN_LEN * I::DTYPE.byte_count(), RUN_LEN * O::DTYPE.byte_count());
    let runs = input.chunks(input_len).zip(delta.chunks(RUN_LEN)).zip(output.chunks_mut(output_len));
    for ((input, delta), output) in runs {
        let sums = add_run::<I, O, L>(lanes, input, delta, output);
        sums.finish::<I, O>(input, Some(delta), output, &mut stats);
    }
    stats
}

#[inline(always)]
fn convert_runs<I: Element, O: Element, L: Lanes>(lanes: L, input: &[u8], output: &mut [u8]) -> TileStats {
    let mut stats = TileStats::default();
    let (input_len, output_len) = (RUN_LEN * I::DTYPE.byte_count(), RUN_LEN * O::DTYPE.byte_count());
    for (input, output) in input.chunks(input_len).zip(output.chunks_mut(output_len)) {
        let sums = convert_run::<I, O, L>(lanes, input, output);
        sums.finish::<I, O>(input, None, output, &mut stats);
    }
    stats
}

#[inline(always)]
fn add_run<I: Element, O: Element, L: Lanes>(lanes: L, input: &[u8], delta: &[f32], output: &mut [u8]) -> LaneSums {
    let mut sums = LaneSums::default();
    let (input, last_input) = I::blocks(input);
    let (delta, last_delta) = delta.as_chunks::<LANE_COUNT>();
    let (output, last_output) = O::blocks_mut(output);
    for ((input, delta), output) in input.iter().zip(delta).zip(output) {
        *output = sums.write_block::<I, O, L>(lanes, *input, Some(delta));
    }
    if !last_delta.is_empty() {
        let mut delta = [0.0; LANE_COUNT];
        delta[..last_delta.len()].copy_from_slice(last_delta);
        let block = sums.write_block::<I, O, L>(lanes, I::padded(last_input), Some(&delta));
        last_output.copy_from_slice(&bytemuck::bytes_of(&block)[..last_output.len()]);
    }
    sums
}

#[inline(always)]
fn convert_run<I: Element, O: Element, L: Lanes>(lanes: L, input: &[u8], output: &mut [u8]) -> LaneSums {
    let mut sums = LaneSums::default();
    let (input, last_input) = I::blocks(input);
    let (output, last_output) = O::blocks_mut(output);
    for (input, output) in input.iter().zip(output) {
        *output = sums.write_block::<I, O, L>(lanes, *input, None);
    }
    if !last_input.is_empty() {
        let block = sums.write_block::<I, O, L>(lanes, I::padded(last_input), None);
        last_output.copy_from_slice(&bytemuck::bytes_of(&block)[..last_output.len()]);
    }
    sums
}

/// Sums of one run, in lanes because float addition may not be reordered by the compiler.
#[derive(Default)]
struct LaneSums {
    weight_square: Block,
    delta_square: Block,
    effect_delta: Block,
    magnitude_bits: [u32; COUNT_LANES],
    changed: [u32; COUNT_LANES],
}

impl LaneSums {
    /// The bytes of one block, under the assumption that everything stays finite; [`Self::finish`] checks it.
    #[inline(always)]
    fn write_block<I: Element, O: Element, L: Lanes>(
        &mut self,
        lanes: L,
        input: I::Bytes,
        delta: Option<&Block>,
    ) -> O::Bytes {
        let weight = I::widen(lanes, input);
        let mut sum = weight;
        if let Some(delta) = delta {
            for lane in 0..LANE_COUNT {
                sum[lane] += delta[lane] + 0.0;
            }
        }
        let bytes = O::narrow_numbers(lanes, sum);
        let stored = O::widen(lanes, bytes);
        let is_kept_exactly = I::DTYPE == O::DTYPE || O::DTYPE == FloatDtype::F32;
        let converted = if is_kept_exactly { weight } else { O::widen(lanes, O::narrow_numbers(lanes, weight)) };
        for lane in 0..LANE_COUNT {
            self.weight_square[lane] += weight[lane] * weight[lane];
        }
        if let Some(delta) = delta {
            for lane in 0..LANE_COUNT {
                self.delta_square[lane] += delta[lane] * delta[lane];
            }
            for lane in 0..LANE_COUNT {
                self.effect_delta[lane] += (stored[lane] - weight[lane]) * delta[lane];
            }
        }
        for lane in 0..LANE_COUNT {
            let largest = &mut self.magnitude_bits[lane % COUNT_LANES];
            *largest = sum[lane].abs().to_bits().max(*largest);
        }
        for lane in 0..LANE_COUNT {
            let count = &mut self.changed[lane % COUNT_LANES];
            *count = count.wrapping_add(u32::from(stored[lane] != converted[lane]));
        }
        bytes
    }

    /// Adds the run to `stats`, after doing it again with care if anything was not finite: W that is not finite leaves
    /// a sum that is not, and the bits of the largest magnitude tell (those of NaN lie above all others).
    ///
    /// Never inlined: a reduction next to the loop would make the compiler lay its lanes out for the reduction.
    #[inline(never)]
    fn finish<I: Element, O: Element>(
        &self,
        input: &[u8],
        delta: Option<&[f32]>,
        output: &mut [u8],
        stats: &mut TileStats,
    ) {
        let magnitude_bits = self.magnitude_bits.iter().copied().fold(0, u32::max);
        if magnitude_bits >= O::OVERFLOW_BITS {
            let bytes = TileBytes { input, input_dtype: I::DTYPE, output, output_dtype: O::DTYPE };
            return write_with_care(bytes, delta, stats);
        }
        let sum = |lanes: &Block| lanes.iter().map(|lane| f64::from(*lane)).sum::<f64>();
        stats.element_count += (input.len() / I::DTYPE.byte_count()) as u64;
        stats.changed_count += self.changed.iter().map(|count| u64::from(*count)).sum::<u64>();
        stats.weight_square_sum += sum(&self.weight_square);
        stats.delta_square_sum += sum(&self.delta_square);
        stats.effect_delta_sum += sum(&self.effect_delta);
        stats.max_magnitude = stats.max_magnitude.max(f32::from_bits(magnitude_bits));
    }
}

/// The same pass step by step, for NaN, infinity and overflow: each is kept or made as IEEE 754 says, and counted.
#[cold]
#[inline(never)]
fn write_with_care(bytes: TileBytes<'_>, delta: Option<&[f32]>, stats: &mut TileStats) {
    let TileBytes { input, input_dtype, output, output_dtype } = bytes;
    let (mut weight, mut sum, mut stored, mut converted) =
        ([0.0; CAREFUL_LEN], [0.0; CAREFUL_LEN], [0.0; CAREFUL_LEN], [0.0; CAREFUL_LEN]);
    let zero = [0.0; CAREFUL_LEN];
    let inputs = input.chunks(CAREFUL_LEN * input_dtype.byte_count());
    let outputs = output.chunks_mut(CAREFUL_LEN * output_dtype.byte_count());
    for (index, (input, output)) in inputs.zip(outputs).enumerate() {
        let len = input.len() / input_dtype.byte_count();
        let [weight, sum, stored, converted] =
            [&mut weight, &mut sum, &mut stored, &mut converted].map(|b| &mut b[..len]);
        widen(input_dtype, input, weight);
        narrow(output_dtype, weight, output);
        widen(output_dtype, output, converted);
        sum.copy_from_slice(weight);
        let delta = delta.map(|delta| &delta[index * CAREFUL_LEN..][..len]);
        for (sum, delta) in sum.iter_mut().zip(delta.unwrap_or_default()) {
            *sum += delta + 0.0;
        }
        narrow(output_dtype, sum, output);
        widen(output_dtype, output, stored);
        let delta = delta.unwrap_or(&zero[..len]);
        stats.observe(ElementViews { weight, delta, sum, stored, weight_converted: converted });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DTYPES: [FloatDtype; 3] = [FloatDtype::F32, FloatDtype::F16, FloatDtype::BF16];

    /// W as bytes, and Δ.
    struct Case {
        input: Vec<u8>,
        delta: Vec<f32>,
    }

    impl Case {
        fn new(dtype: FloatDtype, weight: &[f32], delta: Vec<f32>) -> Self {
            let mut input = vec![0; weight.len() * dtype.byte_count()];
            narrow(dtype, weight, &mut input);
            Self { input, delta }
        }

        fn run(&self, level: CpuLevel, dtypes: (FloatDtype, FloatDtype), adds: bool) -> (Vec<u8>, TileStats) {
            let mut output = vec![0xaa; self.delta.len() * dtypes.1.byte_count()];
            let bytes =
                TileBytes { input: &self.input, input_dtype: dtypes.0, output: &mut output, output_dtype: dtypes.1 };
            let stats = if adds { bytes.write_sum(level, &self.delta) } else { bytes.write_converted(level) };
            (output, stats)
        }

        /// The definition, element by element, in terms of the tested conversions.
        fn expected(&self, (input_dtype, output_dtype): (FloatDtype, FloatDtype), adds: bool) -> (Vec<u8>, TileStats) {
            let len = self.delta.len();
            let round = |values: &[f32]| {
                let mut bytes = vec![0; len * output_dtype.byte_count()];
                narrow(output_dtype, values, &mut bytes);
                let mut rounded = vec![0.0; len];
                widen(output_dtype, &bytes, &mut rounded);
                (bytes, rounded)
            };
            let mut weight = vec![0.0; len];
            widen(input_dtype, &self.input, &mut weight);
            let delta = if adds { self.delta.clone() } else { vec![0.0; len] };
            let sum =
                weight.iter().zip(&delta).map(|(weight, delta)| if adds { weight + (delta + 0.0) } else { *weight });
            let sum: Vec<f32> = sum.collect();
            let (bytes, stored) = round(&sum);
            let converted = if input_dtype == output_dtype { weight.clone() } else { round(&weight).1 };
            let mut stats = TileStats::default();
            stats.observe(ElementViews {
                weight: &weight,
                delta: &delta,
                sum: &sum,
                stored: &stored,
                weight_converted: &converted,
            });
            (bytes, stats)
        }

        /// Compares all levels with each other and with the definition, for every output dtype.
        fn check(&self, input_dtype: FloatDtype) {
            for (output_dtype, adds) in DTYPES.into_iter().flat_map(|dtype| [(dtype, true), (dtype, false)]) {
                let dtypes = (input_dtype, output_dtype);
                let (expected_bytes, expected) = self.expected(dtypes, adds);
                let portable = self.run(CpuLevel::Portable, dtypes, adds);
                assert!(
                    portable.0 == expected_bytes,
                    "{dtypes:?}, adding: {adds}: the bytes are not those of the definition"
                );
                assert_agrees(&portable.1, &expected);
                for level in CpuLevel::available() {
                    let (bytes, stats) = self.run(level, dtypes, adds);
                    assert!(bytes == portable.0, "{level}, {dtypes:?}, adding: {adds}: other bytes");
                    assert_eq!(bits_of(&stats), bits_of(&portable.1), "{level}, {dtypes:?}, adding: {adds}");
                }
            }
        }
    }

    fn bits_of(stats: &TileStats) -> ([u64; 7], u32) {
        let sums = [stats.weight_square_sum, stats.delta_square_sum, stats.effect_delta_sum].map(f64::to_bits);
        let counts =
            [stats.element_count, stats.changed_count, stats.base_non_finite_count, stats.output_non_finite_count];
        ([sums[0], sums[1], sums[2], counts[0], counts[1], counts[2], counts[3]], stats.max_magnitude.to_bits())
    }

    /// Counts are exact; sums in f32 lanes keep five digits of what was summed, unless its squares leave f32.
    fn assert_agrees(stats: &TileStats, expected: &TileStats) {
        assert_eq!(bits_of(stats).0[3..], bits_of(expected).0[3..]);
        assert_eq!(stats.max_magnitude, expected.max_magnitude);
        let is_near = |a: f64, b: f64, scale: f64| {
            let is_beyond_f32 = scale.is_nan() || scale > 1e30 || (!a.is_finite() && !b.is_finite());
            is_beyond_f32 || (a - b).abs() <= 1e-5 * scale
        };
        assert!(is_near(stats.weight_square_sum, expected.weight_square_sum, expected.weight_square_sum));
        assert!(is_near(stats.delta_square_sum, expected.delta_square_sum, expected.delta_square_sum));
        // Terms of both signs: their sizes are bounded by Cauchy–Schwarz with |E| ≤ |Δ| + the rounding of W.
        let scale = expected.delta_square_sum + (expected.delta_square_sum * expected.weight_square_sum).sqrt();
        assert!(is_near(stats.effect_delta_sum, expected.effect_delta_sum, scale));
    }

    fn noise(seed: u32) -> impl FnMut() -> u32 {
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
        move || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state
        }
    }

    /// Values such as weights have, in (−amplitude, amplitude).
    fn weights(len: usize, amplitude: f32, seed: u32) -> Vec<f32> {
        let mut next = noise(seed);
        (0..len).map(|_| (next() as f32 / u32::MAX as f32 * 2.0 - 1.0) * amplitude).collect()
    }

    #[test]
    fn tiles_of_any_length_agree_on_every_level() {
        for len in [0, 1, 15, 16, 17, 31, 4095, 4096, 4097, 9_001] {
            for dtype in DTYPES {
                Case::new(dtype, &weights(len, 0.05, 1), weights(len, 0.002, 2)).check(dtype);
            }
        }
    }

    #[test]
    fn any_bits_agree_on_every_level() {
        let (mut next, len) = (noise(3), 50_000);
        let weight: Vec<f32> = (0..len).map(|_| f32::from_bits(next())).collect();
        // Two NaNs in one sum would leave it open whose bits survive.
        let delta = (0..len).map(|_| f32::from_bits(next())).map(|delta| if delta.is_nan() { 1.0 } else { delta });
        let delta: Vec<f32> = delta.collect();
        for dtype in DTYPES {
            Case::new(dtype, &weight, delta.clone()).check(dtype);
        }
    }

    #[test]
    fn a_single_special_value_anywhere_in_a_run_is_treated_as_ieee_754_says() {
        let specials = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 65_520.0, 65_519.996, -0.0, 1e-45];
        for (special, place) in
            specials.into_iter().flat_map(|special| [0, 17, 4_095, 4_096, 4_999].map(|at| (special, at)))
        {
            let (mut weight, mut delta) = (weights(5_000, 0.05, 4), weights(5_000, 0.002, 5));
            weight[place] = special;
            for dtype in DTYPES {
                Case::new(dtype, &weight, delta.clone()).check(dtype);
            }
            (weight[place], delta[place]) = (0.25, special);
            for dtype in DTYPES {
                Case::new(dtype, &weight, delta.clone()).check(dtype);
            }
        }
    }

    #[test]
    fn ties_go_to_the_even_neighbour_in_every_dtype() {
        // W is 1 + k units of bfloat16 or float16, Δ is half a unit.
        for (dtype, unit) in [(FloatDtype::BF16, 2.0_f32.powi(-7)), (FloatDtype::F16, 2.0_f32.powi(-10))] {
            let weight: Vec<f32> = (0..100).map(|k| 1.0 + k as f32 * unit).collect();
            let case = Case::new(dtype, &weight, vec![unit / 2.0; 100]);
            for level in CpuLevel::available() {
                let (bytes, stats) = case.run(level, (dtype, dtype), true);
                let mut stored = vec![0.0; 100];
                widen(dtype, &bytes, &mut stored);
                for (k, stored) in stored.iter().enumerate() {
                    let even = k + k % 2;
                    assert_eq!(*stored, 1.0 + even as f32 * unit, "{level} {dtype} {k}");
                }
                assert_eq!(stats.changed_count, 50);
            }
        }
    }

    #[test]
    fn zero_keeps_its_sign_in_a_conversion_and_not_under_an_update() {
        let case = Case::new(FloatDtype::F32, &[-0.0; 3], vec![0.0, -0.0, 0.0]);
        for level in CpuLevel::available() {
            let (converted, stats) = case.run(level, (FloatDtype::F32, FloatDtype::BF16), false);
            assert_eq!((converted, stats.changed_count), ([0x00, 0x80].repeat(3), 0));
            let (summed, stats) = case.run(level, (FloatDtype::F32, FloatDtype::BF16), true);
            assert_eq!((summed, stats.changed_count), (vec![0; 6], 0));
        }
    }

    proptest! {
        #[test]
        fn magnitudes_around_every_overflow_agree(
            exponent in 110_u32..255, seed: u32, len in 1_usize..200,
        ) {
            let mut next = noise(seed);
            let mut value = || f32::from_bits((exponent << 23) | (next() & 0x807f_ffff));
            let weight: Vec<f32> = (0..len).map(|_| value()).collect();
            let delta = (0..len).map(|_| value()).map(|delta| if delta.is_nan() { 0.5 } else { delta }).collect();
            for dtype in DTYPES {
                Case::new(dtype, &weight, Vec::clone(&delta)).check(dtype);
            }
        }
    }
}
