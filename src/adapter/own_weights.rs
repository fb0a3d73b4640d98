//! The file that holds an adapter's own weights, or its shards.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::AdapterError;
use crate::checkpoint::{WeightFile, open_indexed, open_weights};

/// The stem of PEFT's weights and of their shards.
const STEM: &str = "adapter_model";

/// The name of mlx-lm's weights.
const MLX_FILE: &str = "adapters.safetensors";

/// The ending of mlx-lm's earlier states of the same training: `0000100_adapters.safetensors`.
const MLX_EARLIER: &str = "_adapters.safetensors";

/// Where an adapter's own weights lie in its folder. PEFT writes one file; other tools cut it into shards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OwnWeights {
    /// All in the file of this name.
    Single(String),
    /// The shards that the index of this name lists.
    Indexed(&'static str),
    /// Shards without an index, all of the same number; the names of those that should be there.
    Shards(Vec<String>),
}

impl OwnWeights {
    /// Looks in `root`: safetensors before pickles, one file before shards, PEFT's before mlx-lm's.
    pub fn find(root: &Path) -> Option<Self> {
        const FORMS: [(&str, &str); 2] =
            [("safetensors", "adapter_model.safetensors.index.json"), ("bin", "adapter_model.bin.index.json")];
        let single = |name: String| root.join(&name).is_file().then_some(Self::Single(name));
        let of_peft = FORMS.iter().find_map(|(extension, index)| {
            let indexed = || root.join(index).is_file().then_some(Self::Indexed(index));
            single(format!("{STEM}.{extension}")).or_else(indexed).or_else(|| shards(root, extension))
        });
        of_peft.or_else(|| single(MLX_FILE.to_owned()))
    }

    /// What a person points at with the file `name`: that file, or the shards that it belongs to; `None` where it is
    /// no adapter's weights.
    pub fn named(root: &Path, name: &str) -> Option<Self> {
        let is_whole = name == MLX_FILE || is_peft_file(name, &["safetensors", "bin"]);
        match (is_whole, is_own_form(name)) {
            (true, _) => Some(Self::Single(name.to_owned())),
            (false, true) => Self::find(root),
            (false, false) => None,
        }
    }

    /// Opens the files, headers only, in the order of their names.
    ///
    /// # Errors
    /// A shard that is missing, files that are damaged or disagree with their index.
    pub fn open(&self, root: &Path) -> Result<Vec<Arc<dyn WeightFile>>, AdapterError> {
        match self {
            Self::Single(name) => Ok(vec![open_weights(&root.join(name))?]),
            Self::Indexed(index) => Ok(open_indexed(root, index)?),
            Self::Shards(names) => {
                let missing: Vec<String> = names.iter().filter(|name| !root.join(name).is_file()).cloned().collect();
                if !missing.is_empty() {
                    return Err(AdapterError::ShardsMissing { missing, path: root.to_owned() });
                }
                Ok(names.iter().map(|name| open_weights(&root.join(name))).collect::<Result<_, _>>()?)
            }
        }
    }

    /// The path that messages give: the file or the index, else the folder.
    pub fn path(&self, root: &Path) -> PathBuf {
        match self {
            Self::Single(name) => root.join(name),
            Self::Indexed(index) => root.join(index),
            Self::Shards(_) => root.to_owned(),
        }
    }
}

/// Whether `name` is a form in which the adapter's own weights may lie, whichever of them is read.
pub(super) fn is_own_form(name: &str) -> bool {
    let extensions = ["safetensors", "bin", "safetensors.index.json", "bin.index.json"];
    name == MLX_FILE || is_peft_file(name, &extensions) || shard_of(name).is_some()
}

/// Whether `name` is what mlx-lm leaves of earlier steps of the same training.
pub(super) fn is_earlier_state(name: &str) -> bool {
    let step = name.strip_suffix(MLX_EARLIER);
    step.is_some_and(|step| !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_peft_file(name: &str, extensions: &[&str]) -> bool {
    let rest = name.strip_prefix(STEM).and_then(|rest| rest.strip_prefix('.'));
    rest.is_some_and(|rest| extensions.contains(&rest))
}

/// The number of shards and the extension in `adapter_model-00001-of-00002.safetensors`.
fn shard_of(name: &str) -> Option<(usize, &str)> {
    let (stem, extension) = name.strip_prefix(STEM)?.strip_prefix('-')?.rsplit_once('.')?;
    let (index, count) = stem.split_once("-of-")?;
    let count = count.parse::<usize>().ok().filter(|count| index.parse::<usize>().is_ok_and(|at| at <= *count))?;
    ["safetensors", "bin"].contains(&extension).then_some((count, extension))
}

/// The shards that lie in `root` without an index, with those that are missing between them.
fn shards(root: &Path, extension: &str) -> Option<OwnWeights> {
    let entries = std::fs::read_dir(root).ok()?.flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let count = names.filter_map(|name| shard_of(&name).filter(|(_, own)| *own == extension).map(|(n, _)| n)).max()?;
    let name = |index: usize| format!("{STEM}-{index:05}-of-{count:05}.{extension}");
    Some(OwnWeights::Shards((1..=count).map(name).collect()))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Option<OwnWeights> {
        let root = tempfile::tempdir().unwrap();
        for name in names {
            std::fs::write(root.path().join(name), "").unwrap();
        }
        OwnWeights::find(root.path())
    }

    #[test]
    fn one_file_comes_before_shards_and_safetensors_before_pickles() {
        let single = |name: &str| Some(OwnWeights::Single(name.to_owned()));
        let shard = "adapter_model-00001-of-00002.safetensors";
        assert_eq!(found(&[shard, "adapter_model.safetensors"]), single("adapter_model.safetensors"));
        assert_eq!(found(&["adapter_model.bin", "adapters.safetensors"]), single("adapter_model.bin"));
        let index = "adapter_model.safetensors.index.json";
        assert_eq!(found(&[shard, index, "adapter_model.bin"]), Some(OwnWeights::Indexed(index)));
        let both = [shard.to_owned(), "adapter_model-00002-of-00002.safetensors".to_owned()];
        assert_eq!(found(&[shard]), Some(OwnWeights::Shards(both.to_vec())));
        assert_eq!(found(&["model.safetensors", "adapter_model.txt"]), None);
    }

    #[test]
    fn a_missing_shard_is_named() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("adapter_model-00002-of-00003.bin"), "").unwrap();
        let error = OwnWeights::find(root.path()).unwrap().open(root.path()).unwrap_err();
        let AdapterError::ShardsMissing { missing, .. } = error else { panic!("{error}") };
        assert_eq!(missing, ["adapter_model-00001-of-00003.bin", "adapter_model-00003-of-00003.bin"]);
    }

    #[test]
    fn forms_and_earlier_states_are_known_by_name() {
        for name in ["adapter_model.bin", "adapter_model-00002-of-00002.bin", "adapter_model.bin.index.json"] {
            assert!(is_own_form(name) && !is_earlier_state(name), "{name}");
        }
        for name in ["adapter_model_old.bin", "adapter_model-3-of-2.bin", "adapter_config.json", "adapter.safetensors"]
        {
            assert!(!is_own_form(name), "{name}");
        }
        assert!(is_earlier_state("0000100_adapters.safetensors") && !is_earlier_state("best_adapters.safetensors"));
    }
}
