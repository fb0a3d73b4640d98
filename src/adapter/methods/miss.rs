//! MiSS, called Bone up to PEFT 0.17: a block of r rows that is added along the input features again and again (Kang et
//! al. 2024; spec section 8). `mini` repeats it along the output features too, `bat` also multiplies by it.

use std::{ops::Range, path::Path, sync::Arc};

use serde_json::Value;

use super::factors::{misshapen, read_matrix, required};
use super::loha::converted;
use crate::{
    adapter::{
        AdapterError, ExpectedShape, Layer, Method, MethodSpec, Orientation, Part, Parts, PeftConfig, Placement,
        Precision, RowUpdate, Target, TargetUpdate, method::largest,
    },
    checkpoint::LogicalTensor,
    numeric::Matrix,
};

/// `miss_block`: `(r, out)`, `(r, mini_r)` of `mini`, `(out/r, r, r)` of `bat`.
const BLOCK: Part = Part::parameter("miss_block");
/// `bone_block`, the same under its old name.
const BONE_BLOCK: Part = Part::parameter("bone_block");

/// MiSS's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "MISS",
    key_prefix: Some("miss_"),
    factors: &[BLOCK],
    shared_factors: &[],
    config_keys: &["mini_r", "miss_dropout", "r"],
    build: |config, _| Ok(Box::new(Miss { config, names: Names { spec: &SPEC, name: "MiSS", block: BLOCK } })),
};

/// Bone's names.
pub(super) const BONE_SPEC: MethodSpec = MethodSpec {
    peft_type: "BONE",
    key_prefix: Some("bone_"),
    factors: &[BONE_BLOCK],
    shared_factors: &[],
    config_keys: &["r"],
    build: |config, _| {
        Ok(Box::new(Miss { config, names: Names { spec: &BONE_SPEC, name: "Bone", block: BONE_BLOCK } }))
    },
};

/// MiSS or Bone, which differ in what they are called.
#[derive(Debug)]
struct Miss {
    config: PeftConfig,
    names: Names,
}

#[derive(Debug)]
struct Names {
    spec: &'static MethodSpec,
    name: &'static str,
    block: Part,
}

impl Method for Miss {
    fn spec(&self) -> &'static MethodSpec {
        self.names.spec
    }

    fn name(&self) -> &'static str {
        self.names.name
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let block = required(&mut parts, self.names.block, module, path)?;
        let variant = self.config.get("init_weights").and_then(Value::as_str).unwrap_or_default();
        let kind = match (variant, block.shape()) {
            ("bat", &[count, rank, columns]) if rank == columns => Kind::Bat { count, rank },
            ("mini", &[rank, repeated]) => Kind::Mini { rank, repeated },
            ("bat" | "mini", _) => return Err(misshapen(module, &[&block], path)),
            (_, &[rank, out]) => Kind::Standard { rank, out },
            _ => return Err(misshapen(module, &[&block], path)),
        };
        Ok(vec![Target::weight(module, Arc::new(MissUpdate { kind, tensors: [block] }))])
    }
}

/// How the block lies on the weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `W[o, j] += B[j mod r, o]`.
    Standard { rank: usize, out: usize },
    /// `W[o, j] += B[j mod r, o mod repeated]`.
    Mini { rank: usize, repeated: usize },
    /// Every r × r tile T of the rows of block b becomes `T + T·B[b] + B[b]`.
    Bat { count: usize, rank: usize },
}

#[derive(Debug)]
struct MissUpdate {
    kind: Kind,
    tensors: [LogicalTensor; 1],
}

impl MissUpdate {
    fn rows<T: Precision>(&self) -> Result<Arc<dyn RowUpdate<T>>, AdapterError> {
        let [block] = &self.tensors;
        Ok(match self.kind {
            Kind::Standard { rank, .. } | Kind::Mini { rank, .. } => {
                Arc::new(RepeatedRows { rows: converted::<T>(read_matrix(block, rank)?.transposed()) })
            }
            Kind::Bat { count, rank } => {
                let stacked: Matrix<T> = converted(read_matrix(block, count * rank)?);
                let blocks = (0..count).map(|index| stacked.row_range(index * rank..(index + 1) * rank)).collect();
                Arc::new(TransformedTiles { blocks })
            }
        })
    }
}

impl TargetUpdate for MissUpdate {
    fn layer(&self) -> Layer {
        Layer::Fixed
    }

    fn fits(&self, shape: &[usize], orientation: Orientation) -> bool {
        let &[out, inner] = shape else { return false };
        let fits = match self.kind {
            Kind::Standard { rank, out: expected } => out == expected && rank <= inner,
            Kind::Mini { rank, repeated } => out.is_multiple_of(repeated) && rank <= inner,
            Kind::Bat { count, rank } => count.checked_mul(rank) == Some(out) && inner.is_multiple_of(rank),
        };
        orientation == Orientation::OutIn && fits
    }

    fn expected_shape(&self) -> ExpectedShape {
        match self.kind {
            Kind::Standard { out, .. } => ExpectedShape::OutputFeatures(out),
            Kind::Mini { repeated, .. } => ExpectedShape::MatrixOutputsMultiple(repeated),
            Kind::Bat { count, rank } => ExpectedShape::OutputFeatures(count.saturating_mul(rank)),
        }
    }

    fn rank(&self) -> Option<usize> {
        match self.kind {
            Kind::Standard { rank, .. } | Kind::Mini { rank, .. } | Kind::Bat { rank, .. } => Some(rank),
        }
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    fn is_additive(&self) -> bool {
        !matches!(self.kind, Kind::Bat { .. })
    }

    fn load(&self, _placement: &Placement) -> Result<Arc<dyn RowUpdate>, AdapterError> {
        self.rows()
    }

    fn load_f64(&self, _placement: &Placement) -> Result<Arc<dyn RowUpdate<f64>>, AdapterError> {
        self.rows()
    }
}

/// Adds the same r values to every r of a row.
struct RepeatedRows<T> {
    /// Bᵀ, which serves the rows of the weight in turn.
    rows: Matrix<T>,
}

impl<T: Precision> RowUpdate<T> for RepeatedRows<T> {
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        let columns = tile.len() / rows.len().max(1);
        for (row, values) in rows.zip(tile.chunks_mut(columns.max(1))) {
            let added = self.rows.row(row % self.rows.rows());
            for values in values.chunks_mut(added.len()) {
                values.iter_mut().zip(added).for_each(|(value, added)| *value += *added);
            }
        }
    }
}

/// Tiles of r × r, transformed by the block of their rows.
struct TransformedTiles<T> {
    blocks: Vec<Matrix<T>>,
}

impl<T: Precision> RowUpdate<T> for TransformedTiles<T> {
    fn apply_rows(&self, rows: Range<usize>, tile: &mut [T]) {
        let columns = tile.len() / rows.len().max(1);
        for (row, values) in rows.zip(tile.chunks_mut(columns.max(1))) {
            let rank = self.blocks[0].rows();
            let block = &self.blocks[row / rank];
            let product = Matrix::new(columns / rank, rank, values.to_vec()).product(block);
            for (values, product) in values.chunks_mut(rank).zip(product.values().chunks(rank)) {
                for ((value, product), added) in values.iter_mut().zip(product).zip(block.row(row % rank)) {
                    *value += *product + *added;
                }
            }
        }
    }

    /// A value is a sum of r products and two terms.
    fn magnitude_bound(&self, before: &[T], after: &[T]) -> f64 {
        let entry = self.blocks.iter().map(|block| largest(block.values())).fold(0.0, f64::max);
        let rank = self.blocks[0].rows() as f64;
        (largest(before) * (1.0 + rank * entry) + entry).max(largest(after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_repeated_along_the_inputs_and_its_rest_is_cut_off() {
        let block = Matrix::new(2, 3, vec![1.0, 2.0, 3.0, 10.0, 20.0, 30.0]);
        let update = RepeatedRows { rows: block.transposed() };
        let mut tile = vec![0.0; 2 * 5];
        update.apply_rows(1..3, &mut tile);
        assert_eq!(tile, [2.0, 20.0, 2.0, 20.0, 2.0, 3.0, 30.0, 3.0, 30.0, 3.0]);
    }

    #[test]
    fn a_tile_is_multiplied_by_the_block_of_its_rows() {
        let block = |seed: f64| Matrix::new(2, 2, (0..4).map(|index| (f64::from(index) + seed).sin()).collect());
        let update = TransformedTiles { blocks: vec![block(0.0), block(1.0)] };
        let weight: Vec<f64> = (0..16).map(|index| f64::from(index).cos()).collect();
        let mut tile = weight[4..].to_vec();
        update.apply_rows(1..4, &mut tile);
        for (index, value) in tile.iter().enumerate() {
            let (row, column) = (1 + index / 4, index % 4);
            let block = block(if row < 2 { 0.0 } else { 1.0 });
            let product: f64 = (0..2).map(|k| weight[row * 4 + column / 2 * 2 + k] * block.row(k)[column % 2]).sum();
            let expected = weight[row * 4 + column] + product + block.row(row % 2)[column % 2];
            assert!((value - expected).abs() < 1e-12, "{row} {column}");
        }
    }
}
