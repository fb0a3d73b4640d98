//! Which of two merges is closer to what was trained, in sentences.

use super::conclusion::{Conclusion, TextChange};
use crate::evaluate::{Closeness, EvalReport, Interval, MergeDifference};

/// What `closeness` says about models titled `names`; nothing of texts too short to conclude from.
pub(super) fn conclusions(closeness: &Closeness, report: &EvalReport, names: &[String]) -> Vec<Conclusion> {
    let name = |model: usize| names.get(model).cloned().unwrap_or_default();
    let choice = closeness.choice;
    let (trained, own, other) = (name(choice.trained), name(choice.own_merge), name(choice.other_merge));
    let MergeDifference { own_kl, other_kl, kl, .. } = closeness.all;
    let Some(interval) = kl.interval.filter(|interval| !interval.is_weak()) else { return Vec::new() };
    let Interval { low, high, .. } = interval;
    let text_name = |text: usize| report.models[choice.trained].texts[text].name.clone();
    let mut conclusions = vec![match side(interval) {
        None => Conclusion::NeitherCloser {
            own: own.clone(),
            other: other.clone(),
            trained: trained.clone(),
            kl: own_kl.mean,
            other_kl: other_kl.mean,
            low,
            high,
        },
        Some(Side::Own) => Conclusion::Closer {
            closer: own.clone(),
            further: other.clone(),
            trained: trained.clone(),
            kl: own_kl.mean,
            further_kl: other_kl.mean,
            difference: kl.mean,
            low,
            high,
        },
        Some(Side::Other) => Conclusion::Closer {
            closer: other.clone(),
            further: own.clone(),
            trained: trained.clone(),
            kl: other_kl.mean,
            further_kl: own_kl.mean,
            difference: -kl.mean,
            low: -high,
            high: -low,
        },
    }];
    for (wanted, closer) in [(Side::Own, &own), (Side::Other, &other)] {
        let is_told = side(interval) == Some(wanted);
        let is_so =
            |text: &MergeDifference| text.kl.interval.is_some_and(|it| !it.is_weak() && side(it) == Some(wanted));
        let texts = closeness.texts.iter().enumerate().filter(|(_, text)| !is_told && is_so(text));
        let texts: Vec<String> = texts.map(|(text, _)| text_name(text)).collect();
        if !texts.is_empty() {
            conclusions.push(Conclusion::CloserElsewhere { closer: closer.clone(), trained: trained.clone(), texts });
        }
    }
    let (mut lower, mut higher, mut chance) = (Vec::new(), Vec::new(), Vec::new());
    for (text, difference) in closeness.texts.iter().enumerate() {
        let Some(interval) = difference.nll.interval.filter(|interval| !interval.is_weak()) else { continue };
        let change = TextChange { text: text_name(text), ratio: difference.nll.mean.exp_m1() };
        match side(interval) {
            None => chance.push(change),
            Some(Side::Own) => higher.push(change),
            Some(Side::Other) => lower.push(change),
        }
    }
    if !(lower.is_empty() && higher.is_empty() && chance.is_empty()) {
        conclusions.push(Conclusion::MergeScores { other, own, lower, higher, chance });
    }
    conclusions
}

/// The merge with less of what was measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Own,
    Other,
}

/// Which merge has less, beyond chance, by the interval of other − own.
fn side(interval: Interval) -> Option<Side> {
    match interval {
        interval if interval.holds_zero() => None,
        Interval { low, .. } if low > 0.0 => Some(Side::Own),
        _ => Some(Side::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::{MergeChoice, ModelKind, ModelReport, Protocol, TextScore, TokenMean};

    const NAMES: [&str; 3] = ["packed + adapter", "into packed", "into original"];

    fn report(text_count: usize) -> EvalReport {
        let text = |index: usize| TextScore {
            name: format!("text {index}"),
            utf8_bytes: None,
            nll: Vec::new(),
            document_lengths: Vec::new(),
        };
        let model = ModelReport {
            name: String::new(),
            kind: ModelKind::InMemory,
            dtype: None,
            bytes: 1,
            parameters: 1,
            texts: (0..text_count).map(text).collect(),
            speed: None,
        };
        EvalReport {
            protocol: Protocol { window: 512, stride: 256 },
            models: vec![model; 3],
            paired: Vec::new(),
            divergences: Vec::new(),
            closeness: None,
            other_tokens: Vec::new(),
            prompt: None,
        }
    }

    /// A difference of KL and of -ln p, ± 0.01 around each.
    fn difference(kl: f64, nll: f64, block_count: usize) -> MergeDifference {
        let around = |mean: f64| TokenMean {
            mean,
            interval: Some(Interval { low: mean - 0.01, high: mean + 0.01, block_count }),
        };
        MergeDifference { own_kl: around(0.25), other_kl: around(0.25 + kl), kl: around(kl), nll: around(nll) }
    }

    fn said(all: MergeDifference, texts: &[MergeDifference]) -> Vec<String> {
        let choice = MergeChoice { trained: 0, own_merge: 1, other_merge: 2 };
        let closeness = Closeness { choice, all, texts: texts.to_vec() };
        let said = conclusions(&closeness, &report(texts.len()), &NAMES.map(str::to_owned));
        said.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_closer_merge_is_named_with_its_interval() {
        let text = difference(0.125, -0.1, 40);
        assert_eq!(
            said(text, &[text]),
            [
                "into packed is closer to packed + adapter than into original: KL 0.2500 against 0.3750 nats per token, 0.1250 less (95 % interval 0.1150 to 0.1350).",
                "into original against into packed: perplexity lower by 9.5 % on text 0. That says which predicts these texts better, not which is what was trained.",
            ]
        );
        let text = difference(-0.125, 0.2, 40);
        let sentences = said(text, &[text]);
        assert!(
            sentences[0]
                .starts_with("into original is closer to packed + adapter than into packed: KL 0.1250 against 0.2500"),
            "{sentences:?}"
        );
        assert!(sentences[0].ends_with("0.1250 less (95 % interval 0.1150 to 0.1350)."), "{sentences:?}");
    }

    #[test]
    fn what_cannot_be_told_is_said_and_a_text_that_says_otherwise_is_named() {
        let chance = difference(0.005, 0.005, 40);
        let sentences = said(chance, &[chance, difference(-0.1, 0.005, 40)]);
        assert_eq!(sentences.len(), 3, "{sentences:?}");
        assert!(
            sentences[0]
                .starts_with("It cannot be told which of into packed and into original is closer to packed + adapter")
        );
        assert_eq!(sentences[1], "On text 1 alone, into original is closer to packed + adapter.");
        assert!(sentences[2].contains("within chance on text 0 (+0.5 %) and text 1 (+0.5 %)"), "{sentences:?}");
    }

    #[test]
    fn nothing_is_said_of_too_little_text() {
        assert!(said(difference(0.125, 0.1, 12), &[difference(0.125, 0.1, 12)]).is_empty());
    }
}
