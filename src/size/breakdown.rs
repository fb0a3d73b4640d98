//! Bytes by component and dtype.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Component;
use crate::{
    checkpoint::{Checkpoint, StoredPart},
    numeric::{Dtype, FloatDtype},
};

/// The bytes of a model's tensors, as they are or as they would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SizeBreakdown {
    /// Sorted by component; sums of tensors of one component, dtype and kind.
    pub parts: Vec<SizePart>,
}

/// Tensors of one component, dtype and kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SizePart {
    /// The part of the model.
    pub component: Component,
    /// How they are stored.
    pub dtype: Dtype,
    /// Whether they hold quantised weights, or the tables beside them.
    pub is_quantised: bool,
    /// Weights in them: what the model computes with, however many lie in one element.
    pub weight_count: u64,
    /// Bytes of them.
    pub byte_count: u64,
}

impl SizeBreakdown {
    /// A checkpoint as it lies on disk.
    #[must_use]
    pub fn stored(checkpoint: &Checkpoint) -> Self {
        Self::sum(checkpoint, |dtype| dtype)
    }

    /// The same weights with every floating one in `dtype`; quantised ones and their tables as they are.
    #[must_use]
    pub fn cast(checkpoint: &Checkpoint, dtype: FloatDtype) -> Self {
        Self::sum(checkpoint, |stored| FloatDtype::of(stored).map_or(stored, |_| dtype.stored()))
    }

    /// The tensors of the model, packed ones unpacked, with every floating one in `dtype`.
    #[must_use]
    pub fn unpacked(checkpoint: &Checkpoint, dtype: FloatDtype) -> Self {
        let mut parts = BTreeMap::new();
        for tensor in checkpoint.tensors().values() {
            let dtype = FloatDtype::of(tensor.dtype()).map_or(tensor.dtype(), |_| dtype.stored());
            let element_count = tensor.element_count() as u64;
            let (weights, bytes) = parts.entry((Component::of(tensor.name()), false, dtype)).or_insert((0, 0));
            *weights += element_count;
            *bytes += element_count * dtype.bitsize() as u64 / 8;
        }
        Self::of(parts)
    }

    /// Bytes of all parts.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.parts.iter().map(|part| part.byte_count).sum()
    }

    /// Weights of all parts.
    #[must_use]
    pub fn weight_count(&self) -> u64 {
        self.parts.iter().map(|part| part.weight_count).sum()
    }

    /// Bytes of one component.
    #[must_use]
    pub fn bytes_of(&self, component: Component) -> u64 {
        self.parts.iter().filter(|part| part.component == component).map(|part| part.byte_count).sum()
    }

    /// The dtypes, those of most bytes first.
    #[must_use]
    pub fn dtypes(&self) -> Vec<(Dtype, u64)> {
        let mut sums = BTreeMap::new();
        for part in &self.parts {
            *sums.entry(part.dtype).or_insert(0) += part.byte_count;
        }
        let mut sums: Vec<(Dtype, u64)> = sums.into_iter().collect();
        sums.sort_by_key(|(_, byte_count)| std::cmp::Reverse(*byte_count));
        sums
    }

    /// Bits that a weight takes on average, tables included.
    #[must_use]
    pub fn bits_per_weight(&self) -> f64 {
        self.total() as f64 * 8.0 / self.weight_count().max(1) as f64
    }

    fn sum(checkpoint: &Checkpoint, dtype_of: impl Fn(Dtype) -> Dtype) -> Self {
        let mut parts = BTreeMap::new();
        for tensor in checkpoint.stored_tensors().values() {
            let part = checkpoint.stored_part(tensor);
            let is_quantised = part.is_some();
            let dtype = if is_quantised { tensor.dtype() } else { dtype_of(tensor.dtype()) };
            let element_count = tensor.element_count() as u64;
            let weight_count = match part {
                None => element_count,
                Some(StoredPart::Codes(weight_count)) => weight_count,
                Some(StoredPart::Table) => 0,
            };
            let key = (Component::of(tensor.name()), is_quantised, dtype);
            let (weights, bytes) = parts.entry(key).or_insert((0, 0));
            *weights += weight_count;
            *bytes += element_count * dtype.bitsize() as u64 / 8;
        }
        Self::of(parts)
    }

    /// From (weights, bytes) by component, kind and dtype.
    fn of(parts: BTreeMap<(Component, bool, Dtype), (u64, u64)>) -> Self {
        let part = |((component, is_quantised, dtype), (weight_count, byte_count))| SizePart {
            component,
            dtype,
            is_quantised,
            weight_count,
            byte_count,
        };
        Self { parts: parts.into_iter().map(part).collect() }
    }
}
