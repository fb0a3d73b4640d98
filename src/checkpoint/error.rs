//! What can be wrong with a model folder.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{ForeignFormat, HeaderError, JsonProblem, PackedError, PickleError, gguf::GgufModelError, hub_cache};
use crate::{error::IoError, message, numeric::Dtype};

/// A model folder or weight file that cannot be used as it is.
#[derive(Debug, Serialize, thiserror::Error)]
#[error("{}", message::english(self))]
#[expect(missing_docs, reason = "the message of each says what its fields are")]
pub enum CheckpointError {
    Missing {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NotCached {
        id: String,
    },
    NotAFolder {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    IsAdapter {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NoConfig {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    ModelsBelow {
        subfolders: Vec<String>,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NoWeights {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    Foreign {
        format: ForeignFormat,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    Pickle {
        problem: PickleError,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NoSnapshot {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    SeveralSnapshots {
        snapshots: Vec<String>,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    IncompleteSnapshot {
        missing: Vec<String>,
        partial_download_count: usize,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    ShardsMissing {
        file: &'static str,
        missing: Vec<String>,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    IndexedTensorsMissing {
        tensors: Vec<String>,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    ShardOutside {
        shard: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    ShardNotWeights {
        shard: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    IndexMisplaces {
        tensor: String,
        indexed: String,
        found: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    DuplicateTensor {
        tensor: String,
        shards: [String; 2],
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    Empty {
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NoHeader {
        byte_count: u64,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    HeaderTooLong {
        claimed: u64,
        available: u64,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    HeaderOverLimit {
        claimed: u64,
        limit: u64,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    BadHeader {
        problem: HeaderError,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    Truncated {
        promised: u64,
        held: u64,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    TrailingBytes {
        extra: u64,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NotComputed {
        tensor: String,
        problem: String,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    NotFloat {
        tensor: String,
        dtype: Dtype,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    BadJson {
        problem: JsonProblem,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    #[error(transparent)]
    Io(#[from] IoError),
    Packed {
        problem: PackedError,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
    Gguf {
        problem: GgufModelError,
        #[serde(serialize_with = "message::path")]
        path: PathBuf,
    },
}

impl CheckpointError {
    /// The same error, or what the Hugging Face cache tells about it where `root` is a snapshot that lacks files.
    pub(super) fn explained_by_cache(self, root: &Path) -> Self {
        let mut missing = match &self {
            Self::ShardsMissing { missing, .. } => missing.clone(),
            Self::NoConfig { .. } | Self::NoWeights { .. } => Vec::new(),
            _ => return self,
        };
        let blobs = hub_cache::missing_blobs(root);
        missing.extend(blobs.into_iter().filter(|name| !missing.contains(name)).collect::<Vec<_>>());
        let partial_download_count = hub_cache::partial_download_count(root);
        if hub_cache::is_snapshot(root) && (!missing.is_empty() || partial_download_count > 0) {
            Self::IncompleteSnapshot { missing, partial_download_count, path: root.to_owned() }
        } else {
            self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::{IoAction, IoError, assert_told},
        numeric::UnknownDtype,
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
        let io = IoError { action: IoAction::ListFolder, source: std::io::ErrorKind::NotFound.into(), path: path() };
        let cases: Vec<(CheckpointError, &[&str])> = vec![
            (CheckpointError::Missing { path: path() }, &["폴더"]),
            (CheckpointError::NotCached { id: text("org/name") }, &["Hub", "org/name"]),
            (CheckpointError::NotAFolder { path: path() }, &["파일"]),
            (CheckpointError::IsAdapter { path: path() }, &["어댑터"]),
            (CheckpointError::NoConfig { path: path() }, &["config.json"]),
            (CheckpointError::ModelsBelow { subfolders: names(), path: path() }, &["모델이 없습니다"]),
            (CheckpointError::NoWeights { path: path() }, &["model.safetensors", "pytorch_model.bin"]),
            (CheckpointError::Pickle { problem: PickleError::TorchScript, path: path() }, &["TorchScript"]),
            (CheckpointError::Foreign { format: ForeignFormat::LfsPointer, path: path() }, &["Git LFS"]),
            (CheckpointError::Foreign { format: ForeignFormat::Gguf, path: path() }, &["GGUF"]),
            (CheckpointError::Gguf { problem: GgufModelError::IsAdapter, path: path() }, &["GGUF"]),
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
            (
                CheckpointError::HeaderOverLimit { claimed: 900_000_000, limit: 100_000_000, path: path() },
                &["900 MB", "100 MB"],
            ),
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
