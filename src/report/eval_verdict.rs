//! What an evaluation comes to, in one sentence.

use serde::Serialize;

use super::{Conclusion, TextChange};
use crate::message::said_in_english;

/// The one thing to know of a merged model beside its base, the gravest first; a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum EvalVerdict {
    /// It does not predict as base + adapter or the merge in memory do.
    NotTheMerge,
    /// Its tokens are others, so that perplexities say nothing.
    OtherTokens,
    /// It predicts as the base does.
    Absent,
    /// Its perplexity is lower on these texts and higher on none.
    Better {
        /// Their names.
        texts: Vec<String>,
    },
    /// Its perplexity is higher on these texts and lower on none.
    Worse {
        /// Their names.
        texts: Vec<String>,
    },
    /// Lower on some texts and higher on others.
    Mixed {
        /// Texts on which it is lower.
        better: Vec<String>,
        /// Texts on which it is higher.
        worse: Vec<String>,
    },
    /// No text shows a difference beyond chance.
    WithinChance,
    /// The texts are too short to tell.
    TooLittleText,
}

impl EvalVerdict {
    /// What `conclusions` come to; `None` where nothing was compared.
    #[must_use]
    pub fn of(conclusions: &[Conclusion]) -> Option<Self> {
        conclusions.iter().filter_map(Self::of_one).min_by_key(Self::rank)
    }

    fn of_one(conclusion: &Conclusion) -> Option<Self> {
        let names = |texts: &[TextChange]| texts.iter().map(|change| without_ending(&change.text)).collect();
        match conclusion {
            Conclusion::MergeDiffers { .. } | Conclusion::FileDiffers { .. } => Some(Self::NotTheMerge),
            Conclusion::OtherTokens { .. } => Some(Self::OtherTokens),
            Conclusion::Absent { .. } => Some(Self::Absent),
            Conclusion::Perplexity { lower, higher, .. } => Some(match (lower.as_slice(), higher.as_slice()) {
                (lower, []) => Self::Better { texts: names(lower) },
                ([], higher) => Self::Worse { texts: names(higher) },
                (lower, higher) => Self::Mixed { better: names(lower), worse: names(higher) },
            }),
            Conclusion::WithinChance { .. } => Some(Self::WithinChance),
            Conclusion::TooLittleText { .. } => Some(Self::TooLittleText),
            Conclusion::Changed { .. }
            | Conclusion::ChangedElsewhere { .. }
            | Conclusion::MaybeRounding { .. }
            | Conclusion::Rounding { .. }
            | Conclusion::MergeEqual { .. }
            | Conclusion::Closer { .. }
            | Conclusion::NeitherCloser { .. }
            | Conclusion::CloserElsewhere { .. }
            | Conclusion::MergeScores { .. }
            | Conclusion::FileEqual { .. } => None,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::NotTheMerge => 0,
            Self::OtherTokens => 1,
            Self::Absent => 2,
            Self::Better { .. } | Self::Worse { .. } | Self::Mixed { .. } => 3,
            Self::WithinChance => 4,
            Self::TooLittleText => 5,
        }
    }
}

/// A text by the name that charts show.
fn without_ending(name: &str) -> String {
    name.strip_suffix(".txt").unwrap_or(name).to_owned()
}

said_in_english!(EvalVerdict);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::assert_said;

    fn text(name: &str) -> TextChange {
        TextChange { text: name.to_owned(), ratio: 0.1 }
    }

    fn perplexity(lower: &[TextChange], higher: &[TextChange]) -> Conclusion {
        let (model, first) = ("merged".to_owned(), "base".to_owned());
        let (lower, higher) = (lower.to_vec(), higher.to_vec());
        Conclusion::Perplexity { model, first, lower, higher, others: None }
    }

    #[test]
    fn the_gravest_conclusion_is_the_verdict() {
        let chance = Conclusion::WithinChance { model: "merged".into(), first: "base".into(), texts: vec![text("a")] };
        let mixed = perplexity(&[text("chat.txt")], &[text("plays.txt")]);
        let differs =
            Conclusion::MergeDiffers { merged: "m".into(), unmerged: "u".into(), kl: 0.1, share_of_change: None };
        let verdict = EvalVerdict::of(&[chance.clone(), mixed.clone()]).unwrap();
        assert_eq!(verdict.to_string(), "it predicts chat better than the base, and plays worse");
        assert_eq!(EvalVerdict::of(&[mixed, differs]), Some(EvalVerdict::NotTheMerge));
        assert_eq!(EvalVerdict::of(&[chance]), Some(EvalVerdict::WithinChance));
        let worse = EvalVerdict::of(&[perplexity(&[], &[text("plays")])]).unwrap();
        assert!(worse.to_string().contains("no text better"));
        assert_eq!(EvalVerdict::of(&[]), None);
    }

    #[test]
    fn every_verdict_is_said_with_its_texts() {
        let texts = || vec!["chat".to_owned(), "plays".to_owned()];
        let cases: [(EvalVerdict, &[&str]); 8] = [
            (EvalVerdict::NotTheMerge, &["베이스 + 어댑터"]),
            (EvalVerdict::OtherTokens, &["바이트당 비트"]),
            (EvalVerdict::Absent, &["어댑터가 없는 것"]),
            (EvalVerdict::Better { texts: texts() }, &["chat, plays"]),
            (EvalVerdict::Worse { texts: texts() }, &["chat, plays"]),
            (EvalVerdict::Mixed { better: texts(), worse: vec!["reviews".to_owned()] }, &["chat, plays", "reviews"]),
            (EvalVerdict::WithinChance, &["우연"]),
            (EvalVerdict::TooLittleText, &["짧아"]),
        ];
        for (verdict, parts) in cases {
            assert_said(&verdict, parts);
        }
    }
}
