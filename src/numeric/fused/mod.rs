//! One pass over a tile: widen W, add Δ, round once, store, and learn what that did.

#![expect(clippy::needless_range_loop, reason = "lanes by index are what the compiler turns into whole registers")]
#![expect(clippy::inline_always, reason = "only what is inlined is compiled with the instructions of a level")]

mod rounding;
#[cfg(test)]
mod tests;

use self::rounding::{Bare, ByChance, RunRounding, ToNearest};
use super::{
    CpuLevel, ElementViews, FloatDtype, Noise, TileStats,
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
    #[must_use]
    pub fn write_sum(self, level: CpuLevel, delta: &[f32]) -> TileStats {
        assert_eq!(delta.len(), self.element_count(), "Δ and elements must agree");
        level.run(Pass { bytes: self, delta: Some(delta), noise: None, learns: true })
    }

    /// The same bytes as [`Self::write_sum`], and nothing learned but their number and the largest magnitude: for the
    /// benchmark that says what learning costs.
    ///
    /// # Panics
    /// If `delta` or `output` has another number of elements than `input`.
    #[must_use]
    pub fn write_sum_bare(self, level: CpuLevel, delta: &[f32]) -> TileStats {
        assert_eq!(delta.len(), self.element_count(), "Δ and elements must agree");
        level.run(Pass { bytes: self, delta: Some(delta), noise: None, learns: false })
    }

    /// Writes W + Δ: the sum rounded to f32, then to one of its two neighbours in the output dtype by the random words
    /// of the elements, the first of which is number `first_element` of its tensor. Float32 is written as
    /// [`Self::write_sum`] does.
    ///
    /// # Panics
    /// If `delta` or `output` has another number of elements than `input`.
    #[must_use]
    pub fn write_sum_by_chance(self, level: CpuLevel, delta: &[f32], noise: Noise, first_element: u64) -> TileStats {
        assert_eq!(delta.len(), self.element_count(), "Δ and elements must agree");
        let noise = (self.output_dtype != FloatDtype::F32).then_some((noise, first_element));
        level.run(Pass { bytes: self, delta: Some(delta), noise, learns: true })
    }

    /// Writes W in the output dtype, rounded once.
    ///
    /// # Panics
    /// If `output` has another number of elements than `input`.
    #[must_use]
    pub fn write_converted(self, level: CpuLevel) -> TileStats {
        self.element_count();
        level.run(Pass { bytes: self, delta: None, noise: None, learns: true })
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
    /// The random words, and the number of the first element.
    noise: Option<(Noise, u64)>,
    learns: bool,
}

impl LaneLoop for Pass<'_> {
    type Output = TileStats;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> TileStats {
        let Pass { bytes: TileBytes { input, input_dtype, output, output_dtype }, delta, noise, learns } = self;
        with_element!(input_dtype, I => with_element!(output_dtype, O => match (delta, noise) {
            (Some(delta), None) if learns => add_runs::<I, O, L, _>(lanes, input, delta, output, ToNearest),
            (Some(delta), None) => add_runs::<I, O, L, _>(lanes, input, delta, output, Bare),
            (Some(delta), Some(noise)) => add_runs_by_chance::<I, O, L>(lanes, input, delta, output, noise),
            (None, _) => convert_runs::<I, O, L>(lanes, input, output),
        }))
    }
}

#[inline(always)]
fn add_runs<I: Element, O: Element, L: Lanes, R: RunRounding>(
    lanes: L,
    input: &[u8],
    delta: &[f32],
    output: &mut [u8],
    rounding: R,
) -> TileStats {
    let mut stats = TileStats::default();
    let (input_len, output_len) = (RUN_LEN * I::DTYPE.byte_count(), RUN_LEN * O::DTYPE.byte_count());
    let runs = input.chunks(input_len).zip(delta.chunks(RUN_LEN)).zip(output.chunks_mut(output_len));
    for ((input, delta), output) in runs {
        let sums = add_run::<I, O, L, _>(lanes, input, delta, output, rounding);
        sums.finish::<I, O, _>(input, Some(delta), output, rounding, &mut stats);
    }
    stats
}

#[inline(always)]
fn add_runs_by_chance<I: Element, O: Element, L: Lanes>(
    lanes: L,
    input: &[u8],
    delta: &[f32],
    output: &mut [u8],
    (noise, first_element): (Noise, u64),
) -> TileStats {
    let mut stats = TileStats::default();
    let mut words = [0; RUN_LEN];
    let (input_len, output_len) = (RUN_LEN * I::DTYPE.byte_count(), RUN_LEN * O::DTYPE.byte_count());
    let runs = input.chunks(input_len).zip(delta.chunks(RUN_LEN)).zip(output.chunks_mut(output_len));
    for (((input, delta), output), first) in runs.zip((first_element..).step_by(RUN_LEN)) {
        noise.fill(first, &mut words[..delta.len()]);
        let rounding = ByChance(&words);
        let sums = add_run::<I, O, L, _>(lanes, input, delta, output, rounding);
        sums.finish::<I, O, _>(input, Some(delta), output, rounding, &mut stats);
    }
    stats
}

#[inline(always)]
fn convert_runs<I: Element, O: Element, L: Lanes>(lanes: L, input: &[u8], output: &mut [u8]) -> TileStats {
    let mut stats = TileStats::default();
    let (input_len, output_len) = (RUN_LEN * I::DTYPE.byte_count(), RUN_LEN * O::DTYPE.byte_count());
    for (input, output) in input.chunks(input_len).zip(output.chunks_mut(output_len)) {
        let sums = convert_run::<I, O, L>(lanes, input, output);
        sums.finish::<I, O, _>(input, None, output, ToNearest, &mut stats);
    }
    stats
}

#[inline(always)]
fn add_run<I: Element, O: Element, L: Lanes, R: RunRounding>(
    lanes: L,
    input: &[u8],
    delta: &[f32],
    output: &mut [u8],
    rounding: R,
) -> LaneSums {
    let mut sums = LaneSums::default();
    let (input, last_input) = I::blocks(input);
    let (delta, last_delta) = delta.as_chunks::<LANE_COUNT>();
    let (output, last_output) = O::blocks_mut(output);
    for (index, ((input, delta), output)) in input.iter().zip(delta).zip(output).enumerate() {
        *output = sums.write_block::<I, O, L, R>(lanes, *input, Some(delta), (rounding, index));
    }
    if !last_delta.is_empty() {
        let mut padded = [0.0; LANE_COUNT];
        padded[..last_delta.len()].copy_from_slice(last_delta);
        let block =
            sums.write_block::<I, O, L, R>(lanes, I::padded(last_input), Some(&padded), (rounding, delta.len()));
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
        *output = sums.write_block::<I, O, L, _>(lanes, *input, None, (ToNearest, 0));
    }
    if !last_input.is_empty() {
        let block = sums.write_block::<I, O, L, _>(lanes, I::padded(last_input), None, (ToNearest, 0));
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
    /// All bits of W, or-ed, where it is stored as float32.
    weight_bits: [u32; COUNT_LANES],
}

impl LaneSums {
    /// The bytes of one block, under the assumption that everything stays finite; [`Self::finish`] checks it.
    #[inline(always)]
    fn write_block<I: Element, O: Element, L: Lanes, R: RunRounding>(
        &mut self,
        lanes: L,
        input: I::Bytes,
        delta: Option<&Block>,
        (rounding, block): (R, usize),
    ) -> O::Bytes {
        let weight = I::widen(lanes, input);
        let mut sum = weight;
        if let Some(delta) = delta {
            for lane in 0..LANE_COUNT {
                sum[lane] += delta[lane] + 0.0;
            }
        }
        let bytes = rounding.narrow::<O, L>(lanes, sum, block);
        for lane in 0..LANE_COUNT {
            let largest = &mut self.magnitude_bits[lane % COUNT_LANES];
            *largest = sum[lane].abs().to_bits().max(*largest);
        }
        if !R::LEARNS {
            return bytes;
        }
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
            let count = &mut self.changed[lane % COUNT_LANES];
            *count = count.wrapping_add(u32::from(stored[lane] != converted[lane]));
        }
        if I::DTYPE == FloatDtype::F32 {
            for lane in 0..LANE_COUNT {
                self.weight_bits[lane % COUNT_LANES] |= weight[lane].to_bits();
            }
        }
        bytes
    }

    /// Adds the run to `stats`, after doing it again with care if anything was not finite: W that is not finite leaves
    /// a sum that is not, and the bits of the largest magnitude tell (those of NaN lie above all others).
    ///
    /// Never inlined: a reduction next to the loop would make the compiler lay its lanes out for the reduction.
    #[inline(never)]
    fn finish<I: Element, O: Element, R: RunRounding>(
        &self,
        input: &[u8],
        delta: Option<&[f32]>,
        output: &mut [u8],
        rounding: R,
        stats: &mut TileStats,
    ) {
        let magnitude_bits = self.magnitude_bits.iter().copied().fold(0, u32::max);
        if I::DTYPE == FloatDtype::F32 {
            stats.f32_count += (input.len() / I::DTYPE.byte_count()) as u64;
            stats.f32_low_bits |= self.weight_bits.iter().fold(0, |all, bits| all | bits) & 0xffff;
        }
        if magnitude_bits >= rounding.care_bits::<O>() {
            let bytes = TileBytes { input, input_dtype: I::DTYPE, output, output_dtype: O::DTYPE };
            return write_with_care(bytes, delta, rounding, stats);
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
fn write_with_care<R: RunRounding>(bytes: TileBytes<'_>, delta: Option<&[f32]>, rounding: R, stats: &mut TileStats) {
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
        rounding.narrow_with_care(output_dtype, sum, index * CAREFUL_LEN, output);
        widen(output_dtype, output, stored);
        let delta = delta.unwrap_or(&zero[..len]);
        stats.observe(ElementViews { weight, delta, sum, stored, weight_converted: converted });
    }
}
