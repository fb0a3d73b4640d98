//! The bases that an adapter can be merged into, where they lie on this machine already. Nothing is ever downloaded.

use std::path::{Path, PathBuf};

use super::Adapter;
use crate::{
    checkpoint::{hub_cache, missing_weights, original_names},
    message::said_in_english,
};

/// A base model on this machine that an adapter asks for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct BaseSuggestion {
    /// The name that the adapter gives, or that of the original where it names a quantised copy.
    pub name: String,
    /// The model's folder.
    pub path: PathBuf,
    /// Where it was found.
    pub found_in: FoundIn,
    /// Files of weights that are not there, as a download that was broken off leaves it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// Where a suggested base lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FoundIn {
    /// At the path that the adapter names.
    NamedPath,
    /// In a folder of that name beside the adapter or its parent.
    Neighbour,
    /// In the Hugging Face cache.
    HubCache,
}

said_in_english!(FoundIn);

/// The bases for `adapter` that this machine has: the one that it was trained on (`base_model_name_or_path`), and behind
/// it the 16-bit original where that one is a quantised copy by its name.
#[must_use]
pub fn suggested_bases(adapter: &Adapter) -> Vec<BaseSuggestion> {
    suggested_in(&hub_cache::cache_folders(), adapter)
}

/// As [`suggested_bases`], in the given folders of the Hugging Face cache.
#[must_use]
pub fn suggested_in(caches: &[PathBuf], adapter: &Adapter) -> Vec<BaseSuggestion> {
    let Some(name) = adapter.config().base_model() else { return Vec::new() };
    let suggested = |name: &str, revision| {
        let (path, found_in) = found(name, revision, adapter.root(), caches)?;
        Some(BaseSuggestion { name: name.to_owned(), missing: missing_weights(&path), path, found_in })
    };
    // What training saw comes first, packed or not.
    let named = suggested(name, revision(adapter));
    named.into_iter().chain(original_names(name).iter().find_map(|name| suggested(name, None))).collect()
}

/// The revision of the base that `adapter` was trained on, where it says one.
pub(super) fn revision(adapter: &Adapter) -> Option<&str> {
    adapter.config().get("revision").and_then(serde_json::Value::as_str)
}

/// Where the model `name` lies: at that path, in `caches`, or beside the adapter in `root`.
pub(super) fn found(name: &str, revision: Option<&str>, root: &Path, caches: &[PathBuf]) -> Option<(PathBuf, FoundIn)> {
    let is_model = |path: &Path| path.join("config.json").is_file();
    let named = Path::new(name);
    if named.is_absolute() && is_model(named) {
        return Some((named.to_owned(), FoundIn::NamedPath));
    }
    let is_relative_path = name.starts_with('.') && is_model(&root.join(named));
    if is_relative_path {
        return Some((root.join(named), FoundIn::NamedPath));
    }
    if let Some(snapshot) = hub_cache::cached_model(caches, name, revision).filter(|path| is_model(path)) {
        return Some((snapshot, FoundIn::HubCache));
    }
    // The path may be another system's: `C:\models\Qwen2`.
    let last = name
        .trim_end_matches(['/', '\\'])
        .rsplit(['/', '\\'])
        .next()
        .filter(|last| !matches!(*last, "" | "." | ".."))?;
    let around = [root.parent(), root.parent().and_then(Path::parent)];
    let neighbour = around.into_iter().flatten().map(|folder| folder.join(last));
    neighbour.into_iter().find(|path| is_model(path)).map(|path| (path, FoundIn::Neighbour))
}
