//! What the models make of the texts.

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use super::{
    Closeness, Divergence, ModelSpeed, SpeedReport,
    statistics::{Interval, block_count, mean, mean_interval},
};
use crate::{message::said_in_english, numeric::FloatDtype};

/// Scores of every model on every text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvalReport {
    /// How tokens were scored, the same for all.
    pub protocol: Protocol,
    /// The models in the order in which they were given.
    pub models: Vec<ModelReport>,
    /// Each later model against the first, text by text, where both have the same tokens.
    pub paired: Vec<PairedDifference>,
    /// How far predictions are apart, for models with the same tokens and as large a vocabulary: each later model
    /// against the first, and a merge against its base + adapter at run time.
    pub divergences: Vec<Divergence>,
    /// Which of two merges is closer to the trained model, where that was asked and their predictions can be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closeness: Option<Closeness>,
    /// Indices of the models whose tokenizer cuts a text otherwise than the first one's: only their bits per byte can
    /// be compared with it.
    pub other_tokens: Vec<usize>,
    /// What the models answered, where they were asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
}

impl EvalReport {
    /// The difference of `model` from the first on `text`.
    #[must_use]
    pub fn paired_with_first(&self, model: usize, text: usize) -> Option<&PairedDifference> {
        self.paired.iter().find(|paired| (paired.model, paired.text) == (model, text))
    }

    /// Takes in the seconds and the memory of the same models.
    pub fn take_speed(&mut self, speed: SpeedReport) {
        self.prompt = speed.prompt;
        for (model, speed) in self.models.iter_mut().zip(speed.models) {
            model.speed = speed;
        }
    }

    /// The divergences of `model` from `reference`, text by text.
    pub fn divergences_of(&self, reference: usize, model: usize) -> impl Iterator<Item = &Divergence> {
        self.divergences.iter().filter(move |divergence| (divergence.reference, divergence.model) == (reference, model))
    }
}

/// How tokens are scored; a message, to be printed beside every number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Protocol {
    /// Tokens of a window at most.
    pub window: usize,
    /// Tokens between the starts of two windows.
    pub stride: usize,
}

said_in_english!(Protocol);

/// One model's scores.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelReport {
    /// The folder's name, with the names of its adapters or the dtype of a cast.
    pub name: String,
    /// Where it comes from.
    pub kind: ModelKind,
    /// The dtype of most bytes of its weights; `None` where that is none of f32, f16 and bf16.
    pub dtype: Option<FloatDtype>,
    /// Bytes of all tensors as stored or cast, adapters included.
    pub bytes: u64,
    /// Elements of all tensors, adapters included.
    pub parameters: u64,
    /// The texts in the order in which they were given.
    pub texts: Vec<TextScore>,
    /// Seconds and memory, where they were measured.
    #[serde(flatten)]
    pub speed: Option<ModelSpeed>,
}

/// Where the weights of a model come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    /// A folder, as it is stored.
    Stored,
    /// A folder and adapters at run time.
    WithAdapters,
    /// A folder, rounded as it is read.
    Cast,
    /// A merge, computed as it is read.
    InMemory,
}

/// One model's score on one text.
#[derive(Clone, Debug, PartialEq)]
pub struct TextScore {
    /// The text's name.
    pub name: String,
    /// Bytes of the text as UTF-8; `None` where token ids were given.
    pub utf8_bytes: Option<u64>,
    /// -ln p of each scored token, in nats; serialised for token ids only.
    pub nll: Vec<f64>,
    /// Scored tokens of each of its documents, which follow one another in [`Self::nll`].
    pub document_lengths: Vec<usize>,
}

impl TextScore {
    /// Tokens whose probability counts.
    #[must_use]
    pub fn tokens_scored(&self) -> usize {
        self.nll.len()
    }

    /// Blocks of at most 128 tokens, none of them across two documents.
    #[must_use]
    pub fn block_count(&self) -> usize {
        self.document_lengths.iter().map(|length| block_count(*length)).sum()
    }

    /// Mean of -ln p over the scored tokens, in nats.
    #[must_use]
    pub fn mean_nll(&self) -> f64 {
        mean(&self.nll)
    }

    /// exp of [`Self::mean_nll`]: pooled over tokens, not averaged over windows.
    #[must_use]
    pub fn perplexity(&self) -> f64 {
        self.mean_nll().exp()
    }

    /// Σ -ln p / (ln 2 · bytes): comparable between tokenizers.
    #[must_use]
    pub fn bits_per_byte(&self) -> Option<f64> {
        let byte_count = self.utf8_bytes? as f64;
        Some(self.nll.iter().sum::<f64>() / (std::f64::consts::LN_2 * byte_count))
    }

    /// The 95 % interval of the perplexity; `None` for a text too short for one.
    #[must_use]
    pub fn perplexity_interval(&self) -> Option<Interval> {
        mean_interval(documents(&self.nll, &self.document_lengths)).map(|interval| Interval {
            low: interval.low.exp(),
            high: interval.high.exp(),
            ..interval
        })
    }
}

/// `values` cut into runs of `lengths`.
pub(super) fn documents<'a>(mut values: &'a [f64], lengths: &'a [usize]) -> impl Iterator<Item = &'a [f64]> {
    lengths.iter().map(move |length| {
        let (document, rest) = values.split_at(*length);
        values = rest;
        document
    })
}

impl Serialize for TextScore {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let has_tokens_only = self.utf8_bytes.is_none();
        let mut score = serializer.serialize_struct("TextScore", 8 + usize::from(has_tokens_only))?;
        score.serialize_field("name", &self.name)?;
        score.serialize_field("tokens_scored", &self.tokens_scored())?;
        score.serialize_field("documents", &self.document_lengths.len())?;
        score.serialize_field("utf8_bytes", &self.utf8_bytes)?;
        score.serialize_field("mean_nll", &self.mean_nll())?;
        score.serialize_field("perplexity", &self.perplexity())?;
        score.serialize_field("perplexity_interval", &self.perplexity_interval())?;
        score.serialize_field("bits_per_byte", &self.bits_per_byte())?;
        if has_tokens_only {
            score.serialize_field("nll", &self.nll)?;
        }
        score.end()
    }
}

/// How much worse (above zero) or better a model predicts a text than the first one, token by token.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairedDifference {
    /// Index of the model in [`EvalReport::models`].
    pub model: usize,
    /// Index of the text in [`ModelReport::texts`].
    pub text: usize,
    /// Mean of -ln p(model) + ln p(first), in nats.
    pub mean_difference: f64,
    /// exp of it: perplexity over that of the first model.
    pub perplexity_ratio: f64,
    /// The 95 % interval of the mean difference; `None` for a text too short for one.
    pub interval: Option<Interval>,
}

impl PairedDifference {
    /// The difference between two scores of the same tokens.
    pub(super) fn new((model, text): (usize, usize), first: &TextScore, other: &TextScore) -> Self {
        let differences: Vec<f64> = other.nll.iter().zip(&first.nll).map(|(other, first)| other - first).collect();
        let mean_difference = mean(&differences);
        let perplexity_ratio = mean_difference.exp();
        let interval = mean_interval(documents(&differences, &other.document_lengths));
        Self { model, text, mean_difference, perplexity_ratio, interval }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(nll: &[f64], utf8_bytes: Option<u64>) -> TextScore {
        TextScore { name: "text".to_owned(), utf8_bytes, nll: nll.to_vec(), document_lengths: vec![nll.len()] }
    }

    #[test]
    fn numbers_follow_from_the_nll() {
        let score = score(&[1.0, 3.0], Some(4));
        assert_eq!((score.tokens_scored(), score.mean_nll(), score.perplexity()), (2, 2.0, 2.0_f64.exp()));
        assert_eq!(score.bits_per_byte(), Some(4.0 / (std::f64::consts::LN_2 * 4.0)));
        assert_eq!(score.perplexity_interval(), None);
    }

    #[test]
    fn single_tokens_are_written_for_token_ids_only() {
        let has_nll = |score: &TextScore| serde_json::to_value(score).unwrap().get("nll").is_some();
        assert!(has_nll(&score(&[1.0], None)));
        assert!(!has_nll(&score(&[1.0], Some(3))));
    }

    #[test]
    fn a_pair_is_compared_token_by_token() {
        let difference = PairedDifference::new((1, 0), &score(&[1.0, 3.0], None), &score(&[2.0, 2.5], None));
        assert_eq!((difference.mean_difference, difference.perplexity_ratio), (0.25, 0.25_f64.exp()));
    }

    #[test]
    fn blocks_end_with_a_document() {
        let documents = TextScore { document_lengths: vec![130; 40], ..score(&vec![1.0; 40 * 130], None) };
        assert_eq!((documents.block_count(), score(&documents.nll, None).block_count()), (80, 41));
        assert_eq!(documents.perplexity_interval().unwrap().block_count, 80);
        assert_eq!(PairedDifference::new((1, 0), &documents, &documents).interval.unwrap().block_count, 80);
    }
}
