//! Perplexities with their intervals, computed once: a bootstrap is no work for a frame.

use serde::Serialize;

use super::ModelRole;
use crate::{
    evaluate::{EvalReport, Interval, PairedDifference, Protocol},
    message::said_in_english,
};

/// All scores of a measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct PerplexityTable {
    /// How tokens were scored.
    pub protocol: Protocol,
    /// The models that are shown, in the order of the scores.
    pub roles: Vec<ModelRole>,
    /// One entry for each text.
    pub texts: Vec<TextRow>,
}

/// One text.
#[derive(Clone, Debug, PartialEq)]
pub struct TextRow {
    /// Its name, without the ending.
    pub name: String,
    /// Tokens that were scored.
    pub token_count: usize,
    /// One score for each model that is shown.
    pub scores: Vec<Score>,
    /// The last model against the first, token by token; `None` where their tokens differ.
    pub pair: Option<Pair>,
}

/// One model on one text.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Pooled over tokens.
    pub perplexity: f64,
    /// The 95 % interval, where the text is long enough for one.
    pub interval: Option<Interval>,
}

/// One model's perplexity as a part of another's on the same tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Perplexity over perplexity.
    pub ratio: f64,
    /// The 95 % interval of it, where the text is long enough for one.
    pub interval: Option<Interval>,
}

/// How the merged model does against the base, and whether the merge itself cost anything; a message.
#[derive(Debug, Serialize)]
pub struct PerplexityStory {
    changes: Vec<PerplexityChange>,
}

/// `korean_chat −40.6 % (−43.0 % to −38.0 %)`: how much a perplexity changed on one text; a message.
#[derive(Debug, Serialize)]
struct PerplexityChange {
    text: String,
    change: String,
    low: Option<String>,
    high: Option<String>,
}

said_in_english!(PerplexityStory, PerplexityChange);

impl PerplexityTable {
    /// How the last model does against the first; `None` where nothing is compared.
    #[must_use]
    pub fn story(&self) -> Option<PerplexityStory> {
        let change = |text: &TextRow| {
            let pair = text.pair?;
            Some(PerplexityChange {
                text: text.name.clone(),
                change: percent_change(pair.ratio),
                low: pair.interval.map(|interval| percent_change(interval.low)),
                high: pair.interval.map(|interval| percent_change(interval.high)),
            })
        };
        let changes: Vec<PerplexityChange> = self.texts.iter().filter_map(change).collect();
        (!changes.is_empty()).then_some(PerplexityStory { changes })
    }

    /// The table of `report`, whose models are what `roles` says; the control belongs to the sentences.
    #[must_use]
    pub fn of(report: &EvalReport, roles: &[ModelRole]) -> Self {
        let text_count = report.models.first().map_or(0, |model| model.texts.len());
        let is_shown = |role: &ModelRole| *role != ModelRole::Rounded;
        let merged = roles.iter().position(|role| *role == ModelRole::Merged);
        let row = |index: usize| {
            let shown = report.models.iter().zip(roles).filter(|(_, role)| is_shown(role));
            let scores: Vec<_> = shown.filter_map(|(model, _)| model.texts.get(index)).collect();
            let first = scores.first()?;
            let pair = report.paired.iter().find(|pair| Some(pair.model) == merged && pair.text == index);
            Some(TextRow {
                name: first.name.strip_suffix(".txt").unwrap_or(&first.name).to_owned(),
                token_count: first.tokens_scored(),
                scores: scores
                    .iter()
                    .map(|score| Score { perplexity: score.perplexity(), interval: score.perplexity_interval() })
                    .collect(),
                pair: pair.map(Pair::of),
            })
        };
        Self {
            protocol: report.protocol,
            roles: roles.iter().copied().filter(is_shown).collect(),
            texts: (0..text_count).filter_map(row).collect(),
        }
    }

    /// Whether an interval rests on too little text, or is missing.
    #[must_use]
    pub fn has_weak_interval(&self) -> bool {
        let mut scores = self.texts.iter().flat_map(|text| &text.scores);
        scores.any(|score| score.interval.is_none_or(|interval| interval.is_weak()))
    }

    /// The smallest and the largest number shown.
    #[must_use]
    pub fn range(&self) -> Option<(f64, f64)> {
        let scores = self.texts.iter().flat_map(|text| &text.scores);
        let values = scores.flat_map(|score| {
            let ends = score.interval.map(|interval| [interval.low, interval.high]);
            std::iter::once(score.perplexity).chain(ends.into_iter().flatten())
        });
        let values: Vec<f64> = values.filter(|value| value.is_finite() && *value > 0.0).collect();
        Some((values.iter().copied().reduce(f64::min)?, values.iter().copied().reduce(f64::max)?))
    }
}

impl Score {
    /// `195.7`: the perplexity.
    #[must_use]
    pub fn number(&self) -> String {
        perplexity_number(self.perplexity)
    }

    /// `165.6 – 221.3`: the interval, where there is one.
    #[must_use]
    pub fn ends(&self) -> Option<String> {
        let number = perplexity_number;
        self.interval.map(|interval| format!("{} – {}", number(interval.low), number(interval.high)))
    }
}

/// One decimal, two below ten: more would be noise.
fn perplexity_number(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.1}") }
}

impl Pair {
    /// From a difference in nats per token.
    fn of(difference: &PairedDifference) -> Self {
        let interval = difference.interval.map(|interval| Interval {
            low: interval.low.exp(),
            high: interval.high.exp(),
            ..interval
        });
        Self { ratio: difference.perplexity_ratio, interval }
    }
}

/// `−40.6 %`: a ratio as a change, with a true minus and nothing that a line could break at.
#[must_use]
pub fn percent_change(ratio: f64) -> String {
    let change = (ratio - 1.0) * 100.0;
    let sign = if change < -0.05 {
        "−"
    } else if change < 0.05 {
        "±"
    } else {
        "+"
    };
    format!("{sign}{:.1}\u{a0}%", change.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(perplexities: [f64; 3]) -> TextRow {
        let scores = perplexities.map(|perplexity| Score { perplexity, interval: None }).to_vec();
        TextRow { name: "text".to_owned(), token_count: 3, scores, pair: None }
    }

    #[test]
    fn changes_have_a_true_minus() {
        assert_eq!(
            [percent_change(0.594), percent_change(1.361), percent_change(1.0001)],
            ["−40.6\u{a0}%", "+36.1\u{a0}%", "±0.0\u{a0}%"]
        );
    }

    #[test]
    fn the_range_holds_every_number() {
        let table = PerplexityTable {
            protocol: Protocol { window: 512, stride: 256 },
            roles: vec![ModelRole::Base, ModelRole::RunTime, ModelRole::Merged],
            texts: vec![row([100.0, 50.0, 50.1]), row([9.0, 8.0, 8.0])],
        };
        assert_eq!(table.range(), Some((8.0, 100.0)));
        assert!(table.has_weak_interval());
    }

    #[test]
    fn a_comparison_has_its_interval() {
        let score = |perplexity| Score { perplexity, interval: None };
        let interval = Some(Interval { low: 0.57, high: 0.62, block_count: 46 });
        let text = TextRow {
            name: "korean_chat".to_owned(),
            token_count: 5_912,
            scores: vec![score(363.1), score(215.5), score(215.6)],
            pair: Some(Pair { ratio: 0.594, interval }),
        };
        let table =
            PerplexityTable { protocol: Protocol { window: 512, stride: 256 }, roles: Vec::new(), texts: vec![text] };
        assert_eq!(
            table.story().unwrap().to_string(),
            "Merged against base on the same tokens, with the 95 % interval: korean_chat −40.6\u{a0}% (−43.0\u{a0}% \
             to −38.0\u{a0}%)."
        );
    }
}
