//! Plain weights as a trainer saw them that packed them while it loaded them (QLoRA): packed and unpacked when they are
//! read, so that no other room has a case for it.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use super::{PackedError, unit_cache::UnitCache};
use crate::{
    checkpoint::{Checkpoint, CheckpointError, ComputedRows, LogicalTensor, Storage, WeightFile},
    numeric::{
        TileShape,
        codec::{FourBit, NESTED_BLOCK, NF4, NestedScales, Nf4Encoder, Nf4Format, nested_scale},
    },
};

/// Blocks whose scales are found in one go: four million weights of the usual block.
const BLOCKS_AT_ONCE: usize = if cfg!(test) { 3 } else { 1 << 16 };

impl Checkpoint {
    /// This model with the weights called `names` as a trainer saw them that packed them while it loaded them, each from
    /// its own 16-bit values. Nothing is read before their rows are.
    #[must_use]
    pub fn packed_as(mut self, format: Nf4Format, names: &BTreeSet<String>) -> Self {
        let cache: Arc<UnitCache> = Arc::default();
        for tensor in self.tensors.values_mut().filter(|tensor| names.contains(tensor.name())) {
            let Ok(dtype) = tensor.float_dtype() else { continue };
            let rows = Rows {
                encoder: Nf4Encoder { block: format.block, dtype },
                codec: FourBit { table: NF4, block: format.block, dtype },
                columns: TileShape::of(tensor.shape()).columns,
                is_double: format.is_double,
                source: tensor.clone(),
                cache: Arc::clone(&cache),
            };
            let (name, stored_name) = (tensor.name().to_owned(), tensor.stored_name().to_owned());
            let storage = Storage::Computed(Arc::new(rows));
            *tensor = LogicalTensor::new(stored_name, tensor.shape().to_vec(), tensor.dtype(), storage).renamed(&name);
        }
        self.trained_quantization = Some(format);
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
