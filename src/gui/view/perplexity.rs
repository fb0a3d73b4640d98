//! Perplexities with their intervals, computed once: a bootstrap is no work for a frame.

use crate::evaluate::{EvalReport, Interval};

/// All scores of a measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct PerplexityTable {
    /// How tokens were scored.
    pub protocol: String,
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
    /// One score for each model: base, base + adapter, merged.
    pub scores: Vec<Score>,
}

/// One model on one text.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Pooled over tokens.
    pub perplexity: f64,
    /// The 95 % interval, where the text is long enough for one.
    pub interval: Option<Interval>,
}

impl PerplexityTable {
    /// The table of `report`.
    #[must_use]
    pub fn of(report: &EvalReport) -> Self {
        let text_count = report.models.first().map_or(0, |model| model.texts.len());
        let row = |index: usize| {
            let scores: Vec<_> = report.models.iter().filter_map(|model| model.texts.get(index)).collect();
            let first = scores.first()?;
            Some(TextRow {
                name: first.name.strip_suffix(".txt").unwrap_or(&first.name).to_owned(),
                token_count: first.tokens_scored(),
                scores: scores
                    .iter()
                    .map(|score| Score { perplexity: score.perplexity(), interval: score.perplexity_interval() })
                    .collect(),
            })
        };
        Self { protocol: report.protocol.sentence(), texts: (0..text_count).filter_map(row).collect() }
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
