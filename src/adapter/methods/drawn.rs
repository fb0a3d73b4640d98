//! Places of a matrix that a seed draws, as FourierFT and WaveFT choose them.

use std::path::Path;

use serde_json::Value;

use crate::{
    adapter::{AdapterError, CONFIG_FILE, PeftConfig},
    numeric::permutation_start,
};

/// The config key of the seed.
const SEED: &str = "random_loc_seed";

/// Places that PyTorch's generator draws from a seed, for each matrix anew.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    seed: u64,
}

impl Places {
    /// From the seed of the config.
    ///
    /// # Errors
    /// No seed.
    pub fn of(config: &PeftConfig, path: &Path) -> Result<Self, AdapterError> {
        let seed = config.get(SEED).and_then(|seed| seed.as_u64().or_else(|| signed(seed)));
        let missing = || AdapterError::MissingKey { key: SEED, path: path.with_file_name(CONFIG_FILE) };
        Ok(Self { seed: seed.ok_or_else(missing)? })
    }

    /// The first `count` places of a matrix of `element_count`, row by row.
    pub fn drawn(self, element_count: usize, count: usize) -> Vec<usize> {
        permutation_start(element_count, count, self.seed)
    }
}

/// PyTorch takes a negative seed as the two's complement.
fn signed(seed: &Value) -> Option<u64> {
    seed.as_i64().map(i64::cast_unsigned)
}

/// Whether a tensor of `shape` is a matrix with at least `count` elements.
pub(super) fn is_matrix_with(count: usize, shape: &[usize]) -> bool {
    matches!(shape, &[rows, columns] if rows.saturating_mul(columns) >= count)
}
