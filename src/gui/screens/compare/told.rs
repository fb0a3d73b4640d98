//! What an evaluation says, in the words of each language.

use super::model_role::ModelRole;
use crate::{
    evaluate::EvalReport,
    gui::{
        design::path_text::unbroken,
        words::{Language, Words},
    },
    numeric::FloatDtype,
    report::{ChangeTable, conclusions},
};

impl ModelRole {
    /// As sentences and legends name it.
    #[must_use]
    pub fn name(self, words: &Words, merged_dtype: Option<FloatDtype>) -> String {
        match self {
            Self::Base => words.base_in_text.to_owned(),
            Self::RunTime => words.run_time_in_text.to_owned(),
            Self::Merged => words.merged_in_text.to_owned(),
            Self::Rounded => {
                let dtype = merged_dtype.map_or_else(String::new, |dtype| dtype.stored().to_string());
                (words.rounded_in_text)(&dtype)
            }
        }
    }
}

/// What an evaluation says, in the words of one language.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The language.
    pub language: Language,
    /// What follows from the numbers.
    pub sentences: Vec<String>,
    /// How far predictions are apart, where they can be compared.
    pub changes: Option<ChangeTable>,
}

impl Told {
    /// What `report` says about models with these roles.
    #[must_use]
    pub fn in_every_language(report: &EvalReport, roles: &[ModelRole], merged_dtype: Option<FloatDtype>) -> Vec<Self> {
        let told = |language: Language| {
            let words = language.words();
            let names: Vec<String> = roles.iter().map(|role| role.name(words, merged_dtype)).collect();
            let said = conclusions(report, &names);
            let said =
                said.iter().map(|conclusion| unbroken(&without_endings(&(words.conclusion)(conclusion), report)));
            Self { language, sentences: said.collect(), changes: ChangeTable::new(report, &names) }
        };
        Language::ALL.map(told).to_vec()
    }
}

/// `sentence` with texts named as the chart names them.
fn without_endings(sentence: &str, report: &EvalReport) -> String {
    let texts = report.models.first().map_or(&[][..], |model| &model.texts);
    let names = texts.iter().filter_map(|text| Some((text.name.as_str(), text.name.strip_suffix(".txt")?)));
    names.fold(sentence.to_owned(), |sentence, (name, shown)| sentence.replace(name, shown))
}
