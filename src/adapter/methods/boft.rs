//! BOFT: W' = s ⊙ W·Mᵀ with M a product of orthogonal block-diagonal matrices, between which butterflies mix the blocks
//! (Liu et al. 2024; spec section 8).

use std::{ops::Range, path::Path, sync::Arc};

use super::{
    factors::{misshapen, required},
    gathered::gathered,
    rotation::{RotatedRows, Transform},
};
use crate::{
    adapter::{
        AdapterError, Content, ExpectedShape, Layer, Method, MethodSpec, Orientation, Part, Parts, PeftConfig,
        Placement, Precision, RowUpdate, Target, TargetUpdate, method::largest,
    },
    checkpoint::LogicalTensor,
    numeric::Matrix,
};

/// `boft_R`, `(factors, blocks, b, b)`.
const BLOCKS: Part = Part::parameter("boft_R");
/// `boft_s`, `(out, 1)`, or `(1, out)` of a convolution.
const SCALES: Part = Part::parameter("boft_s");

/// BOFT's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "BOFT",
    key_prefix: Some("boft_"),
    factors: &[BLOCKS, SCALES],
    shared_factors: &[],
    config_keys: &["boft_block_num", "boft_block_size", "boft_dropout", "boft_n_butterfly_factor"],
    build: |_: PeftConfig, _| Ok(Box::new(Boft)),
};

/// BOFT; its file says all of it.
#[derive(Debug)]
struct Boft;

impl Method for Boft {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "BOFT"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let blocks = required(&mut parts, BLOCKS, module, path)?;
        let scales = required(&mut parts, SCALES, module, path)?;
        let Some(butterfly) = Butterfly::of(blocks.shape()).filter(|_| scales.shape().contains(&1)) else {
            return Err(misshapen(module, &[&blocks, &scales], path));
        };
        Ok(vec![Target::weight(module, Arc::new(BoftUpdate { butterfly, tensors: [blocks, scales] }))])
    }
}

/// The sizes of a product of block-diagonal matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Butterfly {
    factor_count: usize,
    block_count: usize,
    block_size: usize,
}

impl Butterfly {
    /// `None` where blocks are not square or their number does not allow so many factors.
    fn of(shape: &[usize]) -> Option<Self> {
        let &[factor_count, block_count, block_size, columns] = shape else { return None };
        let halves = u32::try_from(factor_count).ok()?.checked_sub(1)?;
        let is_mixed = halves > 0;
        let allows = block_size.is_multiple_of(2) && block_count.is_multiple_of(2_usize.checked_pow(halves)?);
        let fits = block_size == columns && block_size > 0 && (!is_mixed || allows);
        fits.then_some(Self { factor_count, block_count, block_size })
    }

    /// Input features.
    fn inner(self) -> usize {
        self.block_count.saturating_mul(self.block_size)
    }

    /// The order in which factor `index` sees the input features; `None` for as they are. Half blocks of every
    /// 2^`index` neighbouring blocks are taken alternately: the even ones first.
    fn order(self, index: usize) -> Option<Vec<usize>> {
        if index == 0 {
            return None;
        }
        let half = self.block_size / 2;
        let group = self.block_size << index;
        let halves = group / half;
        let in_group = (0..halves).step_by(2).chain((1..halves).step_by(2));
        let starts: Vec<usize> = in_group.map(|position| position * half).collect();
        let order = (0..self.inner())
            .step_by(group)
            .flat_map(|first| starts.iter().flat_map(move |start| (0..half).map(move |offset| first + start + offset)));
        Some(order.collect())
    }
}

#[derive(Debug)]
struct BoftUpdate {
    butterfly: Butterfly,
    /// R and s.
    tensors: [LogicalTensor; 2],
}

impl BoftUpdate {
    fn factors<T: Precision>(&self) -> Result<Vec<MixedRotation<T>>, AdapterError> {
        let Butterfly { factor_count, block_size, .. } = self.butterfly;
        let values: Vec<f64> = self.tensors[0].read_all()?.into_iter().map(f64::from).collect();
        let rotation = |block: &[f64]| {
            let block = Matrix::new(block_size, block_size, block.to_vec());
            let turned = block.transposed();
            let skew = block.values().iter().zip(turned.values()).map(|(value, other)| (value - other) / 2.0);
            let skew = Matrix::new(block_size, block_size, skew.collect());
            Transform::Exact.rotation(&skew).ok_or_else(|| AdapterError::NonFinite {
                tensors: vec![self.tensors[0].name().to_owned()],
                path: self.tensors[0].file().path().to_owned(),
            })
        };
        let of_factor = |(index, blocks): (usize, &[f64])| {
            let rotations = blocks.chunks(block_size * block_size).map(rotation).collect::<Result<Vec<_>, _>>()?;
            Ok(MixedRotation { order: self.butterfly.order(index), rows: RotatedRows::of_rotations(&rotations) })
        };
        values.chunks(values.len() / factor_count).enumerate().map(of_factor).collect()
    }

    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let scales = T::all_of(self.tensors[1].read_all()?);
        let update = ButterflyRows { factors: self.factors()?, scales, block_size: self.butterfly.block_size };
        Ok(gathered(Arc::new(update), self.butterfly.inner(), placement))
    }
}

impl TargetUpdate for BoftUpdate {
    fn layer(&self) -> Layer {
        Layer::Fixed
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        let [out, inner @ ..] = shape else { return false };
        orientation == Orientation::OutIn
            && matches!(inner.len(), 1 | 3)
            && *out == self.tensors[1].element_count()
            && inner.iter().product::<usize>() == self.butterfly.inner()
    }

    fn expected_shape(&self) -> ExpectedShape {
        ExpectedShape::Exact(vec![self.tensors[1].element_count(), self.butterfly.inner()])
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    fn is_additive(&self) -> bool {
        false
    }

    /// Zero blocks are no rotation, scales of 1 no change.
    fn is_untrained(&self, contents: &[Content]) -> bool {
        matches!(contents, [blocks, scales] if blocks.is_zero && scales.is_one)
    }

    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows(placement)
    }

    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows(placement)
    }
}

/// A block-diagonal rotation of features in another order.
struct MixedRotation<T> {
    order: Option<Vec<usize>>,
    rows: RotatedRows<T>,
}

impl<T: Precision> MixedRotation<T> {
    fn apply(&self, rows: Range<usize>, tile: &mut [T]) {
        let Some(order) = &self.order else {
            self.rows.apply_rows(rows, tile);
            return;
        };
        let mut mixed = vec![T::ZERO; tile.len()];
        let columns = order.len();
        for (row, mixed) in tile.chunks(columns).zip(mixed.chunks_mut(columns)) {
            row.iter().zip(order).for_each(|(value, place)| mixed[*place] = *value);
        }
        self.rows.apply_rows(rows, &mut mixed);
        for (row, mixed) in tile.chunks_mut(columns).zip(mixed.chunks(columns)) {
            row.iter_mut().zip(order).for_each(|(value, place)| *value = mixed[*place]);
        }
    }
}

/// Rows turned by one factor after the other, then scaled.
struct ButterflyRows<T> {
    factors: Vec<MixedRotation<T>>,
    scales: Vec<T>,
    block_size: usize,
}

impl<T: Precision> RowUpdate<T> for ButterflyRows<T> {
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        for factor in &self.factors {
            factor.apply(rows.clone(), tile);
        }
        let columns = (tile.len() / rows.len().max(1)).max(1);
        for (row, scale) in tile.chunks_mut(columns).zip(&self.scales[rows]) {
            for value in row {
                *value *= *scale;
            }
        }
    }

    /// A rotated value is a sum of a block's, of which the norm stays about the same; each factor rounds once.
    fn magnitude_bound(&self, before: &[T], after: &[T]) -> f64 {
        let scaled = largest(before) * largest(&self.scales);
        scaled.max(largest(after)) * (self.block_size as f64).sqrt() * self.factors.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As PEFT's `block_butterfly_perm` gives them for 8 features in blocks of 2 and three factors.
    #[test]
    fn factors_see_the_features_in_a_butterfly_s_order() {
        let butterfly = Butterfly::of(&[3, 4, 2, 2]).unwrap();
        assert_eq!(butterfly.order(0), None);
        assert_eq!(butterfly.order(1).unwrap(), [0, 2, 1, 3, 4, 6, 5, 7]);
        assert_eq!(butterfly.order(2).unwrap(), [0, 2, 4, 6, 1, 3, 5, 7]);
        assert_eq!(Butterfly::of(&[3, 2, 2, 2]), None, "two blocks allow two factors");
    }
}
