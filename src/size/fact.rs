//! Why a file has the size that it has, in sentences that stand on numbers.

use std::fmt;

use serde::Serialize;

use super::{Component, ExtraFile, FolderExtras, SizeBreakdown, SizePart};
use crate::{
    checkpoint::Checkpoint,
    error::IoError,
    numeric::{Dtype, FloatDtype},
    units,
};

/// Names shown of a list of files.
const SHOWN: usize = 3;

/// One reason.
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

/// `31G`: what GNU `du -h` says of so many bytes, which rounds up in powers of 1024.
pub(crate) fn du(byte_count: u64) -> String {
    const UNITS: [&str; 5] = ["", "K", "M", "G", "T"];
    let mut value = byte_count as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit > 0 && value < 10.0 {
        format!("{:.1}{}", (value * 10.0).ceil() / 10.0, UNITS[unit])
    } else {
        format!("{:.0}{}", value.ceil(), UNITS[unit])
    }
}

/// `32`, or `4.127` where it is no whole number.
pub(crate) fn bits(bits: f64) -> String {
    if (bits - bits.round()).abs() < 0.005 { format!("{bits:.0}") } else { format!("{bits:.3}") }
}

pub(crate) fn dtype_name(dtype: Dtype) -> String {
    FloatDtype::of(dtype).map_or_else(|| dtype.to_string(), |dtype| dtype.config_name().to_owned())
}

fn files(files: &[ExtraFile]) -> String {
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let byte_count = files.iter().map(|file| file.byte_count).sum();
    format!("{} ({})", crate::error::listed(&names, SHOWN), units::bytes(byte_count))
}

impl fmt::Display for SizeFact {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Total { weight_count, byte_count, bits_per_weight } => write!(
                out,
                "{} weights of {} bits each are {} (`du -h` says {})",
                units::count(*weight_count),
                bits(*bits_per_weight),
                units::bytes(*byte_count),
                du(*byte_count),
            ),
            Self::SameWeights { weight_count, from_bits, to_bits, from_bytes, to_bytes } => {
                write!(out, "the same {} weights", units::count(*weight_count))?;
                if (from_bits - to_bits).abs() < 0.005 {
                    write!(out, ", {} bits each as before: the file keeps its size", bits(*to_bits))?;
                } else {
                    let ratio = *to_bytes as f64 / (*from_bytes).max(1) as f64;
                    let share = match ratio {
                        ratio if (ratio - 0.5).abs() < 0.005 => "half the file".to_owned(),
                        ratio if (ratio - 2.0).abs() < 0.02 => "twice the file".to_owned(),
                        ratio => format!("{:.0} % of the file", 100.0 * ratio),
                    };
                    write!(out, ", {} bits each in place of {}: {share}", bits(*to_bits), bits(*from_bits))?;
                    write!(out, " ({} → {})", units::bytes(*from_bytes), units::bytes(*to_bytes))?;
                }
                out.write_str("; nothing was pruned, and merging added 0 bytes")
            }
            Self::Vocabulary { from_rows, to_rows, weight_count, byte_count } => write!(
                out,
                "the vocabulary has {} rows in place of {}: {} weights {}, {}",
                units::count(*to_rows),
                units::count(*from_rows),
                units::count(*weight_count),
                if to_rows > from_rows { "more" } else { "fewer" },
                units::bytes(*byte_count),
            ),
            Self::OtherWeights { from_count, to_count } => {
                write!(out, "{} weights in place of {}", units::count(*to_count), units::count(*from_count))
            }
            Self::Quantised {
                packed_count,
                packed_bytes,
                rest,
                rest_count,
                rest_bytes,
                rest_dtype,
                total_with_bf16_rest,
            } => {
                let total = packed_bytes + rest_bytes;
                let names: Vec<&str> = rest.iter().map(|component| component.label()).collect();
                write!(
                    out,
                    "{} weights are packed in {} bits each ({}); quantisation left {} alone: {} weights in {}, {}, which are {:.1} % of the file",
                    units::count(*packed_count),
                    bits(*packed_bytes as f64 * 8.0 / (*packed_count).max(1) as f64),
                    units::bytes(*packed_bytes),
                    names.join(" and "),
                    units::count(*rest_count),
                    dtype_name(*rest_dtype),
                    units::bytes(*rest_bytes),
                    100.0 * *rest_bytes as f64 / total.max(1) as f64,
                )?;
                if *total_with_bf16_rest < total {
                    let (from, to) = (units::bytes(total), units::bytes(*total_with_bf16_rest));
                    write!(out, "; with that in bfloat16 it would shrink from {from} to {to}")?;
                }
                Ok(())
            }
            Self::DuplicateFormats { files: extras } => {
                write!(out, "the folder also holds weights that no loader takes beside these: {}", files(extras))
            }
            Self::TrainingState { files: extras } => {
                write!(out, "the folder also holds what a training left, which no model needs: {}", files(extras))
            }
            Self::Bf16InF32 { tensor_count, byte_count } => write!(
                out,
                "{} of the base ({}) are stored as float32, but the low 16 bits of every value are zero: these are bfloat16 values, which half the bytes would hold",
                units::plural(*tensor_count, "tensor"),
                units::bytes(*byte_count),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn du_rounds_up_as_gnu_does() {
        let cases = [
            (32_672_595_968, "31G"),
            (16_336_297_984, "16G"),
            (8_356_007_552, "7.8G"),
            (5_978_353_280, "5.6G"),
            (900, "900"),
        ];
        for (byte_count, text) in cases {
            assert_eq!(du(byte_count), text);
        }
    }

    #[test]
    fn bits_are_whole_or_have_three_digits() {
        assert_eq!((bits(32.0), bits(4.1273)), ("32".to_owned(), "4.127".to_owned()));
    }
}
