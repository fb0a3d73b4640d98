//! What the rooms conclude, in Korean. The rooms themselves speak English.

pub mod checks;
pub mod details;
pub mod errors;
pub mod findings;
pub mod misfits;
pub mod particle;
pub mod run;
pub mod warnings;

use std::fmt::Write as _;

use self::particle::{SUBJECT, TO, TOPIC, WITH, with};

use crate::{
    adapter::FoundIn,
    evaluate::Protocol,
    numeric::FloatDtype,
    plan::{SurvivalAdvice, SurvivalEstimate},
    report::{
        Conclusion, TextChange,
        figures::{nats, percent, share},
    },
    size::{
        Component, ExtraFile, SizeFact,
        fact::{bits, dtype_name, du},
    },
    units,
};

/// Where the adapter's own base lies.
pub fn base_found(place: FoundIn) -> String {
    let place = match place {
        FoundIn::NamedPath => "어댑터가 밝힌 경로",
        FoundIn::Neighbour => "어댑터 옆의 같은 이름 폴더",
        FoundIn::HubCache => "Hugging Face 캐시",
    };
    format!("어댑터의 베이스가 이 컴퓨터에 있습니다: {place}.")
}

/// How much a planned merge keeps.
pub fn survival(estimate: &SurvivalEstimate) -> String {
    let (Some(dtype), Some(gain)) = (estimate.dtype(), estimate.overall.gain()) else { return String::new() };
    let changed = 100.0 * estimate.overall.changed_share();
    let kept = 100.0 * gain;
    format!("{} 저장은 이 어댑터의 약 {kept:.0} %를 남기고, 대상 값의 약 {changed:.1} %가 바뀝니다.", name(dtype))
}

/// What to do where that is little.
pub fn survival_advice(advice: &SurvivalAdvice) -> String {
    let kept = format!("{} 저장은 이 어댑터의 {:.0} %만 남깁니다", name(advice.dtype), 100.0 * advice.gain);
    if advice.dtype == FloatDtype::F32 {
        return format!("{kept}. 어떤 자료형에도 담기지 않을 만큼 작은 변화입니다.");
    }
    let better: Vec<&str> = advice.better.iter().map(|dtype| name(*dtype)).collect();
    match better.as_slice() {
        [] => format!("{kept}. 확률적으로 반올림하세요."),
        better => format!("{kept}. {}로 쓰거나 확률적으로 반올림하세요.", better.join(" 또는 ")),
    }
}

fn name(dtype: FloatDtype) -> &'static str {
    match dtype {
        FloatDtype::F32 => "float32",
        FloatDtype::F16 => "float16",
        FloatDtype::BF16 => "bf16",
    }
}

/// A part of a model: the names of modules stay as they are in its files.
pub fn component(component: Component) -> &'static str {
    match component {
        Component::Other => "norm 등 나머지",
        component => component.label(),
    }
}

/// Why a file has the size that it has.
pub fn size_fact(fact: &SizeFact) -> String {
    match fact {
        SizeFact::Total { weight_count, byte_count, bits_per_weight } => format!(
            "가중치 {}개가 하나에 {}비트로 {} (`du -h`로는 {}).",
            units::count(*weight_count),
            bits(*bits_per_weight),
            units::bytes(*byte_count),
            du(*byte_count),
        ),
        SizeFact::SameWeights { weight_count, from_bits, to_bits, from_bytes, to_bytes } => {
            let weights = format!("가중치 {}개 그대로", units::count(*weight_count));
            let rest = "잘라 낸 것이 없고, 병합이 더한 것은 0바이트입니다.";
            if (from_bits - to_bits).abs() < 0.005 {
                return format!(
                    "{weights}, 하나에 {}비트도 전과 같아 파일 크기가 그대로입니다. {rest}",
                    bits(*to_bits)
                );
            }
            let share = match *to_bytes as f64 / (*from_bytes).max(1) as f64 {
                ratio if (ratio - 0.5).abs() < 0.005 => "파일이 절반이 됩니다".to_owned(),
                ratio if (ratio - 2.0).abs() < 0.02 => "파일이 두 배가 됩니다".to_owned(),
                ratio => format!("파일이 {:.0} %가 됩니다", 100.0 * ratio),
            };
            let (from, to) = (units::bytes(*from_bytes), units::bytes(*to_bytes));
            let (from_bits, to_bits) = (bits(*from_bits), bits(*to_bits));
            format!("{weights}, 하나에 {from_bits}비트가 {to_bits}비트로 바뀌어 {share} ({from} → {to}). {rest}")
        }
        SizeFact::Vocabulary { from_rows, to_rows, weight_count, byte_count } => format!(
            "어휘가 {}행에서 {}행으로: 가중치 {}개, {} {}.",
            units::count(*from_rows),
            units::count(*to_rows),
            units::count(*weight_count),
            units::bytes(*byte_count),
            if to_rows > from_rows { "늘었습니다" } else { "줄었습니다" },
        ),
        SizeFact::OtherWeights { from_count, to_count } => {
            format!("가중치 {}개에서 {}개로 바뀌었습니다.", units::count(*from_count), units::count(*to_count))
        }
        SizeFact::Quantised { .. } => quantised(fact),
        SizeFact::DuplicateFormats { files } => {
            format!("폴더에 읽히지 않는 가중치 파일도 있습니다: {}.", listed_files(files))
        }
        SizeFact::TrainingState { files } => format!("모델에 필요 없는 학습 파일도 있습니다: {}.", listed_files(files)),
        SizeFact::Bf16InF32 { tensor_count, byte_count } => format!(
            "베이스의 텐서 {tensor_count}개({})는 float32로 저장되었지만 모든 값의 아래 16비트가 0인 bfloat16 값이라, 절반의 바이트에 담깁니다.",
            units::bytes(*byte_count),
        ),
    }
}

fn quantised(fact: &SizeFact) -> String {
    let SizeFact::Quantised {
        packed_count,
        packed_bytes,
        rest,
        rest_count,
        rest_bytes,
        rest_dtype,
        total_with_bf16_rest,
    } = fact
    else {
        return String::new();
    };
    let total = packed_bytes + rest_bytes;
    let names: Vec<&str> = rest.iter().map(|part| component(*part)).collect();
    let mut text = format!(
        "가중치 {}개는 하나에 {}비트로 압축({}), {}은 그대로 둠: {} 가중치 {}개, {}로 파일의 {:.1} %",
        units::count(*packed_count),
        bits(*packed_bytes as f64 * 8.0 / (*packed_count).max(1) as f64),
        units::bytes(*packed_bytes),
        names.join(", "),
        dtype_name(*rest_dtype),
        units::count(*rest_count),
        units::bytes(*rest_bytes),
        100.0 * *rest_bytes as f64 / total.max(1) as f64,
    );
    if *total_with_bf16_rest < total {
        let (from, to) = (units::bytes(total), units::bytes(*total_with_bf16_rest));
        write!(text, ". 그 부분이 bfloat16이면 {from}에서 {to}로 줄어듭니다").ok();
    }
    text + "."
}

/// How tokens are scored.
pub fn protocol(protocol: Protocol) -> String {
    let Protocol { window, stride } = protocol;
    format!(
        "float32, 토크나이저의 BOS는 한 번만 넣고 채점하지 않음, 창은 토큰 {window}개이고 {stride}개씩 이동, 토큰마다 한 번 채점, 퍼플렉시티는 모든 토큰을 합쳐 계산"
    )
}

/// The first `most` names, and how many are left.
pub fn listed(names: &[String], most: usize) -> String {
    let shown = crate::error::listed(&names[..names.len().min(most)], most);
    match names.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} 외 {more}개"),
    }
}

fn listed_files(files: &[ExtraFile]) -> String {
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let byte_count = files.iter().map(|file| file.byte_count).sum();
    format!("{} ({})", names.join(", "), units::bytes(byte_count))
}

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

/// Fails unless `korean` is a Korean sentence of its own that holds all of `parts`.
#[cfg(test)]
pub fn speaks_korean(korean: &str, english: &str, parts: &[&str]) {
    assert!(korean.chars().any(|letter| ('가'..='힣').contains(&letter)), "no Korean: {korean}");
    let is_word = |word: &&str| word.len() > 1 && word.chars().all(|letter| letter.is_ascii_lowercase());
    let words: Vec<&str> = korean.split(' ').collect();
    assert!(!words.windows(2).any(|pair| pair.iter().all(is_word)), "English is left: {korean}");
    assert_ne!(korean, english);
    for part in parts {
        assert!(korean.contains(part), "{part} is missing: {korean}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocol_keeps_its_numbers() {
        let value = Protocol { window: 2_048, stride: 1_024 };
        speaks_korean(&protocol(value), &value.sentence(), &["float32", "BOS", "2048개", "1024개"]);
    }

    #[test]
    fn numbers_are_those_of_the_english_sentences() {
        let fact = SizeFact::Total { weight_count: 8_168_148_992, byte_count: 32_672_595_968, bits_per_weight: 32.0 };
        assert_eq!(size_fact(&fact), "가중치 8,168,148,992개가 하나에 32비트로 32.7 GB (`du -h`로는 31G).");
        let advice = SurvivalAdvice { dtype: FloatDtype::BF16, gain: 0.24, better: vec![FloatDtype::F32] };
        let text = survival_advice(&advice);
        assert!(text.contains("24 %") && text.contains("float32") && text.contains("확률적으로"), "{text}");
    }
}
