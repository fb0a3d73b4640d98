//! HiRA: W' = W ⊙ (1 + B·A), on every layer kind that LoRA has (Huang et al. 2025; spec section 8).

use std::{ops::Range, path::Path, sync::Arc};

use super::{
    factors::{misshapen, required},
    lora::LoraUpdate,
};
use crate::{
    adapter::{
        AdapterError, Content, ExpectedShape, Layer, Method, MethodSpec, Orientation, Part, Parts, Placement,
        Precision, RowUpdate, Target, TargetUpdate, method::largest,
    },
    checkpoint::LogicalTensor,
};

/// `hira_A`, `(r, in)`, or `(r, in, k…)` of a convolution.
const A: Part = Part::parameter("hira_A");
/// `hira_B`, `(out, r)`, or `(out, r, 1…)` of a convolution.
const B: Part = Part::parameter("hira_B");
/// `hira_embedding_A`, `(r, num)`.
const EMBEDDING_A: Part = Part::parameter("hira_embedding_A");
/// `hira_embedding_B`, `(dim, r)`.
const EMBEDDING_B: Part = Part::parameter("hira_embedding_B");

/// HiRA's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "HIRA",
    key_prefix: Some("hira_"),
    factors: &[A, B, EMBEDDING_A, EMBEDDING_B],
    shared_factors: &[],
    config_keys: &["hira_dropout", "r", "rank_pattern"],
    build: |_, _| Ok(Box::new(Hira)),
};

/// HiRA.
#[derive(Debug)]
struct Hira;

impl Method for Hira {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "HiRA"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let is_embedding = [EMBEDDING_A, EMBEDDING_B].into_iter().any(|part| parts.contains(part));
        let names = if is_embedding { [EMBEDDING_A, EMBEDDING_B] } else { [A, B] };
        let [a, b] = names.map(|name| required(&mut parts, name, module, path));
        let (a, b) = (a?, b?);
        let factor = LoraUpdate::unscaled([&a, &b], is_embedding);
        let factor = factor.ok_or_else(|| misshapen(module, &[&a, &b], path))?;
        Ok(vec![Target::weight(module, Arc::new(HiraUpdate { factor }))])
    }
}

#[derive(Debug)]
struct HiraUpdate {
    /// What the weight is multiplied by, less one.
    factor: LoraUpdate,
}

impl HiraUpdate {
    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        Ok(Arc::new(ModulatedRows { factor: self.factor.rows(placement)? }))
    }
}

impl TargetUpdate for HiraUpdate {
    fn layer(&self) -> Layer {
        self.factor.layer()
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        self.factor.fits(shape, orientation)
    }

    fn expected_shape(&self) -> ExpectedShape {
        self.factor.expected_shape()
    }

    fn rank(&self) -> Option<usize> {
        self.factor.rank()
    }

    fn tensors(&self) -> &[LogicalTensor] {
        self.factor.tensors()
    }

    fn is_additive(&self) -> bool {
        false
    }

    fn is_untrained(&self, contents: &[Content]) -> bool {
        self.factor.is_untrained(contents)
    }

    fn vocabulary_rows(&self) -> Option<usize> {
        self.factor.vocabulary_rows()
    }

    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows(placement)
    }

    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows(placement)
    }
}

struct ModulatedRows<T> {
    factor: Arc<dyn RowUpdate<T>>,
}

impl<T: Precision> RowUpdate<T> for ModulatedRows<T> {
    fn row_block(&self) -> usize {
        self.factor.row_block()
    }

    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        let unmerged = tile.to_vec();
        self.apply_rows_after(rows, &unmerged, tile);
    }

    /// PEFT multiplies the unmerged weight by the product of each adapter, and sums what comes of it.
    fn apply_rows_after(&self, rows: Range<usize>, unmerged: &[T], tile: &mut [T]) {
        let mut factors = vec![T::ZERO; tile.len()];
        self.factor.apply_rows(rows, &mut factors);
        for ((value, unmerged), factor) in tile.iter_mut().zip(unmerged).zip(factors) {
            *value += *unmerged * factor;
        }
    }

    fn is_rounded_on_the_way(&self) -> bool {
        true
    }

    /// PEFT rounds the product of the factors, and then its product with the weight.
    fn apply_rows_rounding(&self, rows: Range<usize>, tile: &mut [T], round: &dyn Fn(f64) -> f64) {
        let mut factors = vec![T::ZERO; tile.len()];
        self.factor.apply_rows(rows, &mut factors);
        for (value, factor) in tile.iter_mut().zip(factors) {
            *value += T::rounded(round(value.to_f64() * round(factor.to_f64())));
        }
    }

    fn magnitude_bound(&self, before: &[T], after: &[T]) -> f64 {
        largest(after).max(largest(before) * (1.0 + self.factor.magnitude_bound(&[], &[])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::LowRank;

    #[test]
    fn a_weight_is_multiplied_by_one_more_than_the_product() {
        let product = LowRank::new((2, 2), 1, 1.0, vec![1.0, 2.0], vec![10.0, 20.0]);
        let update = ModulatedRows::<f64> { factor: Arc::new(product.to_f64()) };
        let mut tile = vec![3.0, 5.0];
        update.apply_rows(1..2, &mut tile);
        assert_eq!(tile, [63.0, 205.0]);
        update.apply_rows_after(1..2, &[3.0, 5.0], &mut tile);
        assert_eq!(tile, [123.0, 405.0], "the unmerged weight is multiplied, not what another adapter made of it");
    }
}
