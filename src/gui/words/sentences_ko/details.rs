//! What a check finds wrong or worth knowing, in Korean.

use crate::{
    message::{Language, Message},
    units,
    verify::{Detail, NAMES_SHOWN, TokenizerFault, WrongValues},
};

/// The first names and how many are left.
fn listed(names: &[String]) -> String {
    super::listed(names, NAMES_SHOWN)
}

/// One thing that a check found.
#[expect(clippy::too_many_lines, reason = "an arm for each, so that none can be forgotten")]
pub fn detail(detail: &Detail) -> String {
    match detail {
        // Tensors, and what describes them.
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
            format!("config.json과 가중치가 서로 맞지 않습니다. {}", super::without_path(&fault.error))
        }
        Detail::LayerCount { configured, held } => {
            format!("config.json에는 레이어가 {configured}개인데 가중치에는 {held}개입니다")
        }
        Detail::VocabularySize { configured, tensor, rows } => format!(
            "config.json의 vocab_size는 {}인데 {tensor} 텐서는 {}행입니다",
            units::count(*configured),
            units::count(*rows)
        ),
        Detail::Missing { tensor } => format!("{tensor} 텐서가 없습니다"),
        Detail::Extra { tensor } => format!("{tensor} 텐서는 베이스에 없습니다"),
        Detail::ChangedWithoutReason { tensor } => {
            format!("{tensor} 텐서는 대상이 아닌데 베이스와 다릅니다")
        }
        Detail::LeftOut { file, names } => {
            format!("{file}: 학습한 텐서 {}개가 병합한 모델에 없습니다: {}", names.len(), listed(names))
        }
        Detail::FullModelBeside { file } => {
            format!("어댑터 폴더의 {file}에는 모델 전체가 들어 있어, 그 내용은 찾지 않았습니다")
        }
        Detail::UnreadWeights { file } => {
            format!("어댑터 폴더의 {file} 파일을 읽을 수 없어, 그 내용은 찾지 않았습니다")
        }
        Detail::Unmerged { file, names } => format!(
            "{file}: 대상 {}개가 베이스의 값 그대로입니다. 어댑터를 병합하지 않은 것과 같습니다: {}",
            names.len(),
            listed(names)
        ),
        Detail::OtherStrength { factor, strength, names, wrong_count } => format!(
            "틀린 대상 {wrong_count}개 중 {}개는 바뀐 양이 {factor}배입니다{}: {}",
            names.len(),
            strength.as_ref().map_or_else(String::new, |strength| format!(". 세기 {strength}로 병합한 것과 같습니다")),
            listed(names)
        ),
        Detail::IdenticalToBase => "베이스와 똑같습니다. 아무것도 병합되지 않았습니다".to_owned(),
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
        // Files of the folder, and what they name.
        Detail::AdapterFile { file } => format!("{file} 파일을 병합 위에 한 번 더 불러오게 됩니다"),
        Detail::UnusedWeights { file, byte_count } => {
            format!("{file} 파일({})은 모델에 속하지 않습니다", units::bytes(*byte_count))
        }
        Detail::MissingParameters { class, names } => {
            format!("{class} 클래스가 찾는 파라미터 {}개가 폴더에 없습니다: {}", names.len(), listed(names))
        }
        Detail::IgnoredTensors { class, names } => {
            format!("텐서 {}개는 {class} 클래스가 찾지 않으므로 불러올 때 무시됩니다: {}", names.len(), listed(names))
        }
        Detail::UnequalTie { tensor, other } => {
            format!("config.json은 {tensor} 텐서와 {other} 텐서를 묶어 두었지만 두 값이 다릅니다")
        }
        Detail::UntiedAndGone { tensor } => {
            format!("config.json은 임베딩과 출력 헤드를 따로 두지만 {tensor} 텐서가 없습니다")
        }
        Detail::Misjudged(misjudged) => super::misjudged::sentence(misjudged),
        Detail::OpenExperts { names } => format!(
            "정사각형 전문가 행렬은 PEFT를 transformers 4와 쓰는지 5와 쓰는지에 따라 차원 순서가 다른데, 어댑터에는 어느 버전으로 학습했는지 적혀 있지 않습니다: {}",
            listed(names)
        ),
        Detail::UndecidedOrientation { names } => format!(
            "대상 {}개는 정사각형이고 클래스를 알 수 없어, 저장된 방향은 어댑터의 fan_in_fan_out만이 말해 줍니다: {}",
            names.len(),
            listed(names)
        ),
        Detail::TurnedOver { names } => format!(
            "대상 {}개에는 변화량이 반대 방향으로 들어 있습니다. 알려진 사실만으로는 틀렸다고 할 수 없습니다: {}",
            names.len(),
            listed(names)
        ),
        Detail::OtherTask { adapter, task, class } => {
            format!("config.json의 클래스는 {class}인데 {adapter} 어댑터가 학습한 작업은 {task}입니다")
        }
        Detail::LabelCount { configured, tensor, rows } => {
            format!("config.json의 레이블은 {configured}개인데 {tensor} 텐서는 {rows}행입니다")
        }
        Detail::NoTokenizer => "폴더에 토크나이저가 없어 혼자서 동작하지 않습니다".to_owned(),
        Detail::NoMerges => "vocab.json 옆에 merges.txt가 없습니다".to_owned(),
        Detail::Truncated { file, held_bytes, whole_bytes } => {
            format!("{file} 파일이 잘렸습니다: {} 중 {}", units::bytes(*whole_bytes), units::bytes(*held_bytes))
        }
        Detail::IdsBeyondRows { id, tensor, rows, is_as_in_base } => {
            let own = if *is_as_in_base { ". 베이스도 그렇습니다" } else { "" };
            format!(
                "토크나이저의 번호는 {}까지인데 {tensor} 텐서는 {}행이라, 넘는 번호는 쓸 수 없습니다{own}",
                units::count(*id),
                units::count(*rows)
            )
        }
        Detail::UnreadableConfig { file } => format!("{file} 파일을 읽을 수 없습니다"),
        Detail::BadJson { file, problem } => format!("{file} 파일은 올바른 JSON이 아닙니다({problem})"),
        Detail::NamesBase { place, text } => format!("{place}에 베이스 폴더 `{text}`가 적혀 있습니다"),
        Detail::IsPath { place, text } => format!("{place}에 경로 `{text}`가 적혀 있습니다"),
        Detail::StillNames { place, text } => {
            format!("{place}에 `{text}`가 아직 적혀 있습니다. 불러올 때는 쓰이지 않습니다")
        }
        Detail::RemoteCode { place, repository } => {
            format!("{place}에서 저장소 `{repository}`의 코드를 불러옵니다")
        }
        Detail::MissingCode { place, module } => {
            format!("{place}에 필요한 {module}.py가 폴더에 없습니다")
        }
        Detail::TextNames { file, path } => format!("{file}에 `{path}`가 적혀 있습니다"),
        Detail::LinkOutside { name } => format!("{name} 링크가 폴더 밖을 가리킵니다"),
        Detail::LinkNowhere { name } => format!("{name} 링크가 가리키는 곳이 없습니다"),
        Detail::SealedAndGone { file } => format!("봉인한 {file} 파일이 폴더에 없습니다"),
        Detail::SealedAndOther { file } => format!("{file} 파일이 봉인할 때와 다릅니다"),
        Detail::CameAfterSeal { file } => format!("{file} 파일은 봉인한 뒤에 생겼습니다"),
        Detail::OpenedOutside { path } => format!("폴더 밖의 파일을 열었습니다: {path}"),
        Detail::OnlyNan => "모델의 예측이 모두 NaN입니다".to_owned(),
        Detail::BadTokenizer { fault } => match fault {
            TokenizerFault::Unreadable { said } => format!("tokenizer.json을 읽을 수 없습니다({said})"),
            TokenizerFault::Broken { said } => format!("tokenizer.json이 온전하지 않습니다({said})"),
            TokenizerFault::NoVocabulary => "tokenizer.json에 어휘가 없습니다".to_owned(),
        },
        Detail::BadSeal { line } => format!("sha256sum의 줄이 아닌 것이 있습니다: `{line}`"),
        Detail::Hint { error } => Message::of(error).hint().map(|hint| Language::Korean.say(&hint)).unwrap_or_default(),
        // The process's own words.
        Detail::LoadFailed { problem } => format!("불러오지 못했습니다({problem})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        checkpoint::CheckpointError,
        error::Reported,
        evaluate::EvalError,
        gui::words::sentences_ko::speaks_korean,
        numeric::FloatDtype,
        plan::SurvivalAdvice,
        verify::{ConfigFault, Misjudged},
    };

    fn text(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn what_is_wrong_with_weights_is_said_in_korean_with_its_names_and_numbers() {
        let names = || (0..5).map(|layer| format!("layers.{layer}.up_proj")).collect::<Vec<String>>();
        let wrong = |is_neighbour| {
            Detail::WrongValues(WrongValues {
                tensor: "lm_head".to_owned(),
                odd_count: 1_234,
                element_count: 1_000_000,
                max_error: 0.25,
                is_neighbour,
            })
        };
        let config = EvalError::MissingTensor { tensor: text("wte"), is_unmerged: false, path: "/data/x".into() };
        let advice = SurvivalAdvice { dtype: FloatDtype::BF16, gain: 0.24, better: vec![FloatDtype::F32] };
        let tensor = || "lm_head".to_owned();
        let cases: Vec<(Detail, &[&str])> = vec![
            (Detail::TotalSize { stated: 1_234, held: 1_235 }, &["1,234", "1,235"]),
            (Detail::NotInIndex { names: names() }, &["5개", "layers.2.up_proj 외 2개"]),
            (Detail::AdapterTensors { names: names() }, &["5개", "layers.2.up_proj 외 2개"]),
            (
                Detail::OtherShape { tensor: tensor(), held: vec![2, 3], expected: vec![4, 5] },
                &["lm_head", "2 × 3", "4 × 5"],
            ),
            (Detail::UnreadTensors { names: names() }, &["5개", "layers.2.up_proj 외 2개"]),
            (Detail::ConfigMismatch(ConfigFault::new(config, "/data/x".as_ref())), &["wte 텐서가 없습니다"]),
            (Detail::LayerCount { configured: 4, held: 3 }, &["4개", "3개"]),
            (
                Detail::VocabularySize { configured: 1_234, tensor: tensor(), rows: 1_235 },
                &["lm_head", "1,234", "1,235"],
            ),
            (
                Detail::MissingParameters { class: text("ToyModel"), names: names() },
                &["ToyModel", "5개", "layers.2.up_proj 외 2개"],
            ),
            (Detail::IgnoredTensors { class: text("ToyModel"), names: names() }, &["ToyModel", "5개", "외 2개"]),
            (Detail::UnequalTie { tensor: tensor(), other: text("wte") }, &["lm_head", "wte"]),
            (Detail::UntiedAndGone { tensor: tensor() }, &["lm_head"]),
            (Detail::Misjudged(Misjudged::OtherOrder { tensor: tensor() }), &["lm_head"]),
            (Detail::OpenExperts { names: names() }, &["transformers 4", "외 2개"]),
            (Detail::UndecidedOrientation { names: names() }, &["5개", "fan_in_fan_out", "외 2개"]),
            (Detail::TurnedOver { names: names() }, &["5개", "외 2개"]),
            (
                Detail::OtherTask {
                    adapter: text("chat-lora"),
                    task: text("SEQ_CLS"),
                    class: text("AForTokenClassification"),
                },
                &["chat-lora", "SEQ_CLS", "AForTokenClassification"],
            ),
            (Detail::LabelCount { configured: 2, tensor: tensor(), rows: 3 }, &["2개", "3행", "lm_head"]),
            (Detail::Missing { tensor: tensor() }, &["lm_head"]),
            (Detail::LeftOut { file: text("vit.bin"), names: names() }, &["vit.bin", "5개", "외 2개"]),
            (Detail::FullModelBeside { file: text("model.bin") }, &["model.bin"]),
            (Detail::UnreadWeights { file: text("vit.bin") }, &["vit.bin"]),
            (Detail::Extra { tensor: tensor() }, &["lm_head"]),
            (Detail::ChangedWithoutReason { tensor: tensor() }, &["lm_head"]),
            (
                Detail::Unmerged { file: text("a.safetensors"), names: names() },
                &["a.safetensors", "대상 5개", "외 2개"],
            ),
            (
                Detail::OtherStrength {
                    factor: text("0.5"),
                    strength: Some(text("0.25")),
                    names: names(),
                    wrong_count: 7,
                },
                &["7개 중 5개", "0.5배", "세기 0.25", "외 2개"],
            ),
            (Detail::IdenticalToBase, &["베이스와 똑같습니다"]),
            (wrong(true), &["lm_head", "1,234", "1,000,000", "2.500e-1", "시드"]),
            (wrong(false), &["lm_head", "1,234", "1,000,000", "2.500e-1"]),
            (Detail::Lost { tensor: tensor() }, &["lm_head"]),
            (Detail::Survival(advice), &["24 %", "float32"]),
            (Detail::NonFinite { tensor: tensor(), count: 1_234 }, &["lm_head", "1,234"]),
        ];
        for (value, parts) in cases {
            speaks_korean(&detail(&value), &value.to_string(), parts);
        }
    }

    #[test]
    fn what_is_wrong_with_files_is_said_in_korean_with_its_names_and_numbers() {
        let (file, place) = (|| "a.json".to_owned(), || "config.json: x".to_owned());
        let tokenizer = |fault| Detail::BadTokenizer { fault };
        let ids =
            |is_as_in_base| Detail::IdsBeyondRows { id: 1_234, tensor: "wte".to_owned(), rows: 64, is_as_in_base };
        let error = Reported::new(CheckpointError::Missing { path: "/data/x".into() });
        let cases: Vec<(Detail, &[&str])> = vec![
            (Detail::AdapterFile { file: file() }, &["a.json"]),
            (Detail::UnusedWeights { file: file(), byte_count: 2_000_000 }, &["a.json", "2.00"]),
            (Detail::NoTokenizer, &["토크나이저"]),
            (Detail::NoMerges, &["vocab.json", "merges.txt"]),
            (
                Detail::Truncated { file: file(), held_bytes: 1_000_000, whole_bytes: 2_000_000 },
                &["a.json", "1.00", "2.00"],
            ),
            (tokenizer(TokenizerFault::Unreadable { said: text("P1") }), &["tokenizer.json", "P1"]),
            (tokenizer(TokenizerFault::Broken { said: text("P1") }), &["tokenizer.json", "P1"]),
            (tokenizer(TokenizerFault::NoVocabulary), &["tokenizer.json", "어휘"]),
            (ids(true), &["1,234", "wte", "64행", "베이스도"]),
            (ids(false), &["1,234", "wte", "64행"]),
            (Detail::UnreadableConfig { file: file() }, &["a.json"]),
            (Detail::BadJson { file: file(), problem: text("P1") }, &["a.json", "P1"]),
            (Detail::NamesBase { place: place(), text: text("../b") }, &["config.json: x", "`../b`"]),
            (Detail::IsPath { place: place(), text: text("/data") }, &["config.json: x", "`/data`가"]),
            (Detail::StillNames { place: place(), text: text("org/b") }, &["config.json: x", "`org/b`"]),
            (Detail::RemoteCode { place: place(), repository: text("org/b") }, &["config.json: x", "`org/b`"]),
            (Detail::MissingCode { place: place(), module: text("model") }, &["config.json: x", "model.py"]),
            (Detail::TextNames { file: file(), path: text("/data") }, &["a.json", "`/data`"]),
            (Detail::LinkOutside { name: text("a") }, &["a 링크"]),
            (Detail::LinkNowhere { name: text("a") }, &["a 링크"]),
            (Detail::BadSeal { line: text("zz") }, &["`zz`", "sha256sum"]),
            (Detail::SealedAndGone { file: file() }, &["a.json"]),
            (Detail::SealedAndOther { file: file() }, &["a.json"]),
            (Detail::CameAfterSeal { file: file() }, &["a.json"]),
            (Detail::LoadFailed { problem: text("P1") }, &["P1"]),
            (Detail::OpenedOutside { path: text("/data") }, &["/data"]),
            (Detail::OnlyNan, &["NaN"]),
            (Detail::Hint { error }, &["경로"]),
        ];
        for (value, parts) in cases {
            speaks_korean(&detail(&value), &value.to_string(), parts);
        }
    }
}
