//! How much the predictions of two models differ, token by token: the amount of a change, and never its quality.

use serde::Serialize;

use super::{
    log_sum_exp::OnlineLogSumExp,
    statistics::{Share, mean, quantile},
};

/// What one model (Q) predicts against a reference (P) at every scored token of one text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Divergence {
    /// Index of P in [`super::EvalReport::models`].
    pub reference: usize,
    /// Index of Q in [`super::EvalReport::models`].
    pub model: usize,
    /// Index of the text in [`super::ModelReport::texts`].
    pub text: usize,
    /// KL(P‖Q) over the whole vocabulary at each position.
    pub kl: KlSummary,
    /// Positions where both find the same token likeliest.
    pub same_top1: Share,
}

/// KL divergences of single positions, in nats per token.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct KlSummary {
    /// Their mean.
    pub mean: f64,
    /// Half of the positions lie below.
    pub median: f64,
    /// 99 of 100 positions lie below.
    pub p99: f64,
    /// The largest.
    pub max: f64,
}

impl Divergence {
    /// Of the positions of one text, at least one.
    pub(super) fn new((reference, model, text): (usize, usize, usize), positions: &[PositionDivergence]) -> Self {
        let mut kl: Vec<f64> = positions.iter().map(|position| position.kl).collect();
        kl.sort_by(f64::total_cmp);
        let kl = KlSummary {
            mean: mean(&kl),
            median: quantile(&kl, 0.5),
            p99: quantile(&kl, 0.99),
            max: kl.last().copied().unwrap_or(f64::NAN),
        };
        let same = positions.iter().filter(|position| position.is_same_top1).count();
        Self { reference, model, text, kl, same_top1: Share::new(same, positions.len()) }
    }
}

/// Two models at one position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PositionDivergence {
    /// KL(P‖Q) in nats.
    pub kl: f64,
    /// Whether both find the same token likeliest.
    pub is_same_top1: bool,
}

/// KL(P‖Q) of one position, from logits that arrive in runs of the vocabulary.
///
/// With a for the logits of P and b for those of Q, Σ p·(ln p − ln q) = Σ p·(a − b) − (lse a − lse b). The sums need no
/// second pass over the logits, and two equal rows give exactly 0.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OnlineDivergence {
    /// Σ exp(a − max a)·(a − b) so far.
    sum: f64,
}

impl OnlineDivergence {
    /// Takes a run of logits; `factor` and `weights` are what [`OnlineLogSumExp::add`] made of those of P.
    pub fn add(&mut self, factor: f64, weights: &[f64], reference: &[f32], model: &[f32]) {
        let gaps = reference.iter().zip(model).map(|(a, b)| f64::from(*a) - f64::from(*b));
        // A token that P rules out counts nothing, however far Q is from that.
        let terms = weights.iter().zip(gaps).map(|(weight, gap)| if *weight == 0.0 { 0.0 } else { weight * gap });
        self.sum = self.sum * factor + terms.sum::<f64>();
    }

    /// The divergence, once both models have taken all of their logits.
    pub fn finish(self, reference: &OnlineLogSumExp, model: &OnlineLogSumExp) -> PositionDivergence {
        let kl = self.sum / reference.sum() - (reference.value() - model.value());
        // Two nearly equal rows may round to less than nothing; NaN stays.
        let kl = if kl < 0.0 { 0.0 } else { kl };
        PositionDivergence { kl, is_same_top1: reference.likeliest() == model.likeliest() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn softmax(logits: &[f32]) -> Vec<f64> {
        let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weights: Vec<f64> = logits.iter().map(|logit| (f64::from(*logit) - f64::from(max)).exp()).collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    }

    fn direct(reference: &[f32], model: &[f32]) -> f64 {
        let (p, q) = (softmax(reference), softmax(model));
        p.iter().zip(&q).map(|(p, q)| if *p == 0.0 { 0.0 } else { p * (p.ln() - q.ln()) }).sum()
    }

    fn online(reference: &[f32], model: &[f32], chunk_len: usize) -> PositionDivergence {
        let (mut p, mut q) = (OnlineLogSumExp::new(), OnlineLogSumExp::new());
        let (mut divergence, mut weights) = (OnlineDivergence::default(), Vec::new());
        for (index, (a, b)) in reference.chunks(chunk_len).zip(model.chunks(chunk_len)).enumerate() {
            q.add(index * chunk_len, b, 0, &mut weights);
            let factor = p.add(index * chunk_len, a, 0, &mut weights);
            divergence.add(factor, &weights, a, b);
        }
        divergence.finish(&p, &q)
    }

    proptest! {
        #[test]
        fn chunks_give_what_the_whole_rows_give(
            rows in prop::collection::vec((-30_f32..30.0, -30_f32..30.0), 1..600),
            chunk_len in 1_usize..200,
        ) {
            let (reference, model): (Vec<f32>, Vec<f32>) = rows.into_iter().unzip();
            let (actual, expected) = (online(&reference, &model, chunk_len), direct(&reference, &model));
            prop_assert!((actual.kl - expected).abs() < 1e-11, "{} and {expected}", actual.kl);
            prop_assert!(actual.kl >= 0.0);
            prop_assert_eq!(online(&reference, &reference, chunk_len), PositionDivergence { kl: 0.0, is_same_top1: true });
        }
    }

    #[test]
    fn a_shift_of_all_logits_is_no_divergence() {
        let (reference, model) = ([1.0, -2.0, 0.5], [9.0, 6.0, 8.5]);
        assert!(online(&reference, &model, 2).kl < 1e-14);
    }

    #[test]
    fn what_one_model_rules_out_is_infinite_only_for_the_other() {
        let (open, closed) = ([0.0, 0.0], [0.0, f32::NEG_INFINITY]);
        assert_eq!(online(&open, &closed, 2).kl, f64::INFINITY);
        assert!((online(&closed, &open, 2).kl - std::f64::consts::LN_2).abs() < 1e-15);
    }

    #[test]
    fn positions_are_summed_up() {
        let position = |kl, is_same_top1| PositionDivergence { kl, is_same_top1 };
        let positions = [position(4.0, false), position(0.0, true), position(1.0, true)];
        let divergence = Divergence::new((0, 1, 2), &positions);
        let KlSummary { mean, median, p99, max } = divergence.kl;
        assert_eq!((mean, median, max), (5.0 / 3.0, 1.0, 4.0));
        assert!(3.9 < p99 && p99 < 4.0);
        assert_eq!((divergence.same_top1.count, divergence.same_top1.total), (2, 3));
    }
}
