//! Why a model or a text cannot be evaluated, in Korean.

use super::{InKorean, Told};
use crate::{evaluate::EvalError, gui::words::sentences_ko::misfits::misplaced, units};

const ONLY_PERPLEXITY: &str = "병합과 검사는 그대로 됩니다. 퍼플렉시티만 계산하지 못합니다";
const OTHER_CONFIG: &str = "config.json과 가중치가 서로 다른 모델의 것이거나, 한쪽을 고쳤습니다";

impl InKorean for EvalError {
    #[expect(clippy::too_many_lines, reason = "an arm for each, so that none can be forgotten")]
    fn in_korean(&self) -> Told {
        match self {
            Self::NoModel => Told::new("모델이 없습니다").hint("모델 폴더를 하나 이상 고르세요"),
            Self::NoText => Told::new("글이 없습니다").hint("텍스트 파일이나 토큰 번호 목록을 고르세요"),
            Self::WindowTooSmall { window } => Told::new(format!("창이 토큰 {window}개라 채점할 토큰이 없습니다"))
                .hint("창은 토큰 2개 이상이어야 하고, 보통 2048개입니다"),
            Self::Architecture { architecture, covered, path } => Told::new(format!(
                "{architecture} 구조는 아직 평가하지 못합니다(할 수 있는 것: {})",
                covered.join(", ")
            ))
            .hint(ONLY_PERPLEXITY)
            .at(path),
            Self::UnsupportedValue { key, value, covered, path } => Told::new(format!(
                "설정의 {key} 값 `{value}`에서는 아직 평가하지 못합니다(할 수 있는 것: {})",
                covered.join(", ")
            ))
            .hint(ONLY_PERPLEXITY)
            .at(path),
            Self::Quantized { method, path } => {
                Told::new(format!("양자화한 가중치({method})입니다. 부동소수점 가중치만 평가합니다"))
                    .hint("이름이 같은 16비트나 32비트 원본을 쓰세요")
                    .at(path)
            }
            Self::MissingKey { key, path } => {
                Told::new(format!("설정에 {key} 값이 없습니다")).hint(OTHER_CONFIG).at(path)
            }
            Self::BadValue { key, value, path, .. } => {
                Told::new(format!("설정의 {key} 값이 올바르지 않습니다: {value}")).hint(OTHER_CONFIG).at(path)
            }
            Self::MissingTensor { tensor, is_unmerged, path } => {
                let hint = if *is_unmerged {
                    "폴더에 아직 `base_layer` 키가 있습니다. 병합하지 않고 저장한 폴더입니다"
                } else {
                    "가중치가 온전하지 않습니다. 다시 내려받거나 다시 병합하세요"
                };
                Told::new(format!("{tensor} 텐서가 없습니다")).hint(hint).at(path)
            }
            Self::TensorShape { tensor, stored, configured, path } => Told::new(format!(
                "{tensor}의 크기가 {}인데 설정에 따르면 {}입니다",
                units::shape(stored),
                units::shape(configured)
            ))
            .hint(OTHER_CONFIG)
            .at(path),
            Self::TensorDtype { tensor, dtype, path } => {
                Told::new(format!("{tensor}의 자료형이 {dtype}입니다. 수로 읽지 않습니다"))
                    .hint("먼저 float32, float16이나 bfloat16으로 바꾸세요")
                    .at(path)
            }
            Self::AdapterDoesNotFit { placed, total, problems, path } => {
                let problems: Vec<String> = problems.iter().map(misplaced).collect();
                Told::new(format!(
                    "어댑터가 베이스와 맞지 않습니다. 어댑터 텐서 {total}개 중 {placed}개만 자리를 찾았습니다({})",
                    super::listed(&problems)
                ))
                .hint("학습에 쓴 베이스를 고르세요")
                .at(path)
            }
            Self::AdapterMethod { method, tensor, path } => Told::new(format!(
                "{} 방식({tensor})은 실행할 때 계산하지 못합니다. 선형 레이어의 보통 LoRA만 계산합니다",
                method.unwrap_or("이 어댑터의")
            ))
            .hint("먼저 어댑터를 병합하고 그 폴더를 평가하세요")
            .at(path),
            Self::NoTokenizer { path } => Told::new("폴더에 tokenizer.json이 없습니다")
                .hint("베이스 모델의 토크나이저 파일을 폴더에 복사하거나, 글 대신 토큰 번호를 고르세요")
                .at(path),
            Self::BadTokenizer { problem, path } => Told::new(format!("tokenizer.json을 쓸 수 없습니다({problem})"))
                .hint("토크나이저 파일을 다시 내려받으세요")
                .at(path),
            Self::NothingToScore { text, token_count } => {
                Told::new(format!("{text}: 토큰이 {token_count}개라 채점할 것이 없습니다"))
                    .hint("첫 토큰은 채점하지 않습니다. 토큰이 둘 이상인 글을 고르세요")
            }
            Self::TokenOutsideVocab { text, id, vocab_size, path } => {
                Told::new(format!("{text}에 토큰 번호 {id}번이 있는데 어휘는 {vocab_size}개입니다"))
                    .hint("다른 모델의 토크나이저로 나눈 글이거나, 임베딩의 크기를 바꾸지 않았습니다")
                    .at(path)
            }
            Self::TooFewPositions { text, window, position_count, path } => {
                Told::new(format!("{text}의 창은 토큰 {window}개인데 모델이 배운 위치는 {position_count}개뿐입니다"))
                    .hint("그보다 작은 창이나 더 짧은 프롬프트를 고르세요")
                    .at(path)
            }
            Self::NotUtf8 { offset, path } => {
                Told::new(format!("UTF-8도 CP949도 아닌 파일입니다(UTF-8은 {}바이트에서 끝남)", units::count(*offset)))
                    .hint("먼저 글을 UTF-8로 저장하세요")
                    .at(path)
            }
            Self::EmptyText { path } => {
                Told::new("파일에 글이 없습니다").hint("토큰이 둘 이상인 글을 고르세요").at(path)
            }
            Self::BadJsonLine { line, problem, path } => {
                Told::new(format!("{line}번째 줄이 올바르지 않습니다({problem})"))
                    .hint("줄마다 {\"text\": \"…\"} 모양이어야 합니다")
                    .at(path)
            }
            Self::BadTokenList { problem, path } => Told::new(format!("토큰 번호의 JSON 목록이 아닙니다({problem})"))
                .hint("파일이 [1, 15043, 3186] 모양이어야 합니다")
                .at(path),
            // The process's own words.
            Self::MeasuringFailed { said, path } => Told::new(format!("모델을 재는 프로세스가 실패했습니다({said})"))
                .hint("퍼플렉시티는 이 프로세스 없이도 잽니다")
                .at(path),
            Self::NotFinite { text, position, path } => {
                Told::new(format!("모델이 {text}의 {}번째 토큰에 유한한 확률을 주지 않습니다", units::count(*position)))
                    .hint("가중치에 NaN이나 무한한 값이 있거나 병합이 넘쳤습니다. 먼저 폴더를 검사하세요")
                    .at(path)
            }
            // The library's own words.
            Self::Compute(error) => Told::new(format!("모델의 계산이 실패했습니다({error})")),
            Self::Plan(error) => error.in_korean().after("병합을 계산할 수 없습니다"),
            Self::Checkpoint(error) => error.in_korean(),
            Self::Adapter(error) => error.in_korean(),
            Self::Io(error) => error.in_korean(),
            Self::Cancelled(cancelled) => cancelled.in_korean(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::{
        adapter::AdapterError,
        checkpoint::CheckpointError,
        error::IoError,
        gui::words::sentences_ko::errors::assert_told,
        job::Cancelled,
        matching::{MisfitReason, Misplaced, OrphanReason},
        numeric::Dtype,
        plan::PlanError,
    };

    #[test]
    fn every_failure_of_an_evaluation_is_said_in_korean() {
        let path = || PathBuf::from("/data/x");
        let text = str::to_owned;
        let missing = |is_unmerged| EvalError::MissingTensor {
            tensor: "wte".to_owned(),
            is_unmerged,
            path: PathBuf::from("/data/x"),
        };
        let method =
            |method| EvalError::AdapterMethod { method, tensor: "wte".to_owned(), path: PathBuf::from("/data/x") };
        let problems = vec![Misplaced {
            names: vec![text("a.up")],
            reason: MisfitReason::Orphaned(OrphanReason::NoSuchModule),
            nearest: Vec::new(),
        }];
        let io = IoError { action: "read a text", source: std::io::ErrorKind::NotFound.into(), path: path() };
        let plan = PlanError::Base(CheckpointError::Missing { path: path() });
        let cases: Vec<(EvalError, &[&str])> = vec![
            (EvalError::NoModel, &["모델"]),
            (EvalError::NoText, &["글"]),
            (EvalError::WindowTooSmall { window: 1 }, &["1개"]),
            (
                EvalError::Architecture { architecture: text("ToyLM"), covered: vec!["llama", "gpt2"], path: path() },
                &["ToyLM", "llama, gpt2"],
            ),
            (
                EvalError::UnsupportedValue { key: "act", value: text("sin"), covered: &["gelu"], path: path() },
                &["act", "`sin`", "gelu"],
            ),
            (EvalError::Quantized { method: text("gptq"), path: path() }, &["gptq"]),
            (EvalError::MissingKey { key: "n_head", path: path() }, &["n_head"]),
            (EvalError::BadValue { key: "n_head", value: text("7"), expected: "even", path: path() }, &["n_head", "7"]),
            (missing(true), &["wte"]),
            (missing(false), &["wte"]),
            (
                EvalError::TensorShape { tensor: text("w"), stored: vec![2, 3], configured: vec![4, 5], path: path() },
                &["w의", "2 × 3", "4 × 5"],
            ),
            (EvalError::TensorDtype { tensor: text("w"), dtype: Dtype::U8, path: path() }, &["w의", "U8"]),
            (EvalError::AdapterDoesNotFit { placed: 3, total: 4, problems, path: path() }, &["4개 중 3개", "a.up"]),
            (method(Some("DoRA")), &["DoRA", "wte"]),
            (method(None), &["wte"]),
            (EvalError::NoTokenizer { path: path() }, &["tokenizer.json"]),
            (EvalError::BadTokenizer { problem: text("EOF"), path: path() }, &["EOF"]),
            (EvalError::NothingToScore { text: text("a.txt"), token_count: 1 }, &["a.txt", "1개"]),
            (
                EvalError::TokenOutsideVocab { text: text("a.txt"), id: 99, vocab_size: 64, path: path() },
                &["a.txt", "99", "64개"],
            ),
            (
                EvalError::TooFewPositions { text: text("a.txt"), window: 99, position_count: 64, path: path() },
                &["a.txt", "99개", "64개"],
            ),
            (EvalError::NotUtf8 { offset: 1_234, path: path() }, &["1,234바이트"]),
            (EvalError::EmptyText { path: path() }, &["글"]),
            (EvalError::BadJsonLine { line: 7, problem: text("EOF"), path: path() }, &["7번째", "EOF"]),
            (EvalError::BadTokenList { problem: text("EOF"), path: path() }, &["EOF"]),
            (EvalError::MeasuringFailed { said: text("P1"), path: path() }, &["P1"]),
            (EvalError::NotFinite { text: text("a.txt"), position: 1_234, path: path() }, &["a.txt", "1,234번째"]),
            (EvalError::Compute(candle_core::Error::Msg(text("P1"))), &["P1"]),
            (EvalError::Plan(Box::new(plan)), &["병합", "폴더"]),
            (EvalError::Checkpoint(CheckpointError::Missing { path: path() }), &["폴더"]),
            (EvalError::Adapter(AdapterError::IsModel { path: path() }), &["모델"]),
            (EvalError::Io(io), &["글을 읽지"]),
            (EvalError::Cancelled(Cancelled), &["취소"]),
        ];
        for (error, parts) in cases {
            assert_told(&error, parts);
        }
    }
}
