//! OFT: W' = W·Rᵀ with R block-diagonal and orthogonal, from skew-symmetric Q by the Cayley transform (Qiu et al. 2023;
//! spec section 8).

use std::{ops::Range, path::Path, sync::Arc};

use serde_json::Value;

use super::factors::{misshapen, required};
use crate::{
    adapter::{
        AdapterError, ExpectedShape, Feature, Layer, Method, MethodSpec, Orientation, Part, Parts, PeftConfig,
        Placement, Precision, RefusalReason, RowUpdate, Target, TargetUpdate, WayOut, method::largest,
    },
    checkpoint::LogicalTensor,
    numeric::Matrix,
};

/// `oft_R.weight`, `(blocks, b(b−1)/2)`.
const BLOCKS: Part = Part::weight("oft_R");
/// `oft_r` of OFT before PEFT 0.16, `(blocks, b, b)`.
const OLD_BLOCKS: Part = Part::parameter("oft_r");

/// OFT's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "OFT",
    key_prefix: Some("oft_"),
    factors: &[BLOCKS, OLD_BLOCKS],
    shared_factors: &[],
    config_keys: &[
        "block_share",
        "coft",
        "eps",
        "module_dropout",
        "num_cayley_neumann_terms",
        "oft_block_size",
        "r",
        "use_cayley_neumann",
    ],
    build: |config, _| Ok(Box::new(Oft::new(config))),
};

/// Terms of the Neumann series where the config does not say.
const DEFAULT_TERMS: u64 = 5;

/// The norm to which constrained OFT projects where the config does not say.
const DEFAULT_EPSILON: f64 = 6e-5;

/// OFT as PEFT has it since 0.16.
#[derive(Debug)]
pub struct Oft {
    config: PeftConfig,
}

impl Oft {
    /// OFT as `config` describes it.
    #[must_use]
    pub fn new(config: PeftConfig) -> Self {
        Self { config }
    }

    fn transform(&self) -> Transform {
        if self.config.get("use_cayley_neumann").and_then(Value::as_bool) == Some(false) {
            return Transform::Exact;
        }
        let terms = self.config.get("num_cayley_neumann_terms").and_then(Value::as_u64).unwrap_or(DEFAULT_TERMS);
        // 0.16 and 0.17, which write no version, doubled the last term as well.
        let halves_last_term = self.config.is_from_peft(0, 18);
        Transform::Neumann { terms, halves_last_term }
    }
}

impl Method for Oft {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "OFT"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        if parts.contains(OLD_BLOCKS) {
            return Err(AdapterError::Unsupported {
                feature: Feature::OldOft,
                reason: RefusalReason::OldBlocks,
                way_out: WayOut::MergeWithPeft015,
                path: path.to_owned(),
            });
        }
        let tensor = required(&mut parts, BLOCKS, module, path)?;
        let &[block_count, entries] = tensor.shape() else { return Err(misshapen(module, &[&tensor], path)) };
        let block_size = (2..=entries + 1).find(|size| size * (size - 1) / 2 >= entries).unwrap_or(0);
        if block_size * block_size.saturating_sub(1) / 2 != entries {
            return Err(misshapen(module, &[&tensor], path));
        }
        let epsilon = self.config.get("eps").and_then(Value::as_f64).unwrap_or(DEFAULT_EPSILON);
        let update = OftUpdate {
            blocks: (block_count, block_size),
            is_shared: self.config.flag("block_share"),
            constraint: self.config.flag("coft").then_some(epsilon),
            transform: self.transform(),
            tensors: [tensor],
        };
        Ok(vec![Target::weight(module, Arc::new(update))])
    }
}

/// How a rotation is made of a skew-symmetric matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transform {
    /// (I − Q)(I + Q)⁻¹.
    Exact,
    /// I + 2Q + 2Q² + … , the last term single or double.
    Neumann { terms: u64, halves_last_term: bool },
}

impl Transform {
    fn rotation(self, skew: &Matrix<f64>) -> Option<Matrix<f64>> {
        let identity = Matrix::identity(skew.rows());
        match self {
            Self::Exact => sum(&identity, skew, 1.0).solve_left(&sum(&identity, skew, -1.0)),
            Self::Neumann { terms, halves_last_term } => {
                // PEFT forms at least the cube once it goes beyond 2Q.
                let last = if terms == 3 && halves_last_term { 3 } else { terms.saturating_sub(1) };
                let mut rotation = identity.clone();
                let mut power = identity;
                for exponent in 1..=last {
                    power = power.product(skew);
                    let is_halved = halves_last_term && exponent == last && exponent > 1;
                    rotation = sum(&rotation, &power, if is_halved { 1.0 } else { 2.0 });
                }
                Some(rotation)
            }
        }
    }
}

/// `left + factor · right`.
fn sum(left: &Matrix<f64>, right: &Matrix<f64>, factor: f64) -> Matrix<f64> {
    let values = left.values().iter().zip(right.values()).map(|(left, right)| left + factor * right).collect();
    Matrix::new(left.rows(), left.columns(), values)
}

/// The skew-symmetric matrix whose upper triangle `entries` fill row by row.
fn skew(entries: &[f64], size: usize) -> Matrix<f64> {
    let mut out = Matrix::zeros(size, size);
    let above = (0..size).flat_map(|row| (row + 1..size).map(move |column| (row, column)));
    for ((row, column), entry) in above.zip(entries) {
        out.values_mut()[row * size + column] = *entry;
        out.values_mut()[column * size + row] = -entry;
    }
    out
}

#[derive(Debug)]
struct OftUpdate {
    /// Number and size of the blocks.
    blocks: (usize, usize),
    /// Whether one block serves all input features.
    is_shared: bool,
    /// The norm to which blocks are projected (constrained OFT).
    constraint: Option<f64>,
    transform: Transform,
    tensors: [LogicalTensor; 1],
}

impl OftUpdate {
    /// Rᵀ of every block; the rotation is computed in f64 whatever the precision of the merge.
    fn rotations<T: Precision>(&self) -> Result<Vec<Matrix<T>>, AdapterError> {
        let (count, size) = self.blocks;
        let entries: Vec<f64> = self.tensors[0].read_all()?.into_iter().map(f64::from).collect();
        let blocks = entries.chunks((entries.len() / count.max(1)).max(1));
        let rotation = |entries: &[f64]| {
            let mut skew = skew(entries, size);
            if let Some(epsilon) = self.constraint {
                project(&mut skew, epsilon / (count as f64).sqrt());
            }
            let rotation = self.transform.rotation(&skew).ok_or_else(|| AdapterError::NonFinite {
                tensors: vec![self.tensors[0].name().to_owned()],
                path: self.tensors[0].file().path().to_owned(),
            })?;
            let values = rotation.transposed().into_values().into_iter().map(T::rounded).collect();
            Ok(Matrix::new(size, size, values))
        };
        blocks.map(rotation).collect()
    }

    fn rows<T: Precision>(&self) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        Ok(Arc::new(RotatedRows { block_size: self.blocks.1, rotations: self.rotations()? }))
    }
}

/// Scales `skew` down to the norm `limit` where it is larger.
fn project(skew: &mut Matrix<f64>, limit: f64) {
    let norm = skew.values().iter().map(|value| value * value).sum::<f64>().sqrt();
    if norm > limit {
        skew.values_mut().iter_mut().for_each(|value| *value *= limit / norm);
    }
}

impl TargetUpdate for OftUpdate {
    fn layer(&self) -> Layer {
        Layer::Fixed
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        let (count, size) = self.blocks;
        let &[_, inner] = shape else { return false };
        let fits = if self.is_shared { inner.is_multiple_of(size) } else { inner == count * size };
        orientation == Orientation::OutIn && fits
    }

    fn expected_shape(&self) -> ExpectedShape {
        let (count, size) = self.blocks;
        if self.is_shared {
            ExpectedShape::MatrixInputsMultiple(size)
        } else {
            ExpectedShape::MatrixInputs(count * size)
        }
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    fn is_additive(&self) -> bool {
        false
    }

    fn load(&self, _placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows()
    }

    fn load_f64(&self, _placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows()
    }
}

struct RotatedRows<T> {
    block_size: usize,
    /// Rᵀ of each block, or one for all.
    rotations: Vec<Matrix<T>>,
}

impl<T: Precision> RowUpdate<T> for RotatedRows<T> {
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        let columns = tile.len() / rows.len().max(1);
        for (index, start) in (0..columns).step_by(self.block_size).enumerate() {
            let rotation = &self.rotations[index % self.rotations.len()];
            let span = start..start + self.block_size;
            let block: Vec<T> = tile.chunks(columns).flat_map(|row| row[span.clone()].iter().copied()).collect();
            let rotated = Matrix::new(rows.len(), self.block_size, block).product(rotation);
            for (row, values) in tile.chunks_mut(columns).zip(rotated.values().chunks(self.block_size)) {
                row[span.clone()].copy_from_slice(values);
            }
        }
    }

    /// A rotated value is a sum of a block's, of which the norm stays about the same.
    fn magnitude_bound(&self, before: &[T], after: &[T]) -> f64 {
        largest(before).max(largest(after)) * (self.block_size as f64).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<f64> {
        vec![0.1, -0.2, 0.05]
    }

    #[test]
    fn the_exact_transform_is_a_rotation() {
        let rotation = Transform::Exact.rotation(&skew(&entries(), 3)).unwrap();
        let product = rotation.product(&rotation.transposed());
        for (value, expected) in product.values().iter().zip(Matrix::<f64>::identity(3).values()) {
            assert!((value - expected).abs() < 1e-12);
        }
    }

    /// The series of each release, written out.
    #[test]
    fn each_release_of_peft_has_its_own_series() {
        let q = skew(&entries(), 3);
        let power =
            |exponent: usize| (0..exponent).fold(Matrix::identity(3), |power: Matrix<f64>, _| power.product(&q));
        let series = |factors: &[f64]| {
            factors
                .iter()
                .enumerate()
                .fold(Matrix::zeros(3, 3), |out, (exponent, factor)| sum(&out, &power(exponent), *factor))
        };
        let cases: [(u64, bool, &[f64]); 7] = [
            (1, true, &[1.0]),
            (2, true, &[1.0, 2.0]),
            (3, true, &[1.0, 2.0, 2.0, 1.0]),
            (4, true, &[1.0, 2.0, 2.0, 1.0]),
            (5, true, &[1.0, 2.0, 2.0, 2.0, 1.0]),
            (3, false, &[1.0, 2.0, 2.0]),
            (5, false, &[1.0, 2.0, 2.0, 2.0, 2.0]),
        ];
        for (terms, halves_last_term, factors) in cases {
            let found = Transform::Neumann { terms, halves_last_term }.rotation(&q).unwrap();
            for (found, expected) in found.values().iter().zip(series(factors).values()) {
                assert!((found - expected).abs() < 1e-12, "{terms} {halves_last_term}");
            }
        }
    }

    #[test]
    fn every_block_of_a_row_turns_by_its_own_rotation() {
        let rotations =
            [0.3_f64, -0.7].map(|angle| Matrix::new(2, 2, vec![angle.cos(), angle.sin(), -angle.sin(), angle.cos()]));
        let update = RotatedRows { block_size: 2, rotations: rotations.to_vec() };
        let mut tile = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        update.apply_rows(0..2, &mut tile);
        let expected = |row: usize, block: usize, column: usize| {
            let value = |k: usize| (row * 4 + block * 2 + k + 1) as f64;
            (0..2).map(|k| value(k) * rotations[block].row(k)[column]).sum::<f64>()
        };
        for (index, value) in tile.iter().enumerate() {
            assert!((value - expected(index / 4, index / 2 % 2, index % 2)).abs() < 1e-12);
        }
    }

    #[test]
    fn a_constrained_block_is_no_longer_than_its_limit() {
        let mut block = skew(&entries(), 3);
        project(&mut block, 1e-3);
        let norm = block.values().iter().map(|value| value * value).sum::<f64>().sqrt();
        assert!((norm - 1e-3).abs() < 1e-12);
    }
}
