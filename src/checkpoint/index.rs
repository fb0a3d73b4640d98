//! `model.safetensors.index.json`: which shard holds which tensor.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Component, Path},
};

use serde::{Deserialize, Serialize};

use super::CheckpointError;
use crate::error::IoContext as _;

/// The index of a sharded checkpoint, as Hugging Face writes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WeightIndex {
    /// Sizes and whatever else a tool wrote; kept when the index is written again.
    #[serde(default)]
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// Tensor name → file name, sorted.
    pub weight_map: BTreeMap<String, String>,
}

impl WeightIndex {
    /// Reads the index at `path`.
    ///
    /// # Errors
    /// Not JSON of that form, or a shard name that leaves the folder.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        let text = std::fs::read_to_string(path).at("read the index", path)?;
        let index: Self = serde_json::from_str(&text)
            .map_err(|error| CheckpointError::BadJson { problem: error.to_string(), path: path.to_owned() })?;
        for shard in index.weight_map.values() {
            let mut components = Path::new(shard).components();
            let is_plain_name = matches!((components.next(), components.next()), (Some(Component::Normal(_)), None));
            if !is_plain_name {
                return Err(CheckpointError::ShardOutside { shard: shard.clone(), path: path.to_owned() });
            }
        }
        Ok(index)
    }

    /// The shard that holds `tensor`.
    #[must_use]
    pub fn shard_of(&self, tensor: &str) -> Option<&str> {
        self.weight_map.get(tensor).map(String::as_str)
    }

    /// Every shard, once, sorted.
    #[must_use]
    pub fn shards(&self) -> Vec<&str> {
        self.weight_map.values().map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Every tensor, sorted.
    pub fn tensor_names(&self) -> impl Iterator<Item = &str> {
        self.weight_map.keys().map(String::as_str)
    }

    /// `metadata.total_size`: bytes of all tensors.
    #[must_use]
    pub fn total_size(&self) -> Option<u64> {
        self.metadata.get("total_size")?.as_u64()
    }
}
