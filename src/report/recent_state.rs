//! What has become of what was opened and merged before.

use std::path::Path;

use super::{HistoryEntry, RunOutcome};
use crate::{
    merge,
    plan::{MergePlan, MergeRequest, partial_path},
};

/// What has become of a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecentState {
    /// One of its inputs is gone.
    Gone,
    /// They are there, and no merged folder is.
    NotMerged,
    /// It was stopped, and can go on.
    Interrupted {
        /// Bytes that are finished.
        byte_count: u64,
    },
    /// The merged folder is there, and was not judged.
    Merged,
    /// The merged folder is there, and every check held.
    Verified,
    /// The merged folder is there, and a check failed.
    NotVerified,
}

impl RecentState {
    /// Looks for the folders of `entry`.
    #[must_use]
    pub fn of(entry: &HistoryEntry) -> Self {
        if !entry.base.exists() || entry.adapters.iter().any(|adapter| !adapter.path.exists()) {
            return Self::Gone;
        }
        let Some(output) = &entry.output else { return Self::NotMerged };
        if !output.join("config.json").is_file() {
            let finished = interrupted_bytes(entry, output);
            return finished.map_or(Self::NotMerged, |byte_count| Self::Interrupted { byte_count });
        }
        match entry.outcome {
            RunOutcome::Opened | RunOutcome::Started | RunOutcome::Merged => Self::Merged,
            RunOutcome::Verified => Self::Verified,
            RunOutcome::NotVerified => Self::NotVerified,
        }
    }
}

/// Bytes that an interrupted merge finished; `None` where none lies beside `output`.
fn interrupted_bytes(entry: &HistoryEntry, output: &Path) -> Option<u64> {
    if !partial_path(output).is_dir() {
        return None;
    }
    let request = MergeRequest {
        base: entry.base.clone(),
        adapters: entry.adapters.clone(),
        output: output.to_owned(),
        dtype: entry.dtype,
        requantize: entry.requantize,
        accepts_loss: true,
        rounding: entry.rounding,
        trained_quantization: None,
        max_shard_bytes: None,
    };
    merge::interrupted_bytes(&MergePlan::resolved(&request).ok()?)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "fixtures in temporary folders")]
mod tests {
    use super::*;
    use crate::plan::{AdapterRequest, DtypePolicy, Rounding};

    #[test]
    fn a_merge_is_looked_for_on_the_disk() {
        let root = tempfile::tempdir().unwrap();
        let folder = |name: &str, file: &str| {
            let folder = root.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join(file), "{}").unwrap();
            folder
        };
        let mut entry = HistoryEntry {
            base: folder("base", "config.json"),
            adapters: vec![AdapterRequest { path: root.path().join("adapter"), strength: 1.0 }],
            output: Some(root.path().join("merged")),
            dtype: DtypePolicy::Keep,
            requantize: None,
            rounding: Rounding::Nearest,
            outcome: RunOutcome::Verified,
            unix_secs: 0,
        };
        assert_eq!(RecentState::of(&entry), RecentState::Gone);
        folder("adapter", "adapter_config.json");
        assert_eq!(RecentState::of(&entry), RecentState::NotMerged);
        folder("merged", "config.json");
        assert_eq!(RecentState::of(&entry), RecentState::Verified);
        entry.outcome = RunOutcome::NotVerified;
        assert_eq!(RecentState::of(&entry), RecentState::NotVerified);
    }
}
