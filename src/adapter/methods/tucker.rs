//! Matrices that LyCORIS methods give as factors, with a Tucker core or without.

use std::path::Path;

use super::factors::{misshapen, read_matrix, required};
use crate::{
    adapter::{AdapterError, Part, Parts},
    checkpoint::LogicalTensor,
    numeric::Matrix,
};

/// A product of two factors, around a core `(r, r, k…)` for convolutions ("effective" ones): the tensors of one
/// matrix, checked.
#[derive(Clone, Debug)]
pub(super) struct ProductTensors {
    left: LogicalTensor,
    right: LogicalTensor,
    core: Option<LogicalTensor>,
    rank: usize,
}

impl ProductTensors {
    /// Takes the parts of one product out of `parts`; `None` where it has neither factor.
    pub fn take(
        parts: &mut Parts,
        [left_part, right_part, core_part]: [Part; 3],
        module: &str,
        path: &Path,
    ) -> Result<Option<Self>, AdapterError> {
        if !parts.contains(left_part) && !parts.contains(right_part) {
            return Ok(None);
        }
        let left = required(parts, left_part, module, path)?;
        let right = required(parts, right_part, module, path)?;
        let core = parts.remove(core_part);
        let is_chained = match (&core, left.shape(), right.shape()) {
            (None, &[_, rank], &[right_rank, _]) => rank == right_rank,
            (Some(core), &[rank, _], &[right_rank, _]) => {
                core.float_dtype()?;
                core.shape().len() >= 3 && core.shape()[..2] == [rank, right_rank]
            }
            _ => false,
        };
        if !is_chained {
            let mut factors = vec![&left, &right];
            factors.extend(&core);
            return Err(misshapen(module, &factors, path));
        }
        let rank = right.shape()[0];
        Ok(Some(Self { left, right, core, rank }))
    }

    /// The common rank of the factors.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// Rows and columns of the product; kernel sizes count as columns.
    pub fn shape(&self) -> (usize, usize) {
        let inner = self.right.shape()[1];
        match &self.core {
            None => (self.left.shape()[0], inner),
            Some(core) => (self.left.shape()[1], inner.saturating_mul(core.shape().iter().skip(2).product())),
        }
    }

    /// The tensors, in the order left, right, core.
    pub fn tensors(&self) -> impl Iterator<Item = &LogicalTensor> {
        [&self.left, &self.right].into_iter().chain(&self.core)
    }

    /// Both factors of the product `(rows, r) · (r, columns)`, the core worked into the right one.
    pub fn read(&self) -> Result<(Matrix<f32>, Matrix<f32>), AdapterError> {
        let right = read_matrix(&self.right, self.rank)?;
        let Some(core) = &self.core else { return Ok((read_matrix(&self.left, self.shape().0)?, right)) };
        let left_rank = self.left.shape()[0];
        let left = read_matrix(&self.left, left_rank)?.transposed();
        let core = read_matrix(core, left_rank)?;
        Ok((left, contracted(&core, &right)))
    }
}

/// `out[i, (c, k)] = Σ_j core[i, (j, k)] · right[j, c]`.
fn contracted(core: &Matrix<f32>, right: &Matrix<f32>) -> Matrix<f32> {
    let (rank, inner) = (right.rows(), right.columns());
    let kernel = core.columns() / rank.max(1);
    let mut out = Matrix::zeros(core.rows(), inner * kernel);
    let columns = out.columns();
    for (row, values) in out.values_mut().chunks_mut(columns.max(1)).enumerate() {
        for (at, value) in values.iter_mut().enumerate() {
            let (channel, tap) = (at / kernel, at % kernel);
            *value = (0..rank).map(|j| core.row(row)[j * kernel + tap] * right.row(j)[channel]).sum();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_is_contracted_along_its_second_dimension() {
        let core = Matrix::new(2, 2 * 3, (0..12).map(|index| index as f32).collect());
        let right = Matrix::new(2, 4, (0..8).map(|index| index as f32 * 0.5).collect());
        let out = contracted(&core, &right);
        for row in 0..2 {
            for channel in 0..4 {
                for tap in 0..3 {
                    let expected: f32 =
                        (0..2).map(|j| ((row * 2 + j) * 3 + tap) as f32 * ((j * 4 + channel) as f32 * 0.5)).sum();
                    assert_eq!(out.row(row)[channel * 3 + tap], expected);
                }
            }
        }
    }
}
