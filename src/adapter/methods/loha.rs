//! LoHa: Δ = s · (W1a·W1b) ⊙ (W2a·W2b) (Hyeon-Woo et al. 2022; LyCORIS; spec section 8).

use std::{ops::Range, path::Path, sync::Arc};

use super::{
    factors::{is_matrix_of, misshapen, reshaped},
    tucker::ProductTensors,
};
use crate::{
    adapter::{
        AdapterError, ExpectedShape, Layer, Method, MethodSpec, Orientation, Part, Parts, PeftConfig, Placement,
        Precision, RowUpdate, Scaling, Target, TargetUpdate, method::largest,
    },
    checkpoint::LogicalTensor,
    numeric::Matrix,
};

/// `hada_w1_a`, `(out, r)`, or `(r, out)` with a core.
const W1_A: Part = Part::parameter("hada_w1_a");
/// `hada_w1_b`, `(r, in)`.
const W1_B: Part = Part::parameter("hada_w1_b");
/// `hada_w2_a`, `(out, r)`, or `(r, out)` with a core.
const W2_A: Part = Part::parameter("hada_w2_a");
/// `hada_w2_b`, `(r, in)`.
const W2_B: Part = Part::parameter("hada_w2_b");
/// `hada_t1`, a Tucker core `(r, r, k, k)`.
const T1: Part = Part::parameter("hada_t1");
/// `hada_t2`, a Tucker core `(r, r, k, k)`.
const T2: Part = Part::parameter("hada_t2");

/// LoHa's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "LOHA",
    key_prefix: Some("hada_"),
    factors: &[W1_A, W1_B, W2_A, W2_B, T1, T2],
    shared_factors: &[],
    config_keys: &[
        "alpha",
        "alpha_pattern",
        "module_dropout",
        "r",
        "rank_dropout",
        "rank_pattern",
        "use_effective_conv2d",
    ],
    build: |config, _| Ok(Box::new(LoHa::new(config))),
};

/// LoHa.
#[derive(Debug)]
pub struct LoHa {
    config: PeftConfig,
}

impl LoHa {
    /// LoHa as `config` describes it.
    #[must_use]
    pub fn new(config: PeftConfig) -> Self {
        Self { config }
    }
}

impl Method for LoHa {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "LoHa"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let mut product = |names: [Part; 3]| {
            ProductTensors::take(&mut parts, names, module, path)?.ok_or_else(|| AdapterError::Unpaired {
                module: module.to_owned(),
                absent: names[0].name(),
                path: path.to_owned(),
            })
        };
        let first = product([W1_A, W1_B, T1])?;
        let second = product([W2_A, W2_B, T2])?;
        let tensors: Vec<LogicalTensor> = first.tensors().chain(second.tensors()).cloned().collect();
        let scaling = self.config.lycoris_scaling_of(module, path)?;
        if first.shape() != second.shape() {
            return Err(misshapen(module, &tensors.iter().collect::<Vec<_>>(), path));
        }
        for product in [&first, &second] {
            scaling.check_rank(module, product.rank(), path)?;
        }
        Ok(vec![Target::weight(module, Arc::new(LoHaUpdate { products: [first, second], scaling, tensors }))])
    }
}

#[derive(Debug)]
struct LoHaUpdate {
    products: [ProductTensors; 2],
    scaling: Scaling,
    tensors: Vec<LogicalTensor>,
}

impl LoHaUpdate {
    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let [first, second] = &self.products;
        let factors = |product: &ProductTensors| {
            let (left, right) = product.read()?;
            Ok::<_, AdapterError>((converted(left), converted(right)))
        };
        let update =
            HadamardRows { first: factors(first)?, second: factors(second)?, scale: T::rounded(self.scaling.value()) };
        Ok(reshaped(Arc::new(update), first.shape().1, placement))
    }
}

impl TargetUpdate for LoHaUpdate {
    fn layer(&self) -> Layer {
        Layer::Fixed
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        is_matrix_of(self.products[0].shape(), shape, orientation)
    }

    fn expected_shape(&self) -> ExpectedShape {
        let (out, columns) = self.products[0].shape();
        ExpectedShape::Exact(vec![out, columns])
    }

    fn rank(&self) -> Option<usize> {
        Some(self.scaling.rank)
    }

    fn scaling(&self) -> Option<Scaling> {
        Some(self.scaling)
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    fn load(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows(placement)
    }

    fn load_f64(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows(placement)
    }
}

/// A factor in another precision.
pub(super) fn converted<T: Precision>(matrix: Matrix<f32>) -> Matrix<T> {
    let (rows, columns) = (matrix.rows(), matrix.columns());
    Matrix::new(rows, columns, T::all_of(matrix.into_values()))
}

struct HadamardRows<T> {
    first: (Matrix<T>, Matrix<T>),
    second: (Matrix<T>, Matrix<T>),
    scale: T,
}

impl<T: Precision> HadamardRows<T> {
    fn product((left, right): &(Matrix<T>, Matrix<T>), rows: Range<usize>) -> Vec<T> {
        let mut out = vec![T::ZERO; rows.len() * right.columns()];
        left.add_product(rows, right, T::ONE, &mut out);
        out
    }

    /// A bound on Σ|l·r| of any element.
    fn bound((left, right): &(Matrix<T>, Matrix<T>)) -> f64 {
        left.columns() as f64 * largest(left.values()) * largest(right.values())
    }
}

impl<T: Precision> RowUpdate<T> for HadamardRows<T> {
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        let first = Self::product(&self.first, rows.clone());
        let second = Self::product(&self.second, rows);
        for ((value, first), second) in tile.iter_mut().zip(first).zip(second) {
            *value += first * second * self.scale;
        }
    }

    fn magnitude_bound(&self, before: &[T], after: &[T]) -> f64 {
        let product = self.scale.to_f64().abs() * Self::bound(&self.first) * Self::bound(&self.second);
        product + largest(before).max(largest(after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_products_are_multiplied_element_by_element() {
        let matrix = |rows: usize, columns: usize, seed: f64| {
            Matrix::new(rows, columns, (0..rows * columns).map(|index| (index as f64 + seed).sin()).collect())
        };
        let (first, second) = ((matrix(4, 2, 0.1), matrix(2, 3, 0.2)), (matrix(4, 2, 0.3), matrix(2, 3, 0.4)));
        let update = HadamardRows { first: first.clone(), second: second.clone(), scale: 0.5 };
        let mut tile = vec![1.0; 2 * 3];
        update.apply_rows(1..3, &mut tile);
        for row in 1..3 {
            for column in 0..3 {
                let element = |(left, right): &(Matrix<f64>, Matrix<f64>)| -> f64 {
                    (0..2).map(|k| left.row(row)[k] * right.row(k)[column]).sum()
                };
                let expected = 1.0 + element(&first) * element(&second) * 0.5;
                assert!((tile[(row - 1) * 3 + column] - expected).abs() < 1e-12);
            }
        }
    }
}
