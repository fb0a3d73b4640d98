//! Pairs that were opened before, the latest first.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Pairs kept.
const MOST: usize = 5;

/// A base and an adapter that fitted, and where they were merged to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentPair {
    /// The base's folder.
    pub base: PathBuf,
    /// The adapter's folder.
    pub adapter: PathBuf,
    /// The merged folder, once there is one.
    pub merged: Option<PathBuf>,
}

/// What has become of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecentState {
    /// One of its folders is gone.
    Gone,
    /// Both are there, and no merged folder is.
    NotMerged,
    /// The merged folder is there too.
    Merged,
}

impl RecentPair {
    /// Looks for its folders.
    #[must_use]
    pub fn look(&self) -> RecentState {
        let has = |folder: &Path, file: &str| folder.join(file).is_file();
        if !has(&self.base, "config.json") || !has(&self.adapter, "adapter_config.json") {
            return RecentState::Gone;
        }
        match &self.merged {
            Some(merged) if has(merged, "config.json") => RecentState::Merged,
            _ => RecentState::NotMerged,
        }
    }
}

/// Puts the pair first.
pub fn remember(pairs: &mut Vec<RecentPair>, base: &Path, adapter: &Path) {
    let known = pairs.iter().position(|pair| pair.base == base && pair.adapter == adapter);
    let pair = match known {
        Some(index) => pairs.remove(index),
        None => RecentPair { base: base.to_owned(), adapter: adapter.to_owned(), merged: None },
    };
    pairs.insert(0, pair);
    pairs.truncate(MOST);
}

/// Notes where the pair was merged to.
pub fn remember_merged(pairs: &mut [RecentPair], base: &Path, adapter: &Path, merged: &Path) {
    if let Some(pair) = pairs.iter_mut().find(|pair| pair.base == base && pair.adapter == adapter) {
        pair.merged = Some(merged.to_owned());
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
mod tests {
    use super::*;

    #[test]
    fn the_latest_comes_first_and_old_ones_go() {
        let mut pairs = Vec::new();
        for index in 0..MOST + 2 {
            remember(&mut pairs, Path::new("/base"), Path::new(&format!("/adapter-{index}")));
        }
        remember(&mut pairs, Path::new("/base"), Path::new("/adapter-4"));
        remember_merged(&mut pairs, Path::new("/base"), Path::new("/adapter-4"), Path::new("/merged"));
        assert_eq!(pairs.len(), MOST);
        assert_eq!(pairs[0].adapter, Path::new("/adapter-4"));
        assert_eq!(pairs[0].merged.as_deref(), Some(Path::new("/merged")));
        remember(&mut pairs, Path::new("/base"), Path::new("/adapter-4"));
        assert!(pairs[0].merged.is_some(), "opening it again keeps what is known");
    }

    #[test]
    fn a_pair_is_looked_for_on_the_disk() {
        let root = tempfile::tempdir().unwrap();
        let folder = |name: &str, file: &str| {
            let folder = root.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join(file), "{}").unwrap();
            folder
        };
        let base = folder("base", "config.json");
        let gone = RecentPair { base: base.clone(), adapter: root.path().join("no"), merged: None };
        assert_eq!(gone.look(), RecentState::Gone);
        let adapter = folder("adapter", "adapter_config.json");
        let merged = Some(root.path().join("merged"));
        let pair = RecentPair { base, adapter, merged };
        assert_eq!(pair.look(), RecentState::NotMerged);
        folder("merged", "config.json");
        assert_eq!(pair.look(), RecentState::Merged);
    }
}
