//! Intervals for means of token scores: a bootstrap over blocks, for neighbouring tokens are not independent.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF as _, Normal, StudentsT};

/// Consecutive tokens that are drawn together.
pub(super) const BLOCK_TOKENS: usize = 128;

const RESAMPLE_COUNT: usize = 10_000;

/// Blocks below which an interval says little.
const FEW_BLOCKS: usize = 30;

/// The normal quantile of a two-sided 95 % interval.
const Z_95: f64 = 1.959_963_984_540_054;

/// A 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Blocks of at most 128 tokens behind it.
    pub block_count: usize,
}

impl Interval {
    /// Whether there is too little text to conclude from it.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.block_count < FEW_BLOCKS
    }

    /// Whether 0 lies in it, so that a difference may be chance.
    #[must_use]
    pub fn holds_zero(&self) -> bool {
        self.low <= 0.0 && 0.0 <= self.high
    }
}

/// How often something is so, with the 95 % interval of Wilson (1927).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// Positions where it is so.
    pub count: usize,
    /// All positions.
    pub total: usize,
    /// One over the other.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Share {
    /// `count` of `total`, which is above 0.
    pub(super) fn new(count: usize, total: usize) -> Self {
        let (value, n) = (count as f64 / total as f64, total as f64);
        let shrink = 1.0 + Z_95 * Z_95 / n;
        let center = (value + Z_95 * Z_95 / (2.0 * n)) / shrink;
        let reach = Z_95 / shrink * (value * (1.0 - value) / n + Z_95 * Z_95 / (4.0 * n * n)).sqrt();
        // All or none reach the end itself, which rounding would miss.
        let low = if count == 0 { 0.0 } else { center - reach };
        let high = if count == total { 1.0 } else { center + reach };
        Self { count, total, value, low, high }
    }
}

/// The mean, summed in f64; NaN of nothing.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The value below which `share` of `sorted` lie, between neighbours in proportion; `sorted` is not empty.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the length")]
    let below = at.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (at - at.floor()) * (sorted[above] - sorted[below])
}

/// Blocks that a document of `token_count` scored tokens is cut into.
pub(super) fn block_count(token_count: usize) -> usize {
    token_count.div_ceil(BLOCK_TOKENS)
}

/// The interval of the mean over all `documents`; `None` below two blocks. A block never spans two documents, and the
/// same values always give the same interval.
pub(super) fn mean_interval<'a>(documents: impl IntoIterator<Item = &'a [f64]>) -> Option<Interval> {
    interval_of(&Block::cut(documents), RESAMPLE_COUNT)
}

/// Tokens that are drawn together.
#[derive(Clone, Copy, Debug, Default)]
struct Block {
    sum: f64,
    len: usize,
}

impl Block {
    fn cut<'a>(documents: impl IntoIterator<Item = &'a [f64]>) -> Vec<Self> {
        let blocks = documents.into_iter().flat_map(|document| document.chunks(BLOCK_TOKENS));
        blocks.map(|block| Self { sum: block.iter().sum(), len: block.len() }).collect()
    }

    fn joined(blocks: impl Iterator<Item = Self>) -> Self {
        blocks.fold(Self::default(), |all, block| Self { sum: all.sum + block.sum, len: all.len + block.len })
    }

    fn mean(self) -> f64 {
        self.sum / self.len as f64
    }
}

/// The bias-corrected and accelerated bootstrap (Efron 1987), with the quantiles of Student's t and the width that a
/// bootstrap of few blocks lacks (Hesterberg 2015).
fn interval_of(blocks: &[Block], resample_count: usize) -> Option<Interval> {
    if blocks.len() < 2 {
        return None;
    }
    let n = blocks.len() as f64;
    let normal = Normal::standard();
    let student = StudentsT::new(0.0, 1.0, n - 1.0).ok()?;
    let mean = Block::joined(blocks.iter().copied()).mean();
    let means = resampled_means(blocks, resample_count);
    let half_below = |values: &[f64]| -> f64 {
        let weight = |value: &f64| if *value < mean { 1.0 } else { f64::from(u8::from(*value == mean)) / 2.0 };
        values.iter().map(weight).sum::<f64>() / values.len() as f64
    };
    // A share of 0 or 1 would have no finite quantile.
    let least = 0.5 / resample_count as f64;
    let bias = normal.inverse_cdf(half_below(&means).clamp(least, 1.0 - least));
    let acceleration = acceleration(blocks);
    let reach = student.inverse_cdf(normal.cdf(Z_95)) * (n / (n - 1.0)).sqrt();
    let end = |z: f64| {
        let shifted = bias + z;
        quantile(&means, normal.cdf(bias + shifted / (1.0 - acceleration * shifted).max(f64::EPSILON)))
    };
    Some(Interval { low: end(-reach), high: end(reach), block_count: blocks.len() })
}

/// Sorted means of blocks drawn with replacement.
fn resampled_means(blocks: &[Block], resample_count: usize) -> Vec<f64> {
    let mut random = SplitMix64(0);
    let mut means: Vec<f64> = (0..resample_count)
        .map(|_| Block::joined((0..blocks.len()).map(|_| blocks[random.below(blocks.len())])).mean())
        .collect();
    means.sort_by(f64::total_cmp);
    means
}

/// How the spread of the mean changes with the mean, from the means without one block each; 0 where all are equal.
fn acceleration(blocks: &[Block]) -> f64 {
    let all = Block::joined(blocks.iter().copied());
    let without: Vec<f64> =
        blocks.iter().map(|block| Block { sum: all.sum - block.sum, len: all.len - block.len }.mean()).collect();
    let center = mean(&without);
    let moment = |power: i32| without.iter().map(|value| (center - value).powi(power)).sum::<f64>();
    let spread = moment(2).powf(1.5);
    if spread > 0.0 { moment(3) / (6.0 * spread) } else { 0.0 }
}

/// Steele, Lea and Flood 2014; enough for drawing blocks.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        let scaled = u128::from(self.next()) * limit as u128;
        usize::try_from(scaled >> 64).expect("the product's high half is below the limit")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers between 0 and 1, none of them 0.
    fn uniform(random: &mut SplitMix64) -> f64 {
        ((random.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Box and Muller 1958.
    fn gaussian(random: &mut SplitMix64) -> f64 {
        let (radius, angle) = (uniform(random), uniform(random));
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }

    /// xₜ = φ·xₜ₋₁ + noise, in its stationary state, around 0.
    fn autoregressive(random: &mut SplitMix64, phi: f64, count: usize) -> Vec<f64> {
        let mut value = gaussian(random) / (1.0 - phi * phi).sqrt();
        let mut next = || {
            value = phi * value + gaussian(random);
            value
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn the_interval_covers_the_mean_of_dependent_tokens_95_times_in_100() {
        const DRAWS: usize = 1_000;
        let mut random = SplitMix64(7);
        let mut covered = 0;
        for _ in 0..DRAWS {
            let values = autoregressive(&mut random, 0.5, 100 * BLOCK_TOKENS);
            let interval = interval_of(&Block::cut([values.as_slice()]), 1_000).unwrap();
            covered += usize::from(interval.holds_zero());
        }
        assert!((930..=970).contains(&covered), "{covered} of {DRAWS}");
    }

    #[test]
    fn the_interval_holds_the_mean_and_narrows_with_more_text() {
        let mut random = SplitMix64(1);
        let mut noise =
            |count: usize| -> Vec<f64> { (0..count).map(|_| random.below(1_000) as f64 / 1_000.0).collect() };
        let (short, long) = (noise(2_000), noise(60_000));
        let (narrow, wide) = (mean_interval([&long[..]]).unwrap(), mean_interval([&short[..]]).unwrap());
        assert!(wide.low < mean(&short) && mean(&short) < wide.high);
        assert!(narrow.high - narrow.low < wide.high - wide.low);
        // Independent uniform numbers: ±1.96 · 0.2887 / √60,000.
        assert!((narrow.high - narrow.low - 2.0 * 1.96 * 0.2887 / 60_000_f64.sqrt()).abs() < 1e-3);
        assert!(wide.is_weak() && !narrow.is_weak());
    }

    #[test]
    fn a_skewed_mean_has_a_longer_arm_towards_its_tail() {
        let mut random = SplitMix64(3);
        let values: Vec<f64> = (0..40).flat_map(|_| [(2.0 * gaussian(&mut random)).exp(); BLOCK_TOKENS]).collect();
        let interval = mean_interval([&values[..]]).unwrap();
        let mean = mean(&values);
        assert!(interval.high - mean > 1.2 * (mean - interval.low), "{interval:?} around {mean}");
    }

    #[test]
    fn short_texts_have_no_interval() {
        assert_eq!(mean_interval([&[1.0; BLOCK_TOKENS][..]]), None);
        assert_eq!(mean_interval([&[][..]]), None);
    }

    #[test]
    fn equal_values_have_an_interval_of_no_width() {
        let interval = mean_interval([&[0.5; 8 * BLOCK_TOKENS][..]]).unwrap();
        assert_eq!((interval.low, interval.high, interval.block_count), (0.5, 0.5, 8));
    }

    #[test]
    fn a_block_ends_with_its_document() {
        let document = vec![1.0; BLOCK_TOKENS + 1];
        let lengths: Vec<usize> = Block::cut([&document[..], &document[..5]]).iter().map(|block| block.len).collect();
        assert_eq!(lengths, [BLOCK_TOKENS, 1, 5]);
        assert_eq!(block_count(document.len()), 2);
    }

    #[test]
    fn a_share_has_wilsons_interval() {
        let half = Share::new(50, 100);
        assert!((half.low - 0.4038).abs() < 1e-4 && (half.high - 0.5962).abs() < 1e-4, "{half:?}");
        let (all, none) = (Share::new(10, 10), Share::new(0, 10));
        assert!((all.low - 0.7225).abs() < 1e-4 && all.high == 1.0, "{all:?}");
        assert!(none.low == 0.0 && (none.high - 0.2775).abs() < 1e-4, "{none:?}");
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        let sorted = [0.0, 1.0, 2.0, 10.0];
        assert_eq!([0.0, 0.5, 1.0].map(|share| quantile(&sorted, share)), [0.0, 1.5, 10.0]);
        assert_eq!(quantile(&[3.0], 0.99), 3.0);
    }
}
