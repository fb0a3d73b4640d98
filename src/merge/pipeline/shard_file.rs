//! The file that a shard is written to.

use std::{fs::File, path::Path};

use crate::plan::OutputShard;

/// The file that a shard is written to.
pub(in crate::merge) struct ShardFile<'a> {
    pub shard: &'a OutputShard,
    pub file: &'a File,
    pub path: &'a Path,
    /// Whether bytes go past the page cache.
    pub is_direct: bool,
}
