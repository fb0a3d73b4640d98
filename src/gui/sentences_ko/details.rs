//! What a check finds wrong or worth knowing, in Korean.

use super::errors::InKorean as _;
use crate::{
    units,
    verify::{Detail, NAMES_SHOWN, TokenizerFault, WrongValues},
};

/// One thing that a check found.
pub fn detail(detail: &Detail) -> String {
    weights(detail).or_else(|| folder(detail)).unwrap_or_else(|| unworded(detail))
}

/// The first names and how many are left.
fn listed(names: &[String]) -> String {
    super::listed(names, NAMES_SHOWN)
}

/// Tensors, and what describes them.
fn weights(detail: &Detail) -> Option<String> {
    Some(match detail {
        Detail::TotalSize { stated, held } => {
            format!("색인에는 total_size가 {}인데 텐서는 {}바이트입니다", units::count(*stated), units::count(*held))
        }
        Detail::NotInIndex { names } => {
            format!("샤드에 있는 텐서 {}개가 색인에 없습니다: {}", names.len(), listed(names))
        }
        Detail::AdapterTensors { names } => {
            format!("병합되지 않았습니다. 가중치에 어댑터의 텐서 {}개가 남아 있습니다: {}", names.len(), listed(names))
        }
        Detail::OtherShape { tensor, held, expected } => format!(
            "{tensor}: 크기가 {}인데 베이스와 어댑터에서는 {}입니다",
            units::shape(held),
            units::shape(expected)
        ),
        Detail::UnreadTensors { names } => {
            format!("config.json이 설명하는 모델에 없는 텐서가 {}개 있습니다: {}", names.len(), listed(names))
        }
        Detail::ConfigMismatch(fault) => {
            format!("config.json과 가중치가 서로 맞지 않습니다. {}", fault.error.in_korean().what)
        }
        Detail::LayerCount { configured, held } => {
            format!("config.json에는 레이어가 {configured}개인데 가중치에는 {held}개입니다")
        }
        Detail::VocabularySize { configured, tensor, rows } => format!(
            "config.json의 vocab_size는 {}인데 {tensor}은(는) {}행입니다",
            units::count(*configured),
            units::count(*rows)
        ),
        Detail::Missing { tensor } => format!("{tensor}이(가) 없습니다"),
        Detail::Extra { tensor } => format!("{tensor}은(는) 베이스에 없는 텐서입니다"),
        Detail::ChangedWithoutReason { tensor } => {
            format!("{tensor}은(는) 대상이 아닌데 베이스와 다릅니다")
        }
        Detail::Unmerged { file, names } => format!(
            "{file}: 대상 {}개가 베이스의 값 그대로입니다. 어댑터를 병합하지 않은 것과 같습니다: {}",
            names.len(),
            listed(names)
        ),
        Detail::OtherStrength { factor, names, wrong_count } => format!(
            "틀린 대상 {wrong_count}개 중 {}개는 바뀐 양이 {factor}배입니다. 세기 {factor}로 병합한 것과 같습니다: {}",
            names.len(),
            listed(names)
        ),
        Detail::WrongValues(WrongValues { tensor, odd_count, element_count, max_error, is_neighbour }) => {
            let (odd, all) = (units::count(*odd_count), units::count(*element_count));
            let note = if *is_neighbour {
                ". 모두 바로 이웃한 값입니다. 확률적으로 반올림했다면 시드를 알려 주세요"
            } else {
                ""
            };
            format!(
                "{tensor}: 값 {all}개 중 {odd}개가 베이스와 어댑터로 계산한 값이 아닙니다(가장 큰 오차 {max_error:.3e}){note}"
            )
        }
        Detail::Lost { tensor } => {
            format!("{tensor}: 갱신이 자료형에 담기지 않을 만큼 작아 하나도 남지 않았습니다")
        }
        Detail::Survival(advice) => super::survival_advice(advice),
        Detail::NonFinite { tensor, count } => {
            format!("{tensor}: NaN이거나 무한한 값이 {}개 있습니다", units::count(*count))
        }
        _ => return None,
    })
}

/// Files of the folder, and what they name.
fn folder(detail: &Detail) -> Option<String> {
    Some(match detail {
        Detail::AdapterFile { file } => format!("{file}을(를) 병합 위에 한 번 더 불러오게 됩니다"),
        Detail::UnusedWeights { file, byte_count } => {
            format!("{file}({})은(는) 모델에 속하지 않습니다", units::bytes(*byte_count))
        }
        Detail::NoTokenizer => "폴더에 토크나이저가 없어 혼자서 동작하지 않습니다".to_owned(),
        Detail::NoMerges => "vocab.json 옆에 merges.txt가 없습니다".to_owned(),
        Detail::Truncated { file, held_bytes, whole_bytes } => {
            format!("{file}이(가) 잘렸습니다: {} 중 {}", units::bytes(*whole_bytes), units::bytes(*held_bytes))
        }
        Detail::IdsBeyondRows { id, tensor, rows, is_as_in_base } => {
            let own = if *is_as_in_base { ". 베이스도 그렇습니다" } else { "" };
            format!(
                "토크나이저의 번호는 {}까지인데 {tensor}은(는) {}행이라, 넘는 번호는 쓸 수 없습니다{own}",
                units::count(*id),
                units::count(*rows)
            )
        }
        Detail::UnreadableConfig { file } => format!("{file}을(를) 읽을 수 없습니다"),
        Detail::BadJson { file, problem } => format!("{file}은(는) 올바른 JSON이 아닙니다: {problem}"),
        Detail::NamesBase { place, text } => format!("{place}에 베이스 폴더 `{text}`가 적혀 있습니다"),
        Detail::IsPath { place, text } => format!("{place}에 경로 `{text}`가 적혀 있습니다"),
        Detail::StillNames { place, text } => {
            format!("{place}에 `{text}`가 아직 적혀 있습니다. 불러올 때는 쓰이지 않습니다")
        }
        Detail::RemoteCode { place, repository } => {
            format!("{place}은(는) 저장소 `{repository}`의 코드를 불러옵니다")
        }
        Detail::MissingCode { place, module } => {
            format!("{place}에 필요한 {module}.py가 폴더에 없습니다")
        }
        Detail::TextNames { file, path } => format!("{file}에 `{path}`가 적혀 있습니다"),
        Detail::LinkOutside { name } => format!("{name}은(는) 폴더 밖을 가리키는 링크입니다"),
        Detail::LinkNowhere { name } => format!("{name}은(는) 가리키는 곳이 없는 링크입니다"),
        Detail::SealedAndGone { file } => format!("봉인한 {file}이(가) 폴더에 없습니다"),
        Detail::SealedAndOther { file } => format!("{file}이(가) 봉인할 때와 다릅니다"),
        Detail::CameAfterSeal { file } => format!("{file}은(는) 봉인한 뒤에 생겼습니다"),
        Detail::OpenedOutside { path } => format!("폴더 밖의 {path}을(를) 열었습니다"),
        Detail::OnlyNan => "모델의 예측이 모두 NaN입니다".to_owned(),
        _ => return None,
    })
}

/// Errors of the rooms, which have their words from whoever found them.
fn unworded(detail: &Detail) -> String {
    match detail {
        Detail::BadTokenizer { fault } => match fault {
            TokenizerFault::Unreadable { said } => format!("tokenizer.json을 읽을 수 없습니다({said})"),
            TokenizerFault::Broken { said } => format!("tokenizer.json이 온전하지 않습니다({said})"),
            TokenizerFault::NoVocabulary => "tokenizer.json에 어휘가 없습니다".to_owned(),
        },
        Detail::BadSeal { line } => format!("봉인을 읽을 수 없습니다. `{line}`은(는) sha256sum의 줄이 아닙니다"),
        Detail::Hint { error } => error.in_korean().hint.unwrap_or_default(),
        Detail::LoadFailed { .. } => format!("불러오지 못했습니다: {detail}"),
        detail => detail.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{numeric::FloatDtype, plan::SurvivalAdvice};

    #[test]
    fn what_is_wrong_is_said_in_korean_with_its_names_and_numbers() {
        let names: Vec<String> = (0..5).map(|layer| format!("model.layers.{layer}.up_proj")).collect();
        let wrong = WrongValues {
            tensor: "lm_head".to_owned(),
            odd_count: 1_234,
            element_count: 1_000_000,
            max_error: 0.25,
            is_neighbour: true,
        };
        let advice = SurvivalAdvice { dtype: FloatDtype::BF16, gain: 0.24, better: vec![FloatDtype::F32] };
        let cases: [(Detail, &[&str]); 5] = [
            (Detail::Unmerged { file: "a.safetensors".to_owned(), names }, &["a.safetensors", "대상 5개", "외 2개"]),
            (Detail::WrongValues(wrong), &["lm_head", "1,234", "1,000,000", "2.500e-1", "시드"]),
            (Detail::Survival(advice), &["24 %", "float32"]),
            (Detail::LayerCount { configured: 4, held: 3 }, &["4개", "3개"]),
            (Detail::IsPath { place: "config.json: x".to_owned(), text: "/data".to_owned() }, &["`/data`가"]),
        ];
        for (detail, parts) in cases {
            let korean = super::detail(&detail);
            assert!(parts.iter().all(|part| korean.contains(part)), "{korean}");
            assert_ne!(korean, detail.to_string());
        }
    }
}
