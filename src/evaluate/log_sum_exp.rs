//! -ln p of one token and the likeliest token, from logits that arrive in runs of the vocabulary.

/// The running log-sum-exp of a row of logits (Milakov and Gimelshein 2018), and the target's logit once it came by.
#[derive(Clone, Copy, Debug)]
pub(super) struct OnlineLogSumExp {
    max: f32,
    /// Σ exp(logit − max) so far.
    sum: f64,
    target: f32,
    likeliest: usize,
}

impl OnlineLogSumExp {
    pub fn new() -> Self {
        Self { max: f32::NEG_INFINITY, sum: 0.0, target: f32::NAN, likeliest: 0 }
    }

    /// Takes the logits of the vocabulary entries from `first` on; `target` is the id of the token that came.
    ///
    /// `weights` becomes exp(logit − max) of each. Returns the factor that carries earlier sums over to the new max.
    pub fn add(&mut self, first: usize, logits: &[f32], target: usize, weights: &mut Vec<f64>) -> f64 {
        let earlier = self.max;
        for (at, logit) in logits.iter().enumerate() {
            if *logit > self.max {
                (self.max, self.likeliest) = (*logit, first + at);
            }
        }
        let factor = if self.max > earlier { (f64::from(earlier) - f64::from(self.max)).exp() } else { 1.0 };
        let max = f64::from(self.max);
        weights.clear();
        weights.extend(logits.iter().map(|logit| (f64::from(*logit) - max).exp()));
        self.sum = self.sum * factor + weights.iter().sum::<f64>();
        if let Some(logit) = target.checked_sub(first).and_then(|at| logits.get(at)) {
            self.target = *logit;
        }
        factor
    }

    /// ln Σ exp(logit).
    pub fn value(&self) -> f64 {
        f64::from(self.max) + self.sum.ln()
    }

    /// Σ exp(logit − max).
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// -ln p(target) in nats; NaN where a logit was, or where the target never came by.
    pub fn nll(&self) -> f64 {
        self.value() - f64::from(self.target)
    }

    /// The id of the largest logit, the first of several.
    pub fn likeliest(&self) -> usize {
        self.likeliest
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
                online.add(index * chunk_len, chunk, target, &mut Vec::new());
            }
            let expected = direct(&logits, target);
            prop_assert!((online.nll() - expected).abs() < 1e-12, "{} and {expected}", online.nll());
            let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            prop_assert_eq!(Some(online.likeliest()), logits.iter().position(|logit| *logit == largest));
        }
    }

    #[test]
    fn nan_and_infinity_are_not_hidden() {
        for bad in [f32::NAN, f32::INFINITY] {
            let mut online = OnlineLogSumExp::new();
            online.add(0, &[1.0, bad, 2.0], 0, &mut Vec::new());
            assert!(!online.nll().is_finite());
        }
        assert!(OnlineLogSumExp::new().nll().is_nan());
    }
}
