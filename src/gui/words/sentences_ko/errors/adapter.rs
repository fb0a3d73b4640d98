//! What is wrong with an adapter folder, in Korean.

use super::{InKorean, Told, foreign, listed, refused};
use crate::{
    adapter::{AdapterError, Contradiction, shapes},
    checkpoint::CheckpointError,
    error::shortened,
};

const SAVE_AGAIN: &str = "어댑터가 덜 저장되었습니다. 다시 저장하세요";
const OWN_CONFIG: &str = "이 가중치와 함께 저장된 adapter_config.json을 쓰세요";

impl InKorean for AdapterError {
    #[expect(clippy::too_many_lines, reason = "an arm for each, so that none can be forgotten")]
    fn in_korean(&self) -> Told {
        match self {
            Self::Missing { path } => Told::new("폴더가 없습니다").hint("경로를 확인하세요").at(path),
            Self::NotAFolder { path } => {
                Told::new("어댑터 폴더가 아니라 파일입니다").hint("adapter_config.json이 든 폴더를 고르세요").at(path)
            }
            Self::IsModel { path } => Told::new("어댑터가 아니라 모델 전체가 든 폴더입니다")
                .hint(
                    "베이스와 어댑터를 각각 제 칸에 넣으세요. 모델 전체를 미세 조정한 것이라면 병합할 필요가 없습니다",
                )
                .at(path),
            Self::NoConfig { subfolders, path } => {
                let hint = if subfolders.is_empty() {
                    "adapter_config.json과 adapter_model.safetensors가 든 폴더를 고르세요".to_owned()
                } else {
                    format!("그 아래에 어댑터가 있습니다. 하나를 고르세요: {}", listed(subfolders))
                };
                Told::new("폴더에 adapter_config.json이 없습니다").hint(hint).at(path)
            }
            Self::NoWeights { path } => Told::new("폴더에 adapter_model.safetensors나 .bin이 없습니다")
                .hint("가중치까지 어댑터를 다시 내려받으세요")
                .at(path),
            Self::OnlyFullWeights { file, path } => {
                Told::new(format!("폴더에 어댑터 가중치는 없고 모델 전체의 가중치({file})가 있습니다"))
                    .hint("병합했거나 통째로 학습한 모델은 병합할 필요가 없습니다. 그대로 쓰거나 베이스로 쓰세요")
                    .at(path)
            }
            Self::ShardsMissing { missing, path } => {
                Told::new(format!("어댑터의 조각 {}개가 폴더에 없습니다: {}", missing.len(), listed(missing)))
                    .hint("덜 내려받았습니다. 없는 조각을 마저 내려받으세요")
                    .at(path)
            }
            Self::UnreadBeside { file, problem } => {
                let told = problem.in_korean();
                let without = "이 파일 없이 병합하려면 어댑터 폴더에서 빼세요";
                let hint = told.hint.as_ref().map_or_else(|| without.to_owned(), |hint| format!("{hint}. {without}"));
                told.after(&format!("어댑터 옆의 {file} 파일을 읽을 수 없어, 학습한 것이 들어 있는지 알 수 없습니다"))
                    .hint(hint)
            }
            Self::SavedTwice { tensor, files, path } => Told::new(format!(
                "어댑터의 두 파일({}, {})에 {tensor} 텐서가 있는데, 어느 쪽이 맞는지 알 수 없습니다",
                files[0], files[1]
            ))
            .hint("학습이 끝났을 때의 파일만 두고 다른 파일은 폴더에서 빼세요")
            .at(path),
            Self::BadConfig { problem, path } => {
                Told::new(format!("adapter_config.json의 내용이 올바르지 않습니다({})", foreign::json(problem)))
                    .hint(foreign::json_hint(problem))
                    .at(path)
            }
            Self::Foreign { origin, tensor, path } => {
                Told::new(format!("{}(`{}`)", foreign::origin(*origin), shortened(tensor)))
                    .hint(foreign::origin_hint(*origin))
                    .at(path)
            }
            Self::WeightsWithoutConfig { peft_type, path } => Told::new(format!(
                "어댑터({peft_type})의 가중치이지만, 배율이 적힌 adapter_config.json이 옆에 없습니다"
            ))
            .hint("이 가중치를 받은 곳에서 adapter_config.json도 받으세요. lora_alpha나 alpha는 거기에만 있습니다")
            .at(path),
            Self::NoMethod { peft_type, path } => {
                let seems = peft_type
                    .map_or_else(String::new, |peft_type| format!(". 옆의 가중치는 {peft_type} 방식으로 보입니다"));
                Told::new(format!("adapter_config.json에 방식(peft_type)이 적혀 있지 않습니다{seems}"))
                    .hint("PEFT가 이 가중치와 함께 저장한 adapter_config.json을 쓰세요")
                    .at(path)
            }
            Self::MissingKey { key, path } => Told::new(format!("adapter_config.json에 {key} 값이 없습니다"))
                .hint("학습에 쓴 값을 찾아 적으세요. 짐작한 값은 모든 변화의 배율을 틀리게 합니다")
                .at(path),
            Self::Unsupported { feature, reason, way_out, path } => Told::new(format!(
                "{} 이 버전에서 병합하지 않습니다. {}",
                refused::feature(feature),
                refused::reason(*reason)
            ))
            .hint(refused::way_out(*way_out))
            .at(path),
            Self::BadPattern { key, pattern, path } => {
                Told::new(format!("{key}의 패턴을 정규식으로 읽을 수 없습니다: {pattern:?}"))
                    .hint("패턴 대신 모듈 이름을 그대로 적으세요")
                    .at(path)
            }
            Self::SeveralAdapters { names, path } => {
                Told::new(format!("파일 하나에 어댑터가 여럿 들어 있습니다({}, {})", names[0], names[1]))
                    .hint("PEFT의 `save_pretrained`로 어댑터마다 폴더를 따로 저장하세요")
                    .at(path)
            }
            Self::Contradiction { problem, path } => {
                Told::new(format!("adapter_config.json이 가중치와 맞지 않습니다. {}", contradiction(problem)))
                    .hint(OWN_CONFIG)
                    .at(path)
            }
            Self::RankMismatch { module, stored, configured, path } => Told::new(format!(
                "{module}의 랭크가 가중치({stored})와 설정({configured})에서 서로 달라 배율을 알 수 없습니다"
            ))
            .hint(OWN_CONFIG)
            .at(path),
            Self::Unpaired { module, absent, path } => {
                Told::new(format!("{module}에 {absent} 행렬이 없습니다")).hint(SAVE_AGAIN).at(path)
            }
            Self::FactorShapes { module, factors, path } => {
                Told::new(format!("{module}의 행렬들이 크기가 서로 맞지 않습니다({})", shapes(factors)))
                    .hint("서로 다른 학습의 행렬이 섞였거나 파일을 고쳤습니다. 학습한 곳에서 어댑터를 다시 저장하세요")
                    .at(path)
            }
            Self::EmptyTensors { tensors, path } => {
                Told::new(format!("원소가 하나도 없는 텐서가 {}개 있습니다: {}", tensors.len(), listed(tensors)))
                    .hint("값 없이 자리만 저장되었습니다(ZeRO-3 또는 FSDP). 가중치를 모은 다음 다시 저장하세요")
                    .at(path)
            }
            Self::Empty { path } => Told::new("파일에 텐서가 하나도 없습니다")
                .hint("가중치가 저장되지 않았습니다. 어댑터를 다시 저장하세요")
                .at(path),
            Self::NonFinite { tensors, path } => {
                Told::new(format!("텐서 {}개에 NaN이나 무한한 값이 있습니다: {}", tensors.len(), listed(tensors)))
                    .hint("학습이 발산했거나 파일이 손상되었습니다. 더 이른 체크포인트를 쓰세요")
                    .at(path)
            }
            Self::IndexOutside { tensor, index, limit, path } => {
                Told::new(format!("{tensor}에 적힌 위치 {index}은(는) 범위({limit} 미만)를 벗어납니다"))
                    .hint("파일이 손상되었거나 크기가 다른 모델에서 학습했습니다. 어댑터를 다시 저장하세요")
                    .at(path)
            }
            Self::NoDirection { tensor, path } => {
                Told::new(format!("{tensor}에 길이가 0이거나 다른 방향에서 나오는 방향이 있습니다"))
                    .hint("이런 반사는 정의되지 않아 PEFT에서도 NaN이나 잡음이 됩니다. 다른 체크포인트를 쓰세요")
                    .at(path)
            }
            Self::NoEffect { path } => Told::new("이 어댑터의 변화가 모두 0이라, 병합해도 베이스와 똑같습니다")
                .hint("학습하기 전의 가중치입니다. 학습을 마친 다음 어댑터를 다시 저장하세요")
                .at(path),
            Self::Weights(error @ CheckpointError::Foreign { format, .. }) => {
                error.in_korean().hint(foreign::hint_for_adapter(*format))
            }
            Self::Weights(error @ CheckpointError::NotFloat { .. }) => error
                .in_korean()
                .hint("어댑터 자체의 행렬이 압축되었거나 양자화되었습니다. 학습한 그대로의 실수 어댑터를 쓰세요"),
            Self::Weights(error) => error.in_korean(),
            Self::Io(error) => error.in_korean(),
            Self::Cancelled(cancelled) => cancelled.in_korean(),
        }
    }
}

fn contradiction(problem: &Contradiction) -> String {
    match problem {
        Contradiction::TokenRows { module, id_count, row_count } => {
            format!("{module}의 토큰 번호는 {id_count}개인데 가중치는 {row_count}행입니다")
        }
        Contradiction::TooManyParameters { module, level, named_count } => format!(
            "가중치는 {module}의 파라미터를 {level}개 이상 바꾸는데 target_parameters에는 {named_count}개가 적혀 있습니다"
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::{
        adapter::{Feature, ForeignAdapter, RefusalReason, WayOut},
        checkpoint::{CheckpointError, ForeignFormat, JsonProblem},
        error::IoError,
        gui::words::sentences_ko::errors::assert_told,
        job::Cancelled,
        numeric::Dtype,
    };

    #[test]
    fn every_fault_of_an_adapter_is_said_in_korean() {
        let path = || PathBuf::from("/data/x");
        let text = str::to_owned;
        let names = || vec!["a.up".to_owned(), "b.up".to_owned()];
        let rows = Contradiction::TokenRows { module: text("wte"), id_count: 3, row_count: 4 };
        let parameters = Contradiction::TooManyParameters { module: text("mlp"), level: 3, named_count: 2 };
        let vera = Feature::Method { name: "VeRA", peft_type: "VERA" };
        let io = IoError { action: "list the folder", source: std::io::ErrorKind::NotFound.into(), path: path() };
        let factors = vec![(text("a.lora_A.weight"), vec![2, 8]), (text("a.lora_B.weight"), vec![8, 3])];
        let cases: Vec<(AdapterError, &[&str])> = vec![
            (AdapterError::Missing { path: path() }, &["폴더"]),
            (AdapterError::NotAFolder { path: path() }, &["파일"]),
            (AdapterError::IsModel { path: path() }, &["모델"]),
            (AdapterError::NoConfig { subfolders: Vec::new(), path: path() }, &["adapter_config.json"]),
            (AdapterError::NoConfig { subfolders: names(), path: path() }, &["adapter_config.json"]),
            (AdapterError::NoWeights { path: path() }, &["adapter_model.safetensors"]),
            (AdapterError::OnlyFullWeights { file: "model.safetensors", path: path() }, &["model.safetensors"]),
            (AdapterError::ShardsMissing { missing: names(), path: path() }, &["2개", "a.up, b.up"]),
            (
                AdapterError::UnreadBeside {
                    file: text("extra.bin"),
                    problem: Box::new(CheckpointError::Empty { path: path() }),
                },
                &["extra.bin", "텐서"],
            ),
            (
                AdapterError::SavedTwice { tensor: text("a.up"), files: [text("x.bin"), text("y.bin")], path: path() },
                &["a.up", "x.bin, y.bin"],
            ),
            (AdapterError::BadConfig { problem: JsonProblem::EndsEarly { line: 3 }, path: path() }, &["3번째"]),
            (
                AdapterError::Foreign { origin: ForeignAdapter::Kohya, tensor: text("lora_unet_x"), path: path() },
                &["kohya", "`lora_unet_x`"],
            ),
            (AdapterError::WeightsWithoutConfig { peft_type: "LOHA", path: path() }, &["LOHA", "adapter_config.json"]),
            (AdapterError::NoMethod { peft_type: None, path: path() }, &["peft_type"]),
            (AdapterError::NoMethod { peft_type: Some("IA3"), path: path() }, &["peft_type", "IA3"]),
            (AdapterError::Weights(CheckpointError::Foreign { format: ForeignFormat::Gguf, path: path() }), &["GGUF"]),
            (
                AdapterError::Weights(CheckpointError::NotFloat { tensor: text("w"), dtype: Dtype::U8, path: path() }),
                &["w의", "U8"],
            ),
            (AdapterError::MissingKey { key: "lora_alpha", path: path() }, &["lora_alpha"]),
            (
                AdapterError::Unsupported {
                    feature: vera,
                    reason: RefusalReason::ProjectionNotSaved,
                    way_out: WayOut::MergeOrConvert,
                    path: path(),
                },
                &["VeRA 방식(peft_type VERA)은", "난수"],
            ),
            (
                AdapterError::BadPattern { key: "rank_pattern", pattern: text("[a"), path: path() },
                &["rank_pattern", "\"[a\""],
            ),
            (AdapterError::Unpaired { module: text("a.up"), absent: "lora_B", path: path() }, &["a.up", "lora_B"]),
            (
                AdapterError::FactorShapes { module: text("a"), factors, path: path() },
                &["a의", "lora_A.weight 2 × 8", "lora_B.weight 8 × 3"],
            ),
            (AdapterError::Contradiction { problem: rows, path: path() }, &["wte", "3개", "4행"]),
            (AdapterError::Contradiction { problem: parameters, path: path() }, &["mlp", "3개", "2개"]),
            (
                AdapterError::RankMismatch { module: text("a.up"), stored: 4, configured: 8, path: path() },
                &["a.up", "4", "8"],
            ),
            (
                AdapterError::SeveralAdapters { names: [text("default"), text("second")], path: path() },
                &["default, second"],
            ),
            (AdapterError::EmptyTensors { tensors: names(), path: path() }, &["2개", "a.up, b.up"]),
            (AdapterError::Empty { path: path() }, &["텐서"]),
            (AdapterError::NonFinite { tensors: names(), path: path() }, &["2개", "a.up, b.up"]),
            (
                AdapterError::IndexOutside { tensor: text("a.shira_indices"), index: 40, limit: 32, path: path() },
                &["a.shira_indices", "40", "32"],
            ),
            (AdapterError::NoDirection { tensor: text("a.hra_u"), path: path() }, &["a.hra_u"]),
            (AdapterError::NoEffect { path: path() }, &["0"]),
            (AdapterError::Weights(CheckpointError::Empty { path: path() }), &["텐서"]),
            (AdapterError::Io(io), &["목록"]),
            (AdapterError::Cancelled(Cancelled), &["취소"]),
        ];
        for (error, parts) in cases {
            assert_told(&error, parts);
        }
        let below = AdapterError::NoConfig { subfolders: names(), path: path() };
        assert!(below.in_korean().hint.is_some_and(|hint| hint.contains("a.up, b.up")));
    }
}
