//! What is wrong with a model folder, in Korean.

use super::{
    InKorean, Told, foreign,
    header::header,
    listed,
    pickle::{self, pickle},
};
use crate::{
    checkpoint::{CheckpointError, HeaderError, MAX_HEADER_BYTES},
    error::shortened,
    units,
};

const DAMAGED: &str = "내려받거나 복사하다가 파일이 손상되었습니다. 이 파일을 다시 내려받으세요";
const FETCH_MODEL: &str = "모델을 다시 내려받으세요";

impl InKorean for CheckpointError {
    #[expect(clippy::too_many_lines, reason = "an arm for each, so that none can be forgotten")]
    fn in_korean(&self) -> Told {
        match self {
            Self::Missing { path } => Told::new("폴더가 없습니다").hint("경로를 확인하세요").at(path),
            Self::NotAFolder { path } => Told::new("모델 폴더가 아니라 파일입니다").hint(MODEL_FOLDER).at(path),
            Self::IsAdapter { path } => Told::new("베이스 모델이 아니라 어댑터 폴더입니다")
                .hint("베이스와 어댑터를 각각 제 칸에 넣으세요. 학습에 쓴 베이스는 adapter_config.json에 적혀 있습니다")
                .at(path),
            Self::NoConfig { path } => {
                Told::new("모델의 구조를 적은 config.json이 가중치 옆에 없습니다").hint(MODEL_FOLDER).at(path)
            }
            Self::NoWeights { path } => {
                Told::new("폴더에 가중치가 없습니다(model.safetensors, pytorch_model.bin과 그 색인을 찾았습니다)")
                    .hint("가중치까지 모델을 다시 내려받으세요")
                    .at(path)
            }
            Self::Foreign { format, path } => {
                Told::new(foreign::format(*format)).hint(foreign::hint_for_base(*format)).at(path)
            }
            Self::Pickle { problem, path } => Told::new(pickle(problem)).hint(pickle::hint(problem)).at(path),
            Self::NoSnapshot { path } => {
                Told::new("캐시 항목에 온전한 스냅숏이 없습니다").hint(DOWNLOAD_AGAIN).at(path)
            }
            Self::SeveralSnapshots { snapshots, path } => Told::new(format!(
                "캐시 항목에 스냅숏이 {}개 있는데 어느 것이 main인지 적혀 있지 않습니다: {}",
                snapshots.len(),
                listed(snapshots)
            ))
            .hint("`snapshots` 아래의 폴더 가운데 하나를 고르세요")
            .at(path),
            Self::IncompleteSnapshot { missing, partial_download_count, path } => Told::new(format!(
                "이 캐시 스냅숏의 다운로드가 끝나지 않았습니다: {}",
                incomplete(missing, *partial_download_count)
            ))
            .hint(DOWNLOAD_AGAIN)
            .at(path),
            Self::ShardsMissing { file, missing, path } => {
                Told::new(format!("{file}에 적힌 파일이 폴더에 없습니다: {}", listed(missing)))
                    .hint("다운로드가 끝나지 않았습니다. 빠진 샤드를 내려받으세요")
                    .at(path)
            }
            Self::IndexedTensorsMissing { tensors, path } => {
                Told::new(format!("색인에 적힌 텐서 {}개가 어느 샤드에도 없습니다: {}", tensors.len(), listed(tensors)))
                    .hint(OTHER_DOWNLOADS)
                    .at(path)
            }
            Self::ShardOutside { shard, path } => {
                Told::new(format!("색인이 폴더 밖의 샤드를 가리킵니다: {shard}")).hint(FOREIGN_INDEX).at(path)
            }
            Self::ShardNotWeights { shard, path } => {
                Told::new(format!("색인이 가리키는 샤드가 가중치 파일이 아닙니다: {shard}"))
                    .hint(FOREIGN_INDEX)
                    .at(path)
            }
            Self::IndexMisplaces { tensor, indexed, found, path } => Told::new(format!(
                "{} 텐서는 색인에 적힌 곳({indexed})이 아니라 {found}에 들어 있습니다",
                shortened(tensor)
            ))
            .hint(OTHER_DOWNLOADS)
            .at(path),
            Self::DuplicateTensor { tensor, shards, path } => {
                Told::new(format!("두 샤드({})에 같은 텐서가 들어 있습니다: {}", shards.join(", "), shortened(tensor)))
                    .hint("두 벌의 샤드가 섞여 있어, 불러오는 프로그램에 따라 쓰는 것이 다릅니다. 한 벌만 남기세요")
                    .at(path)
            }
            Self::Empty { path } => Told::new("체크포인트에 텐서가 하나도 없습니다").hint(FETCH_MODEL).at(path),
            Self::NotComputed { tensor, problem, path } => {
                Told::new(format!("{tensor} 텐서를 계산할 수 없습니다({problem})"))
                    .hint("어댑터와 베이스가 서로 맞는지 확인하세요")
                    .at(path)
            }
            Self::NotFloat { tensor, dtype, path } => {
                Told::new(format!("{tensor}의 자료형이 {dtype}입니다. 여기서는 수로 읽을 수 없습니다"))
                    .hint("양자화한 모델 대신 16비트나 32비트 원본을 쓰세요")
                    .at(path)
            }
            Self::BadJson { problem, path } => Told::new(format!("올바른 JSON이 아닙니다({})", foreign::json(problem)))
                .hint(foreign::json_hint(problem))
                .at(path),
            Self::NoHeader { byte_count, path } => {
                Told::new(format!("safetensors 파일이라기에는 너무 짧습니다({byte_count}바이트)"))
                    .hint(DAMAGED)
                    .at(path)
            }
            Self::HeaderTooLong { claimed, available, path } => Told::new(format!(
                "헤더가 {}라고 적혀 있는데 파일은 {}뿐입니다",
                units::bytes(*claimed),
                units::bytes(*available)
            ))
            .hint(DAMAGED)
            .at(path),
            Self::HeaderOverLimit { claimed, path } => Told::new(format!(
                "헤더가 {}라고 적혀 있는데, 이 형식은 {}까지만 읽을 수 있습니다",
                units::bytes(*claimed),
                units::bytes(MAX_HEADER_BYTES)
            ))
            .hint(DAMAGED)
            .at(path),
            Self::BadHeader { problem, path } => {
                let hint = match problem {
                    HeaderError::UnknownDtype { .. } => {
                        "이 프로그램보다 새로운 파일이거나 손상된 파일입니다. 둘 다 새 버전이 있는지 살펴보세요"
                    }
                    _ => DAMAGED,
                };
                Told::new(format!("헤더가 올바른 safetensors가 아닙니다: {}", header(problem))).hint(hint).at(path)
            }
            Self::Truncated { promised, held, path } => Told::new(format!(
                "파일이 잘렸습니다. 헤더에 적힌 텐서는 {}인데 {}만 들어 있습니다",
                units::bytes(*promised),
                units::bytes(*held)
            ))
            .hint(DAMAGED)
            .at(path),
            Self::TrailingBytes { extra, path } => {
                Told::new(format!("마지막 텐서 뒤에 알 수 없는 내용이 {} 더 있습니다", units::bytes(*extra)))
                    .hint(DAMAGED)
                    .at(path)
            }
            Self::Io(error) => error.in_korean(),
        }
    }
}

const MODEL_FOLDER: &str =
    "config.json과 가중치가 든 폴더를 고르세요. 가중치 파일을 고르려면 옆에 config.json이 있어야 합니다";
const DOWNLOAD_AGAIN: &str = "모델을 다시 내려받으세요. 이미 받은 것은 그대로 씁니다";
const OTHER_DOWNLOADS: &str = "색인과 샤드가 서로 다른 다운로드에서 왔습니다. 둘 다 다시 내려받으세요";
const FOREIGN_INDEX: &str = "색인은 같은 폴더의 가중치 파일만 가리킬 수 있습니다. 이 다운로드는 쓰지 마세요";

fn incomplete(missing: &[String], partial_download_count: usize) -> String {
    let missing = (!missing.is_empty()).then(|| format!("빠진 파일 {}", listed(missing)));
    let partial = (partial_download_count > 0).then(|| format!("끊긴 다운로드 {partial_download_count}개"));
    missing.into_iter().chain(partial).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::{
        checkpoint::{ForeignFormat, JsonProblem, PickleError},
        error::IoError,
        gui::words::sentences_ko::errors::assert_told,
        numeric::{Dtype, UnknownDtype},
    };

    #[test]
    fn every_fault_of_a_model_folder_is_said_in_korean() {
        let path = || PathBuf::from("/data/x");
        let text = str::to_owned;
        let names = || vec!["a.bin".to_owned(), "b.bin".to_owned()];
        let snapshot = |missing, partial_download_count| CheckpointError::IncompleteSnapshot {
            missing,
            partial_download_count,
            path: PathBuf::from("/data/x"),
        };
        let unknown = HeaderError::UnknownDtype { tensor: text("w"), problem: UnknownDtype { name: text("F3") } };
        let twice = HeaderError::NamedTwice { tensor: text("w") };
        let io = IoError { action: "list the folder", source: std::io::ErrorKind::NotFound.into(), path: path() };
        let cases: Vec<(CheckpointError, &[&str])> = vec![
            (CheckpointError::Missing { path: path() }, &["폴더"]),
            (CheckpointError::NotAFolder { path: path() }, &["파일"]),
            (CheckpointError::IsAdapter { path: path() }, &["어댑터"]),
            (CheckpointError::NoConfig { path: path() }, &["config.json"]),
            (CheckpointError::NoWeights { path: path() }, &["model.safetensors", "pytorch_model.bin"]),
            (CheckpointError::Pickle { problem: PickleError::TorchScript, path: path() }, &["TorchScript"]),
            (CheckpointError::Foreign { format: ForeignFormat::LfsPointer, path: path() }, &["Git LFS"]),
            (CheckpointError::Foreign { format: ForeignFormat::Gguf, path: path() }, &["GGUF"]),
            (CheckpointError::NoSnapshot { path: path() }, &["캐시"]),
            (CheckpointError::SeveralSnapshots { snapshots: names(), path: path() }, &["2개", "a.bin, b.bin"]),
            (snapshot(names(), 0), &["빠진 파일 a.bin, b.bin"]),
            (snapshot(Vec::new(), 3), &["끊긴 다운로드 3개"]),
            (snapshot(names(), 3), &["빠진 파일 a.bin, b.bin, 끊긴 다운로드 3개"]),
            (
                CheckpointError::ShardsMissing { file: "model.index.json", missing: names(), path: path() },
                &["model.index.json", "a.bin, b.bin"],
            ),
            (CheckpointError::IndexedTensorsMissing { tensors: names(), path: path() }, &["2개", "a.bin, b.bin"]),
            (CheckpointError::ShardOutside { shard: text("../a"), path: path() }, &["../a"]),
            (CheckpointError::ShardNotWeights { shard: text("a.txt"), path: path() }, &["a.txt"]),
            (
                CheckpointError::IndexMisplaces {
                    tensor: text("w"),
                    indexed: text("one.bin"),
                    found: text("two.bin"),
                    path: path(),
                },
                &["w 텐서", "one.bin", "two.bin"],
            ),
            (
                CheckpointError::DuplicateTensor {
                    tensor: text("w"),
                    shards: [text("one.bin"), text("two.bin")],
                    path: path(),
                },
                &["one.bin, two.bin", ": w"],
            ),
            (CheckpointError::Empty { path: path() }, &["텐서"]),
            (CheckpointError::NoHeader { byte_count: 7, path: path() }, &["7바이트"]),
            (
                CheckpointError::HeaderTooLong { claimed: 9_000_000, available: 1_000_000, path: path() },
                &["9.00 MB", "1.00 MB"],
            ),
            (CheckpointError::HeaderOverLimit { claimed: 900_000_000, path: path() }, &["900 MB", "100 MB"]),
            (CheckpointError::BadHeader { problem: unknown, path: path() }, &["`F3`"]),
            (CheckpointError::BadHeader { problem: twice, path: path() }, &["`w`"]),
            (
                CheckpointError::Truncated { promised: 9_000_000, held: 1_000_000, path: path() },
                &["9.00 MB", "1.00 MB"],
            ),
            (CheckpointError::TrailingBytes { extra: 9_000_000, path: path() }, &["9.00 MB"]),
            (CheckpointError::NotComputed { tensor: text("w"), problem: text("P1"), path: path() }, &["w 텐서", "P1"]),
            (CheckpointError::NotFloat { tensor: text("w"), dtype: Dtype::U8, path: path() }, &["w의", "U8"]),
            (CheckpointError::BadJson { problem: JsonProblem::EndsEarly { line: 3 }, path: path() }, &["3번째"]),
            (
                CheckpointError::BadJson { problem: JsonProblem::Syntax { said: text("comma") }, path: path() },
                &["comma"],
            ),
            (CheckpointError::Io(io), &["목록"]),
        ];
        for (error, parts) in cases {
            assert_told(&error, parts);
        }
    }
}
