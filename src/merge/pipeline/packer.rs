//! Packs the sums that leave the kernel, tile after tile of one tensor, and keeps what its tables are made of.

use crate::{
    merge::MergeError,
    numeric::{
        FloatDtype, PackedSum, TileStats,
        codec::{Nf4Encoder, NotFinite},
        widen,
    },
    plan::{Nf4Tables, TensorStep},
};

/// One tensor on its way into codes.
pub(super) struct Packer<'a> {
    step: &'a TensorStep,
    tables: Nf4Tables<'a>,
    encoder: Nf4Encoder,
    /// W and W + Δ of elements that are in no whole block yet: rows end anywhere in one.
    weight: Vec<f32>,
    sum: Vec<f32>,
    /// The scale of every block so far: a sixty-fourth of the elements, and never more than the tensor has.
    absmax: Vec<f32>,
    taken_count: usize,
    learns: bool,
}

impl<'a> Packer<'a> {
    /// What packs `step`; `None` where it is written as numbers.
    pub(super) fn of(step: &'a TensorStep, learns: bool) -> Option<Self> {
        let tables = step.tables()?;
        let encoder = Nf4Encoder { block: tables.format.block, dtype: tables.dtype };
        let learns = learns && step.action.is_update();
        let (weight, sum, absmax) = (Vec::new(), Vec::new(), Vec::new());
        Some(Self { step, tables, encoder, weight, sum, absmax, taken_count: 0, learns })
    }

    /// Takes a tile, the base's bytes and their sums with Δ, and gives the codes of all blocks that are whole now.
    ///
    /// # Errors
    /// A sum that is NaN or infinite, or is so in the dtype that it is rounded to.
    pub(super) fn push(
        &mut self,
        (input_dtype, input): (FloatDtype, &[u8]),
        sums: &[f32],
    ) -> Result<(Vec<u8>, TileStats), MergeError> {
        let held = self.sum.len();
        self.weight.resize(held + sums.len(), 0.0);
        widen(input_dtype, input, &mut self.weight[held..]);
        self.sum.extend_from_slice(sums);
        self.taken_count += sums.len();
        let whole =
            if self.is_complete() { self.sum.len() } else { self.sum.len() / self.encoder.block * self.encoder.block };
        let first_block = self.absmax.len();
        let mut codes = vec![0; whole.div_ceil(2)];
        self.absmax.resize(first_block + whole.div_ceil(self.encoder.block), 0.0);
        let run = PackedSum { encoder: self.encoder, weight: &self.weight[..whole], sum: &self.sum[..whole] };
        let stats = run.write(&mut codes, &mut self.absmax[first_block..], self.learns);
        let stats = stats.map_err(|error| self.not_finite(&error))?;
        self.weight.drain(..whole);
        self.sum.drain(..whole);
        Ok((codes, stats))
    }

    /// Whether all elements were taken.
    pub(super) fn is_complete(&self) -> bool {
        self.taken_count == self.step.source.element_count()
    }

    /// The bytes of all tables; the packer must be complete.
    pub(super) fn tables(&self) -> Vec<u8> {
        self.tables.bytes(&self.absmax)
    }

    fn not_finite(&self, error: &NotFinite) -> MergeError {
        let tensor = self.step.name.clone();
        if self.sum[error.element].is_finite() {
            let (dtype, max_magnitude) = (self.step.output_dtype, self.sum[error.element].abs());
            return MergeError::Overflow { tensor, element_count: 1, max_magnitude, dtype };
        }
        let path = self.step.source.file().path().to_owned();
        MergeError::BaseNotFinite { tensor, element_count: 1, path }
    }
}
