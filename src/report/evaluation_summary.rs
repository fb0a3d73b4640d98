//! What an evaluation says, in the words of each language.

use super::{ChangeTable, Conclusion, ModelRole, conclusions};
use crate::{evaluate::EvalReport, message::Language, numeric::FloatDtype, units::unbroken};

/// What an evaluation says, in the words of one language.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluationSummary {
    /// The language.
    pub language: Language,
    /// What follows from the numbers.
    pub sentences: Vec<String>,
    /// Which of two merges is closer to what was trained, where that was asked.
    pub closeness: Option<String>,
    /// How far predictions are apart, where they can be compared.
    pub changes: Option<ChangeTable>,
}

impl EvaluationSummary {
    /// What `report` says about models with these roles.
    #[must_use]
    pub fn in_every_language(report: &EvalReport, roles: &[ModelRole], merged_dtype: Option<FloatDtype>) -> Vec<Self> {
        let summary = |language: Language| {
            let names: Vec<String> = roles.iter().map(|role| role.name(language, merged_dtype)).collect();
            let said = conclusions(report, &names);
            let say = |conclusion: &Conclusion| unbroken(&without_endings(&language.said(conclusion), report));
            let is_closeness = |conclusion: &&Conclusion| {
                matches!(conclusion, Conclusion::Closer { .. } | Conclusion::NeitherCloser { .. })
            };
            let closeness = said.iter().find(is_closeness).map(say);
            let sentences = said.iter().map(say).collect();
            Self { language, sentences, closeness, changes: ChangeTable::new(report, &names) }
        };
        Language::EVERY.map(summary).to_vec()
    }
}

/// `sentence` with texts named as the chart names them.
fn without_endings(sentence: &str, report: &EvalReport) -> String {
    let texts = report.models.first().map_or(&[][..], |model| &model.texts);
    let names = texts.iter().filter_map(|text| Some((text.name.as_str(), text.name.strip_suffix(".txt")?)));
    names.fold(sentence.to_owned(), |sentence, (name, shown)| sentence.replace(name, shown))
}
