//! From the numbers of an evaluation to what they say, and to no more than that.

use super::{
    closeness,
    conclusion::{BitsPerByte, Conclusion, OtherTexts, ShareOfChange, TextChange},
};
use crate::{
    evaluate::{EvalReport, Interval, ModelKind},
    numeric::FloatDtype,
};

/// Nats per token within which float32 gives the same predictions whatever the order of its sums.
const ARITHMETIC_KL: f64 = 1e-6;

/// Nats per token within which rounding to 16 bits alone may move a model, where no control was measured.
const UNMEASURED_ROUNDING_KL: f64 = 1e-3;

/// So many times the rounding floor is well above it.
const WELL_ABOVE: f64 = 10.0;

/// A merge rounds other values than the control does: its divergence may be a few times as large.
const ROUNDING_SLACK: f64 = 4.0;

/// The part of the adapter's change that rounding to 16 bits may move at most.
const ROUNDED_SHARE: f64 = 0.01;

/// Nats per token (as a relative change of perplexity: 0.5 %) that count as near zero.
const NEAR_ZERO: f64 = 0.005;

/// What `report` says about its models, titled `names`.
#[must_use]
pub fn conclusions(report: &EvalReport, names: &[String]) -> Vec<Conclusion> {
    let reader = Reader { report, names };
    let mut conclusions = Vec::new();
    for model in reader.judged() {
        if report.other_tokens.contains(&model) {
            conclusions.push(reader.other_tokens(model));
        } else {
            reader.perplexity(model, &mut conclusions);
            reader.change(model, &mut conclusions);
        }
    }
    conclusions.extend(reader.too_little_text());
    let controls = reader.of_kind(ModelKind::Cast);
    conclusions.extend(controls.filter_map(|control| reader.rounding(control)));
    let choice = report.closeness.as_ref().map(|closeness| closeness.choice);
    for unmerged in reader.of_kind(ModelKind::WithAdapters) {
        let stored = reader.of_kind(ModelKind::Stored).filter(|model| *model > 0);
        // The merge into the other base is no merge of this one.
        let is_own = |merged: &usize| choice.is_none_or(|choice| (unmerged, *merged) != choice.pairs()[1]);
        conclusions.extend(stored.filter(is_own).filter_map(|merged| reader.merge(unmerged, merged)));
    }
    let is_of_choice = |model: &usize| choice.is_some_and(|choice| choice.is_merge(*model));
    for computed in reader.of_kind(ModelKind::InMemory).filter(|model| !is_of_choice(model)) {
        let stored = reader.of_kind(ModelKind::Stored).filter(|model| *model > 0);
        conclusions.extend(stored.filter_map(|merged| reader.file(computed, merged)));
    }
    conclusions.extend(report.closeness.iter().flat_map(|closeness| closeness::conclusions(closeness, report, names)));
    conclusions
}

/// KL and top-1 agreement over all texts, each token counting the same.
#[derive(Clone, Copy, Debug)]
struct Pooled {
    kl: f64,
    same_top1: f64,
}

/// Up to where a divergence may be rounding.
#[derive(Clone, Copy, Debug)]
struct Floor {
    kl: f64,
    is_measured: bool,
}

struct Reader<'a> {
    report: &'a EvalReport,
    names: &'a [String],
}

impl Reader<'_> {
    fn name(&self, model: usize) -> String {
        self.names.get(model).cloned().unwrap_or_default()
    }

    fn text_name(&self, text: usize) -> String {
        self.report
            .models
            .first()
            .and_then(|model| model.texts.get(text))
            .map(|text| text.name.clone())
            .unwrap_or_default()
    }

    fn dtype(&self, model: usize) -> Option<FloatDtype> {
        self.report.models.get(model)?.dtype
    }

    fn of_kind(&self, kind: ModelKind) -> impl Iterator<Item = usize> {
        let models = self.report.models.iter().enumerate();
        models.filter(move |(_, model)| model.kind == kind).map(|(index, _)| index)
    }

    /// Models to hold against the first: what was stored, else base + adapter.
    fn judged(&self) -> Vec<usize> {
        let later = |kind| self.of_kind(kind).filter(|model| *model > 0).collect::<Vec<_>>();
        let stored = later(ModelKind::Stored);
        if stored.is_empty() { later(ModelKind::WithAdapters) } else { stored }
    }

    fn pooled(&self, reference: usize, model: usize) -> Option<Pooled> {
        let (mut kl, mut same, mut total) = (0.0, 0, 0);
        for divergence in self.report.divergences_of(reference, model) {
            kl += divergence.kl.mean * divergence.same_top1.total as f64;
            same += divergence.same_top1.count;
            total += divergence.same_top1.total;
        }
        (total > 0).then(|| Pooled { kl: kl / total as f64, same_top1: same as f64 / total as f64 })
    }

    /// What rounding to `dtype` does to the first model, where a control was measured.
    fn control(&self, dtype: Option<FloatDtype>) -> Option<Pooled> {
        let control = self.of_kind(ModelKind::Cast).find(|control| self.dtype(*control) == dtype)?;
        self.pooled(0, control)
    }

    fn floor(&self, model: usize) -> Floor {
        let dtype = self.dtype(model);
        match self.control(dtype) {
            Some(control) => Floor { kl: control.kl.max(ARITHMETIC_KL), is_measured: true },
            None if dtype == self.dtype(0) => Floor { kl: ARITHMETIC_KL, is_measured: true },
            None => Floor { kl: UNMEASURED_ROUNDING_KL, is_measured: false },
        }
    }

    fn other_tokens(&self, model: usize) -> Conclusion {
        let texts = self.report.models[model].texts.iter().zip(&self.report.models[0].texts);
        let texts = texts.filter_map(|(score, first)| {
            let (model, first) = (score.bits_per_byte()?, first.bits_per_byte()?);
            Some(BitsPerByte { text: score.name.clone(), model, first })
        });
        Conclusion::OtherTokens { model: self.name(model), first: self.name(0), texts: texts.collect() }
    }

    fn perplexity(&self, model: usize, conclusions: &mut Vec<Conclusion>) {
        let (mut lower, mut higher, mut chance) = (Vec::new(), Vec::new(), Vec::new());
        let paired: Vec<_> = self.report.paired.iter().filter(|paired| paired.model == model).collect();
        for paired in &paired {
            let Some(interval) = paired.interval.filter(|interval| !interval.is_weak()) else { continue };
            let change = TextChange { text: self.text_name(paired.text), ratio: paired.mean_difference.exp_m1() };
            match interval {
                interval if interval.holds_zero() => chance.push(change),
                Interval { high, .. } if high < 0.0 => lower.push(change),
                _ => higher.push(change),
            }
        }
        let (name, first) = (self.name(model), self.name(0));
        let are_all_texts = lower.len() + higher.len() == paired.len();
        let others = OtherTexts::of(&higher).filter(|_| are_all_texts);
        if !(lower.is_empty() && higher.is_empty()) {
            let (model, first) = (name.clone(), first.clone());
            conclusions.push(Conclusion::Perplexity { model, first, lower, higher, others });
        }
        if !chance.is_empty() {
            conclusions.push(Conclusion::WithinChance { model: name, first, texts: chance });
        }
    }

    /// How much `model` changed, and whether the texts show it.
    fn change(&self, model: usize, conclusions: &mut Vec<Conclusion>) {
        // What the adapter changed cannot be seen from a model that has it already.
        if self.report.models.first().is_some_and(|first| first.kind == ModelKind::WithAdapters) {
            return;
        }
        let Some(Pooled { kl, same_top1 }) = self.pooled(0, model) else { return };
        let (name, first, floor) = (self.name(model), self.name(0), self.floor(model));
        if kl <= floor.kl {
            conclusions.push(match self.dtype(model) {
                Some(dtype) if !floor.is_measured && kl > ARITHMETIC_KL => {
                    Conclusion::MaybeRounding { model: name, first, dtype, kl }
                }
                _ => Conclusion::Absent { model: name, first, kl },
            });
            return;
        }
        for divergence in self.report.divergences_of(0, model) {
            let Some(paired) = self.report.paired_with_first(model, divergence.text) else { continue };
            let is_long = paired.interval.is_some_and(|interval| !interval.is_weak());
            let is_near_zero = is_long && paired.mean_difference.abs() < NEAR_ZERO;
            if is_near_zero && divergence.kl.mean >= WELL_ABOVE * floor.kl {
                conclusions.push(Conclusion::ChangedElsewhere {
                    model: name.clone(),
                    first: first.clone(),
                    text: self.text_name(divergence.text),
                    ratio: paired.mean_difference.exp_m1(),
                    kl: divergence.kl.mean,
                });
            }
        }
        conclusions.push(Conclusion::Changed { model: name, first, kl, same_top1 });
    }

    /// The texts that no model's difference can be read from; nothing where models are not compared at all.
    fn too_little_text(&self) -> Option<Conclusion> {
        let is_weak = |interval: Option<Interval>| interval.is_none_or(|interval| interval.is_weak());
        let mut texts: Vec<usize> =
            self.report.paired.iter().filter(|paired| is_weak(paired.interval)).map(|paired| paired.text).collect();
        texts.sort_unstable();
        texts.dedup();
        let block_count = |text: &usize| self.report.models[0].texts[*text].block_count();
        let most_blocks = texts.iter().map(block_count).max()?;
        let texts = texts.into_iter().map(|text| self.text_name(text)).collect();
        Some(Conclusion::TooLittleText { texts, most_blocks })
    }

    fn rounding(&self, control: usize) -> Option<Conclusion> {
        let kl = self.pooled(0, control)?.kl;
        let compared = self.judged().into_iter().find_map(|model| {
            let change = self.pooled(0, model)?.kl;
            (change > 0.0).then(|| ShareOfChange { model: self.name(model), share: kl / change })
        });
        let dtype = self.dtype(control)?;
        Some(Conclusion::Rounding { control: self.name(control), first: self.name(0), dtype, kl, compared })
    }

    /// Whether a folder holds what the merge computes: equal to the bit, as both are computed alike.
    fn file(&self, computed: usize, merged: usize) -> Option<Conclusion> {
        let Pooled { kl, .. } = self.pooled(computed, merged)?;
        let (one, other) = (&self.report.models[computed], &self.report.models[merged]);
        let is_equal = one.texts.iter().zip(&other.texts).all(|(one, other)| one.nll == other.nll);
        let merged = self.name(merged);
        Some(if kl == 0.0 && is_equal {
            Conclusion::FileEqual { merged }
        } else {
            Conclusion::FileDiffers { merged, kl }
        })
    }

    fn merge(&self, unmerged: usize, merged: usize) -> Option<Conclusion> {
        let Pooled { kl, same_top1 } = self.pooled(unmerged, merged)?;
        let change = self.pooled(0, unmerged).map(|change| change.kl).filter(|change| *change > 0.0);
        let dtype = self.dtype(merged);
        let floor = if dtype == Some(FloatDtype::F32) {
            ARITHMETIC_KL
        } else {
            let control = self.control(dtype).map_or(0.0, |control| ROUNDING_SLACK * control.kl);
            control.max(change.unwrap_or(0.0) * ROUNDED_SHARE).max(ARITHMETIC_KL)
        };
        let (merged, unmerged) = (self.name(merged), self.name(unmerged));
        Some(if kl <= floor {
            Conclusion::MergeEqual { merged, unmerged, kl, same_top1 }
        } else {
            Conclusion::MergeDiffers { merged, unmerged, kl, share_of_change: change.map(|change| kl / change) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::{Divergence, KlSummary, ModelReport, PairedDifference, Protocol, Share, TextScore};

    /// Models of `kinds` on the texts a, b and c, 40 blocks each.
    fn report(kinds: &[(ModelKind, FloatDtype)]) -> EvalReport {
        let score = |name: &&str| TextScore {
            name: (*name).to_owned(),
            utf8_bytes: Some(10_000),
            nll: vec![1.0; 40 * 128],
            document_lengths: vec![40 * 128],
        };
        let texts: Vec<TextScore> = ["a", "b", "c"].iter().map(score).collect();
        let model = |(kind, dtype): &(ModelKind, FloatDtype)| ModelReport {
            name: String::new(),
            kind: *kind,
            dtype: Some(*dtype),
            bytes: 1,
            parameters: 1,
            texts: texts.clone(),
            speed: None,
        };
        EvalReport {
            protocol: Protocol { window: 512, stride: 256 },
            models: kinds.iter().map(model).collect(),
            paired: Vec::new(),
            divergences: Vec::new(),
            closeness: None,
            other_tokens: Vec::new(),
            prompt: None,
        }
    }

    /// The difference of `model` on each text, ± 0.01 around it.
    fn with_differences(mut report: EvalReport, model: usize, differences: [f64; 3]) -> EvalReport {
        let paired = differences.into_iter().enumerate().map(|(text, mean_difference)| PairedDifference {
            model,
            text,
            mean_difference,
            perplexity_ratio: mean_difference.exp(),
            interval: Some(Interval { low: mean_difference - 0.01, high: mean_difference + 0.01, block_count: 40 }),
        });
        report.paired.extend(paired);
        report
    }

    fn with_kl(mut report: EvalReport, (reference, model): (usize, usize), kl: f64) -> EvalReport {
        let divergences = (0..3).map(|text| Divergence {
            reference,
            model,
            text,
            kl: KlSummary { mean: kl, median: kl, p99: kl, max: kl },
            same_top1: Share { count: 90, total: 100, value: 0.9, low: 0.8, high: 0.95 },
        });
        report.divergences.extend(divergences);
        report
    }

    fn sentences(report: &EvalReport) -> Vec<String> {
        let names: Vec<String> = report
            .models
            .iter()
            .enumerate()
            .map(|(index, model)| match (index, model.kind) {
                (0, _) => "base".to_owned(),
                (_, ModelKind::Stored) => "merged".to_owned(),
                (_, ModelKind::WithAdapters) => "base + adapter".to_owned(),
                (_, ModelKind::Cast) => "base as BF16".to_owned(),
                (_, ModelKind::InMemory) => "merged in memory".to_owned(),
            })
            .collect();
        conclusions(report, &names).iter().map(Conclusion::to_string).collect()
    }

    const BASE: (ModelKind, FloatDtype) = (ModelKind::Stored, FloatDtype::F32);
    const UNMERGED: (ModelKind, FloatDtype) = (ModelKind::WithAdapters, FloatDtype::F32);
    const CAST: (ModelKind, FloatDtype) = (ModelKind::Cast, FloatDtype::BF16);
    const ROUNDED: (ModelKind, FloatDtype) = (ModelKind::Stored, FloatDtype::BF16);

    #[test]
    fn a_learned_domain_and_a_rounded_merge_are_told_apart_from_rounding() {
        let report = with_differences(report(&[BASE, CAST, UNMERGED, ROUNDED]), 3, [-0.52, 0.31, 0.12]);
        let report = [((0, 1), 1e-5), ((0, 2), 0.4), ((0, 3), 0.4), ((2, 3), 6e-5)]
            .into_iter()
            .fold(report, |report, (pair, kl)| with_kl(report, pair, kl));
        assert_eq!(
            sentences(&report),
            [
                "merged against base: perplexity lower by 41 % on a, higher on the other two (by 13 % to 36 %): it learned its domain.",
                "Amount of change from base to merged: KL 0.4000 nats per token, and the same likeliest token at 90.0 % of positions. This says how much changed, not whether it got better.",
                "Rounding alone: base as BF16 is base with every weight in BF16, and differs from it by KL 1.0e-5 nats per token, less than 0.01 % of the change of merged.",
                "The merge equals base + adapter up to rounding: merged against base + adapter (KL 6.0e-5, the same likeliest token at 90.0 %).",
            ]
        );
    }

    #[test]
    fn differences_within_chance_and_short_texts_are_no_results() {
        let mut report = with_differences(report(&[BASE, BASE]), 1, [0.004, -0.2, 0.009]);
        report.paired[1].interval = report.paired[1].interval.map(|interval| Interval { block_count: 12, ..interval });
        for model in &mut report.models {
            (model.texts[1].nll, model.texts[1].document_lengths) = (vec![1.0; 12 * 128], vec![12 * 128]);
        }
        assert_eq!(
            sentences(&report),
            [
                "merged against base: the difference is within chance on a (+0.4 %) and c (+0.9 %).",
                "b: too little text to conclude (12 blocks of 128 tokens).",
            ]
        );
        report.paired[1].interval = None;
        assert!(sentences(&report)[1].starts_with("b: too little text"), "no interval says as little");
    }

    #[test]
    fn a_change_that_the_texts_do_not_show_is_named() {
        let report = with_kl(with_differences(report(&[BASE, BASE]), 1, [0.004, 0.2, 0.2]), (0, 1), 0.05);
        let sentences = sentences(&report);
        let shown: Vec<&String> =
            sentences.iter().filter(|sentence| sentence.contains("behaviour changed, not on this text")).collect();
        assert_eq!(
            shown,
            [
                "merged against base on a: a near-zero perplexity change (+0.4 %) with a KL of 0.0500 nats, well above the rounding floor: behaviour changed, not on this text."
            ]
        );
    }

    #[test]
    fn an_absent_adapter_is_named_and_a_cast_tells_it_from_rounding() {
        let last = |report: &EvalReport| sentences(report).pop().unwrap();
        let absent = with_kl(report(&[BASE, BASE]), (0, 1), 3e-9);
        assert_eq!(
            last(&absent),
            "merged predicts what base predicts, up to rounding (KL 3.0e-9): the adapter is effectively absent."
        );
        let same = with_kl(report(&[BASE, BASE]), (0, 1), 0.0);
        assert_eq!(
            last(&same),
            "merged predicts exactly what base predicts (KL 0): the adapter is effectively absent."
        );
        let rounded = with_kl(report(&[BASE, ROUNDED]), (0, 1), 2e-5);
        assert_eq!(
            last(&rounded),
            "merged is so close to base (KL 2.0e-5) that rounding to BF16 alone may explain it; cast the base to BF16 to tell."
        );
        let controlled = |cast_kl| with_kl(with_kl(report(&[BASE, CAST, ROUNDED]), (0, 2), 2e-5), (0, 1), cast_kl);
        assert!(sentences(&controlled(2e-5))[0].ends_with("the adapter is effectively absent."));
        assert!(sentences(&controlled(1e-6))[0].starts_with("Amount of change"));
    }

    #[test]
    fn a_wrong_merge_is_named() {
        let float32 = with_kl(with_kl(report(&[BASE, UNMERGED, BASE]), (0, 1), 0.5), (1, 2), 0.01);
        let last = |report: &EvalReport| sentences(report).pop().unwrap();
        assert_eq!(
            last(&float32),
            "The merge is not base + adapter: merged differs from base + adapter by KL 0.0100 nats per token, 2.0 % of what the adapter changes, more than rounding explains; verify the folder."
        );
        let exact = with_kl(with_kl(report(&[BASE, UNMERGED, BASE]), (0, 1), 0.5), (1, 2), 1e-9);
        assert!(last(&exact).starts_with("The merge equals base + adapter up to rounding"));
        // A merge into bfloat16 may move what rounding moves, and no more.
        let rounded = |kl| with_kl(with_kl(report(&[BASE, UNMERGED, ROUNDED]), (0, 1), 0.5), (1, 2), kl);
        assert!(last(&rounded(0.004)).starts_with("The merge equals"));
        assert!(last(&rounded(0.006)).starts_with("The merge is not"));
        // Nothing can be said of the adapter from a model that has it.
        let from_unmerged = with_kl(report(&[UNMERGED, BASE]), (0, 1), 1e-9);
        assert_eq!(sentences(&from_unmerged).len(), 1);
    }

    #[test]
    fn other_tokens_leave_bits_per_byte() {
        let mut report = report(&[BASE, BASE]);
        report.other_tokens = vec![1];
        let [sentence] = &sentences(&report)[..] else { panic!("one sentence") };
        assert!(
            sentence.contains("other tokens than base") && sentence.contains("0.7387 against 0.7387 on a;"),
            "{sentence}"
        );
    }
}
