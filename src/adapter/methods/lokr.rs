//! LoKr: Δ = s · W1 ⊗ W2, either factor whole or as a product of its own (LyCORIS; spec section 8).

use std::{ops::Range, path::Path, sync::Arc};

use super::{
    factors::{is_matrix_of, misshapen, read_matrix, required, reshaped},
    loha::converted,
    tucker::ProductTensors,
};
use crate::{
    adapter::{
        AdapterError, ExpectedShape, Layer, Method, MethodSpec, Orientation, Part, Parts, PeftConfig, Placement,
        Precision, RowUpdate, Scaling, Target, TargetUpdate,
    },
    checkpoint::LogicalTensor,
    numeric::Matrix,
};

/// `lokr_w1`, `(out/a, in/b)`.
const W1: Part = Part::parameter("lokr_w1");
/// `lokr_w1_a`, the left factor of W1.
const W1_A: Part = Part::parameter("lokr_w1_a");
/// `lokr_w1_b`, its right factor.
const W1_B: Part = Part::parameter("lokr_w1_b");
/// `lokr_w2`, `(a, b)`, or `(a, b, k…)` of a convolution.
const W2: Part = Part::parameter("lokr_w2");
/// `lokr_w2_a`, the left factor of W2.
const W2_A: Part = Part::parameter("lokr_w2_a");
/// `lokr_w2_b`, its right factor.
const W2_B: Part = Part::parameter("lokr_w2_b");
/// `lokr_t2`, a Tucker core `(r, r, k, k)`.
const T2: Part = Part::parameter("lokr_t2");

/// LoKr's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "LOKR",
    key_prefix: Some("lokr_"),
    factors: &[W1, W1_A, W1_B, W2, W2_A, W2_B, T2],
    shared_factors: &[],
    config_keys: &[
        "alpha",
        "alpha_pattern",
        "decompose_both",
        "decompose_factor",
        "module_dropout",
        "r",
        "rank_dropout",
        "rank_dropout_scale",
        "rank_pattern",
        "use_effective_conv2d",
    ],
    build: |config, _| Ok(Box::new(LoKr::new(config))),
};

/// LoKr.
#[derive(Debug)]
pub struct LoKr {
    config: PeftConfig,
}

impl LoKr {
    /// LoKr as `config` describes it.
    #[must_use]
    pub fn new(config: PeftConfig) -> Self {
        Self { config }
    }
}

impl Method for LoKr {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "LoKr"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let scaling = self.config.lycoris_scaling_of(module, path)?;
        // There is no core of W1, so its place among the names is taken by one that is never left over.
        let names = [(W1, [W1_A, W1_B, W1]), (W2, [W2_A, W2_B, T2])];
        let mut factors = Vec::with_capacity(names.len());
        for (whole, product) in names {
            let factor = match ProductTensors::take(&mut parts, product, module, path)? {
                Some(product) => {
                    scaling.check_rank(module, product.rank(), path)?;
                    Factor::Product(Box::new(product))
                }
                None => Factor::Whole(required(&mut parts, whole, module, path)?),
            };
            factors.push(factor);
        }
        let tensors: Vec<LogicalTensor> = factors.iter().flat_map(Factor::tensors).collect();
        let is_matrix = factors.iter().all(|factor| factor.shape().0 > 0 && factor.shape().1 > 0);
        let factors: [Factor; 2] = factors.try_into().unwrap_or_else(|_| unreachable!("two names give two factors"));
        if !is_matrix {
            return Err(misshapen(module, &tensors.iter().collect::<Vec<_>>(), path));
        }
        Ok(vec![Target::weight(module, Arc::new(LoKrUpdate { factors, scaling, tensors }))])
    }
}

/// W1 or W2.
#[derive(Debug)]
enum Factor {
    Whole(LogicalTensor),
    Product(Box<ProductTensors>),
}

impl Factor {
    /// Rows and columns; kernel sizes count as columns.
    fn shape(&self) -> (usize, usize) {
        match self {
            Self::Whole(tensor) => match tensor.shape() {
                [rows, rest @ ..] if !rest.is_empty() => (*rows, rest.iter().product()),
                _ => (0, 0),
            },
            Self::Product(product) => product.shape(),
        }
    }

    fn tensors(&self) -> Vec<LogicalTensor> {
        match self {
            Self::Whole(tensor) => vec![tensor.clone()],
            Self::Product(product) => product.tensors().cloned().collect(),
        }
    }

    fn read<T: Precision>(&self) -> Result<Matrix<T>, AdapterError> {
        match self {
            Self::Whole(tensor) => Ok(converted(read_matrix(tensor, self.shape().0)?)),
            Self::Product(product) => {
                let (left, right) = product.read()?;
                Ok(converted::<T>(left).product(&converted(right)))
            }
        }
    }
}

#[derive(Debug)]
struct LoKrUpdate {
    factors: [Factor; 2],
    scaling: Scaling,
    tensors: Vec<LogicalTensor>,
}

impl LoKrUpdate {
    /// Output features, and elements of one of them.
    fn shape(&self) -> (usize, usize) {
        let [first, second] = [self.factors[0].shape(), self.factors[1].shape()];
        (first.0.saturating_mul(second.0), first.1.saturating_mul(second.1))
    }

    /// Rows of W2 and elements of each, as PEFT takes it into the Kronecker product, and how many such matrices there
    /// are. A whole W2 `(a, b, k)` of a one-dimensional convolution is a stack to PEFT 0.21, which lines W1 up with its
    /// last two dimensions: `a` products `(…, b·…, k·…)` that are then read as `(out, in, k)`.
    fn second_matrix(&self) -> (usize, usize, usize) {
        match &self.factors[1] {
            Factor::Whole(tensor) if tensor.shape().len() == 3 => {
                (tensor.shape()[1], tensor.shape()[2], tensor.shape()[0])
            }
            factor => (factor.shape().0, factor.shape().1, 1),
        }
    }

    fn rows<T: Precision>(&self, placement: &Placement) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let [first, second] = &self.factors;
        let (rows, columns, count) = self.second_matrix();
        let second = Matrix::new(rows * count, columns, second.read::<T>()?.into_values());
        let update =
            KroneckerRows { first: first.read()?, second, second_rows: rows, scale: T::rounded(self.scaling.value()) };
        let columns = update.first.columns() * columns;
        Ok(reshaped(Arc::new(update), columns, placement))
    }
}

impl TargetUpdate for LoKrUpdate {
    fn layer(&self) -> Layer {
        Layer::Fixed
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        is_matrix_of(self.shape(), shape, orientation)
    }

    fn expected_shape(&self) -> ExpectedShape {
        let (out, columns) = self.shape();
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

/// W1 ⊗ W2, or one such product for each matrix of a stack.
struct KroneckerRows<T> {
    first: Matrix<T>,
    /// W2, or several below each other.
    second: Matrix<T>,
    /// Rows of one W2.
    second_rows: usize,
    scale: T,
}

impl<T: Precision> RowUpdate<T> for KroneckerRows<T> {
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        let columns = self.first.columns() * self.second.columns();
        let product_rows = self.first.rows() * self.second_rows;
        for (row, values) in rows.zip(tile.chunks_mut(columns.max(1))) {
            let (matrix, row) = (row / product_rows, row % product_rows);
            let first = self.first.row(row / self.second_rows);
            let second = self.second.row(matrix * self.second_rows + row % self.second_rows);
            for (block, factor) in values.chunks_mut(second.len()).zip(first) {
                for (value, other) in block.iter_mut().zip(second) {
                    *value += *factor * *other * self.scale;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_the_second_factor_are_scaled_by_the_first() {
        let first = Matrix::new(2, 3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let second = Matrix::new(2, 2, vec![0.5, -1.0, 2.0, 7.0]);
        let update = KroneckerRows { first: first.clone(), second: second.clone(), second_rows: 2, scale: 3.0 };
        let mut tile = vec![10.0; 3 * 6];
        update.apply_rows(1..4, &mut tile);
        for row in 1..4 {
            for column in 0..6 {
                let expected = 10.0 + 3.0 * first.row(row / 2)[column / 2] * second.row(row % 2)[column % 2];
                assert_eq!(tile[(row - 1) * 6 + column], expected);
            }
        }
    }

    #[test]
    fn every_matrix_of_a_stack_has_a_product_of_its_own() {
        let first = Matrix::new(2, 1, vec![2.0, 3.0]);
        let second = Matrix::new(4, 1, vec![1.0, 10.0, 100.0, 1000.0]);
        let update = KroneckerRows { first, second, second_rows: 2, scale: 1.0 };
        let mut tile = vec![0.0; 8];
        update.apply_rows(0..8, &mut tile);
        assert_eq!(tile, [2.0, 20.0, 3.0, 30.0, 200.0, 2000.0, 300.0, 3000.0]);
    }
}
