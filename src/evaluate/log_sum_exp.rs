//! -ln p of one token, from logits that arrive in runs of the vocabulary.

/// The running log-sum-exp of a row of logits (Milakov and Gimelshein 2018), and the target's logit once it came by.
#[derive(Clone, Copy, Debug)]
pub(super) struct OnlineLogSumExp {
    max: f32,
    /// Σ exp(logit − max) so far.
    sum: f64,
    target: f32,
}

impl OnlineLogSumExp {
    pub fn new() -> Self {
        Self { max: f32::NEG_INFINITY, sum: 0.0, target: f32::NAN }
    }

    /// Takes the logits of the vocabulary entries from `first` on; `target` is the id of the token that came.
    pub fn add(&mut self, first: usize, logits: &[f32], target: usize) {
        let max = logits.iter().copied().fold(self.max, f32::max);
        if max > self.max {
            self.sum *= f64::from(self.max - max).exp();
            self.max = max;
        }
        // Runs of f32 keep the loop fast; their sums are joined in f64.
        for run in logits.chunks(256) {
            self.sum += f64::from(run.iter().map(|logit| (logit - self.max).exp()).sum::<f32>());
        }
        if let Some(logit) = target.checked_sub(first).and_then(|at| logits.get(at)) {
            self.target = *logit;
        }
    }

    /// -ln p(target) in nats; NaN where a logit was, or where the target never came by.
    pub fn nll(&self) -> f64 {
        f64::from(self.max) + self.sum.ln() - f64::from(self.target)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn direct(logits: &[f32], target: usize) -> f64 {
        let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = logits.iter().map(|logit| (f64::from(*logit) - f64::from(max)).exp()).sum();
        f64::from(max) + sum.ln() - f64::from(logits[target])
    }

    proptest! {
        #[test]
        fn chunks_give_what_the_whole_row_gives(
            logits in prop::collection::vec(-80_f32..80.0, 1..900),
            chunk_len in 1_usize..300,
            pick: prop::sample::Index,
        ) {
            let target = pick.index(logits.len());
            let mut online = OnlineLogSumExp::new();
            for (index, chunk) in logits.chunks(chunk_len).enumerate() {
                online.add(index * chunk_len, chunk, target);
            }
            let expected = direct(&logits, target);
            prop_assert!((online.nll() - expected).abs() < 1e-5, "{} and {expected}", online.nll());
        }
    }

    #[test]
    fn nan_and_infinity_are_not_hidden() {
        for bad in [f32::NAN, f32::INFINITY] {
            let mut online = OnlineLogSumExp::new();
            online.add(0, &[1.0, bad, 2.0], 0);
            assert!(!online.nll().is_finite());
        }
        assert!(OnlineLogSumExp::new().nll().is_nan());
    }
}
