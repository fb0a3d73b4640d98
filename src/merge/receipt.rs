//! What a merge did, tensor by tensor.

use std::{borrow::Cow, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::device::Device;
use crate::{
    message,
    numeric::TileStats,
    plan::{ByteBudget, Rounding},
};

/// A finished merge.
#[derive(Clone, Debug, Serialize)]
pub struct MergeReceipt {
    /// The merged folder.
    #[serde(skip)]
    pub output: PathBuf,
    /// What computed.
    #[serde(serialize_with = "message::shown")]
    pub device: Device,
    /// How updated tensors were rounded.
    pub rounding: Rounding,
    /// Bytes by what happened to them.
    pub bytes: ByteBudget,
    /// From the first read to the rename.
    pub duration_secs: f64,
    /// The part of it spent on forcing bytes to the disk and on side files.
    pub sync_duration_secs: f64,
    /// Bytes of weights that an interrupted run had written and this one kept.
    pub resumed_byte_count: u64,
    /// Every tensor, in the order written.
    pub tensors: Vec<TensorRecord>,
    /// Every file, in the order written.
    pub files: Vec<WrittenFile>,
}

/// One output tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TensorRecord {
    /// Its name.
    pub name: String,
    /// "copied", "converted", "updated", "replaced" or "added".
    pub action: Cow<'static, str>,
    /// What computed it; `None` for copied bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// BLAKE3 of its bytes, taken as they were written; `None` for copied bytes, which are compared with their source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blake3: Option<String>,
    /// What the pass learned; `None` for copied bytes.
    pub stats: Option<TileStats>,
}

/// One output file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WrittenFile {
    /// Path below the output.
    pub name: String,
    /// Its size.
    pub byte_count: u64,
}

impl MergeReceipt {
    /// Sums over all updated tensors.
    #[must_use]
    pub fn update_stats(&self) -> TileStats {
        let mut sum = TileStats::default();
        for stats in self.updated().filter_map(|record| record.stats.as_ref()) {
            sum.merge(stats);
        }
        sum
    }

    /// The tensors that got an update.
    pub fn updated(&self) -> impl Iterator<Item = &TensorRecord> {
        self.tensors.iter().filter(|record| record.action == "updated")
    }

    /// Tensors whose base is stored as float32 but holds bfloat16 values, as their number and the base's bytes.
    #[must_use]
    pub fn bf16_in_f32(&self) -> (usize, u64) {
        let stats = self.tensors.iter().filter_map(|record| record.stats.as_ref());
        let fakes = stats.filter(|stats| stats.is_bf16_in_f32());
        fakes.fold((0, 0), |(count, byte_count), stats| (count + 1, byte_count + 4 * stats.element_count))
    }

    /// Updated tensors of which no element changed: the update rounded away.
    #[must_use]
    pub fn lost(&self) -> Vec<&str> {
        // Where no code moves, the scales may still: what is left then is told of all packed tensors together.
        let rounds_away = |stats: TileStats| stats.changed_count == 0 && stats.packing_error_square_sum == 0.0;
        let is_lost = |record: &&TensorRecord| record.stats.is_some_and(rounds_away);
        self.updated().filter(is_lost).map(|record| record.name.as_str()).collect()
    }
}
