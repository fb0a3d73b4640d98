//! IA³: output or input features of a layer multiplied by a learned vector (Liu et al. 2022; spec section 8).

use std::{ops::Range, path::Path, sync::Arc};

use super::factors::{misshapen, required};
use crate::{
    adapter::{
        AdapterError, Content, ExpectedShape, Layer, Method, MethodSpec, Orientation, Part, Parts, PeftConfig,
        Placement, Precision, RowUpdate, Target, TargetUpdate,
    },
    checkpoint::LogicalTensor,
};

/// `ia3_l`: `(out, 1)`, or `(1, in)` of a feed-forward module.
const VECTOR: Part = Part::parameter("ia3_l");

/// IA³'s names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "IA3",
    key_prefix: Some("ia3_"),
    factors: &[VECTOR],
    shared_factors: &[],
    config_keys: &["feedforward_modules", "init_ia3_weights"],
    build: |config, _| Ok(Box::new(Ia3::new(config))),
};

/// IA³.
#[derive(Debug)]
pub struct Ia3 {
    config: PeftConfig,
}

impl Ia3 {
    /// IA³ as `config` describes it.
    #[must_use]
    pub fn new(config: PeftConfig) -> Self {
        Self { config }
    }

    /// Whether the vector of `module` scales its inputs: by its shape for Linear, by the config for convolutions.
    fn scales_inputs(&self, module: &str, shape: &[usize]) -> bool {
        match shape {
            [1, length] if *length > 1 => true,
            [_, 1] => false,
            _ => self.config.strings("feedforward_modules").iter().any(|name| module.ends_with(name)),
        }
    }
}

impl Method for Ia3 {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "IA³"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let vector = required(&mut parts, VECTOR, module, path)?;
        let dimensions = vector.shape();
        let is_vector = dimensions.iter().filter(|size| **size > 1).count() <= 1;
        if dimensions.len() < 2 || !is_vector {
            return Err(misshapen(module, &[&vector], path));
        }
        let layer = if dimensions.len() == 2 { Layer::Linear } else { Layer::Fixed };
        let side = if self.scales_inputs(module, dimensions) { Side::In } else { Side::Out };
        let scaled = |layer, side| Arc::new(Scaled { layer, side, tensors: [vector.clone()] });
        let mut targets = vec![Target::weight(module, scaled(layer, side))];
        if side == Side::Out {
            let bias = Target::parameter(module, "bias", scaled(Layer::Fixed, Side::Bias));
            targets.push(Target { is_optional: true, ..bias });
        }
        Ok(targets)
    }
}

/// What a vector is multiplied into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// The output features of a weight.
    Out,
    /// The input features of a weight.
    In,
    /// A bias.
    Bias,
}

#[derive(Debug)]
struct Scaled {
    layer: Layer,
    side: Side,
    tensors: [LogicalTensor; 1],
}

impl Scaled {
    /// The dimension of the stored tensor along which the vector lies.
    fn axis(&self, orientation: Orientation) -> usize {
        match (self.side, orientation) {
            (Side::Bias, _) | (Side::Out, Orientation::OutIn) | (Side::In, Orientation::InOut) => 0,
            (Side::In, Orientation::OutIn) | (Side::Out, Orientation::InOut) => 1,
        }
    }

    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let axis = self.axis(placement.orientation);
        let inner = placement.shape.iter().skip(axis + 1).product();
        Ok(Arc::new(Factor { factors: T::all_of(self.tensors[0].read_all()?), inner }))
    }
}

impl TargetUpdate for Scaled {
    fn layer(&self) -> Layer {
        self.layer
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        let dimensions = if self.side == Side::Bias { 1 } else { self.tensors[0].shape().len() };
        shape.len() == dimensions && shape.get(self.axis(orientation)) == Some(&self.tensors[0].element_count())
    }

    fn expected_shape(&self) -> ExpectedShape {
        let length = self.tensors[0].element_count();
        match self.side {
            Side::Out => ExpectedShape::OutputFeatures(length),
            Side::In => ExpectedShape::InputFeatures(length),
            Side::Bias => ExpectedShape::Exact(vec![length]),
        }
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    fn is_additive(&self) -> bool {
        false
    }

    fn is_untrained(&self, contents: &[Content]) -> bool {
        contents.iter().all(|content| content.is_one)
    }

    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows(placement)
    }

    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows(placement)
    }
}

/// Each element times the factor of its index along one dimension; `inner` elements in a row share an index.
struct Factor<T> {
    factors: Vec<T>,
    inner: usize,
}

impl<T: Precision> RowUpdate<T> for Factor<T> {
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        let columns = (tile.len() / rows.len().max(1)).max(1);
        for (row, values) in rows.zip(tile.chunks_mut(columns)) {
            if self.inner.is_multiple_of(columns) {
                let factor = self.factors[row * columns / self.inner % self.factors.len()];
                for value in values {
                    *value *= factor;
                }
            } else {
                values.iter_mut().zip(&self.factors).for_each(|(value, factor)| *value *= *factor);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every element of a tensor of `shape` times the factor of its index along `axis`, the plain way.
    fn naive(shape: &[usize], axis: usize, factors: &[f64]) -> Vec<f64> {
        let count: usize = shape.iter().product();
        let inner: usize = shape[axis + 1..].iter().product();
        (0..count).map(|element| (element as f64 + 1.0) * factors[element / inner % shape[axis]]).collect()
    }

    #[test]
    fn factors_reach_the_elements_of_their_index_wherever_a_tile_is_cut() {
        for (shape, axis) in
            [(vec![3, 4], 0), (vec![3, 4], 1), (vec![5], 0), (vec![3, 2, 2, 2], 0), (vec![3, 2, 2, 2], 1)]
        {
            let factors: Vec<f64> = (0..shape[axis]).map(|index| 0.5 + index as f64).collect();
            let update = Factor { factors: factors.clone(), inner: shape[axis + 1..].iter().product() };
            let columns = if shape.len() == 1 { 1 } else { shape[shape.len() - 1] };
            let row_count = shape.iter().product::<usize>() / columns;
            let mut values: Vec<f64> = (0..row_count * columns).map(|element| element as f64 + 1.0).collect();
            let (head, tail) = values.split_at_mut(columns);
            update.apply_rows(0..1, head);
            update.apply_rows(1..row_count, tail);
            assert_eq!(values, naive(&shape, axis, &factors), "{shape:?} along {axis}");
        }
    }
}
