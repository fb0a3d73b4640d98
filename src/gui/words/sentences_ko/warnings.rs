//! What a user should know of a plan, in Korean.

use super::findings;
use crate::{
    adapter::{FILES_SHOWN, Note, Orientation},
    matching::{NeedsTransformers5, PrefixChange, SetAsideRule},
    plan::{NAMES_SHOWN, RefusedToken, ReplacedTensor, TokenChange, TokenRefusal, Warning},
    units,
};

/// One thing worth knowing.
#[expect(clippy::too_many_lines, reason = "an arm for each, so that none can be forgotten")]
pub fn warning(warning: &Warning) -> String {
    match warning {
        Warning::Noted { adapter, note: decision } => format!("{adapter}: {}", note(decision)),
        Warning::AlreadyMerged { adapter, share, tensor_count } => format!(
            "{adapter}: 베이스에 이 어댑터의 변화가 이미 들어 있습니다(살펴본 텐서 {tensor_count}개 모두에서 약 {:.0} %). 바로 이 어댑터를 병합한 모델로 보이며, 다시 병합하면 변화가 또 더해집니다",
            100.0 * share
        ),
        Warning::UnknownKeys { adapter, keys } => format!(
            "{adapter}: adapter_config.json에 PEFT 0.21까지 어느 버전도 쓰지 않는 키가 있습니다({}). 새 옵션이라면 병합 방법이 다를 수 있습니다",
            keys.join(", ")
        ),
        Warning::Olora { adapter } => format!(
            "{adapter}: OLoRA는 초기화가 바꾼 베이스로 학습합니다. 그 베이스를 이 베이스에서 다시 계산하므로, 이 베이스가 원본이어야 합니다"
        ),
        Warning::BaseAdapter => {
            "베이스 폴더에 transformers가 함께 불러오는 어댑터가 있습니다(adapter_config.json). 폴더를 어댑터로도 고르지 않으면 병합하지 않습니다".to_owned()
        }
        Warning::Prefix { adapter, change } => {
            format!("{adapter}: {}", prefix_change(change))
        }
        Warning::Renamed { adapter, module_count } => format!(
            "{adapter}: 모듈 {module_count}개를 베이스가 디스크에서 쓰는 이름으로 찾았습니다(transformers의 이름 표)"
        ),
        Warning::Replaced { tensors } => {
            let names: Vec<String> = tensors.iter().map(replaced).collect();
            format!(
                "어댑터가 텐서 {}개를 통째로 가져와 베이스의 것과 바꿉니다: {}",
                names.len(),
                super::listed(&names, NAMES_SHOWN)
            )
        }
        Warning::Added { names } => format!(
            "베이스에 없는 텐서를 어댑터에서 더합니다: {}. 이런 레이어가 있는 클래스만 불러올 수 있습니다",
            super::listed(names, NAMES_SHOWN)
        ),
        Warning::Untied { shared, others, is_guessed, needs_transformers_5, head_factor } => {
            let scaled = head_factor.map_or_else(String::new, |factor| {
                format!(
                    ". 이 클래스는 둘이 묶여 있을 때만 헤드에 들어가는 값에 {factor:.6}을(를) 곱하므로, 헤드에 그 값을 곱해 씁니다"
                )
            });
            let guessed = if *is_guessed {
                ". transformers에 없는 클래스라서, 이름은 비슷한 모델을 따랐습니다"
            } else {
                ""
            };
            let loader = match needs_transformers_5 {
                Some(NeedsTransformers5::Names) => ". 이 이름들은 transformers 5부터 모두 불러옵니다",
                Some(NeedsTransformers5::OwnEmbeddings) => {
                    ". 병합한 모델은 transformers 5 이상으로 불러오세요. 그 이전 버전은 인코더와 디코더의 임베딩을 하나로 만들기 때문에, 아무 경고 없이 학습한 것과 다른 모델을 불러옵니다"
                }
                None => "",
            };
            format!(
                "베이스에서는 {shared}와(과) {}이(가) 텐서 하나를 함께 쓰지만, 학습하면서 서로 달라졌습니다. 저마다 텐서를 갖고, tie_word_embeddings는 false가 됩니다{scaled}{guessed}{loader}",
                others.join(", ")
            )
        }
        Warning::StatedOrientation { adapter, tensors, orientation } => format!(
            "{adapter}: transformers에 없는 클래스라서, 정사각 가중치를 {} 순서로 저장했다는 것은 fan_in_fan_out만 보고 정했습니다: {}",
            match orientation {
                Orientation::OutIn => "(출력, 입력)",
                Orientation::InOut => "(입력, 출력)",
            },
            super::listed(tensors, NAMES_SHOWN)
        ),
        Warning::OpenExperts { adapter, tensors } => format!(
            "{adapter}: 이 전문가 텐서의 차원 순서는 PEFT를 transformers 4와 쓰는지 5와 쓰는지에 따라 다릅니다. 행렬이 정사각형이고 어느 버전으로 학습했는지 어댑터에 적혀 있지 않아, transformers 5로 학습한 것으로 보고 병합합니다. transformers 4로 학습했다면 결과가 틀립니다: {}",
            super::listed(tensors, NAMES_SHOWN)
        ),
        Warning::SetAside { tensor, rule } => {
            format!("{tensor} 텐서는 병합하지 않습니다. {}", set_aside(*rule))
        }
        Warning::TaskHead { class, tensors, label_count, renamed_count } => {
            let labels = label_count.map_or_else(String::new, |count| format!("(레이블 {count}개)"));
            let renamed = match renamed_count {
                0 => String::new(),
                count => format!(". 텐서 {count}개는 이 클래스의 이름으로 씁니다"),
            };
            format!(
                "어댑터에 헤드가 있어({}) 병합한 모델의 클래스는 {class}입니다{labels}{renamed}",
                super::listed(tensors, NAMES_SHOWN)
            )
        }
        Warning::LeftOut { class, names } => format!(
            "베이스의 텐서를 뺍니다: {}. {class} 클래스에는 이런 레이어가 없습니다",
            super::listed(names, NAMES_SHOWN)
        ),
        Warning::MadeAnew { class, names } => format!(
            "{class} 클래스에 필요한 {} 텐서가 베이스에도 어댑터에도 없습니다. 불러올 때마다 무작위로 새로 만들어져 예측이 학습 때와 달라집니다. `modules_to_save`에 넣어 학습하세요",
            super::listed(names, NAMES_SHOWN)
        ),
        Warning::SpecialTokens { adapter, changes } => {
            let changes: Vec<String> = changes.iter().map(token_change).collect();
            format!(
                "{adapter}: 학습하면서 특수 토큰이 바뀌었습니다({}). tokenizer_config.json에, 그리고 번호는 generation_config.json과 config.json에 옮깁니다",
                changes.join(", ")
            )
        }
        Warning::SpecialTokenRefused { adapter, refused: RefusedToken { key, token, reason, .. } } => {
            format!("{adapter}: {key} 값 `{token}` 토큰은 옮기지 않습니다. {}", token_refusal(*reason))
        }
        Warning::MissingCode { file, code, repository: None } => {
            format!("{file} 파일의 auto_map에 필요한 {code} 파일이 베이스 폴더에 없습니다. 병합한 폴더에 넣어 주세요")
        }
        Warning::MissingCode { file, code, repository: Some(repository) } => format!(
            "{file} 파일의 auto_map에는 `{repository}` 저장소의 {code} 파일이 필요해서, 병합한 폴더만으로는 불러올 수 없습니다"
        ),
        Warning::TokensBeyondRows { token_count, row_count } => format!(
            "토크나이저의 토큰은 {}개인데 임베딩은 {}행이라, 넘는 번호는 쓸 수 없습니다",
            units::count(*token_count),
            units::count(*row_count)
        ),
        Warning::Contradiction { adapter, found } => format!("{adapter}: {}", findings::compared(found)),
    }
}

fn token_change(change: &TokenChange) -> String {
    match &change.old {
        Some(old) => format!("{} `{old}` → `{}`", change.key, change.new),
        None => format!("{} 없음 → `{}`", change.key, change.new),
    }
}

fn token_refusal(reason: TokenRefusal) -> String {
    match reason {
        TokenRefusal::NotInVocabulary => "병합한 모델의 어휘에 없는 토큰입니다".to_owned(),
        TokenRefusal::BeyondRows { id, row_count } => {
            format!("번호는 {}인데 임베딩은 {}행뿐입니다", units::count(id), units::count(row_count))
        }
        TokenRefusal::SaidOtherwise => "앞선 어댑터의 값이 이와 다릅니다".to_owned(),
    }
}

fn note(note: &Note) -> String {
    match note {
        Note::ReadFromText { keys } => {
            format!("설정의 {} 값이 글로 적혀 있어, 뜻하는 수나 참·거짓으로 읽습니다", keys.join(", "))
        }
        Note::MlxScale { scale, alpha, rank } => {
            format!("mlx-lm 어댑터입니다. lora_alpha는 배율 {scale} × 랭크 {rank} = {alpha}입니다")
        }
        Note::OutputProjectionTwice => {
            "PEFT 0.15~0.21.2가 학습과 병합에서 그랬듯이 MultiheadAttention 출력 투영의 변화를 두 번 더합니다".to_owned()
        }
        Note::OutputProjectionOnce => {
            "PEFT 0.21.2까지는 두 번 더했지만 그보다 새 버전의 어댑터라 MultiheadAttention 출력 투영의 변화를 한 번만 더합니다".to_owned()
        }
        Note::MlxAlphaIgnored { scale } => format!(
            "설정에 alpha도 있지만 배율 {scale}만 그대로 씁니다. mlx-lm은 2024년 6월까지 alpha를 배율에 곱했고, 그 뒤로는 쓰지 않습니다"
        ),
        Note::Float8 { dtype, tensor_count } => {
            format!("텐서 {tensor_count}개가 {dtype} 자료형입니다. 모든 값을 정확히 읽습니다")
        }
        Note::AlsoRead { file, tensor_count } => {
            format!("어댑터 가중치 옆에 {file} 파일이 있습니다. 그 텐서 {tensor_count}개도 어댑터의 일부로 읽습니다")
        }
        Note::FullWeights { files } => format!(
            "어댑터 폴더에 모델 전체가 있지만({}) 쓰지 않습니다. 베이스와 어댑터만 병합합니다. 어댑터를 학습한 베이스라면 베이스로 고르세요. 이미 병합했거나 통째로 학습한 모델이라면 병합할 필요가 없습니다",
            super::listed(files, FILES_SHOWN)
        ),
        Note::OtherForm { files } => format!(
            "폴더에 어댑터의 가중치가 다른 형식으로도 있습니다({}). 불러오는 프로그램처럼 이 병합도 쓰지 않습니다",
            super::listed(files, FILES_SHOWN)
        ),
        Note::NotRead { files } => {
            format!("폴더에 어댑터의 일부로 읽지 않은 가중치가 있습니다: {}", super::listed(files, FILES_SHOWN))
        }
    }
}

fn prefix_change(change: &PrefixChange) -> String {
    match (change.from.as_str(), change.to.as_str()) {
        ("", to) => format!("모든 모듈 경로 앞에 접두사를 붙여 베이스에서 텐서를 찾았습니다(`{to}`)"),
        (from, "") => format!("모든 모듈 경로에서 접두사를 떼어 베이스에서 텐서를 찾았습니다(`{from}`)"),
        (from, to) => format!("모든 모듈 경로의 접두사를 바꿔 베이스에서 텐서를 찾았습니다(`{from}` → `{to}`)"),
    }
}

fn replaced(tensor: &ReplacedTensor) -> String {
    let ReplacedTensor { name, old_shape, new_shape } = tensor;
    if old_shape == new_shape {
        return name.clone();
    }
    format!("{name} ({} → {})", units::shape(old_shape), units::shape(new_shape))
}

fn set_aside(rule: SetAsideRule) -> &'static str {
    match rule {
        SetAsideRule::SecondCopy => "통째로 저장한 모듈의 두 번째 사본입니다",
        SetAsideRule::UntrainedCopy => "PEFT가 모듈을 저장하면서 남긴 학습 전 사본입니다",
        SetAsideRule::ValueHead => "강화 학습에서 값을 매기는 헤드(value head)라, 언어 모델에는 놓을 자리가 없습니다",
        SetAsideRule::Recomputed => "모델 클래스가 스스로 계산하는 버퍼입니다",
        SetAsideRule::TrainingOnly => "학습에만 쓰입니다(VeLoRA, Monteclora)",
        SetAsideRule::StaysTied => "텐서를 함께 쓰는 입력 임베딩과 내용이 같습니다",
        SetAsideRule::NeverRun => {
            "이 모듈은 인코더와 디코더에 가중치만 빌려줄 뿐 계산에 쓰이지 않아서, 이것으로는 아무것도 학습하지 못했습니다"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{gui::words::sentences_ko::speaks_korean, numeric::Dtype, plan::Compared};

    fn text(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a case for each, so that none can be forgotten")]
    fn every_warning_speaks_korean_with_its_names_and_numbers() {
        let adapter = || text("chat-lora");
        let prefix = |from: &str, to: &str| Warning::Prefix {
            adapter: adapter(),
            change: PrefixChange { from: text(from), to: text(to) },
        };
        let noted = |note| Warning::Noted { adapter: adapter(), note };
        let files = || (0..5).map(|index| format!("a{index}.bin")).collect::<Vec<_>>();
        let aside = |rule| Warning::SetAside { tensor: text("x.lora_A"), rule };
        let tensor =
            |rows| ReplacedTensor { name: text("lm_head.weight"), old_shape: vec![8, 4], new_shape: vec![rows, 4] };
        let scale = Note::MlxScale { scale: 2.5, alpha: 20.0, rank: 8 };
        let refused = |reason| Warning::SpecialTokenRefused {
            adapter: adapter(),
            refused: RefusedToken { adapter: 0, key: "pad_token", token: text("<pad>"), reason },
        };
        let missing_code = |repository: Option<&str>| Warning::MissingCode {
            file: "config.json",
            code: text("modeling_x.py"),
            repository: repository.map(text),
        };
        let found = Compared::Revision { trained_on: text("0a1b2c3d"), base: text("4e5f6071") };
        let untied = |needs_transformers_5: Option<NeedsTransformers5>| Warning::Untied {
            shared: text("wte.weight"),
            others: vec![text("lm_head.weight")],
            is_guessed: needs_transformers_5.is_some(),
            head_factor: needs_transformers_5.map(|_| 0.25),
            needs_transformers_5,
        };
        let cases: Vec<(Warning, &[&str])> = vec![
            (
                Warning::Noted {
                    adapter: adapter(),
                    note: Note::ReadFromText { keys: vec![text("r"), text("use_dora")] },
                },
                &["chat-lora", "r, use_dora"],
            ),
            (Warning::Noted { adapter: adapter(), note: scale }, &["chat-lora", "2.5", "20", "랭크 8"]),
            (Warning::Noted { adapter: adapter(), note: Note::MlxAlphaIgnored { scale: 2.5 } }, &["chat-lora", "2.5"]),
            (noted(Note::Float8 { dtype: Dtype::F8_E4M3, tensor_count: 8 }), &["8개", "F8_E4M3"]),
            (noted(Note::AlsoRead { file: text("vit.safetensors"), tensor_count: 3 }), &["vit.safetensors", "3개"]),
            (noted(Note::FullWeights { files: files() }), &["a3.bin 외 1개"]),
            (noted(Note::OtherForm { files: files() }), &["a0.bin"]),
            (noted(Note::NotRead { files: files() }), &["a0.bin"]),
            (noted(Note::OutputProjectionTwice), &["MultiheadAttention", "0.21.2"]),
            (noted(Note::OutputProjectionOnce), &["MultiheadAttention", "0.21.2"]),
            (
                Warning::AlreadyMerged { adapter: adapter(), share: 0.984, tensor_count: 12 },
                &["chat-lora", "12개", "98 %"],
            ),
            (Warning::UnknownKeys { adapter: adapter(), keys: vec![text("a_key"), text("b_key")] }, &["a_key, b_key"]),
            (Warning::BaseAdapter, &["adapter_config.json"]),
            (Warning::Olora { adapter: adapter() }, &["chat-lora", "OLoRA"]),
            (prefix("", "model."), &["`model.`", "붙여"]),
            (prefix("model.", ""), &["`model.`", "떼어"]),
            (prefix("transformer.", "h."), &["`transformer.` → `h.`"]),
            (Warning::Renamed { adapter: adapter(), module_count: 12 }, &["chat-lora", "12개"]),
            (Warning::Replaced { tensors: vec![tensor(8), tensor(9)] }, &["2개", "lm_head.weight (8 × 4 → 9 × 4)"]),
            (Warning::Added { names: (0..5).map(|index| format!("score{index}")).collect() }, &["score3 외 1개"]),
            (untied(None), &["wte.weight", "lm_head.weight", "tie_word_embeddings"]),
            (untied(Some(NeedsTransformers5::Names)), &["wte.weight", "lm_head.weight", "0.250000", "transformers 5"]),
            (untied(Some(NeedsTransformers5::OwnEmbeddings)), &["wte.weight", "lm_head.weight", "transformers 5"]),
            (
                Warning::OpenExperts { adapter: adapter(), tensors: vec![text("experts.down_proj")] },
                &["chat-lora", "experts.down_proj", "transformers 4"],
            ),
            (aside(SetAsideRule::SecondCopy), &["x.lora_A"]),
            (aside(SetAsideRule::UntrainedCopy), &["x.lora_A", "PEFT"]),
            (aside(SetAsideRule::TrainingOnly), &["x.lora_A", "VeLoRA"]),
            (
                Warning::StatedOrientation {
                    adapter: text("chat"),
                    tensors: vec![text("h.0.mix.weight")],
                    orientation: Orientation::InOut,
                },
                &["chat", "h.0.mix.weight", "fan_in_fan_out"],
            ),
            (aside(SetAsideRule::StaysTied), &["x.lora_A"]),
            (aside(SetAsideRule::Recomputed), &["x.lora_A", "버퍼"]),
            (aside(SetAsideRule::ValueHead), &["x.lora_A", "value head"]),
            (aside(SetAsideRule::NeverRun), &["x.lora_A"]),
            (
                Warning::TaskHead {
                    class: text("LlamaForSequenceClassification"),
                    tensors: vec![text("score.weight")],
                    label_count: Some(3),
                    renamed_count: 7,
                },
                &["LlamaForSequenceClassification", "score.weight", "3개", "7개"],
            ),
            (
                Warning::LeftOut { class: text("BertForSequenceClassification"), names: vec![text("cls.bias")] },
                &["BertForSequenceClassification", "cls.bias"],
            ),
            (
                Warning::MadeAnew { class: text("BertForSequenceClassification"), names: vec![text("pooler")] },
                &["BertForSequenceClassification", "pooler", "modules_to_save"],
            ),
            (
                Warning::SpecialTokens { adapter: adapter(), changes: vec![TokenChange::sample()] },
                &["chat-lora", "eos_token", "<a>", "<b>"],
            ),
            (refused(TokenRefusal::NotInVocabulary), &["chat-lora", "pad_token", "<pad>"]),
            (refused(TokenRefusal::BeyondRows { id: 9, row_count: 8 }), &["9", "8"]),
            (refused(TokenRefusal::SaidOtherwise), &["<pad>"]),
            (missing_code(None), &["config.json", "modeling_x.py"]),
            (missing_code(Some("org/x")), &["config.json", "modeling_x.py", "org/x"]),
            (Warning::TokensBeyondRows { token_count: 32_001, row_count: 32_000 }, &["32,001", "32,000"]),
            (Warning::Contradiction { adapter: adapter(), found }, &["chat-lora", "0a1b2c3d", "4e5f6071"]),
        ];
        for (value, parts) in cases {
            speaks_korean(&warning(&value), &value.to_string(), parts);
        }
    }
}
