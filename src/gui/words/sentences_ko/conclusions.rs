//! What follows from an evaluation, in Korean.

use super::particle::{SUBJECT, TO, TOPIC, WITH, with};
use crate::report::{
    Conclusion, EvalVerdict, TextChange,
    figures::{nats, percent, share},
};

/// What follows from an evaluation.
pub fn conclusion(conclusion: &Conclusion) -> String {
    match conclusion {
        Conclusion::OtherTokens { model, first, texts } => {
            let number =
                |text: &crate::report::BitsPerByte| format!("{} {:.4}, {:.4}", text.text, text.model, text.first);
            let numbers: Vec<String> = texts.iter().map(number).collect();
            format!(
                "{} {} 토큰을 다르게 나눠 퍼플렉시티를 견줄 수 없고, 바이트당 비트만 견줍니다 ({}).",
                with(model, TOPIC),
                with(first, WITH),
                numbers.join("; ")
            )
        }
        Conclusion::Perplexity { model, first, lower, higher, .. } => {
            let learned = if lower.is_empty() || higher.is_empty() { "" } else { " 자기 분야를 배웠습니다." };
            let parts: Vec<String> = [(lower, "낮음"), (higher, "높음")]
                .into_iter()
                .filter(|(texts, _)| !texts.is_empty())
                .map(|(texts, word)| format!("{}에서 {word}", changes(texts)))
                .collect();
            format!("{first} 대비 {model}: 퍼플렉시티가 {}.{learned}", parts.join(", "))
        }
        Conclusion::WithinChance { model, first, texts } => {
            format!("{first} 대비 {model}: {}의 차이는 우연의 범위입니다.", changes(texts))
        }
        Conclusion::TooLittleText { texts } => {
            let names: Vec<&str> = texts.iter().map(|text| text.text.as_str()).collect();
            let most = texts.iter().map(|text| text.block_count).max().unwrap_or(0);
            format!("{}: 글이 너무 짧아 결론을 낼 수 없습니다 (128토큰 블록 {most}개).", names.join(", "))
        }
        Conclusion::Changed { model, first, kl, same_top1 } => format!(
            "{first}에서 {} 바뀐 양: 토큰당 KL {}냇, 1순위 토큰은 {}에서 같습니다. 얼마나 바뀌었는지이며, 좋아졌는지는 아닙니다.",
            with(model, TO),
            nats(*kl),
            share(*same_top1),
        ),
        Conclusion::ChangedElsewhere { text, ratio, kl, .. } => format!(
            "{text}에서는 퍼플렉시티가 거의 그대로({})인데 KL은 {}냇으로 반올림보다 훨씬 큽니다. 동작이 바뀌었지만 이 글에서는 드러나지 않습니다.",
            signed(*ratio),
            nats(*kl),
        ),
        Conclusion::Absent { model, first, kl } => {
            let kl = nats(*kl);
            format!("{model}의 예측은 {} 같습니다 (KL {kl}). 어댑터가 없는 것과 같습니다.", with(first, WITH))
        }
        Conclusion::MaybeRounding { model, first, dtype, kl } => {
            let (model, first) = (with(model, TOPIC), with(first, WITH));
            format!("{model} {first} 아주 가까워(KL {}) {dtype} 반올림만으로도 설명됩니다.", nats(*kl))
        }
        Conclusion::Rounding { first, dtype, kl, compared, .. } => {
            let share = compared
                .as_ref()
                .map(|(model, share)| format!(", {} 바꾼 것의 {}", with(model, SUBJECT), percent(*share)));
            format!(
                "반올림만 하면: 모든 가중치를 {dtype}로 바꾼 {first}의 차이는 토큰당 KL {}냇{}입니다.",
                nats(*kl),
                share.unwrap_or_default()
            )
        }
        Conclusion::MergeEqual { merged, unmerged, kl, same_top1 } => format!(
            "병합은 반올림 안에서 베이스 + 어댑터와 같습니다: {unmerged} 대비 {merged} (KL {}, 1순위 토큰은 {}에서 같음).",
            nats(*kl),
            share(*same_top1)
        ),
        Conclusion::FileEqual { merged } => {
            format!(
                "파일이 올바릅니다: 디스크에서 읽은 {merged}의 예측이 메모리에서 병합한 것과 마지막 비트까지 같습니다."
            )
        }
        Conclusion::FileDiffers { merged, kl } => format!(
            "파일이 병합 결과와 다릅니다: 디스크에서 읽은 {} 토큰당 KL {}냇 차이가 납니다. 폴더를 검사하세요.",
            with(merged, TOPIC),
            nats(*kl)
        ),
        Conclusion::MergeDiffers { merged, unmerged, kl, share_of_change } => {
            let part = share_of_change.map(|share| format!(", 어댑터가 바꾼 것의 {}", percent(share)));
            format!(
                "병합이 베이스 + 어댑터와 다릅니다: {} {} 토큰당 KL {}냇{} 차이로, 반올림으로 설명되지 않습니다. 폴더를 검사하세요.",
                with(merged, TOPIC),
                with(unmerged, WITH),
                nats(*kl),
                part.unwrap_or_default()
            )
        }
    }
}

fn changes(texts: &[TextChange]) -> String {
    let parts: Vec<String> = texts.iter().map(|change| format!("{} ({})", change.text, signed(change.ratio))).collect();
    parts.join(", ")
}

fn signed(ratio: f64) -> String {
    let sign = if ratio < 0.0 { "−" } else { "+" };
    format!("{sign}{}", percent(ratio))
}

/// What an evaluation comes to.
pub fn eval_verdict(verdict: &EvalVerdict) -> String {
    match verdict {
        EvalVerdict::NotTheMerge => "베이스 + 어댑터와 다르게 예측합니다".to_owned(),
        EvalVerdict::OtherTokens => "베이스와 토큰을 다르게 나누므로 바이트당 비트만 비교할 수 있습니다".to_owned(),
        EvalVerdict::Absent => "베이스와 똑같이 예측합니다. 어댑터가 없는 것과 같습니다".to_owned(),
        EvalVerdict::Better { texts } => format!("{} 텍스트를 베이스보다 잘 예측합니다", texts.join(", ")),
        EvalVerdict::Worse { texts } => {
            format!("{} 텍스트를 베이스보다 못 예측하고, 더 나은 텍스트는 없습니다", texts.join(", "))
        }
        EvalVerdict::Mixed { better, worse } => {
            format!("{} 텍스트는 베이스보다 잘, {} 텍스트는 못 예측합니다", better.join(", "), worse.join(", "))
        }
        EvalVerdict::WithinChance => "우연의 범위 안에서 베이스만큼 예측합니다".to_owned(),
        EvalVerdict::TooLittleText => "텍스트가 짧아 베이스와 구별할 수 없습니다".to_owned(),
    }
}

/// How large the merged folder is beside its base.
pub fn size_change(ratio: f64) -> String {
    let percent = 100.0 * (ratio - 1.0).abs();
    match ratio {
        0.495..0.505 => "크기는 베이스의 절반입니다.".to_owned(),
        0.995..1.005 => "크기는 베이스와 같습니다.".to_owned(),
        ..1.0 => format!("베이스보다 {percent:.0} % 작습니다."),
        _ => format!("베이스보다 {percent:.0} % 큽니다."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        gui::words::sentences_ko::speaks_korean,
        numeric::FloatDtype,
        report::{BitsPerByte, ShortText},
    };

    #[test]
    fn every_conclusion_is_said_in_korean_with_its_particles_and_numbers() {
        let (model, first) = (|| "병합".to_owned(), || "베이스".to_owned());
        let change = |ratio| vec![TextChange { text: "chat".to_owned(), ratio }];
        let bits = vec![BitsPerByte { text: "chat".to_owned(), model: 1.25, first: 1.5 }];
        let compared = Some((model(), 0.04));
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
                    are_all_texts: true,
                },
                &["베이스 대비 병합", "chat (−25", "chat (+50"],
            ),
            (Conclusion::WithinChance { model: model(), first: first(), texts: change(0.5) }, &["병합", "chat (+50"]),
            (
                Conclusion::TooLittleText { texts: vec![ShortText { text: "chat".to_owned(), block_count: 3 }] },
                &["chat", "3개"],
            ),
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
            (Conclusion::Absent { model: model(), first: first(), kl: 0.25 }, &["병합의 예측은 베이스와 같습니다"]),
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
            speaks_korean(&conclusion(&value), &value.sentence(), parts);
        }
    }
}
