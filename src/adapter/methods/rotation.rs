//! Block-diagonal rotations of rows, made of skew-symmetric matrices by the Cayley transform.

use std::ops::Range;

use crate::{
    adapter::{Precision, RowUpdate, method::largest},
    numeric::Matrix,
};

/// How a rotation is made of a skew-symmetric matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transform {
    /// (I − Q)(I + Q)⁻¹.
    Exact,
    /// I + 2Q + 2Q² + … , the last term single or double.
    Neumann { terms: u64, halves_last_term: bool },
}

impl Transform {
    /// The rotation; `None` where it is none (not finite).
    pub fn rotation(self, skew: &Matrix<f64>) -> Option<Matrix<f64>> {
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
pub(super) fn skew(entries: &[f64], size: usize) -> Matrix<f64> {
    let mut out = Matrix::zeros(size, size);
    let above = (0..size).flat_map(|row| (row + 1..size).map(move |column| (row, column)));
    for ((row, column), entry) in above.zip(entries) {
        out.values_mut()[row * size + column] = *entry;
        out.values_mut()[column * size + row] = -entry;
    }
    out
}

/// Scales `skew` down to the norm `limit` where it is larger.
pub(super) fn project(skew: &mut Matrix<f64>, limit: f64) {
    let norm = skew.values().iter().map(|value| value * value).sum::<f64>().sqrt();
    if norm > limit {
        skew.values_mut().iter_mut().for_each(|value| *value *= limit / norm);
    }
}

/// Rows whose blocks of elements are each multiplied by a matrix.
pub(super) struct RotatedRows<T> {
    block_size: usize,
    /// What the blocks of a row are multiplied by from the right; one for all where they share it.
    rotations: Vec<Matrix<T>>,
}

impl<T: Precision> RotatedRows<T> {
    /// W·Rᵀ, of the rotations `R`.
    pub fn of_rotations(rotations: &[Matrix<f64>]) -> Self {
        Self::of(rotations.iter().map(Matrix::transposed))
    }

    /// W·R, of the rotations `R`.
    pub fn of_transposes(rotations: &[Matrix<f64>]) -> Self {
        Self::of(rotations.iter().cloned())
    }

    /// The rotations are computed in f64 whatever the precision of the merge.
    fn of(rotations: impl Iterator<Item = Matrix<f64>>) -> Self {
        let rounded = |rotation: Matrix<f64>| {
            let (rows, columns) = (rotation.rows(), rotation.columns());
            Matrix::new(rows, columns, rotation.into_values().into_iter().map(T::rounded).collect())
        };
        let rotations: Vec<Matrix<T>> = rotations.map(rounded).collect();
        Self { block_size: rotations.first().map_or(1, Matrix::rows), rotations }
    }
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
