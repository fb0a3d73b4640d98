//! What follows from the numbers of an evaluation.

use serde::{Serialize, Serializer};

use crate::{
    message::{self, said_in_english},
    numeric::FloatDtype,
};

/// One thing that the numbers say; a message, with its period. Models and texts are named as in the tables.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "every sentence says what its fields are")]
pub enum Conclusion {
    /// Tokens differ, so perplexities are of different things.
    OtherTokens { model: String, first: String, texts: Vec<BitsPerByte> },
    /// Beyond chance on every text named, in both directions or in one; `others` where `higher` are all the others.
    Perplexity {
        model: String,
        first: String,
        lower: Vec<TextChange>,
        higher: Vec<TextChange>,
        others: Option<OtherTexts>,
    },
    /// The interval of the difference holds 0.
    WithinChance {
        model: String,
        first: String,
        #[serde(serialize_with = "signed")]
        texts: Vec<TextChange>,
    },
    /// No interval, or one of too few blocks, of which the longest text has `most_blocks`.
    TooLittleText { texts: Vec<String>, most_blocks: usize },
    /// How far a model is from the first.
    Changed { model: String, first: String, kl: f64, same_top1: f64 },
    /// The predictions changed, the probability of what stands in the text did not.
    ChangedElsewhere { model: String, first: String, text: String, ratio: f64, kl: f64 },
    /// A model that predicts as the first does, up to rounding.
    Absent { model: String, first: String, kl: f64 },
    /// A change so small that the other dtype may explain it, with no control to tell.
    MaybeRounding {
        model: String,
        first: String,
        #[serde(serialize_with = "message::shown")]
        dtype: FloatDtype,
        kl: f64,
    },
    /// What the control shows, and its share of the change of `compared`.
    Rounding {
        control: String,
        first: String,
        #[serde(serialize_with = "message::shown")]
        dtype: FloatDtype,
        kl: f64,
        compared: Option<ShareOfChange>,
    },
    /// The merge is base + adapter.
    MergeEqual { merged: String, unmerged: String, kl: f64, same_top1: f64 },
    /// The file holds what the merge computed.
    FileEqual { merged: String },
    /// The file does not hold what the merge computed.
    FileDiffers { merged: String, kl: f64 },
    /// Which of two merges is closer to what was trained, beyond chance; ends of the interval of `difference`.
    Closer {
        closer: String,
        further: String,
        trained: String,
        kl: f64,
        further_kl: f64,
        difference: f64,
        low: f64,
        high: f64,
    },
    /// The interval of the difference holds 0.
    NeitherCloser { own: String, other: String, trained: String, kl: f64, other_kl: f64, low: f64, high: f64 },
    /// Texts that say the opposite of all together, beyond chance.
    CloserElsewhere { closer: String, trained: String, texts: Vec<String> },
    /// How the merge into the other base predicts the texts, against the own one.
    MergeScores {
        other: String,
        own: String,
        lower: Vec<TextChange>,
        higher: Vec<TextChange>,
        #[serde(serialize_with = "signed")]
        chance: Vec<TextChange>,
    },
    /// The merge is not base + adapter.
    MergeDiffers { merged: String, unmerged: String, kl: f64, share_of_change: Option<f64> },
}

/// A relative change of perplexity on one text; a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TextChange {
    /// The text's name.
    pub text: String,
    /// Perplexity over perplexity, less 1.
    pub ratio: f64,
}

/// The same where either direction is meant: with its sign.
#[derive(Serialize)]
struct SignedChange<'a> {
    text: &'a str,
    ratio: f64,
}

/// All texts that are not named; a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OtherTexts {
    /// How many.
    pub count: usize,
    /// The smallest of their changes.
    pub least: f64,
    /// The largest.
    pub most: f64,
}

/// What rounding does as a part of what a model changes; a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShareOfChange {
    /// The model's name.
    pub model: String,
    /// The part of its change.
    pub share: f64,
}

/// Two models' bits per byte on one text; a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BitsPerByte {
    /// The text's name.
    pub text: String,
    /// Of the model.
    pub model: f64,
    /// Of the first model.
    pub first: f64,
}

said_in_english!(Conclusion, TextChange, SignedChange<'_>, OtherTexts, ShareOfChange, BitsPerByte);

fn signed<S: Serializer>(changes: &[TextChange], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(changes.iter().map(|TextChange { text, ratio }| SignedChange { text, ratio: *ratio }))
}

impl OtherTexts {
    /// The texts of `changes`, where they are more than one.
    #[must_use]
    pub fn of(changes: &[TextChange]) -> Option<Self> {
        let ratios = || changes.iter().map(|change| change.ratio);
        let (least, most) = (ratios().fold(f64::INFINITY, f64::min), ratios().fold(0.0, f64::max));
        (changes.len() > 1).then_some(Self { count: changes.len(), least, most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::assert_said;

    fn change(text: &str, ratio: f64) -> TextChange {
        TextChange { text: text.to_owned(), ratio }
    }

    fn perplexity(lower: &[TextChange], higher: &[TextChange], are_all_texts: bool) -> String {
        let (model, first) = ("merged".to_owned(), "base".to_owned());
        let (lower, higher) = (lower.to_vec(), higher.to_vec());
        let others = OtherTexts::of(&higher).filter(|_| are_all_texts);
        Conclusion::Perplexity { model, first, lower, higher, others }.to_string()
    }

    #[test]
    fn directions_name_the_texts() {
        let (chat, plays, reviews) = (change("chat", -0.41), change("plays", 0.36), change("reviews", 0.05));
        let all = perplexity(std::slice::from_ref(&chat), &[plays.clone(), reviews.clone()], true);
        assert_eq!(
            all,
            "merged against base: perplexity lower by 41 % on chat, higher on the other two (by 5.0 % to 36 %): it learned its domain."
        );
        let some = perplexity(std::slice::from_ref(&chat), &[plays.clone(), reviews], false);
        assert!(some.contains("lower by 41 % on chat, higher by 36 % on plays and by 5.0 % on reviews: it"), "{some}");
        let one = perplexity(std::slice::from_ref(&chat), std::slice::from_ref(&plays), true);
        assert!(one.contains("higher by 36 % on plays: it learned its domain"), "{one}");
        assert!(perplexity(&[chat], &[], true).ends_with("lower by 41 % on chat."));
        assert!(perplexity(&[], &[plays], true).ends_with("higher by 36 % on plays, lower on no text."));
    }

    #[test]
    fn short_texts_say_how_short() {
        let short = |texts: &[&str], most_blocks| {
            let texts = texts.iter().copied().map(str::to_owned).collect();
            Conclusion::TooLittleText { texts, most_blocks }.to_string()
        };
        assert_eq!(short(&["chat"], 12), "chat: too little text to conclude (12 blocks of 128 tokens).");
        assert_eq!(short(&["a", "b"], 3), "a, b: too little text to conclude (each at most 3 blocks of 128 tokens).");
    }

    #[test]
    fn divergence_is_called_an_amount_and_no_quality() {
        let (model, first) = ("merged".to_owned(), "base".to_owned());
        let sentence = Conclusion::Changed { model, first, kl: 0.25, same_top1: 0.5 }.to_string();
        assert!(sentence.starts_with("Amount of change from base to merged: KL 0.2500 nats"), "{sentence}");
        assert!(!sentence.contains("quality") && sentence.contains("not whether it got better"), "{sentence}");
    }

    #[test]
    fn every_conclusion_is_said_with_its_particles_and_numbers() {
        let (model, first) = (|| "병합".to_owned(), || "베이스".to_owned());
        let change = |ratio| vec![TextChange { text: "chat".to_owned(), ratio }];
        let bits = vec![BitsPerByte { text: "chat".to_owned(), model: 1.25, first: 1.5 }];
        let compared = Some(ShareOfChange { model: model(), share: 0.04 });
        let cases: Vec<(Conclusion, &[&str])> = vec![
            (
                Conclusion::OtherTokens { model: model(), first: first(), texts: bits },
                &["병합은 베이스와", "chat 1.2500, 1.5000"],
            ),
            (
                Conclusion::Perplexity {
                    model: model(),
                    first: first(),
                    lower: change(-0.25),
                    higher: change(0.5),
                    others: None,
                },
                &["베이스 대비 병합", "chat(−25", "chat(+50"],
            ),
            (Conclusion::WithinChance { model: model(), first: first(), texts: change(0.5) }, &["병합", "chat(+50"]),
            (Conclusion::TooLittleText { texts: vec!["chat".to_owned()], most_blocks: 3 }, &["chat", "3개"]),
            (
                Conclusion::Changed { model: model(), first: first(), kl: 0.25, same_top1: 0.5 },
                &["베이스에서 병합으로", "0.2500", "50"],
            ),
            (
                Conclusion::ChangedElsewhere {
                    model: model(),
                    first: first(),
                    text: "chat".to_owned(),
                    ratio: 0.001,
                    kl: 0.25,
                },
                &["chat", "0.2500"],
            ),
            (
                Conclusion::Absent { model: model(), first: first(), kl: 0.25 },
                &["병합의 예측은 반올림 안에서 베이스와 같습니다"],
            ),
            (
                Conclusion::MaybeRounding { model: model(), first: first(), dtype: FloatDtype::BF16, kl: 0.25 },
                &["병합은 베이스와", "BF16", "0.2500"],
            ),
            (
                Conclusion::Rounding {
                    control: "BF16 베이스".to_owned(),
                    first: first(),
                    dtype: FloatDtype::BF16,
                    kl: 0.25,
                    compared,
                },
                &["병합이 바꾼 것의", "BF16", "0.2500"],
            ),
            (
                Conclusion::MergeEqual { merged: model(), unmerged: first(), kl: 0.25, same_top1: 0.5 },
                &["베이스 대비 병합", "0.2500"],
            ),
            (Conclusion::FileEqual { merged: model() }, &["병합의 예측"]),
            (Conclusion::FileDiffers { merged: model(), kl: 0.25 }, &["병합은 토큰당", "0.2500"]),
            (
                Conclusion::MergeDiffers { merged: model(), unmerged: first(), kl: 0.25, share_of_change: Some(0.5) },
                &["병합은 베이스와", "0.2500", "50"],
            ),
        ];
        for (value, parts) in cases {
            assert_said(&value, parts);
        }
    }

    #[test]
    fn which_merge_is_closer_is_said_with_its_particles_and_numbers() {
        let (model, first) = (|| "병합".to_owned(), || "베이스".to_owned());
        let change = |ratio| vec![TextChange { text: "chat".to_owned(), ratio }];
        let cases: Vec<(Conclusion, &[&str])> = vec![
            (
                Conclusion::Closer {
                    closer: model(),
                    further: first(),
                    trained: "학습".to_owned(),
                    kl: 0.25,
                    further_kl: 0.5,
                    difference: 0.25,
                    low: 0.125,
                    high: 0.375,
                },
                &["병합이 베이스보다", "학습에 더", "0.2500", "0.5000", "0.1250", "0.3750"],
            ),
            (
                Conclusion::NeitherCloser {
                    own: model(),
                    other: first(),
                    trained: "학습".to_owned(),
                    kl: 0.25,
                    other_kl: 0.5,
                    low: -0.125,
                    high: 0.375,
                },
                &["병합과 베이스", "학습에", "0.2500", "0.5000", "0.3750"],
            ),
            (
                Conclusion::CloserElsewhere {
                    closer: model(),
                    trained: "학습".to_owned(),
                    texts: vec!["chat".to_owned()],
                },
                &["chat", "병합이 학습에"],
            ),
            (
                Conclusion::MergeScores {
                    other: model(),
                    own: first(),
                    lower: change(-0.25),
                    higher: change(0.5),
                    chance: change(0.01),
                },
                &["베이스 대비 병합", "chat(−25", "chat(+50", "chat(+1.0"],
            ),
        ];
        for (value, parts) in cases {
            assert_said(&value, parts);
        }
    }
}
