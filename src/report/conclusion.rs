//! What follows from the numbers of an evaluation, as sentences.

use super::figures::{joined, nats, percent, share};
use crate::{numeric::FloatDtype, units};

/// One thing that the numbers say. Models and texts are named as in the tables.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "every sentence says what its fields are")]
pub enum Conclusion {
    /// Tokens differ, so perplexities are of different things.
    OtherTokens { model: String, first: String, texts: Vec<BitsPerByte> },
    /// Beyond chance on every text named, in both directions or in one.
    Perplexity { model: String, first: String, lower: Vec<TextChange>, higher: Vec<TextChange>, are_all_texts: bool },
    /// The interval of the difference holds 0.
    WithinChance { model: String, first: String, texts: Vec<TextChange> },
    /// No interval, or one of too few blocks.
    TooLittleText { texts: Vec<ShortText> },
    /// How far a model is from the first.
    Changed { model: String, first: String, kl: f64, same_top1: f64 },
    /// The predictions changed, the probability of what stands in the text did not.
    ChangedElsewhere { model: String, first: String, text: String, ratio: f64, kl: f64 },
    /// A model that predicts as the first does, up to rounding.
    Absent { model: String, first: String, kl: f64 },
    /// A change so small that the other dtype may explain it, with no control to tell.
    MaybeRounding { model: String, first: String, dtype: FloatDtype, kl: f64 },
    /// What the control shows, and its share of the change of `compared`.
    Rounding { control: String, first: String, dtype: FloatDtype, kl: f64, compared: Option<(String, f64)> },
    /// The merge is base + adapter.
    MergeEqual { merged: String, unmerged: String, kl: f64, same_top1: f64 },
    /// The file holds what the merge computed.
    FileEqual { merged: String },
    /// The file does not hold what the merge computed.
    FileDiffers { merged: String, kl: f64 },
    /// The merge is not base + adapter.
    MergeDiffers { merged: String, unmerged: String, kl: f64, share_of_change: Option<f64> },
}

/// A relative change of perplexity on one text.
#[derive(Clone, Debug, PartialEq)]
pub struct TextChange {
    /// The text's name.
    pub text: String,
    /// Perplexity over perplexity, less 1.
    pub ratio: f64,
}

/// A text that is too short to conclude from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortText {
    /// Its name.
    pub text: String,
    /// Its blocks of at most 128 tokens.
    pub block_count: usize,
}

/// Two models' bits per byte on one text.
#[derive(Clone, Debug, PartialEq)]
pub struct BitsPerByte {
    /// The text's name.
    pub text: String,
    /// Of the model.
    pub model: f64,
    /// Of the first model.
    pub first: f64,
}

impl Conclusion {
    /// The sentence, with its period.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::OtherTokens { model, first, texts } => {
                let number =
                    |text: &BitsPerByte| format!("{:.4} against {:.4} on {}", text.model, text.first, text.text);
                let numbers: Vec<String> = texts.iter().map(number).collect();
                let numbers = if numbers.is_empty() { String::new() } else { format!(" ({})", numbers.join("; ")) };
                format!(
                    "{model} cuts the texts into other tokens than {first}, so perplexities cannot be compared, only bits per byte{numbers}."
                )
            }
            Self::Perplexity { model, first, lower, higher, are_all_texts } => {
                format!("{model} against {first}: {}.", directions(lower, higher, *are_all_texts))
            }
            Self::WithinChance { model, first, texts } => {
                let texts: Vec<String> =
                    texts.iter().map(|text| format!("{} ({})", text.text, signed_percent(text.ratio))).collect();
                format!("{model} against {first}: the difference is within chance on {}.", joined(&texts))
            }
            Self::TooLittleText { texts } => match texts.as_slice() {
                [ShortText { text, block_count }] => {
                    format!(
                        "{text}: too little text to conclude ({} of 128 tokens).",
                        units::plural(*block_count, "block")
                    )
                }
                texts => {
                    let most = texts.iter().map(|text| text.block_count).max().unwrap_or(0);
                    let names: Vec<&str> = texts.iter().map(|text| text.text.as_str()).collect();
                    let names = crate::error::listed(&names, 4);
                    let blocks = units::plural(most, "block");
                    format!("{names}: too little text to conclude (each at most {blocks} of 128 tokens).")
                }
            },
            Self::Changed { model, first, kl, same_top1 } => format!(
                "Amount of change from {first} to {model}: KL {} nats per token, and the same likeliest token at {} of positions. This says how much changed, not whether it got better.",
                nats(*kl),
                share(*same_top1),
            ),
            Self::ChangedElsewhere { model, first, text, ratio, kl } => format!(
                "{model} against {first} on {text}: a near-zero perplexity change ({}) with a KL of {} nats, well above the rounding floor: behaviour changed, not on this text.",
                signed_percent(*ratio),
                nats(*kl),
            ),
            Self::Absent { model, first, kl: 0.0 } => {
                format!("{model} predicts exactly what {first} predicts (KL 0): the adapter is effectively absent.")
            }
            Self::Absent { model, first, kl } => format!(
                "{model} predicts what {first} predicts, up to rounding (KL {}): the adapter is effectively absent.",
                nats(*kl)
            ),
            Self::MaybeRounding { model, first, dtype, kl } => format!(
                "{model} is so close to {first} (KL {}) that rounding to {dtype} alone may explain it; cast the base to {dtype} to tell.",
                nats(*kl)
            ),
            Self::Rounding { control, first, dtype, kl, compared } => {
                let share =
                    compared.as_ref().map(|(model, share)| format!(", {} of the change of {model}", percent(*share)));
                format!(
                    "Rounding alone: {control} is {first} with every weight in {dtype}, and differs from it by KL {} nats per token{}.",
                    nats(*kl),
                    share.unwrap_or_default(),
                )
            }
            Self::MergeEqual { merged, unmerged, kl, same_top1 } => format!(
                "The merge equals base + adapter up to rounding: {merged} against {unmerged} (KL {}, the same likeliest token at {}).",
                nats(*kl),
                share(*same_top1),
            ),
            Self::FileEqual { merged } => format!(
                "The file is right: read from disk, {merged} predicts to the last bit what the merge computes in memory."
            ),
            Self::FileDiffers { merged, kl } => format!(
                "The file is not what the merge computes: read from disk, {merged} differs by KL {} nats per token; verify the folder.",
                nats(*kl),
            ),
            Self::MergeDiffers { merged, unmerged, kl, share_of_change } => {
                let share = share_of_change.map(|share| format!(", {} of what the adapter changes", percent(share)));
                format!(
                    "The merge is not base + adapter: {merged} differs from {unmerged} by KL {} nats per token{}, more than rounding explains; verify the folder.",
                    nats(*kl),
                    share.unwrap_or_default(),
                )
            }
        }
    }
}

/// `perplexity lower by 41 % on korean_chat.txt, higher on the other two (by 3.1 % to 12 %): it learned its domain`.
fn directions(lower: &[TextChange], higher: &[TextChange], are_all_texts: bool) -> String {
    let named = |texts: &[TextChange]| {
        let parts: Vec<String> =
            texts.iter().map(|text| format!("by {} on {}", percent(text.ratio), text.text)).collect();
        joined(&parts)
    };
    match (lower, higher) {
        (lower, []) => format!("perplexity lower {}", named(lower)),
        ([], higher) => format!("perplexity higher {}, lower on no text", named(higher)),
        (lower, higher) => {
            let higher = if are_all_texts && higher.len() > 1 { on_the_others(higher) } else { named(higher) };
            format!("perplexity lower {}, higher {higher}: it learned its domain", named(lower))
        }
    }
}

/// `on the other two (by 3.1 % to 12 %)`.
fn on_the_others(texts: &[TextChange]) -> String {
    let count = match texts.len() {
        2 => "two".to_owned(),
        3 => "three".to_owned(),
        count => count.to_string(),
    };
    let ratios = || texts.iter().map(|text| text.ratio);
    let (least, most) = (ratios().fold(f64::INFINITY, f64::min), ratios().fold(0.0, f64::max));
    format!("on the other {count} (by {} to {})", percent(least), percent(most))
}

fn signed_percent(ratio: f64) -> String {
    let sign = if ratio < 0.0 { "−" } else { "+" };
    format!("{sign}{}", percent(ratio))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(text: &str, ratio: f64) -> TextChange {
        TextChange { text: text.to_owned(), ratio }
    }

    fn perplexity(lower: &[TextChange], higher: &[TextChange], are_all_texts: bool) -> String {
        let (model, first) = ("merged".to_owned(), "base".to_owned());
        let (lower, higher) = (lower.to_vec(), higher.to_vec());
        Conclusion::Perplexity { model, first, lower, higher, are_all_texts }.sentence()
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
        let short = |text: &str, block_count| ShortText { text: text.to_owned(), block_count };
        let one = Conclusion::TooLittleText { texts: vec![short("chat", 12)] };
        assert_eq!(one.sentence(), "chat: too little text to conclude (12 blocks of 128 tokens).");
        let more = Conclusion::TooLittleText { texts: vec![short("a", 1), short("b", 3)] };
        assert_eq!(more.sentence(), "a, b: too little text to conclude (each at most 3 blocks of 128 tokens).");
    }

    #[test]
    fn divergence_is_called_an_amount_and_no_quality() {
        let (model, first) = ("merged".to_owned(), "base".to_owned());
        let sentence = Conclusion::Changed { model, first, kl: 0.25, same_top1: 0.5 }.sentence();
        assert!(sentence.starts_with("Amount of change from base to merged: KL 0.2500 nats"), "{sentence}");
        assert!(!sentence.contains("quality") && sentence.contains("not whether it got better"), "{sentence}");
    }
}
