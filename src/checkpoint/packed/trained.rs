//! Plain weights as a trainer saw them that packed them while it loaded them (QLoRA): packed and unpacked when they are
//! read, so that no other room has a case for it.

use std::{collections::BTreeSet, fmt, ops::Range, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{PackedError, unit_cache::UnitCache};
use crate::{
    checkpoint::{Checkpoint, CheckpointError, ComputedRows, LogicalTensor, Storage, WeightFile},
    numeric::{
        TileShape,
        codec::{FourBit, NESTED_BLOCK, NF4, NestedScales, Nf4Encoder, nested_scale},
    },
};

/// Blocks whose scales are found in one go: four million weights of the usual block.
const BLOCKS_AT_ONCE: usize = if cfg!(test) { 3 } else { 1 << 16 };

/// How a trainer packed the base while it loaded it: bitsandbytes' NF4. No file of an adapter says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainedQuantization {
    /// Weights that share a scale; 64 unless a trainer asks for another number.
    pub block: usize,
    /// Whether the scales were packed again (`bnb_4bit_use_double_quant`).
    pub is_double: bool,
}

impl TrainedQuantization {
    /// The block that bitsandbytes takes unless it is asked for another.
    pub const USUAL_BLOCK: usize = 64;
}

/// As the command line takes it.
impl fmt::Display for TrainedQuantization {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("nf4")?;
        if self.is_double {
            formatter.write_str(",double")?;
        }
        if self.block != Self::USUAL_BLOCK {
            write!(formatter, ",block={}", self.block)?;
        }
        Ok(())
    }
}

impl FromStr for TrainedQuantization {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split(',').map(str::trim);
        if parts.next() != Some("nf4") {
            return Err(format!("`{text}` does not begin with nf4, the one way that is known"));
        }
        let (mut block, mut is_double) = (None, false);
        for part in parts {
            let number = part.strip_prefix("block").and_then(|rest| rest.trim_start_matches([' ', '=']).parse().ok());
            match (part, number) {
                ("double", _) if !is_double => is_double = true,
                (_, Some(number)) if block.is_none() && Nf4Encoder::BLOCKS.contains(&number) => block = Some(number),
                (_, Some(_)) => {
                    return Err(format!("`{part}`: a block is one of {:?}, said once", Nf4Encoder::BLOCKS));
                }
                _ => return Err(format!("`{part}` is none of double, block=64")),
            }
        }
        Ok(Self { block: block.unwrap_or(Self::USUAL_BLOCK), is_double })
    }
}

impl Checkpoint {
    /// This model with the weights called `names` as a trainer saw them that packed them while it loaded them, each from
    /// its own 16-bit values. Nothing is read before their rows are.
    #[must_use]
    pub fn packed_as(mut self, quantization: TrainedQuantization, names: &BTreeSet<String>) -> Self {
        let cache: Arc<UnitCache> = Arc::default();
        for tensor in self.tensors.values_mut().filter(|tensor| names.contains(tensor.name())) {
            let Ok(dtype) = tensor.float_dtype() else { continue };
            let rows = Rows {
                encoder: Nf4Encoder { block: quantization.block, dtype },
                codec: FourBit { table: NF4, block: quantization.block, dtype },
                columns: TileShape::of(tensor.shape()).columns,
                is_double: quantization.is_double,
                source: tensor.clone(),
                cache: Arc::clone(&cache),
            };
            let (name, stored_name) = (tensor.name().to_owned(), tensor.stored_name().to_owned());
            let storage = Storage::Computed(Arc::new(rows));
            *tensor = LogicalTensor::new(stored_name, tensor.shape().to_vec(), tensor.dtype(), storage).renamed(&name);
        }
        self.trained_quantization = Some(quantization);
        self
    }
}

/// A weight that is packed and unpacked when it is read.
#[derive(Debug)]
struct Rows {
    source: LogicalTensor,
    encoder: Nf4Encoder,
    codec: FourBit,
    columns: usize,
    is_double: bool,
    /// Scales that are packed again, which takes all of a tensor's.
    cache: Arc<UnitCache>,
}

impl Rows {
    /// The codes and scales of `blocks`.
    fn encode(&self, blocks: Range<usize>) -> Result<(Vec<u8>, Vec<f32>), CheckpointError> {
        let (size, count) = (self.encoder.dtype.byte_count(), self.source.element_count());
        let elements = blocks.start * self.codec.block..(blocks.end * self.codec.block).min(count);
        let rows = elements.start / self.columns..elements.end.div_ceil(self.columns);
        let mut bytes = vec![0; rows.len() * self.columns * size];
        self.source.read_row_bytes(rows.clone(), &mut bytes)?;
        let skipped = (elements.start - rows.start * self.columns) * size;
        let bytes = &bytes[skipped..skipped + elements.len() * size];
        let (mut codes, mut scales) = (vec![0; elements.len().div_ceil(2)], vec![0.0; blocks.len()]);
        self.encoder.encode(bytes, &mut codes, &mut scales).map_err(|found| CheckpointError::Packed {
            problem: PackedError::NotFinite { tensor: self.source.name().to_owned(), value: found.value.into() },
            path: self.source.file().path().to_owned(),
        })?;
        Ok((codes, scales))
    }

    /// The scales of the whole tensor, packed again: codes, scales of theirs, offset.
    fn nested(&self) -> Result<Vec<Vec<u8>>, CheckpointError> {
        let block_count = self.source.element_count().div_ceil(self.codec.block);
        let mut scales = Vec::with_capacity(block_count);
        for start in (0..block_count).step_by(BLOCKS_AT_ONCE) {
            scales.extend(self.encode(start..(start + BLOCKS_AT_ONCE).min(block_count))?.1);
        }
        let nested = NestedScales::of(&scales);
        let absmax = nested.absmax.iter().flat_map(|scale| scale.to_le_bytes()).collect();
        Ok(vec![nested.codes, absmax, nested.offset.to_le_bytes().to_vec()])
    }

    /// The scales of `blocks`, as they are unpacked.
    fn unpacked_scales(&self, blocks: Range<usize>) -> Result<Vec<f32>, CheckpointError> {
        let read = || self.nested();
        self.cache.with((self.source.name(), 0), read, |parts| {
            let number = |part: &[u8], index: usize| f32::from_le_bytes(part.as_chunks::<4>().0[index]);
            let offset = number(&parts[2], 0);
            blocks.map(|block| nested_scale(parts[0][block], number(&parts[1], block / NESTED_BLOCK), offset)).collect()
        })
    }
}

impl ComputedRows for Rows {
    fn file(&self) -> &Arc<dyn WeightFile> {
        self.source.file()
    }

    fn read_row_bytes(&self, rows: Range<usize>, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let elements = rows.start * self.columns..rows.end * self.columns;
        if elements.is_empty() {
            return Ok(());
        }
        let blocks = self.codec.blocks(&elements);
        let (codes, mut scales) = self.encode(blocks.clone())?;
        if self.is_double {
            scales = self.unpacked_scales(blocks.clone())?;
        }
        let (first, wanted) = (blocks.start * self.codec.block / 2, FourBit::code_bytes(&elements));
        self.codec.decode(&elements, &codes[wanted.start - first..wanted.end - first], &scales, bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_trainer_did_is_read_and_written_alike() {
        let trained = |block, is_double| TrainedQuantization { block, is_double };
        for (text, expected, written) in [
            ("nf4", trained(64, false), "nf4"),
            ("nf4,double", trained(64, true), "nf4,double"),
            ("nf4, block 128 ,double", trained(128, true), "nf4,double,block=128"),
            ("nf4,block=4096", trained(4096, false), "nf4,block=4096"),
            ("nf4,block=64", trained(64, false), "nf4"),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
            assert_eq!(expected.to_string(), written);
        }
        for text in [
            "",
            "fp4",
            "double",
            "nf4,single",
            "nf4,block=7",
            "nf4,block",
            "nf4,double,double",
            "nf4,block=32,block=64",
        ] {
            assert!(text.parse::<TrainedQuantization>().is_err(), "{text}");
        }
    }
}
