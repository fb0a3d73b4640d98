//! GraLoRA: a grid of k × k blocks, each with a low-rank update of its own; its hybrid form adds one for the whole
//! weight (Jung et al. 2025; spec section 8).

use std::{path::Path, sync::Arc};

use super::{
    factors::{Factors, misshapen, read_matrix, required},
    product::{InputFeatures, Product, ProductUpdate},
};
use crate::{
    adapter::{AdapterError, Content, Method, MethodSpec, Part, Parts, PeftConfig, Scaling, Target},
    checkpoint::LogicalTensor,
    numeric::Matrix,
};

/// `gralora_A`, `(k, in/k, r)`.
const A: Part = Part::parameter("gralora_A");
/// `gralora_B`, `(k, r, out/k)`.
const B: Part = Part::parameter("gralora_B");
/// `gralora_A_general.weight` of the hybrid form, `(hybrid r, in)`.
const GENERAL_A: Part = Part::weight("gralora_A_general");
/// `gralora_B_general.weight` of the hybrid form, `(out, hybrid r)`.
const GENERAL_B: Part = Part::weight("gralora_B_general");

/// GraLoRA's names.
pub(super) const SPEC: MethodSpec = MethodSpec {
    peft_type: "GRALORA",
    key_prefix: Some("gralora_"),
    factors: &[A, B, GENERAL_A, GENERAL_B],
    shared_factors: &[],
    config_keys: &["alpha", "gralora_dropout", "gralora_k", "hybrid_r", "r"],
    build: |config, _| Ok(Box::new(GraLora { config })),
};

/// GraLoRA.
#[derive(Debug)]
struct GraLora {
    config: PeftConfig,
}

impl Method for GraLora {
    fn spec(&self) -> &'static MethodSpec {
        &SPEC
    }

    fn name(&self) -> &'static str {
        "GraLoRA"
    }

    fn targets(&self, module: &str, mut parts: Parts, path: &Path) -> Result<Vec<Target>, AdapterError> {
        let mut tensors = vec![required(&mut parts, A, module, path)?, required(&mut parts, B, module, path)?];
        let hybrid_rank = self.config.count("hybrid_r").unwrap_or(0);
        if hybrid_rank > 0 || parts.contains(GENERAL_A) || parts.contains(GENERAL_B) {
            tensors.push(required(&mut parts, GENERAL_A, module, path)?);
            tensors.push(required(&mut parts, GENERAL_B, module, path)?);
        }
        let grid = Grid::of(&tensors, hybrid_rank);
        let grid = grid.ok_or_else(|| misshapen(module, &tensors.iter().collect::<Vec<_>>(), path))?;
        let scaling = self.config.lycoris_scaling_of(module, path)?;
        scaling.check_rank(module, grid.rank, path)?;
        let scaling = Scaling { rank: grid.rank + hybrid_rank, ..scaling };
        Ok(vec![Target::weight(module, Arc::new(ProductUpdate(GraLoraProduct { grid, scaling, tensors })))])
    }
}

/// The sizes of a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Grid {
    /// Blocks along each side.
    blocks: usize,
    /// Input features of a block.
    inner: usize,
    /// Output features of a block.
    out: usize,
    /// The rank that the blocks of a row or column have together.
    rank: usize,
}

impl Grid {
    /// The grid of A and B, with the factors of the hybrid form behind them; `None` where they do not fit together.
    fn of(tensors: &[LogicalTensor], hybrid_rank: usize) -> Option<Self> {
        let (&[blocks, inner, rank], &[b_blocks, b_rank, out]) = (tensors.first()?.shape(), tensors.get(1)?.shape())
        else {
            return None;
        };
        let is_chained = blocks == b_blocks && rank == b_rank && rank.is_multiple_of(blocks);
        let (in_features, out_features) = (blocks.checked_mul(inner)?, blocks.checked_mul(out)?);
        let is_hybrid = match &tensors[2..] {
            [a, b] => a.shape() == [hybrid_rank, in_features] && b.shape() == [out_features, hybrid_rank],
            _ => true,
        };
        (is_chained && is_hybrid).then_some(Self { blocks, inner, out, rank })
    }
}

#[derive(Debug)]
struct GraLoraProduct {
    grid: Grid,
    scaling: Scaling,
    /// A and B, and those of the hybrid form.
    tensors: Vec<LogicalTensor>,
}

impl Product for GraLoraProduct {
    fn output_features(&self) -> usize {
        self.grid.blocks * self.grid.out
    }

    fn input_features(&self) -> InputFeatures {
        InputFeatures::Exactly(self.grid.blocks * self.grid.inner)
    }

    fn rank(&self) -> usize {
        self.scaling.rank
    }

    fn scaling(&self) -> Option<Scaling> {
        Some(self.scaling)
    }

    fn tensors(&self) -> &[LogicalTensor] {
        &self.tensors
    }

    /// Either pair may still be at its start.
    fn is_untrained(&self, contents: &[Content]) -> bool {
        contents.chunks(2).all(|pair| pair.iter().any(|content| content.is_zero))
    }

    fn factors(&self, _input_features: usize) -> Result<Factors, AdapterError> {
        let Grid { blocks, inner, out, rank } = self.grid;
        let a = read_matrix(&self.tensors[0], blocks * inner)?;
        let b = read_matrix(&self.tensors[1], blocks * rank)?;
        let (mut left, mut right) = joined_factors(self.grid, &a, &b);
        if let [a, b] = &self.tensors[2..] {
            let hybrid_rank = a.shape()[0];
            left = beside(&left, &read_matrix(b, blocks * out)?);
            let mut rows = right.into_values();
            rows.extend(a.read_all()?);
            right = Matrix::new(blocks * rank + hybrid_rank, blocks * inner, rows);
        }
        Ok(Factors { b: left, a: right, scale: self.scaling.value() })
    }
}

/// The grid as one product: a column of the left factor and a row of the right one for every rank of every column of
/// blocks, zero outside their blocks.
fn joined_factors(grid: Grid, a: &Matrix<f32>, b: &Matrix<f32>) -> (Matrix<f32>, Matrix<f32>) {
    let Grid { blocks, inner, out, rank } = grid;
    let (depth, block_rank) = (blocks * rank, rank / blocks.max(1));
    let mut left = Matrix::zeros(blocks * out, depth);
    let mut right = Matrix::zeros(depth, blocks * inner);
    for column in 0..blocks {
        for input in 0..inner {
            for (at, value) in a.row(column * inner + input).iter().enumerate() {
                right.values_mut()[(column * rank + at) * blocks * inner + column * inner + input] = *value;
            }
        }
        for row in 0..blocks {
            for at in 0..block_rank {
                let depth_at = column * rank + row * block_rank + at;
                for (output, value) in b.row(row * rank + column * block_rank + at).iter().enumerate() {
                    left.values_mut()[(row * out + output) * depth + depth_at] = *value;
                }
            }
        }
    }
    (left, right)
}

/// The columns of `right` after those of `left`.
fn beside(left: &Matrix<f32>, right: &Matrix<f32>) -> Matrix<f32> {
    let rows = (0..left.rows()).flat_map(|row| left.row(row).iter().chain(right.row(row)).copied());
    Matrix::new(left.rows(), left.columns() + right.columns(), rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_has_its_own_share_of_the_ranks() {
        let grid = Grid { blocks: 2, inner: 3, out: 2, rank: 4 };
        let values = |count: usize, seed: f32| (0..count).map(|index| (index as f32 + seed).sin()).collect::<Vec<_>>();
        let (a, b) = (Matrix::new(6, 4, values(24, 0.1)), Matrix::new(8, 2, values(16, 0.7)));
        let (left, right) = joined_factors(grid, &a, &b);
        let delta = left.product(&right);
        for (row, column) in (0..4).flat_map(|row| (0..6).map(move |column| (row, column))) {
            let (out_block, in_block) = (row / 2, column / 3);
            let expected: f32 = (0..2)
                .map(|rank| a.row(column)[out_block * 2 + rank] * b.row(out_block * 4 + in_block * 2 + rank)[row % 2])
                .sum();
            assert!((delta.row(row)[column] - expected).abs() < 1e-6, "{row} {column}");
        }
    }
}
