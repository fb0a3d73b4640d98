//! From scores to attention weights, in place: one pass by all cores, where a chain of tensors would take several by one.

use std::ops::Range;

use candle_core::{CpuStorage, InplaceOp1, Layout, Result, bail};
use rayon::prelude::*;

/// Softmax of scores (`heads × queries × keys`) over the keys that each query sees; the weights of all others are 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct MaskedSoftmax {
    pub sight: Sight,
    pub key_count: usize,
    /// c in c·tanh(scores / c).
    pub score_cap: Option<f64>,
}

/// The queries and keys of a block by their positions in the window, and how far back the queries look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight {
    pub first_query: usize,
    pub query_count: usize,
    pub first_key: usize,
    /// How many tokens back a query sees, itself included; `None` sees all.
    pub sliding_window: Option<usize>,
}

impl Sight {
    /// The keys of the block that its query number `query` sees.
    fn keys(self, query: usize) -> Range<usize> {
        let position = self.first_query + query;
        let first = self.sliding_window.map_or(0, |window| (position + 1).saturating_sub(window));
        first.max(self.first_key) - self.first_key..position + 1 - self.first_key
    }
}

impl InplaceOp1 for MaskedSoftmax {
    fn name(&self) -> &'static str {
        "masked-softmax"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let (CpuStorage::F32(values), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
            bail!("scores are contiguous and f32");
        };
        let rows = values[start..end].par_chunks_mut(self.key_count).enumerate();
        rows.for_each(|(row, scores)| {
            let seen = self.sight.keys(row % self.sight.query_count);
            scores[..seen.start].fill(0.0);
            scores[seen.end..].fill(0.0);
            softmax(&mut scores[seen], self.score_cap);
        });
        Ok(())
    }
}

fn softmax(scores: &mut [f32], cap: Option<f64>) {
    if let Some(cap) = cap {
        #[expect(clippy::cast_possible_truncation, reason = "scores are f32")]
        let cap = cap as f32;
        for score in scores.iter_mut() {
            *score = (*score / cap).tanh() * cap;
        }
    }
    let max = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for score in scores.iter_mut() {
        *score = (*score - max).exp();
    }
    let sum: f32 = scores.iter().sum();
    for score in scores.iter_mut() {
        *score /= sum;
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::*;

    fn weights(scores: &[f32], softmax: MaskedSoftmax) -> Result<Vec<Vec<f32>>> {
        let shape = (scores.len() / softmax.key_count, softmax.key_count);
        let scores = Tensor::from_vec(scores.to_vec(), shape, &Device::Cpu)?;
        scores.inplace_op1(&softmax)?;
        scores.to_vec2()
    }

    #[test]
    fn a_query_sees_what_came_before_and_itself() -> Result<()> {
        let sight = Sight { first_query: 1, query_count: 2, first_key: 0, sliding_window: None };
        let softmax = MaskedSoftmax { sight, key_count: 3, score_cap: None };
        let ln3 = 3_f32.ln();
        let actual = weights(&[0.0, ln3, 9.0, 0.0, 0.0, ln3, ln3, 0.0, 9.0, 1.0, 1.0, 1.0], softmax)?;
        let expected = [[0.25, 0.75, 0.0], [0.2, 0.2, 0.6], [0.75, 0.25, 0.0], [1.0 / 3.0; 3]];
        for (actual, expected) in actual.iter().flatten().zip(expected.as_flattened()) {
            assert!((actual - expected).abs() < 1e-6, "{actual} and {expected}");
        }
        Ok(())
    }

    #[test]
    fn a_sliding_window_hides_what_is_too_far_back() -> Result<()> {
        let sight = Sight { first_query: 5, query_count: 2, first_key: 4, sliding_window: Some(2) };
        let softmax = MaskedSoftmax { sight, key_count: 3, score_cap: None };
        assert_eq!(weights(&[1.0, 1.0, 1.0, 1.0, 1.0, 1.0], softmax)?, [[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]]);
        Ok(())
    }

    #[test]
    fn scores_are_capped_before_they_are_compared() -> Result<()> {
        let sight = Sight { first_query: 1, query_count: 1, first_key: 0, sliding_window: None };
        let softmax = MaskedSoftmax { sight, key_count: 2, score_cap: Some(1.0) };
        let odds = (-1_f32).exp();
        let actual = &weights(&[0.0, 50.0], softmax)?[0];
        assert!((actual[0] - odds / (1.0 + odds)).abs() < 1e-6, "{actual:?}");
        Ok(())
    }
}
