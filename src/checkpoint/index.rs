//! `model.safetensors.index.json`: which shard holds which tensor.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    ffi::OsStr,
    fmt,
    path::Path,
};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, MapAccess, Visitor},
};

use super::{CheckpointError, JsonProblem, read_text};
use crate::error::{IoAction, shortened};

/// Extensions of files that hold weights; a loader decides by them how to read a shard.
const WEIGHT_EXTENSIONS: [&str; 4] = ["safetensors", "bin", "pt", "pth"];

/// The index of a sharded checkpoint, as Hugging Face writes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WeightIndex {
    /// Sizes and whatever else a tool wrote; kept when the index is written again.
    #[serde(default)]
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// Tensor name → file name, sorted.
    #[serde(deserialize_with = "without_equal_names")]
    pub weight_map: BTreeMap<String, String>,
}

impl WeightIndex {
    /// Reads the index at `path`.
    ///
    /// # Errors
    /// As [`Self::parse`], and a file that cannot be read.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        Self::parse(&read_text(path, IoAction::ReadIndex)?, path)
    }

    /// Reads the text of an index; `path` is for messages.
    ///
    /// # Errors
    /// Not JSON of that form, a tensor that is named twice, a shard that is no weight file beside the index.
    pub fn parse(text: &str, path: &Path) -> Result<Self, CheckpointError> {
        let index: Self = serde_json::from_str(text).map_err(|error| CheckpointError::BadJson {
            problem: JsonProblem::new(text, &error),
            path: path.to_owned(),
        })?;
        for shard in index.shards() {
            if !is_plain_name(shard) {
                return Err(CheckpointError::ShardOutside { shard: shortened(shard), path: path.to_owned() });
            }
            if !has_weight_extension(shard) {
                return Err(CheckpointError::ShardNotWeights { shard: shortened(shard), path: path.to_owned() });
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

/// A file name on every system: no folder, no drive, nothing that one system takes for a path and another for a name.
fn is_plain_name(shard: &str) -> bool {
    let is_path_character = |character: char| matches!(character, '/' | '\\' | ':') || character.is_control();
    !matches!(shard, "" | "." | "..") && !shard.contains(is_path_character)
}

fn has_weight_extension(shard: &str) -> bool {
    let extension = Path::new(shard).extension().map(OsStr::to_ascii_lowercase);
    extension.is_some_and(|extension| WEIGHT_EXTENSIONS.iter().any(|known| extension == *known))
}

/// A map that may not name a tensor twice; serde's own would keep the last place and forget the others.
fn without_equal_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    struct Places;
    impl<'de> Visitor<'de> for Places {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object with the shard of each tensor")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut places = BTreeMap::new();
            while let Some((tensor, shard)) = map.next_entry::<String, String>()? {
                match places.entry(tensor) {
                    Entry::Vacant(place) => place.insert(shard),
                    Entry::Occupied(place) => {
                        return Err(A::Error::custom(format_args!("`{}` is named twice", shortened(place.key()))));
                    }
                };
            }
            Ok(places)
        }
    }
    deserializer.deserialize_map(Places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_plain_file_names_on_every_system() {
        for name in
            ["model-00001-of-00002.safetensors", "a.b.SafeTensors", "pytorch_model-00001-of-00002.bin", "..a.pt"]
        {
            assert!(is_plain_name(name) && has_weight_extension(name), "{name}");
        }
        let outside =
            ["", ".", "..", "/a.bin", "a/b.bin", "./a.bin", "a.bin/", "..\\a.bin", "C:a.bin", "a\0.bin", "a\n.bin"];
        assert!(outside.iter().all(|name| !is_plain_name(name)));
        let others = ["config.json", "lorafuse.lock", "model.safetensors.part", "safetensors", ".safetensors"];
        assert!(others.iter().all(|name| is_plain_name(name) && !has_weight_extension(name)));
    }
}
