//! Checks before and after a merge, in Korean.

use crate::{
    merge::SEAL_FILE,
    message::{Language, Message},
    plan::{InputRole, PreflightCheck, TOKENS_SHOWN, TokenizerChoice, TokenizerReason},
    platform::Unconfined,
    units,
    verify::{Diagnosis, Evidence, Predicted, Question, Recomputed, RoundingPolicy},
};

/// What was checked before the run, and what was found.
pub fn preflight(check: &PreflightCheck) -> (&'static str, String) {
    match check {
        PreflightCheck::AdapterFits { placed_count, tensor_count, target_count } => (
            "어댑터가 맞음",
            format!("어댑터 텐서 {tensor_count}개 중 {placed_count}개가 베이스 텐서 {target_count}개에 놓입니다"),
        ),
        PreflightCheck::OutputIsFree { is_new } => {
            let found = if *is_new { "새 폴더를 만듭니다" } else { "빈 폴더에 씁니다" };
            ("덮어쓰는 것 없음", found.to_owned())
        }
        PreflightCheck::FolderIsWritable => ("폴더에 쓸 수 있음", "출력 폴더 옆에 파일을 만들 수 있습니다".to_owned()),
        PreflightCheck::DiskHasRoom { byte_count, free_bytes } => {
            let needed = units::bytes(*byte_count);
            let found = match free_bytes {
                Some(free) => format!("{needed}를 쓰고, {}가 비어 있습니다", units::bytes(*free)),
                None => format!("{needed}를 씁니다. 이 시스템에서는 빈 공간을 알 수 없습니다"),
            };
            ("디스크 공간 충분", found)
        }
    }
}

/// Whose tokenizer and chat template, and why.
pub fn tokenizer_choice(choice: &TokenizerChoice) -> String {
    let name = |role: InputRole| match role {
        InputRole::Base => "베이스",
        InputRole::Adapter => "어댑터",
    };
    let from = match (choice.tokenizer_owner(), choice.template_owner()) {
        (Some(tokenizer), Some(template)) if tokenizer == template => {
            format!("{}의 토크나이저와 채팅 템플릿을 씁니다", name(tokenizer))
        }
        (Some(tokenizer), Some(template)) => {
            format!("{}의 토크나이저와 {}의 채팅 템플릿을 씁니다", name(tokenizer), name(template))
        }
        (Some(tokenizer), None) => format!("{}의 토크나이저를 쓰며 채팅 템플릿은 없습니다", name(tokenizer)),
        (None, Some(template)) => format!("토크나이저는 없고 {}의 채팅 템플릿을 씁니다", name(template)),
        (None, None) => "토크나이저가 없습니다".to_owned(),
    };
    let reason = match &choice.reason {
        TokenizerReason::NobodyBringsOne => "베이스에도 어댑터에도 토크나이저가 없습니다".to_owned(),
        TokenizerReason::BaseBringsNone => "베이스에는 토크나이저가 없습니다".to_owned(),
        TokenizerReason::AdapterBringsNone => "어댑터에는 토크나이저가 없습니다".to_owned(),
        TokenizerReason::NothingNew => "어댑터의 것은 더하는 토큰이 없고 채팅 템플릿도 같습니다".to_owned(),
        TokenizerReason::Adapter { added, has_own_template } => match (added_tokens(added), has_own_template) {
            (Some(tokens), true) => format!("어댑터가 {tokens} 더하고 채팅 템플릿도 따로 갖추었습니다"),
            (Some(tokens), false) => format!("어댑터가 {tokens} 더합니다"),
            (None, _) => "어댑터가 채팅 템플릿을 따로 갖추었습니다".to_owned(),
        },
    };
    format!("{from}. {reason}.")
}

fn added_tokens(added: &[String]) -> Option<String> {
    let shown = added.iter().take(TOKENS_SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match added.len() {
        0 => None,
        count if count <= TOKENS_SHOWN => Some(format!("토큰 {count}개({shown})를")),
        count => Some(format!("토큰 {count}개({shown} 등)를")),
    }
}

/// Why a merge is not what base and adapters give.
pub fn diagnosis(diagnosis: &Diagnosis) -> String {
    match diagnosis {
        Diagnosis::NotMerged => "어댑터가 가중치 옆에 그대로 있고 병합되지 않았습니다".to_owned(),
        Diagnosis::NeverApplied => "어댑터가 전혀 적용되지 않았습니다".to_owned(),
        Diagnosis::AppliedInPart { unmerged_count, target_count } => {
            format!("대상 {target_count}개 중 {unmerged_count}개에 어댑터가 적용되지 않았습니다")
        }
        Diagnosis::OtherStrength { strength } => format!("세기 {strength:.2}로 병합되었습니다"),
        Diagnosis::OtherValues { wrong_count, target_count } => {
            format!("대상 {target_count}개 중 {wrong_count}개의 값이 베이스와 어댑터로 계산한 값과 다릅니다")
        }
        Diagnosis::ChangedElsewhere { tensor_count } => {
            format!("어댑터가 바꾸지 않는 텐서 {tensor_count}개가 베이스와 다릅니다")
        }
    }
}

/// What was asked of a merged folder.
pub fn question(question: Question) -> &'static str {
    match question {
        Question::Complete => "빠진 것이 없음",
        Question::Independent => "베이스에 기대지 않음",
        Question::ChangedTargets => "대상만 정확히 바뀜",
        Question::NothingLeftOut => "학습한 것이 빠지지 않음",
        Question::DiffersFromBase => "베이스와 다른 텐서",
        Question::Finite => "모든 값이 유한함",
        Question::Sealed => "봉인 그대로임",
        Question::Alone => "혼자서 동작함",
    }
}

/// What the answer rests on.
pub fn evidence(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Unreadable { error } => {
            format!("폴더를 열 수 없습니다. {}", Language::Korean.say(&Message::of(error)))
        }
        Evidence::Held { tensor_count, parameter_count, byte_count, file_count, unlisted_class } => {
            let unlisted = unlisted_class.as_ref().map_or_else(String::new, |class| {
                format!(". {class} 클래스가 찾는 이름은 목록이 없어 보지 못했습니다")
            });
            format!(
                "텐서 {tensor_count}개, 파라미터 {}개, 파일 {file_count}개에 {}{unlisted}",
                units::count(*parameter_count),
                units::bytes(*byte_count),
            )
        }
        Evidence::Inside { value_count, config_count, file_count } => format!(
            "설정 {config_count}개의 값 {value_count}개와 파일 {file_count}개를 보았고, 폴더 밖을 가리키는 것이 없습니다"
        ),
        Evidence::Outside => "폴더 밖을 가리키는 것이 있습니다".to_owned(),
        Evidence::Differing { changed_count, tensor_count } => format!(
            "텐서 {tensor_count}개 중 {changed_count}개가 베이스와 다릅니다. 어느 것이 달라야 하는지는 어댑터가 있어야 압니다"
        ),
        Evidence::Recomputed(numbers) => recomputed(numbers),
        Evidence::WholeTensors { tensor_count } => {
            format!("어댑터 폴더에 통째로 든 텐서 {tensor_count}개를 값으로 찾았습니다")
        }
        Evidence::NeedsReference => "베이스와 어댑터가 있어야 검사할 수 있습니다".to_owned(),
        Evidence::ValuesRead { value_count } => format!("값 {}개를 읽었습니다", units::count(*value_count)),
        Evidence::SealHolds { file_count } => {
            format!("파일 {file_count}개의 SHA-256이 {SEAL_FILE}에 적힌 것과 같습니다")
        }
        Evidence::SealDiffers { differing_count, file_count } => {
            format!("봉인한 파일 {file_count}개 중 {differing_count}개가 다릅니다")
        }
        Evidence::SealBroken => "봉인을 읽을 수 없습니다".to_owned(),
        Evidence::Loaded { unconfined, file_count, tensor_count, predicted } => format!(
            "{} 불러왔습니다. 파일 {file_count}개를 열고 텐서 {tensor_count}개를 읽었으며, {}",
            place(unconfined.as_ref()),
            prediction(predicted)
        ),
        Evidence::NotLoaded { unconfined } => format!("{} 불러오지 못했습니다", place(unconfined.as_ref())),
    }
}

fn place(unconfined: Option<&Unconfined>) -> String {
    match unconfined {
        None => "커널이 이 폴더만 열게 허락한 프로세스(Landlock)에서".to_owned(),
        Some(reason) => {
            let reason = match reason {
                Unconfined::NoLandlock => "이 커널에 Landlock이 없거나 꺼져 있음".to_owned(),
                Unconfined::Refused { said } => format!("Landlock이 거절함: {said}"),
                Unconfined::OtherSystem => "이 시스템에는 프로세스를 가두는 방법이 없음".to_owned(),
            };
            format!("별도의 프로세스에서, 막지는 못하고 지켜보기만 하며({reason})")
        }
    }
}

fn prediction(predicted: &Predicted) -> String {
    match predicted {
        Predicted::Tokens { count, mean_nll } => {
            format!("토큰 {count}개를 예측했습니다(하나에 {mean_nll:.3}냇)")
        }
        Predicted::OnlyRead { fault: Some(fault), .. } => {
            format!("예측은 해 보지 못했습니다. {}", super::without_path(&fault.error))
        }
        // The process's own words.
        Predicted::OnlyRead { reason, fault: None } => format!("예측은 해 보지 못했습니다({reason})"),
        Predicted::ProbeTooShort { token_count } => {
            format!("예측은 해 보지 못했습니다. 토크나이저가 시험 문장을 토큰 {token_count}개로만 만듭니다")
        }
        Predicted::Nothing => "예측한 토큰은 없습니다".to_owned(),
    }
}

fn recomputed(numbers: &Recomputed) -> String {
    let Recomputed { equal_count, target_count, value_count, exact_share, policies, gain, .. } = numbers;
    let policies: Vec<String> = match policies.as_slice() {
        [(policy, _)] => vec![rounding(*policy).to_owned()],
        policies => policies.iter().map(|(policy, count)| format!("{} {count}개", rounding(*policy))).collect(),
    };
    let policies = if policies.is_empty() { String::new() } else { format!(", {}", policies.join(", ")) };
    let kept = gain.map_or_else(String::new, |gain| format!(" 바꾸려던 것의 {:.1} %가 저장되었습니다.", 100.0 * gain));
    format!(
        "대상 {target_count}개 중 {equal_count}개가 다시 계산한 값과 같습니다(값 {}개의 {:.3} %가 비트까지 같고 나머지는 마지막 비트 차이{policies}).{kept} 나머지 텐서 {}개 중 {}개가 베이스와 같습니다",
        units::count(*value_count),
        100.0 * exact_share,
        numbers.other_count,
        numbers.unchanged_count,
    )
}

fn rounding(policy: RoundingPolicy) -> &'static str {
    match policy {
        RoundingPolicy::Once => "반올림 한 번",
        RoundingPolicy::DeltaFirst => "Δ를 먼저 반올림",
        RoundingPolicy::BaseFirst => "베이스를 먼저 반올림",
        RoundingPolicy::BothFirst => "베이스와 Δ를 먼저 반올림",
        RoundingPolicy::InOwnDtype => "가중치의 자료형으로 계산함",
        RoundingPolicy::InHalves => "Δ를 절반씩 두 번 더함",
        RoundingPolicy::Stochastic => "확률적 반올림",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        checkpoint::CheckpointError, error::Reported, evaluate::EvalError, gui::words::sentences_ko::speaks_korean,
        verify::ConfigFault,
    };

    #[test]
    fn every_check_speaks_korean_and_keeps_its_numbers() {
        let numbers = Recomputed {
            equal_count: 27,
            target_count: 28,
            value_count: 2_768_896,
            exact_share: 0.99996,
            policies: vec![(RoundingPolicy::Once, 26), (RoundingPolicy::DeltaFirst, 1)],
            gain: Some(0.998),
            unchanged_count: 10,
            other_count: 11,
        };
        let loaded =
            |unconfined, predicted| Evidence::Loaded { unconfined, file_count: 7, tensor_count: 39, predicted };
        let tokens = || Predicted::Tokens { count: 26, mean_nll: 5.871 };
        let fault = EvalError::Architecture {
            architecture: "ToyLM".to_owned(),
            covered: vec!["llama"],
            path: "/data/x".into(),
        };
        let fault = Some(ConfigFault::new(fault, "/data/x".as_ref()));
        let only_read = |fault| Predicted::OnlyRead { reason: "P1".to_owned(), fault };
        let error = Reported::new(CheckpointError::NoWeights { path: "/data/x".into() });
        let held = |unlisted_class| Evidence::Held {
            tensor_count: 39,
            parameter_count: 4_868,
            byte_count: 2_000_000,
            file_count: 4,
            unlisted_class,
        };
        let refused = || Unconfined::Refused { said: "P2".to_owned() };
        let cases: Vec<(Evidence, &[&str])> = vec![
            (Evidence::Unreadable { error }, &["가중치가 없습니다", ": /data/x"]),
            (held(None), &["39개", "4,868개", "4개", "2.00"]),
            (held(Some("ToyModel".to_owned())), &["39개", "ToyModel"]),
            (Evidence::Inside { value_count: 50, config_count: 4, file_count: 11 }, &["50", "4", "11"]),
            (Evidence::Outside, &["폴더 밖"]),
            (Evidence::Differing { changed_count: 28, tensor_count: 39 }, &["39개 중 28개"]),
            (Evidence::Recomputed(numbers), &["27", "28", "2,768,896", "99.996 %", "26개", "99.8 %", "10", "11"]),
            (Evidence::NeedsReference, &["베이스"]),
            (Evidence::ValuesRead { value_count: 4_868 }, &["4,868개"]),
            (Evidence::SealHolds { file_count: 9 }, &["9개"]),
            (Evidence::SealDiffers { differing_count: 2, file_count: 9 }, &["2개", "9개"]),
            (Evidence::SealBroken, &["봉인"]),
            (Evidence::WholeTensors { tensor_count: 3 }, &["3개"]),
            (loaded(None, tokens()), &["Landlock", "7개", "39개", "26개", "5.871"]),
            (loaded(Some(Unconfined::NoLandlock), only_read(fault)), &["Landlock", "ToyLM 구조는", "llama"]),
            (loaded(Some(refused()), only_read(None)), &["P2", "P1"]),
            (loaded(None, Predicted::ProbeTooShort { token_count: 1 }), &["토큰 1개"]),
            (loaded(Some(Unconfined::OtherSystem), Predicted::Nothing), &["이 시스템"]),
            (Evidence::NotLoaded { unconfined: None }, &["불러오지 못했습니다"]),
        ];
        for (found, parts) in cases {
            speaks_korean(&evidence(&found), &found.to_string(), parts);
        }
    }

    #[test]
    fn the_plan_speaks_korean() {
        let checks = [
            PreflightCheck::AdapterFits { placed_count: 55, tensor_count: 56, target_count: 28 },
            PreflightCheck::OutputIsFree { is_new: true },
            PreflightCheck::OutputIsFree { is_new: false },
            PreflightCheck::FolderIsWritable,
            PreflightCheck::DiskHasRoom { byte_count: 9_740_000, free_bytes: Some(1 << 34) },
            PreflightCheck::DiskHasRoom { byte_count: 9_740_000, free_bytes: None },
        ];
        for check in checks {
            let (title, found) = preflight(&check);
            speaks_korean(title, check.title(), &[]);
            speaks_korean(&found, &check.evidence(), &["니다"]);
        }
        let added: Vec<String> = (0..6).map(|index| format!("<t{index}>")).collect();
        let choice = TokenizerChoice {
            vocabulary_from: Some(0),
            template_from: Some(0),
            base_has_tokenizer: true,
            base_has_template: false,
            reason: TokenizerReason::Adapter { added, has_own_template: true },
            token_count: None,
        };
        assert_eq!(
            tokenizer_choice(&choice),
            "어댑터의 토크나이저와 채팅 템플릿을 씁니다. 어댑터가 토큰 6개(<t0>, <t1>, <t2>, <t3> 등)를 더하고 채팅 템플릿도 따로 갖추었습니다."
        );
        let none = TokenizerChoice {
            vocabulary_from: None,
            template_from: None,
            base_has_tokenizer: false,
            reason: TokenizerReason::NobodyBringsOne,
            ..choice
        };
        assert!(tokenizer_choice(&none).starts_with("토크나이저가 없습니다"));
    }
}
