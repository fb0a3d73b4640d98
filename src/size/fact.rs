//! Why a file has the size that it has, as numbers.

use std::fmt;

use serde::Serialize;

use super::{Component, ExtraFile, FolderExtras, SizeBreakdown, SizePart};
use crate::{
    checkpoint::Checkpoint,
    error::IoError,
    numeric::{Dtype, FloatDtype},
};

/// One reason; [`SizeFact::sentence`] is its message.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SizeFact {
    /// How many weights in how many bits.
    Total {
        /// Weights of the model.
        weight_count: u64,
        /// Bytes of its tensors.
        byte_count: u64,
        /// Bits of a weight on average.
        bits_per_weight: f64,
    },
    /// Two models with as many weights.
    SameWeights {
        /// Weights of each.
        weight_count: u64,
        /// Bits of a weight of the base, on average.
        from_bits: f64,
        /// Bits of a weight of the other.
        to_bits: f64,
        /// Bytes of the base.
        from_bytes: u64,
        /// Bytes of the other.
        to_bytes: u64,
    },
    /// The vocabulary is not the base's.
    Vocabulary {
        /// Rows of the base's embedding.
        from_rows: u64,
        /// Rows of the other's.
        to_rows: u64,
        /// Weights that this adds or takes away, head included.
        weight_count: u64,
        /// Their bytes.
        byte_count: u64,
    },
    /// More or fewer weights than the base, for another reason.
    OtherWeights {
        /// Weights of the base.
        from_count: u64,
        /// Weights of the other.
        to_count: u64,
    },
    /// Weights are packed, and what was left alone takes its share.
    Quantised {
        /// Weights that are packed.
        packed_count: u64,
        /// Their bytes, tables included.
        packed_bytes: u64,
        /// The components that were left alone.
        rest: Vec<Component>,
        /// Their weights.
        rest_count: u64,
        /// Their bytes.
        rest_bytes: u64,
        /// The dtype of most of them.
        rest_dtype: Dtype,
        /// Bytes of the whole model if they were in bfloat16.
        total_with_bf16_rest: u64,
    },
    /// Weights in the folder that no loader takes.
    DuplicateFormats {
        /// The files.
        files: Vec<ExtraFile>,
    },
    /// What a trainer left.
    TrainingState {
        /// The files.
        files: Vec<ExtraFile>,
    },
    /// Float32 that holds bfloat16 values.
    Bf16InF32 {
        /// Tensors of that kind.
        tensor_count: usize,
        /// Their bytes.
        byte_count: u64,
    },
}

/// Why a model's folder is as large as it is.
///
/// # Errors
/// A folder that cannot be listed.
pub fn of_model(checkpoint: &Checkpoint) -> Result<Vec<SizeFact>, IoError> {
    let stored = SizeBreakdown::stored(checkpoint);
    let mut facts = vec![SizeFact::Total {
        weight_count: stored.weight_count(),
        byte_count: stored.total(),
        bits_per_weight: stored.bits_per_weight(),
    }];
    facts.extend(quantised(&stored, &SizeBreakdown::cast(checkpoint, FloatDtype::BF16)));
    let FolderExtras { duplicates, training } = FolderExtras::of(checkpoint)?;
    if !duplicates.is_empty() {
        facts.push(SizeFact::DuplicateFormats { files: duplicates });
    }
    if !training.is_empty() {
        facts.push(SizeFact::TrainingState { files: training });
    }
    Ok(facts)
}

/// Why `other` has another size than `base`, or the same.
#[must_use]
pub fn between(base: &Checkpoint, other: &Checkpoint) -> Vec<SizeFact> {
    let (from, to) = (SizeBreakdown::stored(base), SizeBreakdown::stored(other));
    let (from_count, to_count) = (from.weight_count(), to.weight_count());
    let vocabulary = vocabulary(base, other);
    let explained = match &vocabulary {
        Some(SizeFact::Vocabulary { weight_count, from_rows, to_rows, .. }) if to_rows > from_rows => {
            from_count + weight_count
        }
        Some(SizeFact::Vocabulary { weight_count, .. }) => from_count.saturating_sub(*weight_count),
        _ => from_count,
    };
    // A vocabulary of another size explains its own part.
    let from_count = if explained == to_count { to_count } else { from_count };
    let mut facts = vec![SizeFact::same_or_other((from_count, from.total()), (to_count, to.total()))];
    facts.extend(vocabulary);
    facts.extend(quantised(&to, &SizeBreakdown::cast(other, FloatDtype::BF16)));
    facts
}

impl SizeFact {
    /// Two models by their weights and bytes.
    #[must_use]
    pub fn same_or_other((from_count, from_bytes): (u64, u64), (to_count, to_bytes): (u64, u64)) -> Self {
        if from_count != to_count {
            return Self::OtherWeights { from_count, to_count };
        }
        let bits = |byte_count: u64| byte_count as f64 * 8.0 / to_count.max(1) as f64;
        let (from_bits, to_bits) = (bits(from_bytes), bits(to_bytes));
        Self::SameWeights { weight_count: to_count, from_bits, to_bits, from_bytes, to_bytes }
    }
}

fn quantised(stored: &SizeBreakdown, with_bf16_rest: &SizeBreakdown) -> Option<SizeFact> {
    let (packed, rest): (Vec<&SizePart>, Vec<&SizePart>) = stored.parts.iter().partition(|part| part.is_quantised);
    let packed_count: u64 = packed.iter().map(|part| part.weight_count).sum();
    if packed_count == 0 {
        return None;
    }
    let largest = rest.iter().max_by_key(|part| part.byte_count)?;
    let mut components: Vec<Component> = rest.iter().map(|part| part.component).collect();
    components.dedup();
    Some(SizeFact::Quantised {
        packed_count,
        packed_bytes: packed.iter().map(|part| part.byte_count).sum(),
        rest: components,
        rest_count: rest.iter().map(|part| part.weight_count).sum(),
        rest_bytes: rest.iter().map(|part| part.byte_count).sum(),
        rest_dtype: largest.dtype,
        total_with_bf16_rest: with_bf16_rest.total(),
    })
}

/// Rows of the input embedding, where both models have it under one name and differ in it.
fn vocabulary(base: &Checkpoint, other: &Checkpoint) -> Option<SizeFact> {
    let is_table = |component| matches!(component, Component::Embedding | Component::Head);
    let mut fact = None;
    for tensor in other.tensors().values().filter(|tensor| is_table(Component::of(tensor.name()))) {
        let (Some(old), [rows, columns]) = (base.tensor(tensor.name()), tensor.shape()) else { continue };
        let [old_rows, old_columns] = old.shape() else { continue };
        if rows == old_rows || columns != old_columns {
            continue;
        }
        let weights = (rows.abs_diff(*old_rows) * columns) as u64;
        let bytes = weights * tensor.dtype().bitsize() as u64 / 8;
        let (weight_count, byte_count) = match fact {
            Some(SizeFact::Vocabulary { weight_count, byte_count, .. }) => (weight_count + weights, byte_count + bytes),
            _ => (weights, bytes),
        };
        let (from_rows, to_rows) = (*old_rows as u64, *rows as u64);
        fact = Some(SizeFact::Vocabulary { from_rows, to_rows, weight_count, byte_count });
    }
    fact
}

impl fmt::Display for SizeFact {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sentence().fmt(out)
    }
}
