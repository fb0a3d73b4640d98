//! How far predictions are apart, as rows for people.

use crate::{
    evaluate::{Divergence, EvalReport},
    units::{nats, share},
};

/// One line for each pair of models and each text.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeTable {
    /// Titles of the columns.
    pub header: Vec<String>,
    /// A cell for each title.
    pub rows: Vec<Vec<String>>,
    /// What the numbers are, and what they are not.
    pub note: String,
}

impl ChangeTable {
    /// The rows of `report`, models titled `names`; `None` where no two models can be compared.
    #[must_use]
    pub fn new(report: &EvalReport, names: &[String]) -> Option<Self> {
        if report.divergences.is_empty() {
            return None;
        }
        let header = ["amount of change", "text", "mean KL", "median", "99 %", "largest", "same top token"];
        let note = "KL(P‖Q) in nats per token for P → Q: the amount of change, never its quality; \
                    in brackets the 95 % interval of the share of positions with the same likeliest token.";
        Some(Self {
            header: header.map(str::to_owned).to_vec(),
            rows: report.divergences.iter().map(|divergence| row(report, names, divergence)).collect(),
            note: note.to_owned(),
        })
    }
}

fn row(report: &EvalReport, names: &[String], divergence: &Divergence) -> Vec<String> {
    let Divergence { reference, model, text, kl, same_top1 } = divergence;
    let name = |model: usize| names.get(model).map_or("", String::as_str);
    let text = report.models.get(*model).and_then(|model| model.texts.get(*text));
    let mut cells = vec![
        format!("{} → {}", name(*reference), name(*model)),
        text.map(|text| text.name.clone()).unwrap_or_default(),
    ];
    cells.extend([kl.mean, kl.median, kl.p99, kl.max].map(nats));
    cells.push(format!("{} [{}, {}]", share(same_top1.value), share(same_top1.low), share(same_top1.high)));
    cells
}
