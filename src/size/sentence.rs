//! How a fact about a size is said: its numbers, as a sentence has them.

use serde::Serialize;

use super::{Component, ExtraFile, SizeFact};
use crate::{
    message::said_in_english,
    numeric::{Dtype, FloatDtype},
};

/// A [`SizeFact`] as it is said.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "every sentence says what its fields are")]
pub enum SizeSentence<'a> {
    Total {
        weight_count: u64,
        bits: String,
        byte_count: u64,
        du: String,
    },
    SameShare {
        weight_count: u64,
        bits: String,
    },
    OtherShare {
        weight_count: u64,
        from_bits: String,
        to_bits: String,
        share: String,
        from_bytes: u64,
        to_bytes: u64,
    },
    Vocabulary {
        from_rows: u64,
        to_rows: u64,
        weight_count: u64,
        byte_count: u64,
        has_grown: bool,
    },
    OtherWeights {
        from_count: u64,
        to_count: u64,
    },
    Quantised {
        packed_count: u64,
        packed_bits: String,
        packed_bytes: u64,
        components: &'a [Component],
        rest_count: u64,
        rest_dtype: String,
        rest_bytes: u64,
        rest_share: f64,
        byte_count: u64,
        bytes_with_bf16_rest: Option<u64>,
    },
    DuplicateFormats {
        names: Vec<&'a str>,
        byte_count: u64,
    },
    TrainingState {
        names: Vec<&'a str>,
        byte_count: u64,
    },
    Bf16InF32 {
        tensor_count: usize,
        byte_count: u64,
    },
}

said_in_english!(SizeSentence<'_>);

impl SizeFact {
    /// The fact as it is said.
    #[must_use]
    pub fn sentence(&self) -> SizeSentence<'_> {
        match self {
            Self::Total { weight_count, byte_count, bits_per_weight } => SizeSentence::Total {
                weight_count: *weight_count,
                bits: bits(*bits_per_weight),
                byte_count: *byte_count,
                du: du(*byte_count),
            },
            Self::SameWeights { weight_count, from_bits, to_bits, .. } if (from_bits - to_bits).abs() < 0.005 => {
                SizeSentence::SameShare { weight_count: *weight_count, bits: bits(*to_bits) }
            }
            Self::SameWeights { weight_count, from_bits, to_bits, from_bytes, to_bytes } => SizeSentence::OtherShare {
                weight_count: *weight_count,
                from_bits: bits(*from_bits),
                to_bits: bits(*to_bits),
                share: share(*to_bytes as f64 / (*from_bytes).max(1) as f64),
                from_bytes: *from_bytes,
                to_bytes: *to_bytes,
            },
            Self::Vocabulary { from_rows, to_rows, weight_count, byte_count } => SizeSentence::Vocabulary {
                from_rows: *from_rows,
                to_rows: *to_rows,
                weight_count: *weight_count,
                byte_count: *byte_count,
                has_grown: to_rows > from_rows,
            },
            Self::OtherWeights { from_count, to_count } => {
                SizeSentence::OtherWeights { from_count: *from_count, to_count: *to_count }
            }
            Self::Quantised { packed_count, packed_bytes, rest, rest_count, rest_bytes, rest_dtype, .. } => {
                SizeSentence::Quantised {
                    packed_count: *packed_count,
                    packed_bits: bits(*packed_bytes as f64 * 8.0 / (*packed_count).max(1) as f64),
                    packed_bytes: *packed_bytes,
                    components: rest,
                    rest_count: *rest_count,
                    rest_dtype: dtype_name(*rest_dtype),
                    rest_bytes: *rest_bytes,
                    rest_share: *rest_bytes as f64 / (packed_bytes + rest_bytes).max(1) as f64,
                    byte_count: packed_bytes + rest_bytes,
                    bytes_with_bf16_rest: self.shrunk(),
                }
            }
            Self::DuplicateFormats { files } => {
                SizeSentence::DuplicateFormats { names: names(files), byte_count: byte_count(files) }
            }
            Self::TrainingState { files } => {
                SizeSentence::TrainingState { names: names(files), byte_count: byte_count(files) }
            }
            Self::Bf16InF32 { tensor_count, byte_count } => {
                SizeSentence::Bf16InF32 { tensor_count: *tensor_count, byte_count: *byte_count }
            }
        }
    }

    /// Bytes of a packed model with the rest in bfloat16, where that is less.
    fn shrunk(&self) -> Option<u64> {
        match self {
            Self::Quantised { packed_bytes, rest_bytes, total_with_bf16_rest, .. } => {
                Some(*total_with_bf16_rest).filter(|total| *total < packed_bytes + rest_bytes)
            }
            _ => None,
        }
    }
}

/// `half`, `double`, or the percentage: a file's size as a part of another's.
fn share(ratio: f64) -> String {
    if (ratio - 0.5).abs() < 0.005 {
        "half".to_owned()
    } else if (ratio - 2.0).abs() < 0.02 {
        "double".to_owned()
    } else {
        format!("{:.0}", 100.0 * ratio)
    }
}

/// `31G`: what GNU `du -h` says of so many bytes, which rounds up in powers of 1024.
fn du(byte_count: u64) -> String {
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
fn bits(bits: f64) -> String {
    if (bits - bits.round()).abs() < 0.005 { format!("{bits:.0}") } else { format!("{bits:.3}") }
}

fn dtype_name(dtype: Dtype) -> String {
    FloatDtype::of(dtype).map_or_else(|| dtype.to_string(), |dtype| dtype.config_name().to_owned())
}

fn names(files: &[ExtraFile]) -> Vec<&str> {
    files.iter().map(|file| file.name.as_str()).collect()
}

fn byte_count(files: &[ExtraFile]) -> u64 {
    files.iter().map(|file| file.byte_count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::assert_said;

    #[test]
    fn every_fact_is_said_with_its_numbers() {
        let file = |name: &str| ExtraFile { name: name.to_owned(), byte_count: 1_000_000 };
        let same = |to_bits: f64, to_bytes| SizeFact::SameWeights {
            weight_count: 1_000,
            from_bits: 32.0,
            to_bits,
            from_bytes: 4_000,
            to_bytes,
        };
        let quantised = |total_with_bf16_rest| SizeFact::Quantised {
            packed_count: 1_000,
            packed_bytes: 516,
            rest: vec![Component::Embedding, Component::Other],
            rest_count: 100,
            rest_bytes: 400,
            rest_dtype: Dtype::F32,
            total_with_bf16_rest,
        };
        let total = SizeFact::Total { weight_count: 8_168_148_992, byte_count: 32_672_595_968, bits_per_weight: 32.0 };
        let grown = SizeFact::Vocabulary { from_rows: 100, to_rows: 1_000, weight_count: 57_600, byte_count: 115_200 };
        let cases: [(SizeFact, &[&str]); 12] = [
            (total, &["8,168,148,992개", "32비트", "32.7 GB", "31G"]),
            (same(32.0, 4_000), &["1,000개", "32비트", "그대로"]),
            (same(16.0, 2_000), &["32비트가 16비트로", "절반", "4.00 kB → 2.00 kB"]),
            (same(64.0, 8_000), &["두 배", "8.00 kB"]),
            (same(8.0, 1_000), &["25 %"]),
            (grown, &["100행에서 1,000행", "57,600개", "115 kB", "늘었습니다"]),
            (SizeFact::OtherWeights { from_count: 1_000, to_count: 2_000 }, &["1,000개에서 2,000개"]),
            (quantised(716), &["4.128비트", "516 B", "embed_tokens, norm 등 나머지", "float32", "43.7 %", "716 B"]),
            (quantised(916), &["embed_tokens"]),
            (SizeFact::DuplicateFormats { files: vec![file("a.bin"), file("b.bin")] }, &["a.bin, b.bin (2.00 MB)"]),
            (SizeFact::TrainingState { files: vec![file("optimizer.pt")] }, &["optimizer.pt (1.00 MB)"]),
            (SizeFact::Bf16InF32 { tensor_count: 3, byte_count: 4_000 }, &["3개", "4.00 kB"]),
        ];
        for (fact, parts) in cases {
            assert_said(&fact.sentence(), parts);
        }
    }

    #[test]
    fn sizes_are_said_as_people_compare_them() {
        let halved = SizeFact::SameWeights {
            weight_count: 1_000,
            from_bits: 32.0,
            to_bits: 16.0,
            from_bytes: 4_000,
            to_bytes: 2_000,
        };
        assert_eq!(
            halved.to_string(),
            "the same 1,000 weights, 16 bits each in place of 32: half the file (4.00 kB → 2.00 kB); nothing was pruned, and merging added 0 bytes"
        );
    }

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
