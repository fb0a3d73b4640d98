//! Perplexities (or bits per byte) of several models on several texts, as rows for people.

use crate::{
    evaluate::{EvalReport, Interval},
    units,
};

/// What can be compared whatever the tokenizer.
const BITS_PER_BYTE: &str = "Bits per byte";

/// One line for each text.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreTable {
    /// Titles: text, tokens, a model each, and the last model against the first.
    pub header: Vec<String>,
    /// The texts.
    pub rows: Vec<ScoreRow>,
    /// What the cells show: "Perplexity", or "Bits per byte" where tokenizers differ.
    pub measure: &'static str,
    /// How the numbers were made.
    pub protocol: String,
}

/// One text.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreRow {
    /// Its name.
    pub text: String,
    /// Tokens scored with the first model.
    pub tokens_scored: usize,
    /// Perplexity of each model.
    pub perplexities: Vec<f64>,
    /// Bits per byte of each model; `None` for token ids.
    pub bits_per_byte: Vec<Option<f64>>,
    /// The last model against the first: `−40.6 % [−41.9, −39.2]`, or why there is no number.
    pub change: String,
}

impl ScoreTable {
    /// The rows of `report`; models are titled `names`.
    #[must_use]
    pub fn new(report: &EvalReport, names: &[String]) -> Self {
        let last = report.models.len().saturating_sub(1);
        let first_texts = report.models.first().map_or(&[][..], |model| &model.texts);
        let rows = first_texts
            .iter()
            .enumerate()
            .map(|(text, score)| ScoreRow {
                text: score.name.clone(),
                tokens_scored: score.tokens_scored(),
                perplexities: report.models.iter().map(|model| model.texts[text].perplexity()).collect(),
                bits_per_byte: report.models.iter().map(|model| model.texts[text].bits_per_byte()).collect(),
                change: change(report, last, text),
            })
            .collect();
        let change_title = names.last().zip(names.first()).map(|(last, first)| format!("{last} against {first}"));
        let mut header = vec!["text".to_owned(), "tokens".to_owned()];
        header.extend(names.iter().cloned());
        header.extend(change_title.filter(|_| last > 0));
        let measure = if report.other_tokens.is_empty() { "Perplexity" } else { BITS_PER_BYTE };
        Self { header, rows, measure, protocol: report.protocol.to_string() }
    }

    /// The cells of each row, under [`Self::header`].
    #[must_use]
    pub fn cells(&self) -> Vec<Vec<String>> {
        self.rows
            .iter()
            .map(|row| {
                let mut cells = vec![row.text.clone(), units::count(row.tokens_scored as u64)];
                if self.measure == BITS_PER_BYTE {
                    let bits = row.bits_per_byte.iter().copied();
                    cells.extend(bits.map(|bits| bits.map_or_else(|| "—".to_owned(), |bits| format!("{bits:.4}"))));
                } else {
                    cells.extend(row.perplexities.iter().map(|perplexity| format!("{perplexity:.2}")));
                }
                cells.push(row.change.clone());
                cells.truncate(self.header.len());
                cells
            })
            .collect()
    }
}

/// The relative change of perplexity with its 95 % interval, from the mean paired difference.
fn change(report: &EvalReport, model: usize, text: usize) -> String {
    let Some(paired) = report.paired_with_first(model, text) else {
        return "other tokens".to_owned();
    };
    change_with_interval(paired.mean_difference, paired.interval)
}

/// `−40.6 % [−41.9, −39.2]`: a difference in nats per token as a change of perplexity, with the 95 % interval.
pub(super) fn change_with_interval(mean_difference: f64, interval: Option<Interval>) -> String {
    let percent = |difference: f64| signed(100.0 * difference.exp_m1());
    let value = format!("{} %", percent(mean_difference));
    match interval {
        Some(interval) if !interval.is_weak() => {
            format!("{value} [{}, {}]", percent(interval.low), percent(interval.high))
        }
        _ => format!("{value} (too little text to conclude)"),
    }
}

/// One decimal with a true minus sign.
fn signed(value: f64) -> String {
    let text = format!("{value:+.1}");
    text.replace('-', "−")
}
