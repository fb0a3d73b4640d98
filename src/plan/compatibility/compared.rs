//! What adapter and base say, side by side.

use serde::Serialize;

use crate::{
    message::{self, Message, said_in_english},
    numeric::Dtype,
};

/// What was compared and what both sides say; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "every sentence says what its fields are")]
pub enum Compared {
    BaseUnnamed,
    BaseNameUntelling {
        trained_on: String,
        base: String,
    },
    BaseNamed {
        trained_on: String,
    },
    BaseDiffers {
        trained_on: String,
        base: String,
        variants: Option<[NameVariant; 2]>,
    },
    Revision {
        trained_on: String,
        base: String,
    },
    QuantisedTraining {
        marker: &'static str,
        trained_on: String,
        original: Option<String>,
        #[serde(serialize_with = "message::any_shown")]
        dtype: Option<Dtype>,
    },
    QuantisedBoth {
        method: &'static str,
        trained_on: String,
        #[serde(serialize_with = "message::shown")]
        dtype: Dtype,
    },
    QuantisedOtherwise {
        method: &'static str,
        trained_on: String,
        marker: &'static str,
    },
    QuantisedBase {
        method: &'static str,
        trained_on: String,
    },
    GgufBase {
        trained_on: String,
    },
    Class {
        trained_on: String,
        base: String,
    },
    TaskFits {
        task: String,
        base: String,
    },
    TaskDiffers {
        task: String,
        base: String,
    },
    AllOfItsKinds {
        kind_count: usize,
    },
    PartOfItsKinds {
        changed_count: usize,
        unchanged_count: usize,
        names: Vec<String>,
    },
    SameTokenizer,
    TokenizerAgrees {
        token_count: u64,
        base_count: u64,
    },
    TokensMoved {
        tokens: Vec<String>,
    },
    Dtypes {
        #[serde(serialize_with = "message::any_shown")]
        factors: Option<Dtype>,
        #[serde(serialize_with = "message::any_shown")]
        base: Option<Dtype>,
    },
}

/// The variant of a model that a name says; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NameVariant {
    /// The words that say it ("instruct"); none for the plain model.
    pub words: Vec<String>,
}

impl Compared {
    /// Whether it is about packed weights: what the trainer saw, what the base is, what differs.
    #[must_use]
    pub fn is_about_quantisation(&self) -> bool {
        matches!(
            self,
            Self::QuantisedTraining { .. }
                | Self::QuantisedBoth { .. }
                | Self::QuantisedOtherwise { .. }
                | Self::QuantisedBase { .. }
                | Self::GgufBase { .. }
        )
    }

    /// What was compared; a message.
    #[must_use]
    pub fn title(&self) -> Message {
        Message::of(self).attribute("title")
    }
}

said_in_english!(Compared, NameVariant);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::assert_said;

    #[test]
    fn every_finding_is_said_with_its_names_and_numbers() {
        let text = str::to_owned;
        let names = |names: &[&str]| names.iter().copied().map(str::to_owned).collect::<Vec<String>>();
        let variants = Some([NameVariant { words: names(&["instruct"]) }, NameVariant { words: Vec::new() }]);
        let quantised = |original: Option<&str>| Compared::QuantisedTraining {
            marker: "awq",
            trained_on: "org/Toy-AWQ".to_owned(),
            original: original.map(str::to_owned),
            dtype: Some(Dtype::BF16),
        };
        let differs =
            |variants| Compared::BaseDiffers { trained_on: "org/Toy".to_owned(), base: "Bear".to_owned(), variants };
        let cases: Vec<(Compared, &[&str])> = vec![
            (Compared::BaseUnnamed, &[]),
            (Compared::BaseNameUntelling { trained_on: text("model"), base: text("out") }, &["`model`", "`out`"]),
            (Compared::BaseNamed { trained_on: text("org/Toy") }, &["`org/Toy`"]),
            (differs(None), &["`org/Toy`", "`Bear`"]),
            (differs(variants), &["`org/Toy`", "`Bear`", "instruct 모델과 기본 모델은"]),
            (Compared::Revision { trained_on: text("0a1b2c3d"), base: text("4e5f6071") }, &["0a1b2c3d", "4e5f6071"]),
            (quantised(None), &["`org/Toy-AWQ`", "awq", "BF16"]),
            (quantised(Some("org/Toy")), &["`org/Toy-AWQ`", "awq", "원본 `org/Toy`", "BF16"]),
            (
                Compared::QuantisedBoth { method: "MLX", trained_on: text("org/Toy-4bit"), dtype: Dtype::F16 },
                &["`org/Toy-4bit`", "MLX", "F16"],
            ),
            (
                Compared::QuantisedOtherwise { method: "MLX", trained_on: text("org/Toy-AWQ"), marker: "awq" },
                &["`org/Toy-AWQ`", "awq", "MLX"],
            ),
            (Compared::GgufBase { trained_on: text("org/Toy") }, &["`org/Toy`", "GGUF"]),
            (Compared::QuantisedBase { method: "MLX", trained_on: text("org/Toy") }, &["`org/Toy`", "MLX"]),
            (Compared::Class { trained_on: text("LlamaModel"), base: text("GPT2Model") }, &["LlamaModel", "GPT2Model"]),
            (Compared::TaskFits { task: text("SEQ_CLS"), base: text("Toy") }, &["SEQ_CLS", "Toy"]),
            (Compared::TaskDiffers { task: text("SEQ_CLS"), base: text("Toy") }, &["SEQ_CLS", "Toy"]),
            (Compared::AllOfItsKinds { kind_count: 7 }, &["7종류"]),
            (
                Compared::PartOfItsKinds { changed_count: 56, unchanged_count: 4, names: names(&["a", "b", "c", "d"]) },
                &["56개", "4개", "a, b, c 외 1개"],
            ),
            (Compared::SameTokenizer, &[]),
            (Compared::TokenizerAgrees { token_count: 32_001, base_count: 32_000 }, &["32,001", "32,000"]),
            (Compared::TokensMoved { tokens: names(&["<pad>", "<x>"]) }, &["2개", "<pad>, <x>"]),
            (Compared::Dtypes { factors: Some(Dtype::F32), base: Some(Dtype::BF16) }, &["F32", "BF16"]),
            (Compared::Dtypes { factors: None, base: None }, &["자료형 없음"]),
        ];
        for (value, parts) in cases {
            assert_said(&value, parts);
        }
    }
}
