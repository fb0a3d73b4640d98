//! What the rooms conclude, in Korean. The rooms themselves speak English.

pub mod checks;
mod conclusions;
pub mod details;
pub mod findings;
pub mod misfits;
mod misjudged;
pub mod particle;
pub mod run;
mod sizes;
pub mod warnings;

pub use self::{
    conclusions::{conclusion, eval_verdict, size_change},
    sizes::{component, size_fact},
};
use crate::{
    adapter::FoundIn,
    evaluate::Protocol,
    message::{Language, Message},
    numeric::FloatDtype,
    plan::{SurvivalAdvice, SurvivalEstimate},
};

/// An error without the path that stands beside it.
fn without_path(error: &impl serde::Serialize) -> String {
    let mut message = Message::of(error);
    message.take_path();
    Language::Korean.say(&message)
}

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
        let advice = SurvivalAdvice { dtype: FloatDtype::BF16, gain: 0.24, better: vec![FloatDtype::F32] };
        let text = survival_advice(&advice);
        assert!(text.contains("24 %") && text.contains("float32") && text.contains("확률적으로"), "{text}");
    }
}
