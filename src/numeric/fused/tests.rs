//! The fused pass against its definition, on every level.

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

    /// The elements `range` of a tensor, rounded by chance.
    fn by_chance(
        &self,
        level: CpuLevel,
        (input_dtype, output_dtype): (FloatDtype, FloatDtype),
        noise: Noise,
        range: std::ops::Range<usize>,
    ) -> Vec<u8> {
        let mut output = vec![0xaa; range.len() * output_dtype.byte_count()];
        let input = &self.input[range.start * input_dtype.byte_count()..range.end * input_dtype.byte_count()];
        let bytes = TileBytes { input, input_dtype, output: &mut output, output_dtype };
        let stats = bytes.write_sum_by_chance(level, &self.delta[range.clone()], noise, range.start as u64);
        assert_eq!(stats.element_count, range.len() as u64);
        output
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
        let sum = weight.iter().zip(&delta).map(|(weight, delta)| if adds { weight + (delta + 0.0) } else { *weight });
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
    let counts = [stats.element_count, stats.changed_count, stats.base_non_finite_count, stats.output_non_finite_count];
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

/// Every element by the definition in f64, on every level, and cut anywhere.
#[test]
fn chance_decides_alike_on_every_level_and_for_every_cut() {
    let noise = Noise::new(11, "weight");
    let specials = [65_504.0, -65_510.0, 70_000.0, f32::NAN, f32::INFINITY, 3.0e-6, -1.5e-7, 0.0, -0.0, f32::MAX];
    let mut weight = weights(9_001, 0.05, 8);
    weight[4_100..4_110].copy_from_slice(&specials);
    let delta = weights(9_001, 0.002, 9);
    for (input_dtype, output_dtype) in DTYPES.into_iter().flat_map(|input| DTYPES.map(|output| (input, output))) {
        let case = Case::new(input_dtype, &weight, delta.clone());
        let (mut widened, mut stored) = (vec![0.0; 9_001], vec![0.0; 9_001]);
        widen(input_dtype, &case.input, &mut widened);
        for level in CpuLevel::available() {
            let bytes = case.by_chance(level, (input_dtype, output_dtype), noise, 0..9_001);
            widen(output_dtype, &bytes, &mut stored);
            for (index, ((weight, delta), stored)) in widened.iter().zip(&delta).zip(&stored).enumerate() {
                let sum = weight + (delta + 0.0);
                let expected = if sum.is_finite() {
                    output_dtype.round_by_chance(f64::from(sum), noise.word(index as u64))
                } else {
                    f64::from(sum)
                };
                let is_same = f64::from(*stored) == expected || stored.is_nan() && expected.is_nan();
                assert!(is_same, "{level} {input_dtype} {output_dtype} {index}: {stored} for {expected}");
            }
            for cut in [1, 17, 4_096, 4_097] {
                let dtypes = (input_dtype, output_dtype);
                let parts = [0..cut, cut..9_001].map(|part| case.by_chance(level, dtypes, noise, part));
                assert!(parts.concat() == bytes, "{level} {input_dtype} {output_dtype} cut at {cut}");
            }
        }
    }
}

#[test]
fn float32_that_holds_bfloat16_is_noticed() {
    let case = Case::new(FloatDtype::BF16, &weights(5_000, 0.05, 1), vec![0.0; 5_000]);
    let mut rounded = vec![0.0; 5_000];
    widen(FloatDtype::BF16, &case.input, &mut rounded);
    for level in CpuLevel::available() {
        for adds in [true, false] {
            let run = |values: &[f32], dtype| {
                Case::new(dtype, values, case.delta.clone()).run(level, (dtype, FloatDtype::BF16), adds).1
            };
            assert!(run(&rounded, FloatDtype::F32).is_bf16_in_f32());
            assert!(!run(&rounded, FloatDtype::BF16).is_bf16_in_f32(), "it is no secret there");
            assert!(!run(&weights(5_000, 0.05, 1), FloatDtype::F32).is_bf16_in_f32());
            let mut one_odd = rounded.clone();
            one_odd[4_999] = f32::from_bits(one_odd[4_999].to_bits() | 1);
            assert!(!run(&one_odd, FloatDtype::F32).is_bf16_in_f32());
        }
    }
    assert!(!TileStats::default().is_bf16_in_f32());
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

#[test]
fn without_learning_the_bytes_are_the_same() {
    let weight: Vec<f32> = (0..9_001).map(|index| ((index * 7919) % 1013) as f32 / 1013.0 - 0.5).collect();
    let delta: Vec<f32> = (0..9_001).map(|index| (index as f32).sin() * 1e-3).collect();
    for dtypes in DTYPES.into_iter().flat_map(|input| DTYPES.map(|output| (input, output))) {
        let case = Case::new(dtypes.0, &weight, delta.clone());
        let (expected, learned) = case.run(CpuLevel::detected(), dtypes, true);
        let mut output = vec![0xaa; expected.len()];
        let bytes =
            TileBytes { input: &case.input, input_dtype: dtypes.0, output: &mut output, output_dtype: dtypes.1 };
        let bare = bytes.write_sum_bare(CpuLevel::detected(), &case.delta);
        assert!(output == expected, "{dtypes:?}");
        assert_eq!((bare.element_count, bare.max_magnitude), (learned.element_count, learned.max_magnitude));
    }
}
