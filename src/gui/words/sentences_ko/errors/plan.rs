//! Why a merge is not even planned, in Korean.

use super::{InKorean, Told, foreign};
use crate::{
    gui::words::sentences_ko::misfits::misplaced,
    plan::{BaseProof, InputRole, MISMATCHES_SHOWN, Mismatch, MismatchAdvice, PlanError},
    units,
};

impl InKorean for PlanError {
    fn in_korean(&self) -> Told {
        match self {
            Self::NoAdapter => Told::new("어댑터가 없습니다").hint("어댑터 폴더를 하나 이상 고르세요"),
            Self::AdapterTwice { adapter, path } => {
                Told::new(format!("같은 어댑터가 두 번 들어 있습니다. 내용이 같은 것: {}", adapter.display()))
                    .hint("한 번만 넣으세요. 변화를 두 배로 하려면 세기를 2로 하세요")
                    .at(path)
            }
            Self::BadStrength { strength } => {
                Told::new(format!("세기가 어댑터에 곱할 수 있는 수가 아닙니다: {strength}"))
                    .hint("1은 학습한 그대로, 0.5는 그 절반을 병합합니다")
            }
            Self::PartialReplacement { strength, adapter, tensor } => Told::new(format!(
                "어댑터 {adapter}의 {tensor} 텐서는 통째로 바뀌므로, 세기 {strength}에서는 병합할 수 없습니다"
            ))
            .hint("이 어댑터는 세기 1로 병합하세요"),
            Self::QuantizedBase { method, path } => {
                Told::new(format!("양자화한 베이스({method})입니다. 압축된 가중치에는 병합할 수 없습니다"))
                    .hint("이름이 같은 16비트나 32비트 원본을 쓰세요")
                    .at(path)
            }
            Self::UnmergedBase { tensors, path } => Told::new(format!(
                "베이스에 병합하지 않은 어댑터 레이어가 남아 있습니다(텐서 {}개: {})",
                tensors.len(),
                super::listed(tensors)
            ))
            .hint("그 레이어를 PEFT의 `merge_and_unload`로 먼저 병합하거나, 그 학습 전의 베이스를 고르세요")
            .at(path),
            Self::BaseShipsLora { adapters, path } => Told::new(format!(
                "베이스에 자체 LoRA 레이어가 있습니다({}). Phi-4-multimodal처럼 입력 종류에 따라 쓰는 레이어입니다",
                adapters.join(", ")
            ))
            .hint("이 레이어를 아는 모델 자신의 클래스에서 PEFT로 병합하세요. Phi-4-multimodal은 LoRA를 따로 둔 transformers용 베이스(리비전 refs/pr/70)도 있습니다")
            .at(path),
            Self::DoesNotFit { mismatch } => {
                Told::new(format!("어댑터가 베이스와 맞지 않습니다. {}", does_not_fit(mismatch)))
                    .hint(advice(&mismatch.advice))
            }
            Self::OutputHasNoName { path } => {
                Told::new("출력에 폴더 이름이 없습니다").hint("새 폴더의 이름을 적으세요").at(path)
            }
            Self::OutputExists { path } => Told::new("출력 폴더가 이미 있고 비어 있지 않습니다")
                .hint("다른 이름을 고르거나 폴더를 직접 비우세요. 아무것도 덮어쓰지 않습니다")
                .at(path),
            Self::OutputInsideInput { role, path } => {
                let role = match role {
                    InputRole::Base => "베이스",
                    InputRole::Adapter => "어댑터",
                };
                Told::new(format!("출력이 {role} 폴더 안에 있습니다")).hint("그 폴더 밖에서 고르세요").at(path)
            }
            Self::NotWritable { path } => {
                Told::new("여기에는 쓸 수 없습니다").hint("쓸 수 있는 폴더를 고르거나 권한을 바꾸세요").at(path)
            }
            Self::DiskFull { needed, free, path } => Told::new(format!(
                "디스크 공간이 모자랍니다. {}가 필요한데 {}만 비어 있습니다",
                units::bytes(*needed),
                units::bytes(*free)
            ))
            .hint(super::merge::FREE_SPACE)
            .at(path),
            Self::BadTokenizer { problem, path } => {
                Told::new(format!("토크나이저 파일이 올바른 JSON이 아닙니다({problem})"))
                    .hint("토크나이저 파일을 다시 내려받으세요")
                    .at(path)
            }
            Self::Base(error) => error.in_korean(),
            Self::Adapter(error) => error.in_korean(),
            Self::Io(error) => error.in_korean(),
        }
    }
}

fn does_not_fit(mismatch: &Mismatch) -> String {
    let Mismatch { placed_count, tensor_count, misplaced: lines, .. } = mismatch;
    let mut text = format!("어댑터 텐서 {tensor_count}개 중 {placed_count}개만 자리를 찾았습니다");
    for line in lines.iter().take(MISMATCHES_SHOWN).map(misplaced) {
        text = text + "\n  " + &line;
    }
    match lines.len().saturating_sub(MISMATCHES_SHOWN) {
        0 => text,
        more => format!("{text}\n  외 {more}개"),
    }
}

fn advice(advice: &MismatchAdvice) -> String {
    let named = |name: &Option<String>| {
        name.as_ref().map_or_else(String::new, |name| format!("(설정에 적힌 베이스: `{name}`)"))
    };
    match advice {
        MismatchAdvice::Foreign { origin } => {
            format!("{}. {}", foreign::origin(*origin), foreign::origin_hint(*origin))
        }
        MismatchAdvice::OtherLibrary { class, library } => format!(
            "{library} 라이브러리의 {class} 모델로 학습한 어댑터입니다. 그 라이브러리에서 그런 모델에 병합하세요"
        ),
        MismatchAdvice::OwnRelease => "학습에 쓴 라이브러리와 버전에서 병합하세요".to_owned(),
        MismatchAdvice::FilesBeside { files } => format!(
            "어댑터 가중치 옆에 {} 파일이 있습니다. 이 텐서들이 있는 베이스를 고르거나, 파일 없이 병합하려면 어댑터 폴더에서 빼세요",
            files.join(", ")
        ),
        MismatchAdvice::NameTask => {
            "무엇을 위해 학습했는지 adapter_config.json에 적어 주세요. `task_type`에 SEQ_CLS, TOKEN_CLS, QUESTION_ANS 가운데 하나를, 또는 `auto_mapping`의 `base_model_class`에 클래스를 적습니다".to_owned()
        }
        MismatchAdvice::GrownVocabulary => {
            "임베딩까지 저장하거나(PEFT의 `save_embedding_layers=True`), 학습 때와 어휘가 같은 베이스를 고르세요"
                .to_owned()
        }
        MismatchAdvice::PackedBase => "이름이 같은 16비트나 32비트 원본을 쓰세요".to_owned(),
        MismatchAdvice::NoMergedForm => "실행할 때 어댑터로 불러 쓰세요. 병합한 형태가 없습니다".to_owned(),
        MismatchAdvice::OtherBase { proof: BaseProof::Name { base }, trained_on: Some(name) } => format!(
            "어댑터에 적힌 베이스는 `{name}`인데 이 베이스는 `{base}`입니다. 학습에 쓴 베이스를 고르세요"
        ),
        MismatchAdvice::OtherBase { proof, trained_on } => format!("{}{}", base_proof(proof), named(trained_on)),
        MismatchAdvice::OtherLayout => {
            "학습 때와 같은 구조의 모델을 고르세요. 여기서는 같은 행렬이 다른 텐서에 들어 있어 어댑터의 행렬이 맞지 않습니다"
                .to_owned()
        }
        MismatchAdvice::UnknownTie => {
            "transformers에서 베이스를 불러와 묶음을 풀고(`tie_word_embeddings=False`) 저장한 것을 고르세요".to_owned()
        }
        MismatchAdvice::SayOrientation { is_stated_in_out } => {
            let (other, stated) = if *is_stated_in_out { ("Linear", "Conv1D") } else { ("Conv1D", "Linear") };
            format!(
                "학습한 모델에서 이 레이어가 {other}이면 adapter_config.json에 `\"fan_in_fan_out\": {}`(으)로 적으세요. {stated}이면 레이어를 직접 보는 PEFT의 `merge_and_unload`로 병합하세요",
                !is_stated_in_out
            )
        }
        MismatchAdvice::AskTheLayer => {
            "모델에서 순서를 직접 보는 PEFT의 `merge_and_unload`로 병합하세요".to_owned()
        }
        MismatchAdvice::KeepOneFile => "학습이 끝날 때 저장한 파일만 남기고, 다른 파일은 폴더에서 빼세요".to_owned(),
        MismatchAdvice::OneAtATime => "어댑터를 하나씩, 앞의 결과에 차례로 병합하세요".to_owned(),
        MismatchAdvice::OtherKind { trained_on } => {
            format!("이 베이스에는 그런 이름이 하나도 없습니다. 다른 종류의 모델을 위한 어댑터입니다{}", named(trained_on))
        }
        MismatchAdvice::SomeUnplaced { trained_on } => format!(
            "학습에 쓴 모델{}과 이름을 견주어 보세요. 이 베이스에 없는 모듈이 그 모델에 있거나, 파일의 이름이 바뀌었습니다",
            named(trained_on)
        ),
    }
}

fn base_proof(proof: &BaseProof) -> &'static str {
    match proof {
        BaseProof::Shapes => "크기가 다른 모델의 것입니다. 학습에 쓴 베이스를 고르세요",
        BaseProof::Depth => "학습에 쓴, 레이어가 더 많은 모델을 고르세요",
        BaseProof::Multimodal => "학습에 쓴 멀티모달 모델을 고르세요",
        BaseProof::Part => "학습에 쓴, 이 부분이 있는 모델을 고르세요",
        BaseProof::Name { .. } => "학습에 쓴 베이스를 고르세요",
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::{
        adapter::{AdapterError, ForeignAdapter},
        checkpoint::CheckpointError,
        error::IoError,
        gui::words::sentences_ko::{errors::assert_told, speaks_korean},
        matching::{ClashReason, MisfitReason, Misplaced, OrphanReason},
    };

    fn mismatch(advice: MismatchAdvice) -> Mismatch {
        let orphan = |index: usize| Misplaced {
            names: vec![format!("layers.{index}.lora_A"), format!("layers.{index}.lora_B")],
            reason: MisfitReason::Orphaned(OrphanReason::NoSuchModule),
            nearest: vec!["layers.0.up".to_owned()],
        };
        let clash = Misplaced {
            names: vec!["head".to_owned()],
            reason: MisfitReason::Clashing(ClashReason::SharedWithHead),
            nearest: Vec::new(),
        };
        let misplaced = std::iter::once(clash).chain((0..6).map(orphan)).collect();
        Mismatch { placed_count: 3, tensor_count: 16, misplaced, advice }
    }

    #[test]
    fn every_reason_against_a_plan_is_said_in_korean() {
        let path = || PathBuf::from("/data/x");
        let text = str::to_owned;
        let inside = |role| PlanError::OutputInsideInput { role, path: PathBuf::from("/data/x") };
        let io = IoError { action: "resolve the path", source: std::io::ErrorKind::NotFound.into(), path: path() };
        let does_not_fit = PlanError::DoesNotFit { mismatch: Box::new(mismatch(MismatchAdvice::OtherLayout)) };
        let cases: Vec<(PlanError, &[&str])> = vec![
            (PlanError::NoAdapter, &["어댑터"]),
            (PlanError::AdapterTwice { adapter: PathBuf::from("/data/a"), path: path() }, &["/data/a", "두 번"]),
            (PlanError::BadStrength { strength: f64::INFINITY }, &["inf"]),
            (
                PlanError::PartialReplacement { strength: 0.5, adapter: text("chat"), tensor: text("lm_head") },
                &["0.5", "chat", "lm_head"],
            ),
            (PlanError::QuantizedBase { method: text("gptq"), path: path() }, &["gptq"]),
            (
                PlanError::UnmergedBase { tensors: vec![text("q.lora_A"), text("q.lora_B")], path: path() },
                &["2개", "q.lora_A, q.lora_B"],
            ),
            (
                PlanError::BaseShipsLora { adapters: vec![text("speech"), text("vision")], path: path() },
                &["speech, vision", "Phi-4-multimodal"],
            ),
            (does_not_fit, &["16개 중 3개", "layers.0.lora_A, layers.0.lora_B", "layers.0.up", "head", "외 2개"]),
            (PlanError::OutputHasNoName { path: path() }, &["이름"]),
            (PlanError::OutputExists { path: path() }, &["이미"]),
            (inside(InputRole::Base), &["베이스"]),
            (inside(InputRole::Adapter), &["어댑터"]),
            (PlanError::NotWritable { path: path() }, &["쓸 수"]),
            (PlanError::DiskFull { needed: 9_000_000, free: 1_000_000, path: path() }, &["9.00 MB", "1.00 MB"]),
            (PlanError::BadTokenizer { problem: text("EOF"), path: path() }, &["EOF"]),
            (PlanError::Base(CheckpointError::Missing { path: path() }), &["폴더"]),
            (PlanError::Adapter(AdapterError::IsModel { path: path() }), &["모델"]),
            (PlanError::Io(io), &["경로"]),
        ];
        for (error, parts) in cases {
            assert_told(&error, parts);
        }
        let name = || Some(text("org/Toy"));
        let other = |proof| MismatchAdvice::OtherBase { proof, trained_on: Some("org/Toy".to_owned()) };
        let unet = MismatchAdvice::OtherLibrary { class: text("UNet2DConditionModel"), library: text("diffusers") };
        let advices: Vec<(MismatchAdvice, &[&str])> = vec![
            (MismatchAdvice::Foreign { origin: ForeignAdapter::Kohya }, &["kohya", "세요"]),
            (unet, &["UNet2DConditionModel", "diffusers"]),
            (MismatchAdvice::OwnRelease, &["세요"]),
            (MismatchAdvice::FilesBeside { files: vec![text("vit.bin"), text("head.bin")] }, &["vit.bin, head.bin"]),
            (MismatchAdvice::NameTask, &["task_type", "base_model_class"]),
            (MismatchAdvice::GrownVocabulary, &["save_embedding_layers"]),
            (MismatchAdvice::PackedBase, &["16비트"]),
            (MismatchAdvice::NoMergedForm, &["세요"]),
            (other(BaseProof::Shapes), &["`org/Toy`", "크기"]),
            (other(BaseProof::Depth), &["`org/Toy`", "레이어"]),
            (other(BaseProof::Multimodal), &["`org/Toy`", "멀티모달"]),
            (other(BaseProof::Part), &["`org/Toy`", "부분"]),
            (other(BaseProof::Name { base: text("Bear") }), &["`org/Toy`", "`Bear`"]),
            (MismatchAdvice::OtherLayout, &["세요"]),
            (MismatchAdvice::UnknownTie, &["tie_word_embeddings"]),
            (MismatchAdvice::SayOrientation { is_stated_in_out: true }, &["Linear", "fan_in_fan_out", "false"]),
            (MismatchAdvice::SayOrientation { is_stated_in_out: false }, &["Conv1D", "fan_in_fan_out", "true"]),
            (MismatchAdvice::AskTheLayer, &["merge_and_unload"]),
            (MismatchAdvice::KeepOneFile, &["파일"]),
            (MismatchAdvice::OneAtATime, &["세요"]),
            (MismatchAdvice::OtherKind { trained_on: name() }, &["`org/Toy`"]),
            (MismatchAdvice::SomeUnplaced { trained_on: None }, &["세요"]),
            (MismatchAdvice::SomeUnplaced { trained_on: name() }, &["`org/Toy`"]),
        ];
        for (value, parts) in advices {
            speaks_korean(&advice(&value), &value.to_string(), parts);
        }
    }
}
