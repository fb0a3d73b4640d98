//! What is not merged, why, and the way out, in Korean.

use crate::{
    adapter::{Feature, RefusalReason, WayOut},
    units,
};

/// What is not merged, as the topic of a sentence.
pub(super) fn feature(feature: &Feature) -> String {
    match feature {
        Feature::Method { name, peft_type } => format!("{} 방식(peft_type {peft_type})은", method(name, peft_type)),
        Feature::Option { name, key } => format!("{} 옵션({key})은", option(name, key)),
        Feature::Init { name, init } => format!("{name} 초기화(init_lora_weights {init:?})는"),
        Feature::UnknownMethod { name } => format!("{name} 방식은"),
        Feature::Setting { name, key, value } => format!("{key} 값이 {value:?}인 {name} 어댑터는"),
        Feature::DoraOnOlora => "OLoRA로 초기화한 DoRA는".to_owned(),
        Feature::OldOft => "PEFT 0.16 이전의 OFT(oft_r)는".to_owned(),
        Feature::Mlx => "mlx-lm 어댑터는".to_owned(),
        Feature::MlxNumpy => "NumPy 형식의 mlx-lm 어댑터(adapters.npz)는".to_owned(),
        Feature::MlxRun { kind } => format!("fine_tune_type이 {kind:?}인 mlx-lm 학습은"),
        Feature::GroupedConvolution { module, group_count } => {
            format!("그룹이 {group_count}개인 합성곱 {module}의 어댑터는")
        }
        Feature::MlxFactor { tensor, shape } => {
            format!("크기가 {}인 mlx-lm의 행렬({tensor})은", units::shape(shape))
        }
        Feature::ExtraVocabulary { file } => format!("어휘를 따로 가진 어댑터({file})는"),
        Feature::ScaledFactors { tensor } => format!("스스로 양자화된 어댑터({tensor})는"),
    }
}

/// Methods go by their own names; those that are words have Korean ones.
fn method(name: &'static str, peft_type: &str) -> &'static str {
    match peft_type {
        "PROMPT_TUNING" => "프롬프트 튜닝",
        "MULTITASK_PROMPT_TUNING" => "다중 과제 프롬프트 튜닝",
        "P_TUNING" => "P-튜닝",
        "PREFIX_TUNING" => "프리픽스 튜닝",
        "CPT" => "문맥 인식 프롬프트 튜닝",
        _ => name,
    }
}

fn option(name: &'static str, key: &str) -> &'static str {
    match key {
        "layer_replication" => "레이어 복제",
        "alora_invocation_tokens" => "활성화 LoRA(aLoRA)",
        "arrow_config" => "Arrow 라우팅",
        _ => name,
    }
}

/// Why.
pub(super) fn reason(reason: RefusalReason) -> &'static str {
    match reason {
        RefusalReason::Prompts => "학습한 벡터를 입력이나 어텐션 캐시에 더하는 방식이라 담을 가중치가 없습니다",
        RefusalReason::ProjectionNotSaved => {
            "PyTorch의 난수로 뽑은 투영 행렬이 파일에 없습니다(save_projection이 false였습니다)"
        }
        RefusalReason::IndicesNotSaved => "어떤 값이 어디로 가는지 알려 주는 인덱스가 파일에 없습니다",
        RefusalReason::ModuleOrder => {
            "어떤 벡터가 어떤 모듈의 것인지는 모델의 모듈 순서로 정해지는데, 그 순서가 파일에 없습니다"
        }
        RefusalReason::UnknownFunction => "그런 이름의 함수를 이 프로그램은 모릅니다",
        RefusalReason::WeighedPerToken => "토큰마다 여러 LoRA의 비중을 새로 정합니다",
        RefusalReason::RoutedTasks => "과제마다 LoRA를 다르게 섞습니다",
        RefusalReason::RoutedInputs => "입력마다 행렬을 다르게 섞습니다",
        RefusalReason::SecondNetwork => "베이스 옆에서 또 다른 신경망을 함께 돌립니다",
        RefusalReason::UnsavedSigns => {
            "베이스의 특이 벡터를 회전하는데, 벡터의 부호는 계산한 라이브러리에 따라 다르고 파일에 없습니다"
        }
        RefusalReason::UnsavedClusters => {
            "블록마다 어떤 출력이 속하는지를 군집화로 정했는데, 그 결과가 파일에 없습니다"
        }
        RefusalReason::NeedsDecomposition => "베이스의 특이 벡터를 바꾸는데, 이 프로그램은 그 분해를 계산하지 않습니다",
        RefusalReason::NeedsJointDecomposition => {
            "베이스를 분해해 가중치 전체를 다시 만드는데, 이 프로그램은 그 분해를 계산하지 않습니다"
        }
        RefusalReason::SingularValues => {
            "베이스의 가장 작은 특잇값 성분을 버리는데, 이 프로그램은 그 분해를 계산하지 않습니다"
        }
        RefusalReason::RepeatedLayers => "레이어를 되풀이해 더 깊은 모델을 만듭니다",
        RefusalReason::AcrossGroups => "행렬이 여러 그룹에 걸쳐 있어 베이스의 가중치에 담을 자리가 없습니다",
        RefusalReason::PromptDependent => "효과가 프롬프트에 따라 달라집니다",
        RefusalReason::InputDependent => "효과가 입력에 따라 달라집니다",
        RefusalReason::WithoutLargestComponents => "가장 큰 특잇값 성분을 뺀 베이스에서 학습을 시작했습니다",
        RefusalReason::CalibratedBase => "보정용 글에 맞춰 바꾼 베이스에서 학습을 시작했습니다",
        RefusalReason::ApproximatedBase => "양자화로 어림한 베이스에서 학습을 시작했습니다",
        RefusalReason::GradientBase => "첫 기울기로 바꾼 베이스에서 학습을 시작했습니다",
        RefusalReason::ForeignMagnitudes => "초기화가 바꾼 베이스에서 크기(magnitude)를 쟀습니다",
        RefusalReason::OwnKeysAndScale => "키 이름과 배율이 고유합니다",
        RefusalReason::WholeWeights => "파일에 저랭크 행렬이 아니라 가중치 전체가 들어 있습니다",
        RefusalReason::NoSuchFactor => "mlx-lm 0.32의 어느 레이어에도 없는 행렬입니다",
        RefusalReason::SafetensorsSince2024 => "mlx-lm은 2024년부터 safetensors로 저장합니다",
        RefusalReason::NotInPeft => "PEFT 0.21까지 어느 버전에도 없습니다",
        RefusalReason::RowsBehindVocabulary => "그 행들은 베이스의 어휘 뒤에 놓이며, vLLM만 그렇게 읽었습니다",
        RefusalReason::OwnScales => "배율과 함께 읽어야 값이 되는데, 그 배치를 알 수 없습니다",
        RefusalReason::OldBlocks => "블록을 저장하고 조합하는 방식이 달라, 지금의 PEFT도 읽지 못합니다",
    }
}

/// What to do instead.
pub(super) fn way_out(way_out: WayOut) -> &'static str {
    match way_out {
        WayOut::MergeOrConvert => "PEFT의 `merge_and_unload`로 병합하거나 `convert_to_lora`로 LoRA로 바꾸세요",
        WayOut::SaveAsPlainLora => {
            "PEFT에서 `path_initial_model_for_weight_conversion`을 주고 다시 저장하면 보통의 LoRA가 됩니다"
        }
        WayOut::KeepAsAdapter => "실행할 때 어댑터로 불러 쓰세요. 병합한 형태가 없습니다",
        WayOut::BuildDeeperBase => "더 깊은 베이스를 먼저 만들고 거기에 병합하세요",
        WayOut::MergeWithPeft => "PEFT의 `merge_and_unload`로 병합하세요",
        WayOut::MergeWithPeft015 => "PEFT 0.15의 `merge_and_unload`로 병합하세요",
        WayOut::MergeWithOwnLibrary => "학습에 쓴 라이브러리로 병합하세요",
        WayOut::FuseOrConvert => "mlx-lm의 `fuse`로 합치거나 PEFT 형식으로 바꾸세요",
        WayOut::FuseWholeModel => "mlx-lm의 `fuse`로 이 가중치를 넣은 모델 전체를 저장하세요",
        WayOut::FuseWithOwnVersion => "어댑터를 만든 버전의 mlx-lm에서 `fuse`로 합치세요",
        WayOut::SaveResized => {
            "transformers에서 베이스의 임베딩을 늘려 이 행들을 끝에 넣고, 그 모델을 베이스로 저장하세요. 그런 다음 파일을 어댑터 폴더에서 빼세요"
        }
        WayOut::SaveInFloat => "양자화하지 말고 float16, bfloat16이나 float32로 어댑터를 저장하세요",
        WayOut::SaveAsSafetensors => "새 mlx-lm에서 불러와 adapters.safetensors로 다시 저장하세요",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::words::sentences_ko::speaks_korean;

    #[test]
    fn every_refusal_is_said_in_korean() {
        for (named, _, _) in crate::adapter::all_refusals() {
            let key = match &named {
                Feature::Method { peft_type, .. } => *peft_type,
                Feature::Option { key, .. } => *key,
                Feature::Init { name, .. } => *name,
                other => panic!("{other} stands in no table"),
            };
            speaks_korean(&feature(&named), &named.to_string(), &[key]);
            if let Feature::Method { name, .. } | Feature::Option { name, .. } = named {
                let is_own_name = name.starts_with(|letter: char| letter.is_uppercase()) && !name.contains(" routing");
                assert!(is_own_name || !feature(&named).contains(name), "{name} is left in English");
            }
        }
        for why in RefusalReason::ALL {
            speaks_korean(reason(*why), why.english(), &["니다"]);
        }
        for way in WayOut::ALL {
            speaks_korean(way_out(*way), way.english(), &[]);
        }
    }

    #[test]
    fn what_stands_in_no_table_is_said_too() {
        let text = str::to_owned;
        let cases: Vec<(Feature, &[&str])> = vec![
            (Feature::UnknownMethod { name: text("NEW") }, &["NEW"]),
            (
                Feature::Setting { name: "PEANuT", key: "act_fn", value: text("mish") },
                &["PEANuT", "act_fn", "\"mish\""],
            ),
            (Feature::DoraOnOlora, &["OLoRA", "DoRA"]),
            (Feature::OldOft, &["0.16", "oft_r"]),
            (Feature::Mlx, &["mlx-lm"]),
            (Feature::MlxNumpy, &["adapters.npz"]),
            (Feature::MlxRun { kind: text("full") }, &["\"full\""]),
            (Feature::GroupedConvolution { module: text("stem.conv"), group_count: 4 }, &["stem.conv", "4개"]),
            (Feature::MlxFactor { tensor: text("w.lora_a"), shape: vec![2, 3] }, &["w.lora_a", "2 × 3"]),
            (Feature::ExtraVocabulary { file: text("new_embeddings.bin") }, &["new_embeddings.bin"]),
            (Feature::ScaledFactors { tensor: text("w.scale") }, &["w.scale"]),
        ];
        for (named, parts) in cases {
            speaks_korean(&feature(&named), &named.to_string(), parts);
        }
    }
}
