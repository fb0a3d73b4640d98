//! How close two merges are to what was trained, as rows for people.

use super::score_table::change_with_interval;
use crate::{
    evaluate::{EvalReport, MergeDifference, TokenMean},
    units::nats,
};

/// One line for each text, and one for all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct ClosenessTable {
    /// Titles of the columns.
    pub header: Vec<String>,
    /// A cell for each title.
    pub rows: Vec<Vec<String>>,
    /// What the numbers are.
    pub note: String,
}

impl ClosenessTable {
    /// The rows of `report`, models titled `names`; `None` where no choice was measured.
    #[must_use]
    pub fn new(report: &EvalReport, names: &[String]) -> Option<Self> {
        let closeness = report.closeness.as_ref()?;
        let choice = closeness.choice;
        let name = |model: usize| names.get(model).map_or("", String::as_str);
        let header = vec![
            format!("closer to {}", name(choice.trained)),
            format!("KL, {}", name(choice.own_merge)),
            format!("KL, {}", name(choice.other_merge)),
            "difference".to_owned(),
            "perplexity of the latter".to_owned(),
        ];
        let texts = &report.models.get(choice.trained)?.texts;
        let mut rows: Vec<Vec<String>> =
            texts.iter().zip(&closeness.texts).map(|(text, difference)| row(&text.name, difference)).collect();
        if rows.len() > 1 {
            rows.push(row("all texts", &closeness.all));
        }
        let note = "Mean KL in nats per token; differences of the latter merge from the former, token by token; \
                    in brackets their 95 % intervals.";
        Some(Self { header, rows, note: note.to_owned() })
    }
}

fn row(text: &str, difference: &MergeDifference) -> Vec<String> {
    let MergeDifference { own_kl, other_kl, kl, nll } = difference;
    let with_ends = |mean: &TokenMean| match mean.interval {
        Some(ends) => format!("{} [{}, {}]", nats(mean.mean), nats(ends.low), nats(ends.high)),
        None => nats(mean.mean),
    };
    let mut cells = vec![text.to_owned()];
    cells.extend([own_kl, other_kl, kl].map(with_ends));
    cells.push(change_with_interval(nll.mean, nll.interval));
    cells
}
