//! What can be wrong with a model folder.

use std::path::{Path, PathBuf};

use super::{ForeignFormat, HeaderError, JsonProblem, MAX_HEADER_BYTES, PickleError, hub_cache};
use crate::{
    error::{Hint, IoError, listed, shortened},
    numeric::Dtype,
    units,
};

/// A model folder or weight file that cannot be used as it is.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "every message says what its fields are")]
pub enum CheckpointError {
    #[error("there is no such folder: {}", path.display())]
    Missing { path: PathBuf },
    #[error("this is a file, not a model folder: {}", path.display())]
    NotAFolder { path: PathBuf },
    #[error("this folder holds an adapter, not a base model: {}", path.display())]
    IsAdapter { path: PathBuf },
    #[error("there is no config.json beside the weights, which names the architecture: {}", path.display())]
    NoConfig { path: PathBuf },
    #[error("there are no weights in this folder (looked for model.safetensors, pytorch_model.bin and their indices): {}", path.display())]
    NoWeights { path: PathBuf },
    #[error("this is {format}: {}", path.display())]
    Foreign { format: ForeignFormat, path: PathBuf },
    #[error("{problem}: {}", path.display())]
    Pickle { problem: PickleError, path: PathBuf },
    #[error("the cache entry holds no complete snapshot: {}", path.display())]
    NoSnapshot { path: PathBuf },
    #[error("the cache entry holds {} and says nothing about a main one: {}: {}", units::plural(snapshots.len(), "snapshot"), listed(snapshots, 4), path.display())]
    SeveralSnapshots { snapshots: Vec<String>, path: PathBuf },
    #[error("the download of this cache snapshot is not complete: {}: {}", incomplete(missing, *partial_download_count), path.display())]
    IncompleteSnapshot { missing: Vec<String>, partial_download_count: usize, path: PathBuf },
    #[error("{file} names {}, not in the folder: {}", listed(missing, 4), path.display())]
    ShardsMissing { file: &'static str, missing: Vec<String>, path: PathBuf },
    #[error("the index names {} that no shard holds: {}: {}", units::plural(tensors.len(), "tensor"), listed(tensors, 4), path.display())]
    IndexedTensorsMissing { tensors: Vec<String>, path: PathBuf },
    #[error("the index names a shard outside its folder: {shard}: {}", path.display())]
    ShardOutside { shard: String, path: PathBuf },
    #[error("the index names a shard that is no weight file: {shard}: {}", path.display())]
    ShardNotWeights { shard: String, path: PathBuf },
    #[error("the index says that {indexed} holds {}, but {found} does: {}", shortened(tensor), path.display())]
    IndexMisplaces { tensor: String, indexed: String, found: String, path: PathBuf },
    #[error("two shards hold the same tensor ({}): {}: {}", shards.join(", "), shortened(tensor), path.display())]
    DuplicateTensor { tensor: String, shards: [String; 2], path: PathBuf },
    #[error("the checkpoint holds no tensor: {}", path.display())]
    Empty { path: PathBuf },
    #[error("the file is too short to be safetensors ({byte_count} bytes): {}", path.display())]
    NoHeader { byte_count: u64, path: PathBuf },
    #[error("the header claims {}, the file has {}: {}", units::bytes(*claimed), units::bytes(*available), path.display())]
    HeaderTooLong { claimed: u64, available: u64, path: PathBuf },
    #[error("the header claims {}, and no reader of the format takes more than {}: {}", units::bytes(*claimed), units::bytes(MAX_HEADER_BYTES), path.display())]
    HeaderOverLimit { claimed: u64, path: PathBuf },
    #[error("the header is not valid safetensors: {problem}: {}", path.display())]
    BadHeader { problem: HeaderError, path: PathBuf },
    #[error("the file is truncated: its header promises {} of tensors, it holds {}: {}", units::bytes(*promised), units::bytes(*held), path.display())]
    Truncated { promised: u64, held: u64, path: PathBuf },
    #[error("the file goes on after its last tensor ({} of unknown content): {}", units::bytes(*extra), path.display())]
    TrailingBytes { extra: u64, path: PathBuf },
    #[error("{tensor} cannot be computed: {problem}: {}", path.display())]
    NotComputed { tensor: String, problem: String, path: PathBuf },
    #[error("{tensor} is {dtype}, which cannot be read as numbers here: {}", path.display())]
    NotFloat { tensor: String, dtype: Dtype, path: PathBuf },
    #[error("not valid JSON: {problem}: {}", path.display())]
    BadJson { problem: JsonProblem, path: PathBuf },
    #[error(transparent)]
    Io(#[from] IoError),
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
        let is_snapshot = root.parent().is_some_and(|parent| parent.ends_with("snapshots"));
        if is_snapshot && (!missing.is_empty() || partial_download_count > 0) {
            Self::IncompleteSnapshot { missing, partial_download_count, path: root.to_owned() }
        } else {
            self
        }
    }
}

fn incomplete(missing: &[String], partial_download_count: usize) -> String {
    let partial = units::plural(partial_download_count, "download");
    match (missing, partial_download_count) {
        ([], _) => format!("{partial} broken off"),
        (_, 0) => format!("{} missing", listed(missing, 4)),
        _ => format!("{} missing, {partial} broken off", listed(missing, 4)),
    }
}

impl Hint for CheckpointError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Missing { .. } => "check the path",
            Self::NotAFolder { .. } | Self::NoConfig { .. } => {
                "give the folder that holds config.json and the weights, or a weight file that has config.json beside it"
            }
            Self::IsAdapter { .. } => {
                "give the base model first and the adapter second; adapter_config.json names the base it was trained on"
            }
            Self::NoWeights { .. } => "download the model again with its weights",
            Self::Foreign { format, .. } => format.hint_for_base(),
            Self::Pickle { problem, .. } => return problem.hint(),
            Self::NoSnapshot { .. } | Self::IncompleteSnapshot { .. } => {
                "download the model again; what is there already is kept"
            }
            Self::SeveralSnapshots { .. } => "name one of the folders below `snapshots`",
            Self::ShardsMissing { .. } => "the download is incomplete; fetch the missing shards",
            Self::IndexedTensorsMissing { .. } | Self::IndexMisplaces { .. } => {
                "index and shards are from different downloads; fetch both again"
            }
            Self::ShardOutside { .. } | Self::ShardNotWeights { .. } => {
                "an index may only name weight files in its own folder; do not use this download"
            }
            Self::DuplicateTensor { .. } => {
                "the folder mixes two sets of shards, and which copy counts depends on the loader; keep one set"
            }
            Self::BadHeader { problem: HeaderError::UnknownDtype { .. }, .. } => {
                "the file is newer than this program, or damaged; look for a newer version of both"
            }
            Self::NoHeader { .. }
            | Self::HeaderTooLong { .. }
            | Self::HeaderOverLimit { .. }
            | Self::BadHeader { .. }
            | Self::Truncated { .. }
            | Self::TrailingBytes { .. } => "the download or copy was damaged; fetch this file again",
            Self::NotComputed { .. } => "check the adapter and the base that it is for",
            Self::NotFloat { .. } => "use the original 16- or 32-bit model instead of a quantised one",
            Self::Empty { .. } => "fetch the model again",
            Self::BadJson { problem, .. } => problem.hint(),
            Self::Io(error) => return error.hint(),
        };
        Some(hint.to_owned())
    }
}
