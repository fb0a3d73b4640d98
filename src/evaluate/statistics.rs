//! Intervals for means of token scores: a bootstrap over blocks, for neighbouring tokens are not independent.

use serde::Serialize;

/// Consecutive tokens that are drawn together.
const BLOCK_TOKENS: usize = 128;

const RESAMPLE_COUNT: usize = 10_000;

/// Blocks below which an interval says little.
const FEW_BLOCKS: usize = 30;

/// A 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// 2.5th percentile.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
    /// Blocks of 128 tokens behind it.
    pub block_count: usize,
}

impl Interval {
    /// Whether there is too little text to conclude from it.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.block_count < FEW_BLOCKS
    }
}

/// The mean, summed in f64; NaN of nothing.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The interval of the mean; `None` below two blocks. The same values always give the same interval.
pub(super) fn mean_interval(values: &[f64]) -> Option<Interval> {
    let blocks: Vec<(f64, usize)> =
        values.chunks(BLOCK_TOKENS).map(|block| (block.iter().sum::<f64>(), block.len())).collect();
    if blocks.len() < 2 {
        return None;
    }
    let mut random = SplitMix64(0);
    let mut means: Vec<f64> = (0..RESAMPLE_COUNT)
        .map(|_| {
            let draws = (0..blocks.len()).map(|_| blocks[random.below(blocks.len())]);
            let (sum, count) = draws.fold((0.0, 0), |(sum, count), (block, len)| (sum + block, count + len));
            sum / count as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let tail = RESAMPLE_COUNT / 40;
    Some(Interval { low: means[tail], high: means[RESAMPLE_COUNT - 1 - tail], block_count: blocks.len() })
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

    #[test]
    fn the_interval_holds_the_mean_and_narrows_with_more_text() {
        let mut random = SplitMix64(1);
        let mut noise =
            |count: usize| -> Vec<f64> { (0..count).map(|_| random.below(1_000) as f64 / 1_000.0).collect() };
        let (short, long) = (noise(2_000), noise(60_000));
        let (narrow, wide) = (mean_interval(&long).unwrap(), mean_interval(&short).unwrap());
        assert!(wide.low < mean(&short) && mean(&short) < wide.high);
        assert!(narrow.high - narrow.low < wide.high - wide.low);
        // Independent uniform numbers: ±1.96 · 0.2887 / √60,000.
        assert!((narrow.high - narrow.low - 2.0 * 1.96 * 0.2887 / 60_000_f64.sqrt()).abs() < 1e-3);
        assert!(wide.is_weak() && !narrow.is_weak());
    }

    #[test]
    fn short_texts_have_no_interval() {
        assert_eq!(mean_interval(&[1.0; BLOCK_TOKENS]), None);
        assert_eq!(mean_interval(&[]), None);
    }

    #[test]
    fn equal_values_have_an_interval_of_no_width() {
        let interval = mean_interval(&[0.5; 8 * BLOCK_TOKENS]).unwrap();
        assert_eq!((interval.low, interval.high, interval.block_count), (0.5, 0.5, 8));
    }
}
