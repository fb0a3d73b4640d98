//! Two merges of one adapter, into the base that training saw and into another: which of them predicts more as the model
//! does that was trained.

use serde::Serialize;

use super::{
    ModelReport, ModelSource,
    report::documents,
    statistics::{Interval, mean, mean_interval},
};

/// Three models of a request, by their places in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MergeChoice {
    /// The model as it was trained: the base that training saw, with the adapter at run time.
    pub trained: usize,
    /// The merge into that base.
    pub own_merge: usize,
    /// The merge into the other base, the 16-bit original of a packed one.
    pub other_merge: usize,
}

/// How much further one merge is from the trained model than the other, token by token.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Closeness {
    /// The models.
    #[serde(flatten)]
    pub choice: MergeChoice,
    /// Over all texts, each token counting the same.
    pub all: MergeDifference,
    /// Text by text.
    pub texts: Vec<MergeDifference>,
}

/// The other merge against the own one, on the same tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MergeDifference {
    /// KL(trained‖own merge).
    pub own_kl: TokenMean,
    /// KL(trained‖other merge).
    pub other_kl: TokenMean,
    /// KL(trained‖other merge) − KL(trained‖own merge): above zero where the own merge is closer.
    pub kl: TokenMean,
    /// -ln p(other merge) + ln p(own merge): above zero where the own merge predicts the text better.
    pub nll: TokenMean,
}

/// A mean over tokens, in nats per token.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TokenMean {
    /// The mean.
    pub mean: f64,
    /// Its 95 % interval; `None` for a text too short for one.
    pub interval: Option<Interval>,
}

impl MergeChoice {
    /// The merges against the trained model.
    #[must_use]
    pub fn pairs(self) -> [(usize, usize); 2] {
        [(self.trained, self.own_merge), (self.trained, self.other_merge)]
    }

    /// Whether `model` is one of the merges.
    #[must_use]
    pub fn is_merge(self, model: usize) -> bool {
        [self.own_merge, self.other_merge].contains(&model)
    }

    /// Whether `model` is there for this question alone, and nothing to be held against the first.
    pub(super) fn is_beside(self, sources: &[ModelSource], model: usize) -> bool {
        let is_member = model == self.trained || self.is_merge(model);
        is_member
            && match &sources[model] {
                ModelSource::InMemory(_) => true,
                ModelSource::WithAdapters { base, .. } => base != sources[0].path(),
                ModelSource::Stored(_) | ModelSource::Cast { .. } => false,
            }
    }
}

impl Closeness {
    /// From KL(trained‖merge) of every token, text by text: of the own merge, then of the other one.
    pub(super) fn new(choice: MergeChoice, [own_kl, other_kl]: [&[Vec<f64>]; 2], reports: &[ModelReport]) -> Self {
        let scores = |merge: usize| reports[merge].texts.iter();
        let nll = scores(choice.own_merge).zip(scores(choice.other_merge));
        let texts: Vec<TokenDifferences> = own_kl
            .iter()
            .zip(other_kl)
            .zip(nll)
            .map(|((own_kl, other_kl), (own, other))| TokenDifferences {
                own_kl,
                other_kl,
                kl: differences(other_kl, own_kl),
                nll: differences(&other.nll, &own.nll),
                document_lengths: &own.document_lengths,
            })
            .collect();
        let of_each = texts.iter().map(|text| MergeDifference::over(std::slice::from_ref(text))).collect();
        Self { choice, all: MergeDifference::over(&texts), texts: of_each }
    }
}

/// What is known of the tokens of one text.
struct TokenDifferences<'a> {
    own_kl: &'a [f64],
    other_kl: &'a [f64],
    kl: Vec<f64>,
    nll: Vec<f64>,
    document_lengths: &'a [usize],
}

impl MergeDifference {
    fn over(texts: &[TokenDifferences<'_>]) -> Self {
        Self {
            own_kl: TokenMean::over(texts, |text| text.own_kl),
            other_kl: TokenMean::over(texts, |text| text.other_kl),
            kl: TokenMean::over(texts, |text| &text.kl),
            nll: TokenMean::over(texts, |text| &text.nll),
        }
    }
}

impl TokenMean {
    fn over<'a>(texts: &'a [TokenDifferences<'a>], of: impl Fn(&'a TokenDifferences<'a>) -> &'a [f64]) -> Self {
        let values: Vec<f64> = texts.iter().flat_map(&of).copied().collect();
        let interval = mean_interval(texts.iter().flat_map(|text| documents(of(text), text.document_lengths)));
        Self { mean: mean(&values), interval }
    }
}

fn differences(one: &[f64], other: &[f64]) -> Vec<f64> {
    one.iter().zip(other).map(|(one, other)| one - other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::{ModelKind, TextScore};

    #[test]
    fn the_merges_are_compared_token_by_token_within_each_text_and_over_all() {
        let choice = MergeChoice { trained: 0, own_merge: 1, other_merge: 2 };
        let model = |nll: [Vec<f64>; 2]| ModelReport {
            name: String::new(),
            kind: ModelKind::InMemory,
            dtype: None,
            bytes: 0,
            parameters: 0,
            texts: nll
                .map(|nll| TextScore { name: String::new(), utf8_bytes: None, document_lengths: vec![nll.len()], nll })
                .to_vec(),
            speed: None,
        };
        let reports =
            [model([vec![], vec![]]), model([vec![1.0; 256], vec![1.0; 128]]), model([vec![1.5; 256], vec![0.5; 128]])];
        let kl = |value: f64| [vec![value; 256], vec![value; 128]];
        let closeness = Closeness::new(choice, [&kl(0.25), &kl(0.75)], &reports);
        assert_eq!(closeness.texts.len(), 2);
        assert_eq!((closeness.all.own_kl.mean, closeness.all.other_kl.mean, closeness.all.kl.mean), (0.25, 0.75, 0.5));
        assert_eq!([0, 1].map(|text| closeness.texts[text].nll.mean), [0.5, -0.5]);
        assert!((closeness.all.nll.mean - 0.5 / 3.0).abs() < 1e-12, "each token counts the same");
        assert_eq!(closeness.all.kl.interval.map(|interval| interval.block_count), Some(3));
        assert_eq!(closeness.texts[1].kl.interval, None, "one block has no interval");
    }
}
